"""Prototypical networks (Snell et al., NeurIPS 2017): the nearest class mean of the features."""

from __future__ import annotations

from torch import Tensor


def prototypes(features: Tensor, ways: int) -> Tensor:
    """Return the class means, shape (N, F), of class-major support features (N·K, F)."""
    return features.view(ways, -1, features.shape[1]).mean(1)


def scores(features: Tensor, centres: Tensor) -> Tensor:
    """Return −‖feature − prototype‖², shape (queries, N)."""
    return -(features[:, None] - centres).square().sum(2)
