"""From a photograph to the tensor a classifier expects, in one place for every export."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@dataclass(frozen=True)
class Preprocessing:
    """Resize the shorter side to ``short`` pixels, crop the central ``crop`` × ``crop``, normalise.

    ``mean`` and ``std`` apply to values scaled to 0–1, RGB order. ``short`` equal to None leaves the size alone.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    short: int | None = 256
    crop: int = 224
    interpolation: str = "bicubic"

    def fit(self, image: Image.Image) -> Image.Image:
        """Return the resized and cropped image."""
        width, height = image.size
        if self.short is not None and min(width, height) != self.short:
            scale = self.short / min(width, height)
            width, height = max(self.crop, round(width * scale)), max(self.crop, round(height * scale))
            image = image.resize((width, height), FILTERS[self.interpolation])
        left, top = (width - self.crop) // 2, (height - self.crop) // 2
        return image.crop((left, top, left + self.crop, top + self.crop))

    def tensor(self, image: Image.Image) -> NDArray[np.float32]:
        """Return the network's input (1, 3, crop, crop) for an RGB photograph of any size."""
        pixels = np.asarray(self.fit(image.convert("RGB"))).astype(np.float32) / np.float32(255.0)
        mean, std = np.array(self.mean, dtype=np.float32), np.array(self.std, dtype=np.float32)
        return np.ascontiguousarray(((pixels - mean) / std).transpose(2, 0, 1)[None])
