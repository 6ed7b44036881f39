"""MAML (Finn et al., ICML 2017) with any number of ways (Lee et al., AAAI 2024, arXiv 2401.05097).

A learner has O output nodes and an episode N ≤ O classes. J disjoint lists of N nodes (assignments) each read the
logits as one N-way classifier; the loss is their sum (in the inner loop their mean, unless told otherwise), the
prediction the sum of their logits. A fixed-way learner has O = N and one list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from fewshot.nets import Conv4, Parameters


@dataclass(frozen=True)
class Inner:
    """The inner loop: plain gradient descent of all parameters on the support set.

    Published is the sum over the assignments, whose steps grow with their number. The mean divides by how many fit,
    ⌊O / N⌋, also where fewer are used: a node then learns as far as it does beside all others.
    docs/fewshot-training.md says why, and why the output nodes have a rate of their own.
    """

    rate: float = 0.5
    steps: int = 3
    over_lists: str = "mean"  # or 'sum'
    head_rate: float | None = None  # of the output nodes; None: the same

    def __post_init__(self) -> None:
        """Refuse what is neither."""
        if self.over_lists not in ("mean", "sum"):
            raise ValueError(f"the loss is a mean or a sum over the assignments, not {self.over_lists!r}")

    def rate_of(self, name: str) -> float:
        """Return how far a parameter steps."""
        return self.head_rate if self.head_rate is not None and name.startswith("head.") else self.rate

    def loss(self, logits: Tensor, labels: Tensor, lists: Tensor) -> Tensor:
        """Return the loss of the support set, the sum or mean over the lists of mean_i CE(logits_i[s_j], y_i)."""
        total = assignment_loss(logits, labels, lists)
        return total / (logits.shape[1] // lists.shape[1]) if self.over_lists == "mean" else total


def assigned(logits: Tensor, lists: Tensor) -> Tensor:
    """Pick each list's nodes: (batch, O) and (J, N) → (batch, J, N)."""
    return logits[:, lists]


def assignment_loss(logits: Tensor, labels: Tensor, lists: Tensor) -> Tensor:
    """Return Σ_j mean_i CE(logits_i[s_j], y_i)."""
    count, ways = lists.shape
    chosen = assigned(logits, lists).transpose(0, 1).reshape(-1, ways)
    return F.cross_entropy(chosen, labels.repeat(count)) * count


def summed(logits: Tensor, lists: Tensor) -> Tensor:
    """Return what an episode is predicted by: Σ_j logits[s_j], shape (batch, N)."""
    return assigned(logits, lists).sum(1)


def adapt(
    net: Conv4,
    parameters: Parameters,
    support: Tensor,
    labels: Tensor,
    lists: Tensor,
    inner: Inner,
    *,
    second_order: bool = False,
    observe: Callable[[Parameters, Tensor], None] | None = None,
) -> Parameters:
    """Run the inner loop.

    Args:
        net: shape of the net.
        parameters: where it starts; they must require gradients.
        support: images (N·K, C, H, W).
        labels: 0 … N−1.
        lists: the assignments, (J, N).
        inner: rates and steps.
        second_order: keep the graph, so that the result can be differentiated with respect to ``parameters``;
            otherwise the inner gradients count as constants (first-order MAML).
        observe: called after each step with the new parameters and the loss before it.

    Returns:
        the adapted parameters.
    """
    names = list(parameters)
    for _ in range(inner.steps):
        loss = inner.loss(net.logits(parameters, support), labels, lists)
        gradients = torch.autograd.grad(loss, [parameters[n] for n in names], create_graph=second_order)
        parameters = {n: parameters[n] - inner.rate_of(n) * g for n, g in zip(names, gradients, strict=True)}
        if observe is not None:
            observe(parameters, loss.detach())
    return parameters


def adapted_logits(
    net: Conv4, parameters: Parameters, support: Tensor, labels: Tensor, query: Tensor, lists: Tensor, inner: Inner
) -> Tensor:
    """Adapt to the support set and return the raw logits (N·Q, O) of the queries, run as one batch."""
    start = {n: p.detach().requires_grad_() for n, p in parameters.items()}
    adapted = adapt(net, start, support, labels, lists, inner)
    with torch.no_grad():
        return net.logits(adapted, query)
