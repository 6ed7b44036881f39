"""Renders the town square: ``python -m relight.render_dataset --out DIR``.

Writes a dataset folder (``relight.dataset``). Finished files are kept, so an interrupted run goes on where it
stopped; a folder made with other settings is refused. Ground truth is written for held-out images only: what does
not exist cannot leak into training.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import drjit as dr
import mitsuba as mi
import numpy as np
from PIL import Image
from tqdm import tqdm

SEED = 7
# LLVM 15 cannot compile the sky emitter's fminimum for x86 and aborts the process; its lowering came with LLVM 17
MINIMUM_LLVM = 17


def main() -> None:
    """Render what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the dataset folder")
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--height", type=int, default=213)
    parser.add_argument("--samples", type=int, default=16, help="sun paths a pixel, a power of four")
    parser.add_argument("--held-out-samples", type=int, default=256, help="the same for the pictures measured against")
    parser.add_argument("--first", type=int, default=0, help="leave out the training images before this one")
    parser.add_argument("--variant", default="llvm_ad_rgb", choices=("llvm_ad_rgb", "cuda_ad_rgb"))
    options = parser.parse_args()
    try:
        choose_variant(options.variant)
    except RuntimeError as error:
        raise SystemExit(str(error)) from error
    render(options.out, (options.width, options.height), options.samples, options.held_out_samples, options.first)


def choose_variant(name: str) -> None:
    """Select Mitsuba's variant, or raise RuntimeError where this machine cannot run it.

    An old LLVM is refused here because it would not raise later: it would abort the process.
    """
    mi.set_variant(name)
    if name.startswith("llvm"):
        version = dr.detail.llvm_version()
        if version[0] < MINIMUM_LLVM:
            found = ".".join(map(str, version))
            raise RuntimeError(
                f"Mitsuba found LLVM {found} and needs {MINIMUM_LLVM} or newer; install one (such as Debian's "
                "libllvm19) and name its library in the environment variable DRJIT_LIBLLVM_PATH"
            )


def render(out: Path, size: tuple[int, int], samples: int, held_out_samples: int, first: int) -> None:
    """Write the dataset into ``out``; the Mitsuba variant must be set.

    A scene that was trained on the first images may go on with the others alone: those before ``first`` are then
    neither rendered nor listed.
    """
    # these modules name Mitsuba types and can be imported only once the variant is chosen
    from relight import dataset, plan, renderer, town

    scene = renderer.Renderer(town.build(SEED), town.materials(SEED))
    planned = plan.plan(size, SEED, scene.distances)
    before = {frame.id for frame in [frame for frame in planned if not frame.held_out][:first]}
    frames = tuple(frame for frame in planned if frame.id not in before)
    square = dataset.Dataset(
        root=out, name="Town square", place=plan.PLACE, psi_degrees=plan.PSI_DEGREES, box=town.BOX, frames=frames
    )
    (out / "images").mkdir(parents=True, exist_ok=True)
    (out / "truth").mkdir(exist_ok=True)
    settings = {"samples": samples, "held_out_samples": held_out_samples, "first": first}
    _claim(out, {**settings, "seed": SEED, "size": list(size), "exposure": renderer.exposure_settings()})
    dataset.save(square)
    # held-out images first: a broken or cut run has at least been looked at where it is measured
    for frame in tqdm(sorted(frames, key=lambda f: not f.held_out), unit="image"):
        sun = square.sun_direction(frame)
        picture, truth_file = out / frame.file, out / "truth" / f"{frame.id}.npz"
        if not picture.is_file():
            paths = held_out_samples if frame.held_out else samples
            radiance = scene.radiance(frame, sun, paths, planned.index(frame))
            linear = radiance * renderer.exposure(np.radians(frame.elevation_degrees))
            unfinished = picture.with_suffix(".part")
            Image.fromarray(renderer.to_srgb_bytes(linear)).save(unfinished, format="PNG", optimize=True)
            unfinished.replace(picture)
        if frame.held_out and not truth_file.is_file():
            truth = scene.truth(frame, sun)
            unfinished = truth_file.with_suffix(".part")
            with unfinished.open("wb") as file:
                np.savez_compressed(
                    file,
                    albedo=truth.albedo.astype(np.float16),
                    depth=truth.depth,
                    visibility=truth.visibility.astype(np.float16),
                    ground=truth.ground,
                    sky=truth.sky,
                )
            unfinished.replace(truth_file)


def _claim(out: Path, settings: dict[str, Any]) -> None:
    """Note the settings in the folder, or refuse a folder that was begun with others."""
    note = out / "render.json"
    if note.is_file() and json.loads(note.read_text(encoding="utf-8")) != settings:
        raise SystemExit(f"{out} was begun with other settings ({note}); choose an empty folder")
    note.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
