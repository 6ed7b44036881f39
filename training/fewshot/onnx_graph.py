"""Conv-4 as an ONNX graph, node by node: plain operators only, so that it can be differentiated as a graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper

from fewshot.nets import BLOCKS, EPSILON, Conv4, Parameters

OPSET = 18
IR_VERSION = 8  # the one opset 18 came with


def conv4_graph(net: Conv4, parameters: Parameters) -> ModelProto:
    """Build the checked model: input ``images``, outputs ``features`` and, with a head, ``logits``.

    Parameters are initialisers under their PyTorch names. The batch norm is written out, with the biased variance of
    the batch, so that gradients flow through its statistics.
    """
    nodes = []
    axes, epsilon = "statistics.axes", "statistics.epsilon"
    constants = [
        numpy_helper.from_array(np.array([0, 2, 3], dtype=np.int64), axes),
        numpy_helper.from_array(np.array(EPSILON, dtype=np.float32), epsilon),
    ]

    def emit(operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    x = "images"
    for k in range(BLOCKS):
        block = f"blocks.{k}"
        norm = f"{block}.norm"
        x = emit("Conv", [x, f"{block}.conv.weight"], f"{block}.conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        mean = emit("ReduceMean", [x, axes], f"{norm}.mean", keepdims=1)
        centred = emit("Sub", [x, mean], f"{norm}.centred")
        square = emit("Mul", [centred, centred], f"{norm}.square")
        variance = emit("ReduceMean", [square, axes], f"{norm}.variance", keepdims=1)
        safe = emit("Add", [variance, epsilon], f"{norm}.safe")
        deviation = emit("Sqrt", [safe], f"{norm}.deviation")
        unit = emit("Div", [centred, deviation], f"{norm}.unit")
        scaled = emit("Mul", [unit, f"{norm}.weight"], f"{norm}.scaled")
        x = emit("Add", [scaled, f"{norm}.bias"], norm)
        x = emit("Relu", [x], f"{block}.relu")
        x = emit("MaxPool", [x], f"{block}.pool", kernel_shape=[2, 2], strides=[2, 2])
    features = emit("Flatten", [x], "features", axis=1)
    batch = "batch"
    image_shape: list[str | int | None] = [batch, net.channels, net.size, net.size]
    outputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, [batch, net.features_count])]
    if net.nodes:
        emit("Gemm", [features, "head.weight", "head.bias"], "logits", transB=1)
        outputs.append(helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, net.nodes]))
    weights = [
        numpy_helper.from_array(np.ascontiguousarray(p.detach().cpu().numpy(), dtype=np.float32), name)
        for name, p in parameters.items()
    ]
    graph = helper.make_graph(
        nodes,
        "conv4",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, image_shape)],
        outputs,
        [*weights, *constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="heliograph")
    model.ir_version = IR_VERSION
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    return model


def save(model: ModelProto, path: Path) -> bytes:
    """Write the model as one deterministic file and return its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = model.SerializeToString(deterministic=True)
    path.write_bytes(content)
    return content
