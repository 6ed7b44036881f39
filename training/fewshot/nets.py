"""Conv-4 (Vinyals et al., NeurIPS 2016) as a function of its parameters, for inner loops that are differentiated.

Four blocks of 3×3 convolution, batch norm, ReLU and 2×2 max pool, flattened. The batch norm always takes the statistics of the
batch it sees, in training and in evaluation, as MAML's authors do. The convolutions have no bias, since the norm cancels it.
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
        """Draw weights: uniform after Glorot and Bengio (AISTATS 2010) for the convolutions, norms neutral, a small head."""
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
            x = F.conv2d(x, parameters[f"blocks.{k}.conv.weight"], padding=1)
            x = _batch_norm(x, parameters[f"blocks.{k}.norm.weight"], parameters[f"blocks.{k}.norm.bias"])
            x = F.max_pool2d(F.relu(x), 2)
        return x.flatten(1)

    def head(self, parameters: Parameters, features: Tensor) -> Tensor:
        """Return the logits, shape (batch, O)."""
        return F.linear(features, parameters["head.weight"], parameters["head.bias"])

    def logits(self, parameters: Parameters, images: Tensor) -> Tensor:
        """Return the head's outputs, shape (batch, O), of images (batch, C, H, W)."""
        return self.head(parameters, self.features(parameters, images))


def _batch_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Normalise with the statistics of this batch (biased variance)."""
    variance, mean = torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True)
    return (x - mean) * (weight * (variance + EPSILON).rsqrt()) + bias
