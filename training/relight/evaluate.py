"""Measure a trained checkpoint, or an exported scene, on a dataset's held-out images.

python -m relight.evaluate --data DIR (--checkpoint RUN/checkpoint.pt | --scene FOLDER) --out FILE.json
                           [--sheet FILE.png] [--rays 4]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from relight import dataset as data
from relight.dataset import HELD_OUT, Dataset, Frame
from relight.metrics import Layers, Tally, psnr
from relight.model import SceneModel, srgb
from relight.reference import Scene
from relight.train import device_for, load_model

CHUNK = 16384  # rays rendered at once
Renderer = Callable[[Frame, Frame], Layers]
"""Renders the first frame's camera under the second frame's sun."""
FOUR_RAYS = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))  # pixels from a pixel's centre


def model_renderer(model: SceneModel, dataset: Dataset) -> Renderer:
    """Render with the trainer's own march."""
    device = model.space.low.device

    @torch.no_grad()
    def render(camera: Frame, light: Frame) -> Layers:
        o, d = data.rays(camera)
        flat = torch.tensor(d.reshape(-1, 3), dtype=torch.float32, device=device)
        origin = torch.tensor(o, dtype=torch.float32, device=device)
        sun = torch.tensor(dataset.sun_direction(light)[None], dtype=torch.float32, device=device)
        elevation = torch.tensor([light.elevation_degrees], dtype=torch.float32, device=device)
        parts: dict[str, list[np.ndarray]] = {}
        for i in range(0, len(flat), CHUNK):
            ray = flat[i : i + CHUNK]
            which = torch.zeros(len(ray), dtype=torch.long, device=device)
            r = model(origin.expand_as(ray).contiguous(), ray, sun, elevation, which)
            sky = r.opacity < model.options.opacity_threshold
            layers = {
                "final": srgb(r.colour).clamp(0, 1), "albedo": r.albedo.masked_fill(sky[:, None], 0),
                "shadow": r.shadow.masked_fill(sky, 1), "depth": r.depth.masked_fill(sky, 0),
            }  # fmt: skip
            if r.transmittance is not None:
                layers["transmittance"] = r.transmittance
            for name, values in layers.items():
                parts.setdefault(name, []).append(values.cpu().numpy())
        whole = {k: np.concatenate(v).reshape(camera.height, camera.width, *v[0].shape[1:]) for k, v in parts.items()}
        return Layers(whole["final"], whole["albedo"], whole["shadow"], whole.get("transmittance"), whole["depth"])

    return render


def scene_renderer(scene: Scene) -> Renderer:
    """Render an exported scene by the format's rules."""

    def render(camera: Frame, light: Frame) -> Layers:
        view: dict[str, Any] = {k: getattr(camera, k) for k in ("width", "height", "fx", "fy", "cx", "cy")}
        view["camera_to_world"] = camera.camera_to_world
        r = scene.render(view, light.azimuth_degrees, light.elevation_degrees)
        marched = scene.variant in ("geometric", "C-A", "C-B")
        return Layers(r.final, r.albedo, r.shadow, r.transmittance if marched else None, r.depth)

    return render


def smooth(render: Renderer) -> Renderer:
    """Average sRGB colours over four rays a pixel, as the viewer at rest; a photograph's pixel is a mean, too."""

    def rendered(camera: Frame, light: Frame) -> Layers:
        through = [render(replace(camera, cx=camera.cx - x, cy=camera.cy - y), light).final for x, y in FOUR_RAYS]
        return replace(render(camera, light), final=np.mean(through, 0))

    return rendered


def tile(values: np.ndarray) -> np.ndarray:
    """Return a layer as 8-bit RGB."""
    rgb = values if values.ndim == 3 else np.repeat(values[..., None], 3, 2)
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


def evaluate(
    render: Renderer, dataset: Dataset, sheet: Path | None = None, limit: int | None = None
) -> dict[str, dict[str, float]]:
    """Metrics of every held-out split, and of all together; optionally a contact sheet of the renders."""
    result: dict[str, dict[str, float]] = {}
    everything, rows, stays = Tally(), [], []
    for split in HELD_OUT:
        frames = dataset.split(split)[:limit]
        tally = Tally()
        for k, frame in enumerate(frames):
            layers, image, truth = render(frame, frame), dataset.image(frame), dataset.truth(frame)
            tally.add(layers, image, truth)
            everything.add(layers, image, truth)
            if k == 0 and len(frames) > 1:
                other = render(frame, frames[-1])
                stays.append(psnr(layers.albedo, other.albedo))
            if k < 4:
                T = layers.transmittance if layers.transmittance is not None else np.ones_like(layers.shadow)
                far = max(float(truth.depth[~truth.sky].max(initial=1.0)), 1.0)
                row = [image, layers.final, 0.5 + (layers.final - image), truth.visibility, layers.shadow, T,
                       truth.albedo ** (1 / 2.2), layers.albedo ** (1 / 2.2), layers.depth / far]  # fmt: skip
                rows.append(np.concatenate([tile(v) for v in row], 1))
        if frames:
            result[split] = tally.summary()
    result["all"] = everything.summary()
    if stays:
        result["all"]["albedo_two_suns_psnr"] = round(float(np.mean(stays)), 3)
    if sheet is not None and rows:
        sheet.parent.mkdir(parents=True, exist_ok=True)
        width = min(r.shape[1] for r in rows)
        Image.fromarray(np.concatenate([r[:, :width] for r in rows])).save(sheet)
    return result


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m relight.evaluate", description="Measure a Relight scene.")
    parser.add_argument("--data", type=Path, required=True)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--checkpoint", type=Path)
    source.add_argument("--scene", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument(
        "--sheet", type=Path, help="PNG: image, render, difference, visibility, s, T_sun, albedo, depth"
    )
    parser.add_argument("--rays", type=int, choices=(1, 4), default=1, help="a pixel of the picture, layers have one")
    parser.add_argument("--limit", type=int, help="images a split")
    parser.add_argument("--device")
    options = parser.parse_args(arguments)
    dataset = data.load(options.data)
    if options.scene is not None:
        render = scene_renderer(Scene(options.scene))
    else:
        model, _ = load_model(options.checkpoint, dataset, device_for(options.device))
        render = model_renderer(model, dataset)
    if options.rays == 4:
        render = smooth(render)
    result = evaluate(render, dataset, options.sheet, options.limit)
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1) + "\n")
    for split, values in result.items():
        print(split, " ".join(f"{k}={v:g}" for k, v in values.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
