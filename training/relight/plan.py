"""Which images of the town square are taken: cameras, times, and what is held out.

Every training image has its own time and so its own sun. Held out are cameras (``unseen-view``), sun directions
(``unseen-sun``) and both at once: a held-out sun stands at least ``SUN_CLEARANCE`` from every sun trained on, a
held-out camera is drawn like the others but used nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from relight.dataset import Frame, Place
from relight.sun import angle_between, sun_position, sun_positions, world_direction
from relight.town import FOOTPRINTS, OBELISK

PLACE = Place("Florence", 43.7731, 11.2560)
PSI_DEGREES = 25.0  # any heading but zero, so that a sign error cannot hide
MINIMUM_ELEVATION = math.radians(6.5)
SUN_CLEARANCE = math.radians(8.5)  # held-out suns promise 8°

# Winter solstice, two dates between, equinox, one between, summer solstice: together they cover the sun's band
TRAINING_DATES = ("2025-12-21", "2026-02-03", "2026-02-26", "2026-03-20", "2026-04-16", "2026-06-21")
# Between those: with them the sun's band is covered every 5° of declination, the held-out suns' surroundings apart
DATES_BETWEEN = ("2026-01-14", "2026-02-14", "2026-03-08", "2026-04-03", "2026-04-30", "2026-05-12", "2026-05-28")
HELD_OUT_TIMES = (
    "2026-02-14T08:45:00Z",
    "2026-01-12T11:20:00Z",
    "2026-02-14T14:10:00Z",
    "2026-04-03T09:10:00Z",
    "2026-05-08T11:20:00Z",
    "2026-05-12T06:40:00Z",
    "2026-05-12T15:50:00Z",
)

TRAINING_CAMERAS = {"walking": 100, "raised": 50, "overview": 18}
# Drawn after the held-out images and one after the other, so that all before stay the same however many are trained on.
FURTHER_CAMERAS = (
    ({"walking": 240, "raised": 110, "overview": 50}, TRAINING_DATES),
    ({"roofs": 180, "walking": 80, "raised": 40}, TRAINING_DATES),
    ({"walking": 480, "raised": 260, "overview": 120, "roofs": 140}, TRAINING_DATES + DATES_BETWEEN),
)
HELD_OUT_COUNTS = {"unseen-view": 8, "unseen-sun": 8, "unseen-both": 12}
EYE_HEIGHT = 1.7  # metres
NEAREST = 1.6  # metres to the nearest thing in view
CROWDED_DISTANCE, CROWDED_SHARE = 4.0, 0.25  # at most this share of a picture may be nearer than this
SKY_SHARE = 0.55  # at most

# What people look at: portico, pediment, tower, obelisk, arcade, houses, fountain
SIGHTS = (
    (0.0, 4.0, -5.0),
    (0.0, 6.5, -8.0),
    (8.6, 7.5, -12.0),
    (OBELISK[0], 4.0, OBELISK[1]),
    (13.0, 2.8, -1.0),
    (-15.0, 3.8, -0.5),
    (-8.2, 1.5, 8.8),
)

# What is seen from above the eaves: nave, portico, apse, belfry, tower, three houses, market hall
ROOFS = (
    (0.0, 10.5, -13.0),
    (0.0, 9.0, -6.2),
    (0.0, 6.0, -18.0),
    (9.1, 12.0, -12.7),
    (9.1, 15.5, -12.7),
    (-15.0, 8.0, -4.4),
    (-15.7, 7.0, 2.6),
    (15.0, 6.5, -8.1),
    (14.6, 5.5, -1.0),
)

# distance of the first surface through each pixel of a frame, infinite in the sky
Distances = Callable[[Frame], NDArray[np.float64]]


@dataclass(frozen=True)
class Camera:
    """A viewpoint: pose (4×4, OpenGL) and horizontal field of view in degrees."""

    pose: NDArray[np.float64]
    field_of_view: float

    def frame(self, identifier: str, split: str, size: tuple[int, int], time: datetime) -> Frame:
        """Return the frame this camera takes at a time."""
        width, height = size
        focal = width / 2 / math.tan(math.radians(self.field_of_view) / 2)
        azimuth, elevation = sun_position(PLACE.latitude, PLACE.longitude, time)
        return Frame(
            id=identifier,
            file=f"images/{identifier}.png",
            split=split,
            width=width,
            height=height,
            fx=focal,
            fy=focal,
            cx=width / 2,
            cy=height / 2,
            camera_to_world=tuple(float(v) for v in self.pose.ravel()),
            time=time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            azimuth_degrees=math.degrees(azimuth),
            elevation_degrees=math.degrees(elevation),
        )


def look_at(eye: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 4×4 OpenGL camera-to-world matrix of a level camera at ``eye`` facing ``target``."""
    back = (eye - target) / np.linalg.norm(eye - target)
    right = np.cross([0.0, 1.0, 0.0], back)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = right, np.cross(back, right), back, eye
    return pose


def plan(size: tuple[int, int], seed: int, distances: Distances) -> tuple[Frame, ...]:
    """Return every frame of the dataset: training, held out, further training.

    Args:
        size: width and height of the images in pixels.
        seed: of cameras and times.
        distances: looks into the scene, to keep cameras out of walls and off people's noses.
    """
    rng = np.random.default_rng(seed)
    held_out = [datetime.fromisoformat(time) for time in HELD_OUT_TIMES]
    cameras, times = _training(TRAINING_CAMERAS, TRAINING_DATES, held_out, [], rng, distances)

    def training(first: int, cameras: list[Camera], times: list[datetime]) -> list[Frame]:
        pairs = enumerate(zip(cameras, times, strict=True), first)
        return [camera.frame(f"train-{k:03d}", "train", size, time) for k, (camera, time) in pairs]

    frames = training(0, cameras, times)
    # in a held-out split two pictures in three are taken walking, like most of the training set
    fresh = ("walking", "raised", "walking", "overview", "walking", "raised")
    for split, count in HELD_OUT_COUNTS.items():
        for k in range(count):
            camera = (
                cameras[int(rng.integers(len(cameras)))]
                if split == "unseen-sun"
                else _camera(fresh[k % len(fresh)], rng, distances)
            )
            time = times[int(rng.integers(len(times)))] if split == "unseen-view" else held_out[k % len(held_out)]
            frames.append(camera.frame(f"{split}-{k:02d}", split, size, time))
    for counts, dates in FURTHER_CAMERAS:
        cameras, further = _training(counts, dates, held_out, times, rng, distances)
        frames += training(len(times), cameras, further)
        times = times + further
    return tuple(frames)


def _training(
    counts: dict[str, int],
    dates: tuple[str, ...],
    held_out: list[datetime],
    taken: list[datetime],
    rng: np.random.Generator,
    distances: Distances,
) -> tuple[list[Camera], list[datetime]]:
    """Draw cameras of the counted kinds and as many times, none of them taken, spread over all dates."""
    cameras = [_camera(kind, rng, distances) for kind, count in counts.items() for _ in range(count)]
    return cameras, training_times(len(cameras), dates, held_out, taken, rng)


def training_times(
    count: int, dates: tuple[str, ...], held_out: list[datetime], taken: list[datetime], rng: np.random.Generator
) -> list[datetime]:
    """Return ``count`` untaken times of the dates, clear of the horizon and of held-out suns, shuffled."""
    psi = math.radians(PSI_DEGREES)

    def directions(times: list[datetime]) -> list[NDArray[np.float64]]:
        positions = sun_positions(PLACE.latitude, PLACE.longitude, times)
        return [world_direction(azimuth, elevation, psi) for azimuth, elevation in positions]

    forbidden = directions(held_out)
    lowest = math.sin(MINIMUM_ELEVATION)
    usable = []
    for date in dates:
        midnight = datetime.fromisoformat(date).replace(tzinfo=UTC)
        minutes = [midnight + timedelta(minutes=minute) for minute in range(24 * 60)]
        for time, direction in zip(minutes, directions(minutes), strict=True):
            clear = all(angle_between(direction, other) >= SUN_CLEARANCE for other in forbidden)
            if direction[1] > lowest and clear and time not in taken:
                usable.append(time)
    # even steps through all usable minutes of all dates, jittered within a step: no gap but those meant
    step = len(usable) / count
    places = [int((k + rng.uniform(0, 0.9)) * step) for k in range(count)]
    for k in range(1, count):
        places[k] = max(places[k], places[k - 1] + 1)  # short steps may end where the next begins
    chosen = [usable[place] for place in places]
    return [chosen[k] for k in rng.permutation(count)]


def _camera(kind: str, rng: np.random.Generator, distances: Distances) -> Camera:
    """Draw a camera until one has a clear view."""
    for _ in range(200):
        turn = rng.uniform(0, math.tau)
        sight = np.array(SIGHTS[int(rng.integers(len(SIGHTS)))])
        if kind == "walking":
            # two walks in three are on the open southern half of the square
            turn = rng.uniform(math.radians(-10), math.radians(190)) if rng.uniform() < 0.8 else turn
            radius, height, field = rng.uniform(5.0, 18.0), EYE_HEIGHT, 65.0
            sight = sight + rng.normal(scale=(1.5, 0.6, 1.5))
        elif kind == "raised":
            radius, height, field = rng.uniform(10.0, 21.0), rng.uniform(4.5, 11.0), 60.0
            sight = sight * np.array([0.8, 0.6, 0.8]) + rng.normal(scale=(2.0, 0.6, 2.0))
        elif kind == "roofs":
            radius, height, field = rng.uniform(8.0, 25.0), rng.uniform(7.0, 18.0), 60.0
            sight = np.array(ROOFS[int(rng.integers(len(ROOFS)))]) + rng.normal(scale=(2.0, 1.2, 2.0))
        else:
            radius, height, field = rng.uniform(22.0, 29.0), rng.uniform(14.0, 24.0), 52.0
            sight = np.array([0.0, 1.5, 0.0]) + rng.normal(scale=(2.5, 0.5, 2.5))
        eye = np.array([radius * math.cos(turn), height, radius * math.sin(turn)])
        inside = any(x0 < eye[0] < x1 and z0 < eye[2] < z1 for x0, z0, x1, z1 in FOOTPRINTS)
        if inside or np.hypot(*(eye - sight)[[0, 2]]) < 4.0:
            continue
        camera = Camera(look_at(eye, sight), field)
        probe = distances(camera.frame("probe", "train", (48, 32), datetime(2026, 6, 21, 12, tzinfo=UTC)))
        crowded = float((probe < CROWDED_DISTANCE).mean())
        if probe.min() > NEAREST and crowded < CROWDED_SHARE and float(np.isinf(probe).mean()) < SKY_SHARE:
            return camera
    raise RuntimeError(f"no {kind} camera with a clear view was found in 200 draws")
