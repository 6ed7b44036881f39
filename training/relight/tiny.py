"""Write ``goldens/relight-tiny``: made-up scene files, one a shadow variant, and what reference.py draws of them.

    python -m relight.tiny --out ../goldens/relight-tiny

Nothing is trained: the tensors are smooth formulas, so the same files come out everywhere and every time.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .reference import Scene
from .scene_file import FORMAT, VERSION, BlobWriter, decode, write_header

VARIANTS = ("none", "geometric", "A", "B", "C-A", "C-B")
MEDIAN = ("geometric", "C-B")  # whose T_sun is asked for at the ray's median; the mean for the rest
GRID = (24, 16, 20)
BOX = ((-6.0, -0.5, -5.0), (6.0, 5.5, 5.0))
DENSITY_COMPONENTS = 4
APPEARANCE_COMPONENTS = 4
SIZE = (96, 64)
SUNS = ((135.0, 35.0), (255.0, 18.0))  # azimuth, elevation in degrees


def waves(seed: int, *shape: int) -> np.ndarray:
    """Smooth made-up numbers in −1…1: sums of sines whose frequencies follow from the seed."""
    axes = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    phase = sum((0.37 + 0.11 * ((seed + k) % 7)) * axis for k, axis in enumerate(axes))
    return np.sin(phase + seed) * np.cos(0.5 * phase - 2 * seed)


def density_grid() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Make a floor, a tower and a wall: products of steps along the axes, softened to be linear between vertices."""
    Nx, Ny, Nz = GRID
    x, y, z = (np.linspace(low, high, n) for low, high, n in zip(*BOX, GRID, strict=True))

    def slab(v: np.ndarray, low: float, high: float) -> np.ndarray:
        return np.clip(np.minimum(v - low, high - v) * 1.5 + 0.5, 0, 1)

    planes = [np.zeros((DENSITY_COMPONENTS, n[1], n[0])) for n in ((Nx, Ny), (Nx, Nz), (Ny, Nz))]
    lines = [np.zeros((DENSITY_COMPONENTS, n)) for n in (Nz, Ny, Nx)]
    planes[1][0], lines[1][0] = 9.0, 5.0 * slab(y, -2.0, 0.0)  # floor
    planes[1][1], lines[1][1] = 8.0 * np.outer(slab(z, -1.2, 0.8), slab(x, -0.9, 1.1)), 5.0 * slab(y, -1, 3.2)  # tower
    planes[0][2], lines[0][2] = 8.0 * np.outer(slab(y, -1, 1.9), slab(x, -4.6, -1.8)), 5.0 * slab(z, -3.6, -2.4)  # wall
    planes[2][3], lines[2][3] = 8.0 * np.outer(slab(z, 1.4, 3.6), slab(y, -1, 1.1)), 5.0 * slab(x, 2.6, 4.4)  # block
    return planes, lines


def cube(components: int, size: int) -> np.ndarray:
    """Make a continuous cube map: smooth functions of the direction at every entry, so shared edges agree."""
    s = np.linspace(-1, 1, size)
    q, p = np.meshgrid(s, s, indexing="ij")
    one = np.ones_like(p)
    faces = []
    for axis in range(3):
        for sign in (one, -one):
            faces.append(np.insert(np.stack([p, q]), axis, sign, axis=0))
    d = np.stack(faces)
    d = np.moveaxis(d / np.linalg.norm(d, axis=1, keepdims=True), 1, -1)
    k = np.arange(components)
    return np.sin(d @ np.stack([1 + 0.5 * k, 2 - 0.3 * k, 0.7 + 0.4 * k]) + k)


def shadow_head(variant: str, blobs: BlobWriter) -> dict[str, Any]:
    """Made-up weights of one variant."""
    C, L = 3 * APPEARANCE_COMPONENTS, 3 if variant.startswith("C") else 1
    head: dict[str, Any] = {"variant": variant}
    if variant.endswith("A"):
        K, hidden, n = 4, 8, 2
        head |= {
            "features": blobs.float32(1.5 * waves(3, K, C)),
            "layers": [
                {
                    "weight": blobs.float32(0.6 * waves(4, hidden, K + 3 + 6 * n)),
                    "bias": blobs.float32(waves(5, hidden)),
                },
                {"weight": blobs.float32(0.8 * waves(6, L, hidden)), "bias": blobs.float32(waves(7, L))},
            ],
            "frequencies": n,
        }
    elif variant.endswith("B"):
        K = 4
        head |= {
            "components": K,
            "rows": blobs.float32(1.2 * waves(8, L, K, C)),
            "row_bias": blobs.float32(0.8 * waves(9, L, C)),
            "cube": blobs.float32(cube(K + L, 4)),
        }
    if variant in ("geometric", "C-A", "C-B"):
        head["transmittance"] = {"weight": 8.0, "bias": -4.5}
    return head


def occupancy(planes: list[np.ndarray], lines: list[np.ndarray], cell: int, scale: float) -> np.ndarray:
    """Cells [nz, ny, nx] that have α ≥ 1e-4 at some vertex. f is trilinear, so its maximum lies at a vertex."""
    f = np.einsum("ryx,rz->zyx", planes[0], lines[0])
    f += np.einsum("rzx,ry->zyx", planes[1], lines[1]) + np.einsum("rzy,rx->zyx", planes[2], lines[2])
    full = 1 - np.exp(-np.logaddexp(0, f - 10) * scale) >= 1e-4
    counts = [math.ceil((n - 1) / cell) for n in full.shape]
    out = np.zeros(counts, np.uint8)
    for index in np.ndindex(*counts):
        out[index] = full[tuple(slice(i * cell, (i + 1) * cell + 1) for i in index)].any()
    return out


def camera(id_: str, position: tuple[float, float, float], target: tuple[float, float, float]) -> dict[str, Any]:
    """Describe a camera that looks at a point."""
    width, height = SIZE
    back = np.subtract(position, target)
    back = back / np.linalg.norm(back)
    right = np.cross((0, 1, 0), back)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3] = np.stack([right, np.cross(back, right), back, np.asarray(position)], 1)
    focal = 0.9 * width
    return {"id": id_, "split": "train", "width": width, "height": height, "fx": focal, "fy": focal,
            "cx": width / 2, "cy": height / 2, "camera_to_world": [round(float(v), 9) for v in pose.ravel()],
            "azimuth_degrees": SUNS[0][0], "elevation_degrees": SUNS[0][1], "time": "2026-03-20T09:30:00Z"}  # fmt: skip


CAMERAS = (
    camera("C0", (7.5, 3.4, 8.0), (0.0, 1.0, 0.0)),
    camera("C1", (-3.5, 1.6, 4.2), (0.6, 1.3, -0.5)),  # inside the box
)


def write_scene(folder: Path, variant: str) -> None:
    """Write one made-up scene folder."""
    folder.mkdir(parents=True)
    step, distance_scale = 0.2, 2.0
    grids, heads = BlobWriter(folder, "grids.bin"), BlobWriter(folder, "heads.bin")
    planes, lines = density_grid()
    blobs = {"planes": [grids.quantised(p) for p in planes], "lines": [grids.quantised(x) for x in lines]}
    density = {"components": DENSITY_COMPONENTS, **blobs}
    # Occupancy must hold for the numbers as stored.
    grids.close()
    planes, lines = ([decode(folder, blob) for blob in blobs[kind]] for kind in ("planes", "lines"))
    R = APPEARANCE_COMPONENTS
    appearance = {
        "components": R,
        "planes": [grids.quantised(1.4 * waves(11 + m, R, *p.shape[1:])) for m, p in enumerate(planes)],
        "lines": [grids.quantised(1 + 0.4 * waves(21 + m, R, *x.shape[1:])) for m, x in enumerate(lines)],
    }
    cell = 3
    cells = grids.bytes(occupancy(planes, lines, cell, step * distance_scale))
    constant = variant == "none"  # a scene trained without sun
    elevations = [30.0] if constant else [0.0, 15.0, 40.0, 70.0]
    n = len(elevations)
    ramp = np.linspace(0.4, 1, n)[:, None]
    sky_shape = (n, 4, 1 if constant else 3)
    sky = 0.45 + 0.25 * waves(31, *sky_shape)[..., None] * np.array([0.6, 0.8, 1.0])
    header: dict[str, Any] = {
        "format": FORMAT, "version": VERSION, "name": f"tiny-{variant}", "title": f"Made-up scene, shadow {variant}",
        "licence": "CC0-1.0", "place": {"name": "Nowhere", "latitude_degrees": 45.0, "longitude_degrees": 10.0},
        "psi_degrees": 20.0, "box": BOX, "grid": GRID, "step": step, "distance_scale": distance_scale,
        "density_shift": -10.0, "density": density, "appearance": appearance,
        "heads": {
            "albedo": {"weight": heads.float32(waves(2, 3, 3 * R)), "bias": [0.3, 0.1, -0.2]},
            "shadow": shadow_head(variant, heads),
        },
        "light": {
            "elevations_degrees": elevations,
            "ambient": (ramp * np.array([0.20, 0.26, 0.34])).round(4).tolist(),
            "sun": np.zeros((1, 3)).tolist() if constant else (ramp * np.array([1.1, 1.0, 0.85])).round(4).tolist(),
        },
        "sky": {
            "elevations_degrees": elevations, "view_sines": [-0.1, 0.0, 0.2, 0.8],
            "sun_cosines": [0.0] if constant else [-0.5, 0.4, 0.95], "colour": heads.float32(sky),
        },
        "occupancy": {**cells, "cell": cell},
        "march": {"termination": 1e-3, "weight_threshold": 1e-3, "opacity_threshold": 0.02,
                  "shadow_step_factor": 1.5, "shadow_bias": 0.6},
        "cameras": list(CAMERAS), "metrics": {},
    }  # fmt: skip
    if variant in MEDIAN:
        header["march"]["surface"] = "median"
    if constant:
        header["light"]["ambient"] = [[0.9, 0.9, 0.9]]
    grids.close()
    heads.close()
    write_header(folder, header)


def write_references(folder: Path) -> list[dict[str, Any]]:
    """Render both cameras under both suns; returns the golden's entries."""
    scene = Scene(folder)
    out = folder / "reference"
    out.mkdir()
    entries = []
    for c, view in enumerate(CAMERAS):
        for s, (azimuth, elevation) in enumerate(SUNS):
            render = scene.render(view, azimuth, elevation)
            name = f"C{c}-S{s}"
            pictures = {"final": render.final, "shadow": render.shadow}
            depth_too = scene.variant == "C-B" and s == 0  # neither depends on the sun, nor on the variant
            if depth_too:
                pictures["albedo"] = render.albedo
            entry: dict[str, Any] = {"camera": view["id"], "azimuth_degrees": azimuth, "elevation_degrees": elevation}
            for layer, values in pictures.items():
                entry[layer] = f"{folder.name}/reference/{name}-{layer}.png"
                picture = Image.fromarray(np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8))
                picture.save(folder.parent / entry[layer], optimize=True)
            if depth_too:
                entry["depth"] = f"{folder.name}/reference/{name}-depth.npy"
                np.save(folder.parent / entry["depth"], render.depth.astype(np.float32))
            entries.append(entry)
    return entries


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m relight.tiny", description="Write goldens/relight-tiny.")
    parser.add_argument("--out", type=Path, default=Path("../goldens/relight-tiny"))
    options = parser.parse_args(arguments)
    golden = []
    for variant in VARIANTS:
        folder = options.out / variant
        shutil.rmtree(folder, ignore_errors=True)
        write_scene(folder, variant)
        golden.append({"variant": variant, "scene": f"{variant}/scene.json", "renders": write_references(folder)})
    (options.out / "golden.json").write_text(json.dumps({"scenes": golden}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
