"""Semantic supervision of a learner whose numeric labels carry no meaning (Lee et al., AAAI 2024, arXiv 2401.05097).

MAML: a second linear head names the training classes. The inner loop trains it on the support features without a
gradient into the net; the outer loop adds λ·CE of the queries' names, with gradient into the net. ProtoNet: prototypes
are pulled to a bank of moving averages, one a training class. Neither is used after training.

Mixup: published are λ ~ Beta(½, ½), a soft target for the names and unchanged numeric labels. How images are paired is
our reconstruction: each class of an episode has one partner class and one λ, so that the mixed images form a class
again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from fewshot.episodes import Episode, Pool
from fewshot.nets import Parameters
from fewshot.random import shuffle, uniform

MIXUP_STREAM = 0x6D69787570  # keeps mixup's numbers apart from the episode's
BANK_RATE = 0.05
BANK_WEIGHT = 0.1


def weight_for(shots: int) -> float:
    """λ of the names' loss: published are 0.1 for one shot and 0.5 for five."""
    return 0.1 if shots == 1 else 0.5


@dataclass(frozen=True)
class Names:
    """What an episode's classes are called: one row of probabilities over the training classes for each way."""

    targets: Tensor  # (N, training classes)

    @staticmethod
    def of(episode: Episode, classes: int) -> Names:
        """Return the plain names."""
        return Names(F.one_hot(torch.tensor(episode.draw.classes), classes).float())


def initial_head(features: int, classes: int, generator: torch.Generator) -> Parameters:
    """Draw the names' linear head."""
    weight = (2 * torch.rand(classes, features, generator=generator) - 1) * features**-0.5
    return {"semantic.weight": weight, "semantic.bias": torch.zeros(classes)}


def name_loss(head: Parameters, features: Tensor, names: Names, labels: Tensor) -> Tensor:
    """Cross-entropy of the names of images with these features and numeric labels."""
    logits = F.linear(features, head["semantic.weight"], head["semantic.bias"])
    return F.cross_entropy(logits, names.targets.to(features.device)[labels])


def adapt_head(head: Parameters, features: Tensor, names: Names, labels: Tensor, rate: float) -> Parameters:
    """One inner step of the head alone, on features that get no gradient."""
    loss = name_loss(head, features.detach(), names, labels)
    gradients = torch.autograd.grad(loss, list(head.values()), create_graph=True)
    return {n: p - rate * g for (n, p), g in zip(head.items(), gradients, strict=True)}


def mixed(pool: Pool, episode: Episode, seed: int, number: int, shots: int) -> tuple[Episode, Names]:
    """Mix each class of a training episode with a partner class that is not in it."""
    draw = uniform((seed ^ MIXUP_STREAM) & 0xFFFFFFFF, number)
    chosen = set(episode.draw.classes)
    others = [c for c in range(len(pool.names)) if c not in chosen]
    partners = [others[k] for k in shuffle(draw, len(others), episode.ways)]
    # Beta(½, ½) is the arcsine law.
    shares = [math.sin(0.5 * math.pi * draw()) ** 2 for _ in partners]
    count = len(episode.draw.images[0])
    numbers = [shuffle(draw, len(pool.images[c]), count) for c in partners]
    share = torch.tensor(shares)

    def mix(images: Tensor, labels: Tensor, added: Tensor) -> Tensor:
        s = share[labels].view(-1, 1, 1, 1)
        return s * images + (1 - s) * added

    result = replace(
        episode,
        support=mix(episode.support, episode.support_labels, pool.batch(partners, [n[:shots] for n in numbers])),
        query=mix(episode.query, episode.query_labels, pool.batch(partners, [n[shots:] for n in numbers])),
    )
    first = F.one_hot(torch.tensor(episode.draw.classes), len(pool.names))
    second = F.one_hot(torch.tensor(partners), len(pool.names))
    return result, Names(share[:, None] * first + (1 - share[:, None]) * second)


class PrototypeBank:
    """Moving averages of the training classes' prototypes."""

    def __init__(self, classes: int, features: int, device: torch.device) -> None:
        self.means = torch.zeros(classes, features, device=device)
        self.seen = torch.zeros(classes, dtype=torch.bool, device=device)

    def pull(self, classes: list[int], prototypes: Tensor) -> Tensor:
        """Return mean_c ‖p_c − m_c‖² over the classes the bank knows, then move the bank towards the prototypes."""
        at = torch.tensor(classes, device=prototypes.device)
        known = self.seen[at]
        distances = (prototypes - self.means[at]).square().sum(1)
        loss = (distances * known).sum() / known.sum().clamp(min=1)
        with torch.no_grad():
            rate = torch.where(known, BANK_RATE, 1.0)[:, None]
            self.means[at] += rate * (prototypes - self.means[at])
            self.seen[at] = True
        return loss
