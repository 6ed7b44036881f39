"""The inner learning rates of a group of learners, chosen by short runs on validation classes.

Any-way learners have up to O / N assignments that all move the body, fixed-way ones a single one, so no rates suit
both; a comparison is fair only if each has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from fewshot.episodes import Pool
from fewshot.learner import Recipe
from fewshot.maml import Inner
from fewshot.train import Trainer, best_weights, validate

RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
EPISODES = 500
VALIDATION_EPISODES = 240  # differences between neighbours are small

Tried = dict[str, float]


MOVES = ((0, -1), (-1, 0), (-1, 1), (1, 0), (0, 1), (1, -1))  # places the body's and the nodes' rate move by


def neighbours(inner: Inner) -> Iterator[Inner]:
    """Yield the inner loops a place of ``RATES`` away: in one rate, or in both if one sinks and the other rises."""

    def moved(rate: float, by: int) -> float | None:
        place = RATES.index(rate) + by
        return RATES[place] if 0 <= place < len(RATES) else None

    for body, head in MOVES:
        rate = moved(inner.rate, body)
        if inner.head_rate is None:
            found = None if head or rate is None else replace(inner, rate=rate)
        else:
            own = moved(inner.head_rate, head)
            found = None if own is None or rate is None else replace(inner, rate=rate, head_rate=own)
        if found is not None:
            yield found


def choose(recipe: Recipe, train: Pool, val: Pool, device: torch.device, out: Path) -> tuple[Inner, list[Tried]]:
    """Walk from the recipe's inner loop to the first better neighbour, and on until none is.

    Better is the validation accuracy of a short training, one folder each under ``out``; what is finished is not done
    again.

    Returns:
        the inner loop, and every one that was tried: learningRate, headLearningRate if it has one, validation.
    """
    found: dict[Inner, float] = {}

    def accuracy(inner: Inner) -> float:
        if inner not in found:
            head = "" if inner.head_rate is None else f"-head-{inner.head_rate}"
            folder = out / f"rate-{inner.rate}{head}"
            short = replace(recipe, inner=inner, episodes=EPISODES)
            Trainer(short, train, val, device).run(folder)
            weights = best_weights(folder / "checkpoint.pt", device)[1]
            found[inner] = round(validate(short, weights, val, device, VALIDATION_EPISODES), 4)
        return found[inner]

    best = recipe.inner
    while better := next((inner for inner in neighbours(best) if accuracy(inner) > accuracy(best)), None):
        best = better
    tried = [
        {
            "learningRate": inner.rate,
            **({} if inner.head_rate is None else {"headLearningRate": inner.head_rate}),
            "validation": reached,
        }
        for inner, reached in sorted(found.items(), key=lambda item: (item[0].rate, item[0].head_rate or 0))
    ]
    return best, tried
