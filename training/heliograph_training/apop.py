"""Activation-pattern-only prediction: the on/off pattern of one image, driven by another.

The observation is published (Han, Kim, Kwak, ICLR 2024); the procedure is a reconstruction. Recorded on the
image: a mask 1[v > 0] for every ReLU and ReLU6, and the winning position of every max-pool window. Replayed
on a carrier: each rectifier gives mask ⊙ v′ (v′ the carrier's pre-activation, *not* rectified), a ReLU6
then min(·, 6), and each max-pool reads the recorded positions.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class PatternTape:
    """Records the activation pattern of a net in one run and enforces it in the next.

    Every rectifier and max-pool must be a module used once per run.
    """

    def __init__(self, net: nn.Module) -> None:
        self.net = net
        self.patterns: dict[str, Tensor] = {}

    def _run(self, x: Tensor, hook: Any) -> Tensor:
        handles = []
        for name, module in self.net.named_modules():
            if isinstance(module, nn.ReLU | nn.ReLU6 | nn.MaxPool2d):
                handles.append(module.register_forward_hook(lambda m, i, _o, name=name: hook(name, m, i[0])))
        try:
            with torch.no_grad():
                return self.net(x)
        finally:
            for handle in handles:
                handle.remove()

    def record(self, x: Tensor) -> Tensor:
        """Run ``x`` (1, 3, H, W) and keep its pattern; returns the ordinary logits (1, classes)."""

        def hook(name: str, module: nn.Module, v: Tensor) -> None:
            self.patterns[name] = _switches(module, v) if isinstance(module, nn.MaxPool2d) else v > 0

        return self._run(x, hook)

    def replay(self, carrier: Tensor) -> Tensor:
        """Run ``carrier`` (1, 3, H, W) under the recorded pattern; returns its logits (1, classes)."""

        def hook(name: str, module: nn.Module, v: Tensor) -> Tensor:
            pattern = self.patterns[name]
            if isinstance(module, nn.MaxPool2d):
                return v.flatten(2).gather(2, pattern.flatten(2)).view(pattern.shape)
            kept = pattern * v
            return kept.clamp(max=6.0) if isinstance(module, nn.ReLU6) else kept

        return self._run(carrier, hook)


def _switches(pool: nn.MaxPool2d, v: Tensor) -> Tensor:
    """Return the flat source index of every pooled value (1, C, h, w); the first in row-major order on ties."""
    return F.max_pool2d(v, pool.kernel_size, pool.stride, pool.padding, return_indices=True)[1]
