"""Conv-4 (Vinyals et al., NeurIPS 2016) as a function of its parameters, for inner loops that are differentiated.

Four blocks of 3×3 convolution, batch norm, ReLU and 2×2 max pool, flattened. The batch norm always takes the statistics
of the batch it sees, in training and in evaluation, as MAML's authors do. The convolutions have no bias, since the norm
cancels it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCKS = 4
EPSILON = 1e-5

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class Conv4:
    """The net's shape; its weights are passed to every call."""

    channels: int
    size: int  # height and width of the images
    filters: int
    nodes: int = 0  # outputs of the linear head; 0 for none

    @property
    def features_count(self) -> int:
        """Length F of the feature vector."""
        return self.filters * (self.size >> BLOCKS) ** 2

    def initial(self, generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Parameters:
        """Draw weights: Glorot and Bengio (AISTATS 2010) for the convolutions, norms neutral, a small head."""
        parameters: Parameters = {}
        for k in range(BLOCKS):
            inputs = self.channels if k == 0 else self.filters
            bound = (6 / (9 * (inputs + self.filters))) ** 0.5
            weight = torch.rand(self.filters, inputs, 3, 3, generator=generator, dtype=dtype)
            parameters[f"blocks.{k}.conv.weight"] = (2 * weight - 1) * bound
            parameters[f"blocks.{k}.norm.weight"] = torch.ones(1, self.filters, 1, 1, dtype=dtype)
            parameters[f"blocks.{k}.norm.bias"] = torch.zeros(1, self.filters, 1, 1, dtype=dtype)
        if self.nodes:
            bound = self.features_count**-0.5
            weight = torch.rand(self.nodes, self.features_count, generator=generator, dtype=dtype)
            parameters["head.weight"] = (2 * weight - 1) * bound
            parameters["head.bias"] = torch.zeros(self.nodes, dtype=dtype)
        return parameters

    def features(self, parameters: Parameters, images: Tensor) -> Tensor:
        """Return the features, shape (batch, F), of images (batch, C, H, W)."""
        x = images
        for k in range(BLOCKS):
            weight, scale, shift = (parameters[f"blocks.{k}.{n}"] for n in ("conv.weight", "norm.weight", "norm.bias"))
            # ReLU and the norm's line are monotonous, so pooling first gives the same with a quarter of the work.
            # Where the line falls (negative scale) its sign goes into the filter.
            sign = torch.where(scale.detach() < 0, -1.0, 1.0).to(scale.dtype)
            weight = weight * sign.view(-1, 1, 1, 1)
            if k == 0:
                x, variance, mean = _first_convolution(x, weight)
            else:
                x = F.conv2d(x, weight, padding=1)
                variance, mean = torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True)
            x = F.max_pool2d(x, 2)
            x = F.relu((x - mean) * (scale * sign * (variance + EPSILON).rsqrt()) + shift)
        return x.flatten(1)

    def head(self, parameters: Parameters, features: Tensor) -> Tensor:
        """Return the logits, shape (batch, O)."""
        return F.linear(features, parameters["head.weight"], parameters["head.bias"])

    def logits(self, parameters: Parameters, images: Tensor) -> Tensor:
        """Return the head's outputs, shape (batch, O), of images (batch, C, H, W)."""
        return self.head(parameters, self.features(parameters, images))


def _first_convolution(images: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the first 3×3 convolution of images, and its variance and mean from the moments of the input patches.

    A response is w·p for a patch p, so its mean is w·E[p] and its variance wᵀ Cov(p) w: no pass over the largest maps
    of the net, and none in the gradients and their gradients either. The images need no gradient, and with one or three
    channels a matrix product is faster than a convolution.
    """
    batch, _, height, width = images.shape
    patches = F.unfold(images, 3, padding=1).transpose(1, 2).flatten(0, 1)
    mean = patches.mean(0)
    centred = patches - mean
    covariance = centred.T @ centred / len(centred)
    w = weight.flatten(1)
    maps = (patches @ w.T).view(batch, height, width, -1).permute(0, 3, 1, 2)
    return maps, ((w @ covariance) * w).sum(1).view(1, -1, 1, 1), (w @ mean).view(1, -1, 1, 1)
