"""The golden of a really quantised net: the basic residual net after ONNX Runtime's static 8-bit quantiser.

Written by ``python -m heliograph_training.goldens``. PyTorch runs the quantised graph operator by operator
and rounds with its own ``fake_quantize``, whose backward is the straight-through estimator: 1 where a value rounds
to a code, 0 where it saturates. The quantiser drops a ReLU where the lowest code stands for 0: saturation is what
is left of it, and the gradient must stop there.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper
from onnxruntime import quantization
from torch import Tensor, nn
from torch.nn import functional as F

from heliograph_training import attributions, nets, onnx_export
from heliograph_training.golden_folder import Folder, provenance

NAME = "quantized"
SOURCE = "basic"
CALIBRATION_IMAGES = 4


class Images(quantization.CalibrationDataReader):
    """The images on which the quantiser measures the range of every tensor."""

    def __init__(self, images: list[Tensor]) -> None:
        self._left: Iterator[dict[str, NDArray[Any]]] = ({"image": image.numpy()} for image in images)

    def get_next(self) -> dict[str, NDArray[Any]] | None:  # type: ignore[override]
        """Return the next image, or None behind the last one."""
        return next(self._left, None)


def make() -> tuple[ModelProto, Tensor]:
    """Quantise the basic net: weights int8 per channel, biases int32, activations int8 per tensor.

    Returns:
        The model and an image (1, 3, H, W) that is not among those of the calibration, so that some values saturate.
    """
    net, x, generator = nets.make(SOURCE)
    images = [nets.sample_image(nets.NETS[SOURCE].size, generator) for _ in range(CALIBRATION_IMAGES)]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "quantized.onnx"
        onnx_export.save(onnx_export.export(net, x, fold=True), source)
        logging.disable(logging.WARNING)  # it recommends optimisations that are done already
        try:
            quantization.quantize_static(
                source, target, Images(images), quant_format=quantization.QuantFormat.QDQ, per_channel=True
            )
        finally:
            logging.disable(logging.NOTSET)
        model = onnx.load(target)
    onnx.checker.check_model(model, full_check=True)
    return model, x


class QuantizedGraph(nn.Module):
    """The quantised graph in PyTorch, in the precision of its input; gives the scores before they are rounded.

    Knows the operators of this one graph and nothing more.
    """

    def __init__(self, model: ModelProto) -> None:
        super().__init__()
        self.nodes: list[NodeProto] = list(model.graph.node)
        self.stored: dict[str, NDArray[Any]] = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        producers = {node.output[0]: node for node in self.nodes}
        last = producers[producers["logits"].input[0]]
        self.scores: str = last.input[0]

    def _constant(self, node: NodeProto, dtype: torch.dtype) -> Tensor:
        """Return weight or bias: (codes − zero point) · scale, per channel along the first axis."""
        codes, scale, zero = (torch.tensor(self.stored[name]).to(dtype) for name in node.input)
        shape = (-1, *[1] * (codes.ndim - 1)) if scale.numel() > 1 else ()
        return (codes - zero.reshape(shape)) * scale.reshape(shape)

    def _rounded(self, value: Tensor, node: NodeProto) -> Tensor:
        """Round to 8 bits and back, with the straight-through gradient."""
        scale, zero = self.stored[node.input[1]], self.stored[node.input[2]]
        limits = np.iinfo(zero.dtype)
        return torch.fake_quantize_per_tensor_affine(value, float(scale), int(zero), int(limits.min), int(limits.max))

    def forward(self, image: Tensor) -> Tensor:
        """Map images (B, 3, H, W) to scores (B, 10)."""
        values: dict[str, Tensor] = {"image": image}
        for node in self.nodes:
            attributes: Mapping[str, Any] = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            inputs = [values[i] for i in node.input if i in values]
            if node.op_type == "QuantizeLinear":
                result = self._rounded(inputs[0], node)
            elif node.op_type == "DequantizeLinear":
                result = inputs[0] if inputs else self._constant(node, image.dtype)
            elif node.op_type == "Conv":
                top, left, _, _ = attributes["pads"]
                result = F.conv2d(inputs[0], inputs[1], inputs[2], stride=attributes["strides"], padding=(top, left))
            elif node.op_type == "MaxPool":
                top, left, _, _ = attributes["pads"]
                result = F.max_pool2d(inputs[0], attributes["kernel_shape"], attributes["strides"], (top, left))
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
        return values[self.scores]


def write(out: Path, steps: int) -> dict[str, Any]:
    """Write the golden folder of the quantised net and return its manifest.

    Args:
        out: folder of all goldens.
        steps: of integrated gradients.
    """
    folder = Folder(out / NAME)
    model, x = make()
    onnx_export.save(model, folder.root / "model.onnx")
    net, exact = QuantizedGraph(model), x.double()
    logits = net(exact).detach()
    target = int(logits.argmax())
    grad = attributions.gradient(net, exact, target)
    rounded = attributions.gradient(net, x, target)
    ig, delta = attributions.integrated_gradients(net, exact, target, steps)
    product = attributions.input_times_gradient(net, exact, target)
    put = folder.put
    put("x.npy", x.numpy(), "input image, used as it is")
    put("logits.npy", logits.numpy(), "scores before the model rounds them")
    return folder.close(
        {
            "version": 1,
            "net": NAME,
            "seed": nets.NETS[SOURCE].seed,
            **provenance("onnxruntime"),
            "model": "model.onnx",
            "opset": onnx_export.OPSET,
            "input": {"name": "image", "shape": list(x.shape), "file": "x.npy"},
            "output": {"name": net.scores, "shape": list(logits.shape), "file": "logits.npy"},
            "target": target,
            "float32GradientError": float(np.linalg.norm(rounded - grad) / np.linalg.norm(grad)),
            "methods": {
                "gradient": {"file": put("gradient.npy", grad, "straight-through gradient of the target score")},
                "inputTimesGradient": {"file": put("input_times_gradient.npy", product, "input × gradient")},
                "integratedGradients": {
                    "file": put("integrated_gradients.npy", ig, "integrated gradients from the zero image"),
                    "steps": steps,
                    "rule": "riemann_right",
                    "baseline": "zeros",
                    "delta": delta,
                },
            },
            "files": folder.files,
        }
    )
