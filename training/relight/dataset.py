"""The dataset a scene is trained from: its schema, its validation and its loader.

A dataset is a folder::

    dataset.json      format, version, name, place, psi_degrees, box, images (see ``Dataset`` and ``Frame``)
    images/ID.png     8-bit sRGB
    masks/ID.png      optional, 8-bit grey: 255 = use this pixel, 0 = leave it out (people, cars, …)
    truth/ID.npz      ground truth of a rendered scene, for evaluation only (see ``Truth``)

Cameras follow OpenGL: ``camera_to_world`` is 4×4, row-major, the camera looks along −z with y up. Pixel (i, j),
column and row, has its centre at (i + ½, j + ½); its ray in the camera is ((i + ½ − cx)/fx, −(j + ½ − cy)/fy, −1).
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from relight.sun import world_direction

FORMAT = "heliograph-relight-dataset"
VERSION = 1
TRAIN = "train"
HELD_OUT = ("unseen-view", "unseen-sun", "unseen-both")
SPLITS = (TRAIN, *HELD_OUT)
MAXIMUM_SIDE = 8192  # pixels; a larger number is a mistake in the file, not a photograph
ORTHONORMAL_TOLERANCE = 1e-3

Float32 = NDArray[np.float32]
Mask = NDArray[np.bool_]


class DatasetError(ValueError):
    """A dataset that cannot be used: the message says where, what is wrong and what was expected."""


@dataclass(frozen=True)
class Place:
    """A place on Earth: degrees, north and east positive."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Frame:
    """One image with its camera and its sun. Angles in degrees, lengths in metres, ``file`` relative to the folder."""

    id: str
    file: str
    split: str
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    camera_to_world: tuple[float, ...]
    time: str
    azimuth_degrees: float
    elevation_degrees: float
    mask: str | None = None

    @property
    def pose(self) -> NDArray[np.float64]:
        """The 4×4 camera-to-world matrix."""
        return np.array(self.camera_to_world, dtype=np.float64).reshape(4, 4)

    @property
    def held_out(self) -> bool:
        """Whether the image is kept from training."""
        return self.split != TRAIN


@dataclass(frozen=True)
class Truth:
    """Ground truth of a rendered image, pixel by pixel.

    ``albedo`` H×W×3 is linear reflectance (0 in the sky); ``depth`` H×W is the distance in metres along the
    normalised ray, infinite in the sky; ``visibility`` H×W lies in 0..1: the part of the pixel whose surface both
    faces the sun's centre and sees it; ``ground`` and ``sky`` are masks.
    """

    albedo: Float32
    depth: Float32
    visibility: Float32
    ground: Mask
    sky: Mask


@dataclass(frozen=True)
class Dataset:
    """A scene's images. ``box`` is ((x, y, z) lowest, (x, y, z) highest) in metres and bounds what is modelled.

    ``root`` is the folder; the files of ``frames`` are read on demand.
    """

    root: Path
    name: str
    place: Place
    psi_degrees: float
    box: tuple[tuple[float, float, float], tuple[float, float, float]]
    frames: tuple[Frame, ...] = field(repr=False)

    def split(self, *names: str) -> tuple[Frame, ...]:
        """Return the frames of the named splits, in file order."""
        unknown = set(names) - set(SPLITS)
        if unknown:
            raise DatasetError(f"no split is called {sorted(unknown)[0]!r}; there are {', '.join(SPLITS)}")
        return tuple(frame for frame in self.frames if frame.split in names)

    def sun_direction(self, frame: Frame) -> NDArray[np.float64]:
        """Return the unit vector from the scene to the frame's sun, in the world."""
        return world_direction(
            math.radians(frame.azimuth_degrees), math.radians(frame.elevation_degrees), math.radians(self.psi_degrees)
        )

    def image(self, frame: Frame) -> Float32:
        """Return H×W×3 sRGB values in 0..1."""
        path = self.root / frame.file
        if not path.is_file():
            raise DatasetError(f"{path} is missing")
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"), dtype=np.float32) / np.float32(255)
        if pixels.shape != (frame.height, frame.width, 3):
            raise DatasetError(
                f"{path} is {pixels.shape[1]}×{pixels.shape[0]}, dataset.json says {frame.width}×{frame.height}"
            )
        return pixels

    def mask(self, frame: Frame) -> Mask | None:
        """Return H×W, true where the pixel may be used; None if every pixel may."""
        if frame.mask is None:
            return None
        path = self.root / frame.mask
        if not path.is_file():
            raise DatasetError(f"{path} is missing")
        with Image.open(path) as picture:
            mask = np.asarray(picture.convert("L")) > 127
        if mask.shape != (frame.height, frame.width):
            raise DatasetError(
                f"{path} is {mask.shape[1]}×{mask.shape[0]}, dataset.json says {frame.width}×{frame.height}"
            )
        return mask

    def truth(self, frame: Frame) -> Truth:
        """Return the ground truth of a held-out frame. Training frames are refused: truth is for evaluation only."""
        if not frame.held_out:
            raise DatasetError(f"{frame.id} is a training image; its ground truth is not for use")
        path = self.root / "truth" / f"{frame.id}.npz"
        if not path.is_file():
            raise DatasetError(f"{path} is missing: this dataset has no ground truth for {frame.id}")
        with np.load(path, allow_pickle=False) as file:
            truth = Truth(
                albedo=file["albedo"].astype(np.float32),
                depth=file["depth"].astype(np.float32),
                visibility=file["visibility"].astype(np.float32),
                ground=file["ground"].astype(bool),
                sky=file["sky"].astype(bool),
            )
        size = (frame.height, frame.width)
        if any(a.shape[:2] != size for a in (truth.albedo, truth.depth, truth.visibility, truth.ground, truth.sky)):
            raise DatasetError(f"{path} does not have the {frame.width}×{frame.height} pixels of its image")
        return truth


def rays(frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a frame's rays in the world: the common origin (3) and unit directions (H×W×3)."""
    columns, rows = np.meshgrid(np.arange(frame.width) + 0.5, np.arange(frame.height) + 0.5)
    camera = np.stack([(columns - frame.cx) / frame.fx, -(rows - frame.cy) / frame.fy, -np.ones_like(columns)], axis=-1)
    pose = frame.pose
    world = camera @ pose[:3, :3].T
    return pose[:3, 3].copy(), world / np.linalg.norm(world, axis=-1, keepdims=True)


def load(root: Path) -> Dataset:
    """Read and validate ``root``/dataset.json; images are opened later, by the dataset's methods."""
    path = root / "dataset.json"
    if not path.is_file():
        raise DatasetError(f"{path} is missing: {root} is not a dataset folder")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise DatasetError(f"{path} is not JSON: {error}") from error
    return parse(document, root)


def save(dataset: Dataset) -> None:
    """Write the dataset's dataset.json into its folder, after validating it like a file that is read."""
    images = []
    for frame in dataset.frames:
        entry = asdict(frame)
        entry["camera_to_world"] = list(frame.camera_to_world)
        if frame.mask is None:
            del entry["mask"]
        images.append(entry)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "name": dataset.name,
        "place": asdict(dataset.place),
        "psi_degrees": dataset.psi_degrees,
        "box": [list(corner) for corner in dataset.box],
        "images": images,
    }
    parse(document, dataset.root)
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (dataset.root / "dataset.json").write_text(text + "\n", encoding="utf-8")


def parse(document: Any, root: Path) -> Dataset:
    """Validate a decoded dataset.json and return the dataset it describes.

    Raises:
        DatasetError: naming the entry that is missing, of the wrong type, or out of range.
    """
    top = _object(document, "dataset.json")
    if top.get("format") != FORMAT:
        raise DatasetError(f"format is {top.get('format')!r}, expected {FORMAT!r}")
    if top.get("version") != VERSION:
        raise DatasetError(f"version {top.get('version')!r} cannot be read; this reader knows version {VERSION}")
    place = _object(top.get("place"), "place")
    corners = top.get("box")
    if not isinstance(corners, list) or len(corners) != 2:
        raise DatasetError("box must be two corners, [[x, y, z], [x, y, z]]")
    low, high = (_numbers(corner, 3, "box") for corner in corners)
    if any(a >= b for a, b in zip(low, high, strict=True)):
        raise DatasetError(f"box is empty: {low} is not below {high} on every axis")
    entries = top.get("images")
    if not isinstance(entries, list) or not entries:
        raise DatasetError("images must be a list with at least one image")
    frames = tuple(_frame(entry, f"images[{index}]") for index, entry in enumerate(entries))
    seen: set[str] = set()
    for frame in frames:
        if frame.id in seen:
            raise DatasetError(f"two images are called {frame.id!r}")
        seen.add(frame.id)
    return Dataset(
        root=root,
        name=_text(top, "name", "dataset.json"),
        place=Place(
            name=_text(place, "name", "place"),
            latitude=_number(place, "latitude", "place", -90.0, 90.0),
            longitude=_number(place, "longitude", "place", -180.0, 180.0),
        ),
        psi_degrees=_number(top, "psi_degrees", "dataset.json", -360.0, 360.0),
        box=((low[0], low[1], low[2]), (high[0], high[1], high[2])),
        frames=frames,
    )


def _frame(value: Any, where: str) -> Frame:
    entry = _object(value, where)
    identifier = _text(entry, "id", where)
    where = f"{where} ({identifier})"
    split = _text(entry, "split", where)
    if split not in SPLITS:
        raise DatasetError(f"{where}: split is {split!r}, expected one of {', '.join(SPLITS)}")
    pose = _numbers(entry.get("camera_to_world"), 16, f"{where}: camera_to_world")
    matrix = np.array(pose).reshape(4, 4)
    rotation = matrix[:3, :3]
    if not np.allclose(rotation.T @ rotation, np.eye(3), atol=ORTHONORMAL_TOLERANCE) or np.linalg.det(rotation) < 0:
        raise DatasetError(f"{where}: camera_to_world does not hold a rotation")
    if not np.allclose(matrix[3], [0, 0, 0, 1], atol=ORTHONORMAL_TOLERANCE):
        raise DatasetError(f"{where}: the last row of camera_to_world must be 0 0 0 1 (matrices are row-major)")
    time = _text(entry, "time", where)
    try:
        if datetime.fromisoformat(time).utcoffset() != UTC.utcoffset(None):
            raise ValueError("not in UTC")
    except ValueError as error:
        raise DatasetError(f"{where}: time {time!r} is not a UTC time like 2026-03-20T09:30:00Z") from error
    return Frame(
        id=identifier,
        file=_relative(entry, "file", where),
        split=split,
        width=_integer(entry, "width", where),
        height=_integer(entry, "height", where),
        fx=_number(entry, "fx", where, 1.0, 1e6),
        fy=_number(entry, "fy", where, 1.0, 1e6),
        cx=_number(entry, "cx", where, -1e6, 1e6),
        cy=_number(entry, "cy", where, -1e6, 1e6),
        camera_to_world=pose,
        time=time,
        azimuth_degrees=_number(entry, "azimuth_degrees", where, -360.0, 360.0),
        elevation_degrees=_number(entry, "elevation_degrees", where, -90.0, 90.0),
        mask=_relative(entry, "mask", where) if "mask" in entry else None,
    )


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DatasetError(f"{where} must be an object")
    return value


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise DatasetError(f"{where}: {key} must be a non-empty text")
    return value


def _relative(entry: dict[str, Any], key: str, where: str) -> str:
    value = _text(entry, key, where)
    if Path(value).is_absolute() or ".." in Path(value).parts:
        raise DatasetError(f"{where}: {key} {value!r} leads out of the dataset folder")
    return value


def _number(entry: dict[str, Any], key: str, where: str, low: float, high: float) -> float:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise DatasetError(f"{where}: {key} is {value!r}, expected a number from {low:g} to {high:g}")
    return float(value)


def _integer(entry: dict[str, Any], key: str, where: str) -> int:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAXIMUM_SIDE:
        raise DatasetError(f"{where}: {key} is {value!r}, expected a whole number from 1 to {MAXIMUM_SIDE}")
    return value


def _numbers(value: Any, count: int, where: str) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) != count:
        raise DatasetError(f"{where} must be a list of {count} numbers")
    for number in value:
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise DatasetError(f"{where} holds {number!r}, which is not a finite number")
    return tuple(float(number) for number in value)
