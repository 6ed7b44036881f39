"""Write a scene folder (docs/relight-format.md) from a checkpoint, and measure what was written.

    python -m relight.export --data DIR --checkpoint RUN/checkpoint.pt --out ../public/scenes/town-square
                             --title "Town square" [--goldens ../goldens/relight-town]

Ground-truth views of held-out cameras go along as JPEG. The metrics in the header are those of the exported, quantised
scene, rendered by relight.reference.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from relight import dataset as data
from relight.dataset import HELD_OUT, SPLITS, Dataset, Frame
from relight.evaluate import evaluate, scene_renderer
from relight.field import VMGrid
from relight.metrics import psnr
from relight.model import SceneModel
from relight.reference import Scene, resized
from relight.resume import average
from relight.scene_file import FORMAT, GZIP, VERSION, BlobWriter, write_header
from relight.train import load_model

LIMIT_BYTES = 12_000_000
VIEWS = 8
JPEG_QUALITY = 88
GOLDEN_SIZE = (128, 85)
TERMINATION = 1e-3  # coarser than in training: what is left of the ray is under half a grey level
WEIGHT_THRESHOLD = 2e-3


def numbers(tensor: Tensor) -> np.ndarray:
    """Return a tensor as float32 array."""
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float32)


def rounded(values: Any) -> Any:
    """Float32 numbers as short JSON numbers."""
    return [rounded(v) for v in values] if isinstance(values, list) else float(f"{values:.6g}")


def grid_entry(grid: VMGrid, blobs: BlobWriter) -> dict[str, Any]:
    """Quantise a VM grid; arrays in the file have the component first."""
    return {
        "components": grid.components,
        "planes": [blobs.quantised(numbers(p).transpose(2, 0, 1)) for p in grid.planes],
        "lines": [blobs.quantised(numbers(x).T) for x in grid.lines],
    }


def shadow_entry(model: SceneModel, blobs: BlobWriter) -> dict[str, Any]:
    """Describe the shadow head as section 5 wants it."""
    head = model.shadow
    entry: dict[str, Any] = {"variant": head.variant}
    if head.variant in ("A", "C-A"):
        entry["features"] = blobs.float32(numbers(head.features.weight))
        layers = [x for x in head.layers if isinstance(x, nn.Linear)]
        entry["layers"] = [
            {"weight": blobs.float32(numbers(x.weight)), "bias": blobs.float32(numbers(x.bias))} for x in layers
        ]
        entry["frequencies"] = head.frequencies
    elif head.variant in ("B", "C-B"):
        entry["components"] = head.components
        entry["rows"] = blobs.float32(numbers(head.rows))
        entry["row_bias"] = blobs.float32(numbers(head.row_bias))
        entry["cube"] = blobs.float32(numbers(head.cube.faces()))
    if head.needs_transmittance:
        weight, bias = rounded(head.compare.tolist())
        entry["transmittance"] = {"weight": weight, "bias": bias}
    return entry


def camera_entry(frame: Frame) -> dict[str, Any]:
    """Describe a camera of the dataset as section 7 wants it."""
    keys = ("id", "split", "width", "height", "fx", "fy", "cx", "cy", "azimuth_degrees", "elevation_degrees", "time")
    return {
        **{k: asdict(frame)[k] for k in keys},
        "camera_to_world": [float(f"{v:.9g}") for v in frame.camera_to_world],
    }


def chosen(dataset: Dataset, count: int) -> list[Frame]:
    """Held-out frames to ship: spread over the splits and over each split's order."""
    frames: list[Frame] = []
    splits = [s for s in reversed(HELD_OUT) if dataset.split(s)]
    for k, split in enumerate(splits):
        share = (count - len(frames)) // (len(splits) - k)
        candidates = dataset.split(split)
        at = np.unique(np.linspace(0, len(candidates) - 1, min(share, len(candidates))).round().astype(int))
        frames += [candidates[i] for i in at]
    return frames


def export(model: SceneModel, dataset: Dataset, folder: Path, title: str, licence: str) -> dict[str, Any]:
    """Write the folder without metrics; returns the header."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "views").mkdir(parents=True)
    density, appearance, heads, cells = (
        BlobWriter(folder, f"{name}.bin{GZIP}") for name in ("density", "appearance", "heads", "occupancy")
    )
    space, options, place = model.space, model.options, dataset.place
    cameras = []
    for frame in chosen(dataset, VIEWS):
        file = f"views/{frame.id}.jpg"
        picture = Image.fromarray(np.rint(dataset.image(frame) * 255).astype(np.uint8))
        picture.save(folder / file, "JPEG", quality=JPEG_QUALITY, optimize=True)
        cameras.append({**camera_entry(frame), "image": file})
    header: dict[str, Any] = {
        "format": FORMAT, "version": VERSION, "name": folder.name, "title": title, "licence": licence,
        "place": {"name": place.name, "latitude_degrees": place.latitude, "longitude_degrees": place.longitude},
        "psi_degrees": dataset.psi_degrees, "box": [list(corner) for corner in dataset.box],
        "grid": list(space.vertices), "step": space.step, "distance_scale": space.distance_scale,
        "density_shift": space.shift,
        "density": grid_entry(model.density, density), "appearance": grid_entry(model.appearance, appearance),
        "heads": {
            "albedo": {
                "weight": heads.float32(numbers(model.albedo.weight)), "bias": rounded(model.albedo.bias.tolist())
            },
            "shadow": shadow_entry(model, heads),
        },
        "light": {
            "elevations_degrees": rounded(model.light.knots.tolist()),
            "ambient": rounded(model.light.ambient.exp().tolist()),
            "sun": rounded((model.light.sun.exp() * (0.0 if options.variant == "none" else 1.0)).tolist()),
        },
        "sky": {
            "elevations_degrees": rounded(model.sky.elevations.tolist()),
            "view_sines": rounded(model.sky.sines.tolist()), "sun_cosines": rounded(model.sky.cosines.tolist()),
            "colour": heads.float32(numbers(model.sky.colour.exp())),
        },
        "occupancy": {**cells.bytes(space.occupied.cpu().numpy()), "cell": space.cell},
        "march": {
            "termination": TERMINATION, "weight_threshold": WEIGHT_THRESHOLD,
            "opacity_threshold": options.opacity_threshold, "shadow_step_factor": options.shadow_step_factor,
            "shadow_bias": options.shadow_bias, "surface": "median",
        },
        "cameras": cameras, "metrics": {},
    }  # fmt: skip
    if options.variant == "none":  # trained as albedo under one constant light: s and φ are 1
        both = model.light.ambient.exp() + model.light.sun.exp()
        header["light"]["ambient"] = rounded(both.tolist())
    for blobs in (density, appearance, heads, cells):
        blobs.close()
    write_header(folder, header)
    return header


def write_goldens(scene: Scene, dataset: Dataset, out: Path) -> None:
    """Render two dataset cameras at a small size, and measure them against their photographs at full size.

    The viewer's tests draw the same.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    entries = []
    frames = [dataset.split(split)[0] for split in ("unseen-view", "unseen-both") if dataset.split(split)]
    for frame in frames:
        camera = resized(camera_entry(frame), *GOLDEN_SIZE)
        for azimuth, elevation in (
            (frame.azimuth_degrees, frame.elevation_degrees),
            (360 - frame.azimuth_degrees, frame.elevation_degrees),
        ):
            render = scene.render(camera, azimuth, elevation)
            entry: dict[str, Any] = {"camera": camera, "azimuth_degrees": azimuth, "elevation_degrees": elevation}
            for layer in ("final", "albedo", "shadow"):
                entry[layer] = f"{frame.id}-{round(azimuth)}-{layer}.png"
                values = np.rint(np.clip(getattr(render, layer), 0, 1) * 255).astype(np.uint8)
                Image.fromarray(values).save(out / entry[layer], optimize=True)
            entries.append(entry)
    shipped = {camera["id"]: camera["image"] for camera in scene.header["cameras"]}
    truths = []
    for frame in frames:
        final = scene.render(camera_entry(frame), frame.azimuth_degrees, frame.elevation_degrees).final
        image = np.asarray(Image.open(scene.folder / shipped[frame.id]).convert("RGB")) / 255
        truths.append({"camera": frame.id, "image": shipped[frame.id], "psnr": round(psnr(final, image), 4)})
    document = {
        "scene": scene.header["name"],
        "sha256": {f["file"]: f["sha256"] for f in scene.header["files"]},
        "renders": entries,
        "truths": truths,
    }
    (out / "golden.json").write_text(json.dumps(document, indent=1) + "\n")


def write_card(folder: Path, header: dict[str, Any], state: dict[str, Any], dataset: Dataset, averaged: bool) -> None:
    """Write card.json: where the scene comes from, by which settings, under which licence, and what was measured."""
    card = {
        "title": header["title"],
        "licence": header["licence"],
        "source": f"{dataset.name}, made and trained by this project: docs/relight-data.md, docs/relight-training.md",
        "images": {split: len(dataset.split(split)) for split in SPLITS},
        "model": state["options"],
        "schedule": state["schedule"],
        "went_on_from": {"iterations": state["before"][0], "training_seconds": state["before"][1]},
        "averaged_with_that": averaged,
        "measured": header["metrics"],
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m relight.export", description="Write a scene folder.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--title", default="Town square")
    parser.add_argument("--licence", default="CC0-1.0")
    parser.add_argument("--average", type=Path, help="a scene the training went on from, to write the weights' mean")
    parser.add_argument("--goldens", type=Path)
    parser.add_argument("--limit", type=int, help="held-out images a split to measure on")
    options = parser.parse_args(arguments)
    dataset = data.load(options.data)
    model, state = load_model(options.checkpoint, dataset, torch.device("cpu"))
    if options.average is not None:
        average(model, options.average)
    header = export(model, dataset, options.out, options.title, options.licence)
    scene = Scene(options.out)
    header["metrics"] = {
        **evaluate(scene_renderer(scene), dataset, limit=options.limit),
        "iterations": state["before"][0] + state["iteration"],
        "training_seconds": round(state["before"][1] + state["seconds"]),
    }  # fmt: skip
    write_header(options.out, header)
    write_card(options.out, header, state, dataset, options.average is not None)
    total = sum(f["bytes"] for f in header["files"]) + (options.out / "scene.json").stat().st_size
    print(f"{options.out}: {total / 1e6:.2f} MB")
    if total > LIMIT_BYTES:
        raise SystemExit(f"the scene has {total} bytes, more than {LIMIT_BYTES}; train with fewer vertices")
    if options.goldens is not None:
        write_goldens(scene, dataset, options.goldens)
    return 0


if __name__ == "__main__":
    sys.exit(main())
