"""The inner learning rate of a group of learners, chosen by short runs on validation classes.

Any-way learners have up to O / N assignments that all move the body, fixed-way ones a single one, so no rate suits
both; a comparison is fair only if each has its own.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch

from fewshot.episodes import Pool
from fewshot.learner import Recipe
from fewshot.train import Trainer, best_weights

RATES = (0.02, 0.05, 0.1, 0.2, 0.5)
EPISODES = 500


def rate_accuracies(recipe: Recipe, train: Pool, val: Pool, device: torch.device, out: Path) -> dict[str, float]:
    """Train ``recipe`` shortly with each rate and return the validation accuracies by rate.

    One folder a rate under ``out``; what is finished is not done again. ``out/rates.json`` keeps the accuracies.
    """
    found: dict[str, float] = {}
    for rate in RATES:
        short = replace(recipe, inner=replace(recipe.inner, rate=rate), episodes=EPISODES)
        folder = out / f"rate-{rate}"
        Trainer(short, train, val, device).run(folder)
        _, _, state = best_weights(folder / "checkpoint.pt", device)
        found[str(rate)] = round(state["best_accuracy"], 4)
    (out / "rates.json").write_text(json.dumps(found) + "\n")
    return found


def best_rate(found: dict[str, float]) -> float:
    """Return the rate with the best accuracy, of equals the lowest."""
    return max(sorted(float(rate) for rate in found), key=lambda rate: found[str(rate)])
