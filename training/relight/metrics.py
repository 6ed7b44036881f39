"""How close a render is to the ground truth. Images are sRGB in 0…1, [H, W, 3]; masks are [H, W]."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional as F

from relight.dataset import Truth

IDENTICAL_DB = 99.0  # shown for a PSNR without error, which would be infinite
BORDER_PIXELS = 2  # how far from a shadow's border its error is measured


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB."""
    mse = float(np.mean((a.astype(np.float64) - b) ** 2))
    return min(-10 * float(np.log10(max(mse, 1e-30))), IDENTICAL_DB)


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004): Gaussian window of σ = 1.5, 11 × 11, mean over the channels."""
    x, y = (torch.from_numpy(np.ascontiguousarray(v, dtype=np.float64)).permute(2, 0, 1)[:, None] for v in (a, b))
    t = torch.arange(11, dtype=torch.float64) - 5
    w = torch.exp(-t.square() / (2 * 1.5**2))
    w = w / w.sum()

    def blur(v: torch.Tensor) -> torch.Tensor:
        return F.conv2d(F.conv2d(v, w.view(1, 1, 1, -1)), w.view(1, 1, -1, 1))

    mx, my = blur(x), blur(y)
    vx, vy, xy = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    return float((((2 * mx * my + c1) * (2 * xy + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))).mean())


def dilate(mask: np.ndarray, pixels: int) -> np.ndarray:
    """Grow a mask by a square of the given half width."""
    size = 2 * pixels + 1
    grown = F.max_pool2d(torch.from_numpy(mask.astype(np.float32))[None, None], size, 1, pixels)
    return grown[0, 0].numpy() > 0


def shadow_border(truth: Truth) -> np.ndarray:
    """Pixels near a border between light and shadow on one surface (not where depth jumps)."""
    dark, border = truth.visibility < 0.5, np.zeros(truth.sky.shape, bool)
    depth = np.where(np.isfinite(truth.depth), truth.depth, 1e9)
    for axis in (0, 1):
        a, b = (tuple(slice(k, None if k else -1) if x == axis else slice(None) for x in (0, 1)) for k in (1, 0))
        same = np.abs(depth[a] - depth[b]) < 0.03 * np.minimum(depth[a], depth[b])
        border[b] |= (dark[a] != dark[b]) & same
    return dilate(border, BORDER_PIXELS) & ~truth.sky


@dataclass
class Overlap:
    """Intersection and union of predicted and true shadow, summed over images."""

    intersection: int = 0
    union: int = 0

    def add(self, predicted: np.ndarray, true: np.ndarray, where: np.ndarray) -> None:
        """Count one image's pixels."""
        self.intersection += int((predicted & true & where).sum())
        self.union += int(((predicted | true) & where).sum())

    @property
    def iou(self) -> float:
        """Intersection over union."""
        return self.intersection / max(self.union, 1)


@dataclass
class Layers:
    """What is compared: ``final`` sRGB, ``albedo`` linear, ``shadow`` s and ``transmittance`` T_sun (or None)."""

    final: np.ndarray
    albedo: np.ndarray
    shadow: np.ndarray
    transmittance: np.ndarray | None
    depth: np.ndarray


@dataclass
class Tally:
    """Metrics gathered over the images of one split."""

    values: dict[str, list[float]] = field(default_factory=dict)
    overlaps: dict[str, Overlap] = field(default_factory=dict)

    def _note(self, name: str, value: float) -> None:
        self.values.setdefault(name, []).append(value)

    def add(self, layers: Layers, image: np.ndarray, truth: Truth) -> None:
        """Compare one render with its image and truth."""
        self._note("psnr", psnr(layers.final, image))
        self._note("ssim", ssim(layers.final, image))
        error = np.abs(layers.final - image).mean(-1)
        self._note("mae", float(error.mean()))
        border = shadow_border(truth)
        if border.any():
            self._note("border_mae", float(error[border].mean()))
        solid = ~truth.sky
        dark = truth.visibility < 0.5
        for name, s in (("shadow", layers.shadow), ("geometric", layers.transmittance)):
            if s is None:
                continue
            for place, where in (("image", solid), ("ground", solid & truth.ground)):
                self.overlaps.setdefault(f"{name}_iou_{place}", Overlap()).add(s < 0.5, dark, where)
        if solid.any():
            both = solid & (layers.albedo.sum(-1) > 0)
            # Light and albedo are known up to one factor a channel.
            factor = np.median(truth.albedo[both] / np.maximum(layers.albedo[both], 1e-3), axis=0)
            self._note("albedo_psnr", psnr(np.clip(layers.albedo[both] * factor, 0, 1), truth.albedo[both]))
            near = np.abs(layers.depth - truth.depth)[solid & np.isfinite(truth.depth)]
            self._note("depth_median_error", float(np.median(near)))

    def summary(self) -> dict[str, float]:
        """Means, and overlaps over all pixels."""
        out = {name: round(float(np.mean(v)), 5) for name, v in self.values.items()}
        out |= {name: round(o.iou, 5) for name, o in self.overlaps.items()}
        return {**out, "images": len(self.values.get("psnr", []))}
