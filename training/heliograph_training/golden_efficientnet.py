"""The golden of the bundled model: gradient and SRD of EfficientNet-Lite0 on one gallery photograph.

Written by ``python -m heliograph_training.goldens``. The graph is the committed one with its fp16 weights
widened; PyTorch runs it operator by operator, the SRD oracle gets it described by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto, helper, numpy_helper
from torch import Tensor
from torch.nn import functional as F

from heliograph_training.export_efficientnet import SIZE, STAGES, same_padding
from heliograph_training.srd_oracle import IMAGE, Branch, Conv, Head, Unit


def weights(model: ModelProto) -> dict[str, NDArray[np.float64]]:
    """Return every initializer in float64."""
    return {t.name: numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer}


def run(model: ModelProto, image: Tensor) -> Tensor:
    """Run the graph in PyTorch in the precision of ``image`` (1, 3, 224, 224); returns logits (1, 1000).

    Knows the six operators of this one graph and nothing more.
    """
    values: dict[str, Tensor] = {k: torch.from_numpy(v).to(image.dtype) for k, v in weights(model).items()}
    values["image"] = image
    for node in model.graph.node:
        inputs = [values[i] for i in node.input]
        attributes: Mapping[str, Any] = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Conv":
            top, left, bottom, right = attributes["pads"]
            padded = F.pad(inputs[0], (left, right, top, bottom))
            result = F.conv2d(
                padded, inputs[1], inputs[2], stride=attributes["strides"], groups=attributes.get("group", 1)
            )
        elif node.op_type == "Clip":
            result = inputs[0].clamp(0.0, 6.0)
        elif node.op_type == "Add":
            result = inputs[0] + inputs[1]
        elif node.op_type == "GlobalAveragePool":
            result = inputs[0].mean((2, 3), keepdim=True)
        elif node.op_type == "Flatten":
            result = inputs[0].flatten(1)
        elif node.op_type == "Gemm":
            result = F.linear(*inputs)
        else:
            raise ValueError(f"no rule for {node.op_type} ({node.name})")
        values[node.output[0]] = result
    return values["logits"]


def units(model: ModelProto) -> tuple[list[Unit], Head]:
    """Describe the network to the SRD oracle, from the architecture table and the names of its weights."""
    stored = weights(model)
    result: list[Unit] = []
    size = SIZE

    def conv(name: str, stride: int = 1) -> Conv:
        weight = stored[f"{name}.weight"]
        before, after = same_padding(size, weight.shape[2], stride)
        depthwise = weight.shape[1] == 1
        return Conv(
            weight,
            stored[f"{name}.bias"],
            stride=(stride, stride),
            pads=(before, before, after, after),
            groups=len(weight) if depthwise else 1,
        )

    def activated(name: str, act: str, stride: int = 1) -> None:
        source = result[-1].name if result else IMAGE
        result.append(Unit(act, name, [Branch(source, conv(name, stride))], "relu6"))

    activated("stem.conv", "stem.relu6", 2)
    size = -(-size // 2)
    index = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            at, entry = f"blocks.{index}", result[-1].name
            if stage.ratio != 1:
                activated(f"{at}.expand", f"{at}.expand.relu6")
            stride = stage.stride if repeat == 0 else 1
            activated(f"{at}.depthwise", f"{at}.depthwise.relu6", stride)
            size = -(-size // stride)
            project = Branch(result[-1].name, conv(f"{at}.project"))
            if repeat > 0:
                result.append(Unit(f"{at}.add", f"{at}.add", [project, Branch(entry)], "identity"))
            else:
                result.append(Unit(f"{at}.project", f"{at}.project", [project], "identity"))
            index += 1
    activated("top.conv", "top.relu6")
    return result, Head("top.relu6", stored["head.weight"], stored["head.bias"])
