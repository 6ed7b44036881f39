"""Write the golden folders: tiny nets with everything the TypeScript side must reproduce on them.

    python -m heliograph_training.goldens --out ../goldens

One folder a net: ``model.onnx``, float32 C-order ``.npy`` files and ``golden.json``, which says what each
file is. Weights and images are float32; every reference is computed in float64 on exactly those and rounded
once, so that it is truth for a float32 runtime rather than one more float32 result.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from heliograph_training import (
    attributions,
    export_efficientnet,
    golden_efficientnet,
    golden_quantized,
    nets,
    onnx_export,
    srd_oracle,
)
from heliograph_training.apop import PatternTape
from heliograph_training.golden_folder import Folder, provenance
from heliograph_training.srd_oracle import Unit
from heliograph_training.srd_units import describe

IG_STEPS = 20
SMOOTHGRAD_SAMPLES = 4
SMOOTHGRAD_SIGMA = 0.15  # of the image's value range, as in the SmoothGrad paper's figures (10–20 %)
OCCLUSION_WINDOW, OCCLUSION_STRIDE = 8, 4  # pixels

NAMES = (*nets.NETS, golden_quantized.NAME, export_efficientnet.MODEL_ID)
WITH_PARAMETERS = ("residual", "vit")
WITH_SRD = ("residual", "basic", "vgg", "depthwise", "densenet", "se", "normed")
WITH_APOP = ("residual", "basic", "vgg", "depthwise")

# Map and position (y, x) whose receptive field is stored: a corner, an interior point, one behind each
# kind of block.
ERF_AT: dict[str, list[tuple[str, int, int]]] = {
    "residual": [
        ("stem.relu", 0, 0),
        ("blocks.0.relu", 5, 7),
        ("blocks.2.relu2", 3, 2),
        ("blocks.3.relu", 4, 3),
    ],
    "basic": [("blocks.0.relu", 4, 5), ("blocks.1.relu", 0, 5)],
    "vgg": [("stages.1.relu1", 11, 12), ("stages.2.relu2", 6, 5)],
    "depthwise": [
        ("blocks.0.project_bn", 0, 27),
        ("blocks.2.Add", 6, 7),
        ("blocks.3.depthwise_relu6", 3, 3),
        ("top_relu6", 2, 4),
    ],
    "densenet": [("dense.1.Concat", 5, 0), ("transition_pool", 3, 2)],
    "se": [("blocks.1.Add", 5, 6), ("top_act", 0, 11)],
    "normed": [("relu2", 3, 4)],
}


def write_srd(folder: Folder, name: str, net: nn.Module, x: Tensor, logits: Tensor, feature: str) -> dict[str, Any]:
    """Store the SRD references of one net; ``net``, ``x`` and ``logits`` in float64."""
    units, head = describe(net, x)
    run = srd_oracle.decompose(units, x[0].numpy())
    classes = logits.shape[1]
    first, second = (int(c) for c in logits[0].argsort(descending=True)[:2])
    starts: dict[str, tuple[NDArray[np.float64], str]] = {}
    source = units[-1].name
    if head is not None:
        one_hot, difference = np.eye(classes)[first], np.eye(classes)[first] - np.eye(classes)[second]
        identity = srd_oracle.start_identity(head, run.x[source], one_hot)
        starts["identity"] = identity, "R_i = o_i[target], sums to the target logit"
        starts["contrastive"] = (
            srd_oracle.contrastive(identity),
            "identity start minus its mean over positions",
        )
        starts["difference"] = (
            srd_oracle.start_identity(head, run.x[source], difference),
            f"identity start of logit {first} minus logit {second}",
        )
    else:
        cam = attributions.gradcam(net, net.get_submodule(feature), x, first)
        starts["identity"] = cam.relu, "Grad-CAM of the last feature layer, clipped at zero, not upsampled"
        starts["contrastive"] = srd_oracle.contrastive(cam.relu), "the identity start minus its mean"
        starts["raw"] = cam.raw, "Grad-CAM of the last feature layer, signed, not upsampled"
    maps: dict[str, Any] = {}
    layers: list[dict[str, Any]] = []
    for kind, (start, meaning) in starts.items():
        relevance = run.backward({source: start})
        maps[kind] = {
            "start": folder.put(f"srd_{kind}_start.npy", start, f"start map at {source}: {meaning}"),
            "file": folder.put(
                f"srd_{kind}.npy", relevance[srd_oracle.IMAGE], f"SRD relevance of the pixels, {kind} start"
            ),
            "sum": float(relevance[srd_oracle.IMAGE].sum()),
        }
        if kind == "difference":
            maps[kind]["target"] = {str(first): 1, str(second): -1}
        if kind == "identity":
            layers = [
                {
                    "post": tensor_name(u),
                    "pre": u.pre,
                    "shape": list(run.x[u.name].shape),
                    "activation": u.activation,
                    "file": folder.put(
                        f"srd_layer_{u.name}.npy",
                        relevance[u.name],
                        f"SRD relevance at {u.name}, identity start",
                    ),
                }
                for u in units
            ]
    erfs = [
        {
            "tensor": tensor,
            "y": y,
            "x": column,
            "file": folder.put(
                f"erf_{tensor}_{y}_{column}.npy",
                run.erf(tensor, (y, column)),
                f"effective receptive field of {tensor} at row {y}, column {column}",
            ),
        }
        for tensor, y, column in ERF_AT[name]
    ]
    return {
        "source": source,
        "starts": maps,
        "layers": layers,
        "erf": erfs,
        "positions": sum(len(r) for r in run.ratios.values()),
    }


def tensor_name(unit: Unit) -> str:
    """Return what the ONNX graph calls a unit's output: SiLU is written as x · σ(x) and named after the product."""
    return f"{unit.name}.Mul" if unit.activation == "silu" else unit.name


def write_apop(folder: Folder, net: nn.Module, x: Tensor, carrier: Tensor) -> list[dict[str, Any]]:
    """Store logits under the activation pattern of ``x`` for a zero carrier and a second random image."""
    tape = PatternTape(net)
    tape.record(x)
    image = folder.put("apop_carrier.npy", carrier.numpy(), "second image, driven through the pattern of the first")
    return [
        {
            "carrier": source,
            "logits": folder.put(f"apop_{kind}.npy", tape.replay(data).numpy(), f"logits of carrier '{kind}'"),
        }
        for kind, source, data in (
            ("zeros", "zeros", torch.zeros_like(x)),
            ("image", image, carrier),
        )
    ]


def write(name: str, out: Path) -> dict[str, Any]:
    """Write the golden folder of one net and return its manifest."""
    spec = nets.NETS[name]
    net, x, generator = nets.make(name)
    spread = float(x.max() - x.min())
    noise = SMOOTHGRAD_SIGMA * spread * torch.randn(SMOOTHGRAD_SAMPLES, *x.shape[1:], generator=generator)
    carrier = nets.sample_image(spec.size, generator)
    folder = Folder(out / name)

    model = onnx_export.export(net, x)
    onnx_export.save(model, folder.root / "model.onnx")

    exact: nn.Module = copy.deepcopy(net).double()
    x64 = x.double()
    logits = exact(x64).detach()
    target = int(logits.argmax())
    grad = attributions.gradient(exact, x64, target)
    rounded = attributions.gradient(net, x, target)

    put = folder.put
    put("x.npy", x.numpy(), "input image, used as it is")
    put("logits.npy", logits.numpy(), "logits")
    methods: dict[str, Any] = {
        "gradient": {"file": put("gradient.npy", grad, "gradient of the target logit w.r.t. the input")},
        "inputTimesGradient": {
            "file": put(
                "input_times_gradient.npy",
                attributions.input_times_gradient(exact, x64, target),
                "input × gradient",
            )
        },
    }
    if name in WITH_PARAMETERS:
        methods["parameters"] = {
            parameter: put(f"params/{parameter}.npy", values, f"gradient of the target logit w.r.t. {parameter}")
            for parameter, values in attributions.parameter_gradients(exact, x64, target).items()
        }
    ig, delta = attributions.integrated_gradients(exact, x64, target, IG_STEPS)
    methods["integratedGradients"] = {
        "file": put("integrated_gradients.npy", ig, "integrated gradients from the zero image"),
        "steps": IG_STEPS,
        "rule": "riemann_right",
        "baseline": "zeros",
        "delta": delta,
    }
    cam = attributions.gradcam(exact, exact.get_submodule(spec.feature), x64, target)
    methods["gradcam"] = {
        "tensor": spec.feature,
        "raw": put("gradcam_raw.npy", cam.raw, "Grad-CAM, signed"),
        "relu": put("gradcam_relu.npy", cam.relu, "Grad-CAM, clipped at zero"),
        "rawUpsampled": put("gradcam_raw_upsampled.npy", cam.raw_upsampled, "the signed map, bilinear to image size"),
        "reluUpsampled": put(
            "gradcam_relu_upsampled.npy", cam.relu_upsampled, "the clipped map, bilinear to image size"
        ),
        "alignCorners": False,
    }
    methods["smoothgrad"] = {
        "noise": put("smoothgrad_noise.npy", noise.numpy(), "offsets added to the image, one per sample"),
        "file": put(
            "smoothgrad.npy",
            attributions.smoothgrad(exact, x64, target, noise.double()),
            "mean gradient over the noisy images",
        ),
        "samples": SMOOTHGRAD_SAMPLES,
        "sigmaOfRange": SMOOTHGRAD_SIGMA,
    }
    methods["occlusion"] = {
        "file": put(
            "occlusion.npy",
            attributions.occlusion(exact, x64, target, OCCLUSION_WINDOW, OCCLUSION_STRIDE)[0],
            "mean drop of the target logit over the zeroed squares that cover a pixel",
        ),
        "window": OCCLUSION_WINDOW,
        "stride": OCCLUSION_STRIDE,
        "baseline": 0,
    }
    if name in WITH_SRD:
        methods["srd"] = write_srd(folder, name, exact, x64, logits, spec.feature)
    if name in WITH_APOP:
        methods["apop"] = write_apop(folder, exact, x64, carrier.double())

    manifest: dict[str, Any] = {
        "version": 1,
        "net": name,
        "seed": spec.seed,
        **provenance(),
        "model": "model.onnx",
        "opset": onnx_export.OPSET,
        "input": {"name": "image", "shape": list(x.shape), "file": "x.npy"},
        "output": {"name": "logits", "shape": list(logits.shape), "file": "logits.npy"},
        "target": target,
        # How far float32 arithmetic alone moves this gradient: no float32 runtime can be asked for less.
        "float32GradientError": float(np.linalg.norm(rounded - grad) / np.linalg.norm(grad)),
        "methods": methods,
        "files": folder.files,
    }
    return folder.close(manifest)


def write_efficientnet(out: Path, public: Path) -> dict[str, Any]:
    """Write the golden folder of the bundled model and return its manifest.

    Args:
        out: folder of all goldens.
        public: the studio's folder with ``models`` and ``images``, exported before.
    """
    # Of the gallery, the photograph on which float32 flips none of the six million ReLU6 decisions; on most
    # others two or three flip, and the gradient of so deep a net then moves by a few parts in a thousand.
    name, photograph = export_efficientnet.MODEL_ID, "images/baboon.jpg"
    folder = Folder(out / name)
    model_path = public / "models" / name / "model.onnx"
    model = export_efficientnet.widen(onnx.load(model_path))
    x = torch.from_numpy(export_efficientnet.PREPROCESSING.tensor(Image.open(public / photograph)))

    def differentiate(image: Tensor) -> tuple[Tensor, Tensor]:
        image = image.clone().requires_grad_()
        logits = golden_efficientnet.run(model, image)
        (grad,) = torch.autograd.grad(logits.max(), image)
        return logits.detach(), grad[0]

    logits, grad = differentiate(x.double())
    rounded = differentiate(x)[1].double()
    target = int(logits.argmax())
    units, head = golden_efficientnet.units(model)
    run = srd_oracle.decompose(units, x[0].double().numpy())
    start = srd_oracle.start_identity(head, run.x[head.source], np.eye(logits.shape[1])[target])
    relevance = run.backward({head.source: start})
    tensor, y, column = "blocks.10.add", 7, 6

    put = folder.put
    put("x.npy", x.numpy(), f"preprocessed {photograph}, used as it is")
    put("logits.npy", logits.numpy(), "logits")
    manifest: dict[str, Any] = {
        "version": 1,
        "net": name,
        "seed": None,
        **provenance(),
        "model": f"../../public/models/{name}/model.onnx",
        "modelSha256": hashlib.sha256(model_path.read_bytes()).hexdigest(),
        "opset": export_efficientnet.OPSET,
        "input": {"name": "image", "shape": list(x.shape), "file": "x.npy"},
        "output": {"name": "logits", "shape": list(logits.shape), "file": "logits.npy"},
        "target": target,
        "float32GradientError": float((rounded - grad).norm() / grad.norm()),
        "methods": {
            "gradient": {
                "file": put("gradient.npy", grad.numpy(), "gradient of the target logit w.r.t. the input"),
            },
            "srd": {
                "source": head.source,
                "starts": {
                    "identity": {
                        "start": put("srd_identity_start.npy", start, f"start map at {head.source}"),
                        "file": put("srd_identity.npy", relevance[srd_oracle.IMAGE], "SRD relevance of the pixels"),
                        "sum": float(relevance[srd_oracle.IMAGE].sum()),
                    }
                },
                "layers": [
                    {
                        "post": u.name,
                        "pre": u.pre,
                        "shape": list(run.x[u.name].shape),
                        "activation": u.activation,
                        "file": put(f"srd_layer_{u.name}.npy", relevance[u.name], f"SRD relevance at {u.name}"),
                    }
                    for u in units
                    if u.name.endswith((".add", ".project"))  # one a block: the rest would add a megabyte
                ],
                "erf": [
                    {
                        "tensor": tensor,
                        "y": y,
                        "x": column,
                        "file": put(
                            f"erf_{tensor}_{y}_{column}.npy",
                            run.erf(tensor, (y, column)),
                            f"effective receptive field of {tensor} at row {y}, column {column}",
                        ),
                    }
                ],
                "positions": sum(len(r) for r in run.ratios.values()),
            },
        },
        "files": folder.files,
    }
    return folder.close(manifest)


def main(arguments: list[str] | None = None, report: Callable[[str], object] = print) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m heliograph_training.goldens", description="Write the goldens.")
    parser.add_argument("--out", type=Path, required=True, help="folder that receives one folder a net")
    parser.add_argument("--net", choices=NAMES, action="append", help="only this net (repeatable)")
    parser.add_argument("--public", type=Path, default=Path("../public"), help="the bundled model and gallery")
    options = parser.parse_args(arguments)
    torch.set_num_threads(2)
    for name in options.net or NAMES:
        if name in nets.NETS:
            manifest = write(name, options.out)
        elif name == golden_quantized.NAME:
            manifest = golden_quantized.write(options.out, IG_STEPS)
        else:
            manifest = write_efficientnet(options.out, options.public)
        size = sum(f.stat().st_size for f in (options.out / name).rglob("*") if f.is_file())
        report(
            f"{name}: target {manifest['target']}, {len(manifest['files'])} files, {size / 1e6:.2f} MB, "
            f"float32 gradient error {manifest['float32GradientError']:.1e}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
