"""Training pixels: every usable pixel of a dataset's training images, drawn at random as rays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from relight.dataset import TRAIN, Dataset, Frame


@dataclass(frozen=True)
class Batch:
    """Rays [n, 3] with their colours (sRGB, 0…1) and, a ray, the index of its image (and so of its sun)."""

    origins: Tensor
    directions: Tensor
    colours: Tensor
    image: Tensor


class RayBank:
    """The pixels of the given frames; ``suns`` [m, 3] and ``elevations`` [m] (degrees) are those of the frames."""

    def __init__(self, dataset: Dataset, frames: tuple[Frame, ...], device: torch.device) -> None:
        if any(frame.split != TRAIN for frame in frames):
            raise ValueError("only training images may be trained on")
        if not frames:
            raise ValueError(f"dataset {dataset.name!r} has no training images")
        colours, image, pixel = [], [], []
        for k, frame in enumerate(frames):
            mask = dataset.mask(frame)
            index = np.arange(frame.width * frame.height) if mask is None else np.flatnonzero(mask)
            flat = dataset.image(frame).reshape(-1, 3)[index]
            colours.append(np.rint(flat * 255).astype(np.uint8))
            image.append(np.full(len(index), k, np.int32))
            pixel.append(index.astype(np.int32))
        self.colours = torch.from_numpy(np.concatenate(colours)).to(device)
        self.image = torch.from_numpy(np.concatenate(image)).to(device)
        self.pixel = torch.from_numpy(np.concatenate(pixel)).to(device)
        self.poses = torch.tensor(np.stack([f.pose for f in frames]), dtype=torch.float32, device=device)
        self.widths = torch.tensor([f.width for f in frames], device=device)
        lens = [(f.fx, f.fy, f.cx, f.cy) for f in frames]
        self.lens = torch.tensor(lens, dtype=torch.float32, device=device)
        self.suns = torch.tensor(
            np.stack([dataset.sun_direction(f) for f in frames]), dtype=torch.float32, device=device
        )
        self.elevations = torch.tensor([f.elevation_degrees for f in frames], dtype=torch.float32, device=device)
        self.device = device

    def draw(self, count: int, generator: torch.Generator) -> Batch:
        """Draw pixels at random, with replacement."""
        at = torch.randint(len(self.pixel), (count,), generator=generator).to(self.device)
        image, pixel = self.image[at].long(), self.pixel[at].long()
        width = self.widths[image]
        i, j = (pixel % width).float() + 0.5, (pixel // width).float() + 0.5
        fx, fy, cx, cy = self.lens[image].unbind(1)
        camera = torch.stack([(i - cx) / fx, -(j - cy) / fy, -torch.ones_like(i)], 1)
        pose = self.poses[image]
        d = torch.nn.functional.normalize((pose[:, :3, :3] @ camera[:, :, None])[:, :, 0], dim=1)
        return Batch(pose[:, :3, 3].contiguous(), d, self.colours[at].float() / 255, image)
