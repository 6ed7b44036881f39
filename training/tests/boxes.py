"""A scene in closed form: boxes on a square plate under sun and sky, written as a dataset folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from relight import dataset as data
from relight.reference import srgb

LOW, HIGH = np.array([-5.0, -0.6, -5.0]), np.array([5.0, 4.4, 5.0])
# low corner, high corner, colour
BOXES = (
    ((-4.8, -0.4, -4.8), (4.8, 0.0, 4.8), (0.55, 0.5, 0.42)),
    ((-2.6, 0.0, -2.4), (-0.6, 3.2, -0.6), (0.75, 0.42, 0.3)),
    ((0.8, 0.0, 0.4), (2.6, 1.4, 2.8), (0.35, 0.5, 0.7)),
    ((-2.2, 0.0, 2.0), (-1.4, 2.2, 2.8), (0.75, 0.7, 0.5)),
)


def hit(o: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nearest box: distance [n] (inf = none), outward normal [n, 3], index [n]."""
    best, normal, which = np.full(len(d), np.inf), np.zeros_like(d), np.full(len(d), -1)
    for k, (low, high, _) in enumerate(BOXES):
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b = (np.array(low) - o) / d, (np.array(high) - o) / d
        near, far = np.minimum(a, b), np.maximum(a, b)
        axis, t = near.argmax(1), near.max(1)
        ok = (t < far.min(1)) & (t > 1e-6) & (t < best)
        best = np.where(ok, t, best)
        n = np.zeros_like(d)
        n[np.arange(len(d)), axis] = -np.sign(d[np.arange(len(d)), axis])
        normal = np.where(ok[:, None], n, normal)
        which = np.where(ok, k, which)
    return best, normal, which


def look(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Camera-to-world of a camera that looks at a point."""
    back = (position - target) / np.linalg.norm(position - target)
    right = np.cross((0, 1, 0), back)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3] = np.stack([right, np.cross(back, right), back, position], 1)
    return pose


def write(
    root: Path, train: int = 40, held_out: int = 4, width: int = 60, height: int = 40, seed: int = 0
) -> data.Dataset:
    """Render and write a dataset."""
    rng = np.random.default_rng(seed)
    for folder in ("images", "truth"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    frames, place = [], data.Place("Nowhere", 45.0, 10.0)
    empty = data.Dataset(root, "boxes", place, 15.0, (tuple(LOW), tuple(HIGH)), ())
    for k in range(train + held_out):
        angle, up = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.7)
        position = 9.0 * np.array([np.cos(angle) * np.cos(up), np.sin(up), np.sin(angle) * np.cos(up)])
        pose = look(position, np.array([0.0, 0.8, 0.0]))
        frame = data.Frame(
            id=f"v{k:03d}", file=f"images/v{k:03d}.png", split="train" if k < train else "unseen-both", width=width,
            height=height, fx=0.9 * width, fy=0.9 * width, cx=width / 2, cy=height / 2,
            camera_to_world=tuple(pose.ravel().tolist()), time="2026-03-20T09:30:00Z",
            azimuth_degrees=float(rng.uniform(90, 270)), elevation_degrees=float(rng.uniform(15, 60)),
        )  # fmt: skip
        frames.append(frame)
        sun = empty.sun_direction(frame)
        o, d = data.rays(frame)
        d = d.reshape(-1, 3)
        t, normal, which = hit(o[None], d)
        solid = which >= 0
        x = o + np.where(solid, t, 0)[:, None] * d
        cosine = np.maximum(normal @ sun, 0)
        blocked = hit(x + 1e-4 * normal, np.broadcast_to(sun, d.shape))[2] >= 0
        visible = solid & (cosine > 0) & ~blocked
        colours = np.array([c for *_, c in BOXES])[which]
        check = 1 + 0.25 * np.sign(np.sin(3 * x[:, 0]) * np.sin(3 * x[:, 2]) * np.where(normal[:, 1] > 0, 1, 0))
        albedo = np.where(solid[:, None], colours * check[:, None], 0)
        light = np.array([0.25, 0.3, 0.4]) + np.array([0.9, 0.85, 0.75]) * (cosine * visible)[:, None]
        sky = np.array([0.35, 0.5, 0.8]) + 0.3 * np.maximum(d @ sun, 0)[:, None]
        image = srgb(np.where(solid[:, None], albedo * light, sky)).reshape(height, width, 3)
        Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(root / frame.file)
        if frame.held_out:
            np.savez(
                root / "truth" / f"{frame.id}.npz", albedo=albedo.reshape(height, width, 3).astype(np.float16),
                depth=np.where(solid, t, np.inf).reshape(height, width).astype(np.float32),
                visibility=visible.reshape(height, width).astype(np.float16),
                ground=(which == 0).reshape(height, width), sky=~solid.reshape(height, width),
            )  # fmt: skip
    dataset = data.Dataset(root, "boxes", place, 15.0, (tuple(LOW.tolist()), tuple(HIGH.tolist())), tuple(frames))
    data.save(dataset)
    return dataset
