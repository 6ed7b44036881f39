"""Reads a scene in NeRF-OSR's folder layout: ``python -m relight.nerf_osr --source SCENE --out DIR …``.

NeRF-OSR (Rudnev et al., "NeRF for Outdoor Scene Relighting", ECCV 2022) publishes photographs of buildings in the
layout of NeRF++. Its data may not be redistributed: it is read where the user put it and never shipped. The layout::

    SCENE[/final]/{train,validation,test}/      "val" is read for "validation"
        rgb/NAME.{png,jpg}                      photographs; sizes differ
        pose/NAME.txt                           4×4 camera-to-world, row-major, OpenCV axes (x right, y down, z forward)
        intrinsics/NAME.txt                     4×4 with fx, fy, cx, cy at [0,0], [1,1], [0,2], [1,2], in pixels
        mask/NAME.png                           optional, grey: 255 static, 0 people, cars and other moving things

Poses are COLMAP's, moved and scaled into a unit ball: neither upright nor in metres. Most names begin with the
session's local time, ``DD-MM_HH_MM_…``, rounded and without a year. What we add (not part of the layout):

- ``SCENE/timestamps.json``, optional: {NAME: "2021-08-01T08:24:11+02:00"}; it overrides what a name says. An image
  without any time cannot be placed under a sun; it is left out and counted.
- The vertical is found from the cameras: photographs are taken level, so the scene's up is the direction most nearly
  perpendicular to all the cameras' x axes. The scene is turned upright, +Y up.
- The heading stays unknown. It is one angle ψ per scene, found by ``search_psi`` against whatever score the trainer
  gives (the loss of a short training at each ψ), and stored in dataset.json like a rendered scene's.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from relight.dataset import Dataset, DatasetError, Frame, Place, save
from relight.sun import sun_position

# folder → our split: nobody trains on validation or test, and both show other views under other suns
FOLDERS = {"train": "train", "validation": "unseen-both", "val": "unseen-both", "test": "unseen-both"}
PICTURES = (".png", ".jpg", ".jpeg")
SESSION_TIME = re.compile(r"^(\d{2})-(\d{2})_(\d{2})_(\d{2})(?:_|$)")
OPENCV_TO_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])

COARSE_HEADINGS = 24  # one every 15°
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True)
class Photograph:
    """One image of the source folder: camera-to-world in OpenGL axes, intrinsics in source pixels."""

    name: str
    split: str
    picture: Path
    mask: Path | None
    pose: NDArray[np.float64]
    intrinsics: NDArray[np.float64]
    time: datetime


def photographs(source: Path, year: int, utc_offset_hours: float) -> tuple[list[Photograph], int]:
    """Return the dated photographs of a scene and how many had no time.

    Args:
        source: the scene's folder, with the splits in it or in its ``final`` folder.
        year: of the session times in names.
        utc_offset_hours: of those times; central European summer time is 2.
    """
    root = source / "final" if (source / "final").is_dir() else source
    stamps_file = source / "timestamps.json"
    stamps: dict[str, str] = json.loads(stamps_file.read_text(encoding="utf-8")) if stamps_file.is_file() else {}
    zone = timezone(timedelta(hours=utc_offset_hours))
    found, undated = [], 0
    for folder, split in FOLDERS.items():
        for picture in _pictures(root / folder / "rgb"):
            name = picture.stem
            time = _time(name, stamps, year, zone)
            if time is None:
                undated += 1
                continue
            masks = [mask for mask in _pictures(root / folder / "mask") if mask.stem == name]
            found.append(
                Photograph(
                    name=name,
                    split=split,
                    picture=picture,
                    mask=masks[0] if masks else None,
                    pose=_matrix(root / folder / "pose" / f"{name}.txt") @ OPENCV_TO_OPENGL,
                    intrinsics=_matrix(root / folder / "intrinsics" / f"{name}.txt"),
                    time=time,
                )
            )
    if not any(photograph.split == "train" for photograph in found):
        raise DatasetError(
            f"{source} holds no dated image under train/rgb; names must begin with DD-MM_HH_MM, "
            "or timestamps.json beside the splits must give their times"
        )
    return found, undated


def upright(poses: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the 3×3 rotation that turns the scene's vertical to +Y.

    The vertical is the unit vector u that minimises Σ (u · xᵢ)² over the cameras' x axes: the eigenvector of
    Σ xᵢ xᵢᵀ with the smallest eigenvalue, on the side the cameras hold up.
    """
    across = np.stack([pose[:3, 0] for pose in poses])
    _, vectors = np.linalg.eigh(across.T @ across)
    up = vectors[:, 0]
    if np.mean([pose[:3, 1] @ up for pose in poses]) < 0:
        up = -up
    # Rodrigues' rotation from u to +Y
    axis, cosine = np.cross(up, [0.0, 1.0, 0.0]), up[1]
    if cosine < -1.0 + 1e-9:
        return np.diag([1.0, -1.0, -1.0])
    skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + skew + skew @ skew / (1.0 + cosine)


def convert(
    source: Path,
    out: Path,
    place: Place,
    year: int,
    utc_offset_hours: float,
    reduction: int = 1,
    box: tuple[tuple[float, float, float], tuple[float, float, float]] = ((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)),
) -> tuple[Dataset, int]:
    """Write a NeRF-OSR scene as one of our dataset folders, with ψ = 0 still to be searched.

    Args:
        source: the scene's folder.
        out: the folder to write.
        place: where the building stands, for the ephemeris.
        year: of the session times in names.
        utc_offset_hours: of those times.
        reduction: every side of every image becomes this many times smaller.
        box: what is modelled, in the scene's own units; NeRF-OSR's poses lie in the unit ball.

    Returns:
        The dataset, and how many images were left out because nothing says when they were taken.
    """
    found, undated = photographs(source, year, utc_offset_hours)
    turn = np.eye(4)
    turn[:3, :3] = upright([photograph.pose for photograph in found])
    (out / "images").mkdir(parents=True, exist_ok=True)
    frames = []
    for photograph in found:
        frames.append(_frame(photograph, turn @ photograph.pose, out, place, reduction))
    dataset = Dataset(root=out, name=source.name, place=place, psi_degrees=0.0, box=box, frames=tuple(frames))
    save(dataset)
    return dataset, undated


def with_psi(dataset: Dataset, psi: float) -> Dataset:
    """Return the dataset with its north angle set to ψ (radians)."""
    return dataclasses.replace(dataset, psi_degrees=math.degrees(psi) % 360.0)


def search_psi(score: Callable[[float], float], tolerance: float = math.radians(0.5)) -> float:
    """Return the north angle ψ in [0, 2π) with the lowest score: a scan around the horizon, then golden sections.

    Args:
        score: of a ψ in radians, lower is better; it is called ``COARSE_HEADINGS`` times and then about eight times.
        tolerance: the width in radians at which the refinement stops.
    """
    step = math.tau / COARSE_HEADINGS
    coarse = [score(k * step) for k in range(COARSE_HEADINGS)]
    best = int(np.argmin(coarse))
    low, high = (best - 1) * step, (best + 1) * step
    inner_low, inner_high = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    score_low, score_high = score(inner_low % math.tau), score(inner_high % math.tau)
    while high - low > tolerance:
        if score_low < score_high:
            high, inner_high, score_high = inner_high, inner_low, score_low
            inner_low = high - GOLDEN * (high - low)
            score_low = score(inner_low % math.tau)
        else:
            low, inner_low, score_low = inner_low, inner_high, score_high
            inner_high = low + GOLDEN * (high - low)
            score_high = score(inner_high % math.tau)
    return (low + high) / 2 % math.tau


def _frame(photograph: Photograph, pose: NDArray[np.float64], out: Path, place: Place, reduction: int) -> Frame:
    """Write one image (and mask) at its reduced size and return its frame."""
    azimuth, elevation = sun_position(place.latitude, place.longitude, photograph.time)
    if elevation <= 0:
        raise DatasetError(
            f"{photograph.name}: at {photograph.time.isoformat()} the sun is {math.degrees(-elevation):.1f}° below the "
            f"horizon of {place.name}; check the place, the year and the UTC offset"
        )
    with Image.open(photograph.picture) as picture:
        size = (picture.width // reduction, picture.height // reduction)
        # cropping what does not divide keeps every pixel's centre where the intrinsics say it is
        kept = picture.convert("RGB").crop((0, 0, size[0] * reduction, size[1] * reduction))
        kept.reduce(reduction).save(out / "images" / f"{photograph.name}.png")
    mask_file = None
    if photograph.mask is not None:
        (out / "masks").mkdir(exist_ok=True)
        mask_file = f"masks/{photograph.name}.png"
        with Image.open(photograph.mask) as mask:
            kept = mask.convert("L").crop((0, 0, size[0] * reduction, size[1] * reduction)).reduce(reduction)
        # a pixel that holds any of a moving thing is not used
        Image.fromarray(np.where(np.asarray(kept) == 255, 255, 0).astype(np.uint8)).save(out / mask_file)
    k = photograph.intrinsics / reduction
    return Frame(
        id=photograph.name,
        file=f"images/{photograph.name}.png",
        split=photograph.split,
        width=size[0],
        height=size[1],
        fx=float(k[0, 0]),
        fy=float(k[1, 1]),
        cx=float(k[0, 2]),
        cy=float(k[1, 2]),
        camera_to_world=tuple(float(v) for v in pose.ravel()),
        time=photograph.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        azimuth_degrees=math.degrees(azimuth),
        elevation_degrees=math.degrees(elevation),
        mask=mask_file,
    )


def _pictures(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)


def _time(name: str, stamps: dict[str, str], year: int, zone: timezone) -> datetime | None:
    if name in stamps:
        time = datetime.fromisoformat(stamps[name])
        if time.tzinfo is None:
            raise DatasetError(f"timestamps.json: {name} is {stamps[name]!r}, which lacks a time zone")
        return time
    match = SESSION_TIME.match(name)
    if match is None:
        return None
    day, month, hour, minute = (int(group) for group in match.groups())
    return datetime(year, month, day, hour, minute, tzinfo=zone)


def _matrix(path: Path) -> NDArray[np.float64]:
    if not path.is_file():
        raise DatasetError(f"{path} is missing")
    numbers = path.read_text(encoding="utf-8").split()
    if len(numbers) != 16:
        raise DatasetError(f"{path} holds {len(numbers)} numbers, expected the 16 of a 4×4 matrix")
    return np.array([float(number) for number in numbers]).reshape(4, 4)


def main() -> None:
    """Convert a scene on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, required=True, help="the scene's folder")
    parser.add_argument("--out", type=Path, required=True, help="the dataset folder to write")
    parser.add_argument("--place", required=True, help="its name")
    parser.add_argument("--latitude", type=float, required=True)
    parser.add_argument("--longitude", type=float, required=True)
    parser.add_argument("--year", type=int, required=True, help="of the session times in file names")
    parser.add_argument("--utc-offset", type=float, required=True, help="hours, of the session times in file names")
    parser.add_argument("--reduction", type=int, default=4, help="how many times smaller images become")
    options = parser.parse_args()
    place = Place(options.place, options.latitude, options.longitude)
    dataset, undated = convert(options.source, options.out, place, options.year, options.utc_offset, options.reduction)
    print(f"{len(dataset.frames)} images written to {options.out}; {undated} left out for want of a time")


if __name__ == "__main__":
    main()
