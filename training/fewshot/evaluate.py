"""Measure a trained learner on episodes of test classes.

    python -m fewshot.evaluate --run RUN --out metrics.json [--split test] [--episodes 600]

Every cell is the mean accuracy over episodes 0 … R−1 of one seed with its 95 % interval (1.96 standard errors); the
same episodes for all learners of a domain. Queries of an episode are run as one batch.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from fewshot import data
from fewshot.episodes import Episode, Pool, episode
from fewshot.learner import Recipe, accuracy, predict, to_device
from fewshot.maml import adapted_logits, summed
from fewshot.nets import Parameters
from fewshot.train import best_weights, device_for

EPISODES = 600
SEED = 600
WAYS = (3, 5, 10)
ASSIGNMENTS = (1, 2, 3, 6)
ASSIGNMENT_WAYS = 5


def summary(accuracies: list[float]) -> dict[str, Any]:
    """Mean and 95 % interval, and the episodes behind them."""
    values = np.array(accuracies)
    half = 1.96 * values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return {
        "accuracy": round(float(values.mean()), 5), "interval": round(float(half), 5), "episodes": len(values),
        "each": [round(a, 6) for a in accuracies],
    }  # fmt: skip


def lists_for(recipe: Recipe, found: Episode) -> Tensor | None:
    """Return the assignments a learner uses by itself: all that fit; one for a fixed-way learner, also off its way."""
    if recipe.kind != "maml":
        return None
    return found.assignments(1 if len(recipe.ways) == 1 else None)


class Measure:
    """A learner on the episodes of one pool."""

    def __init__(
        self, recipe: Recipe, parameters: Parameters, pool: Pool, device: torch.device, episodes: int = EPISODES,
        bar: bool = True,
    ) -> None:  # fmt: skip
        self.recipe, self.parameters, self.pool, self.device = recipe, parameters, pool, device
        self.episodes, self.bar = episodes, bar

    def _each(self, ways: int, act: Callable[[Episode], Any]) -> list[Any]:
        r, results = self.recipe, []
        for number in tqdm(range(self.episodes), disable=not self.bar, desc=f"{ways}-way", mininterval=10):
            found = episode(self.pool, SEED, number, ways, r.shots, r.queries, r.nodes)
            results.append(act(to_device(found, self.device)))
        return results

    def ways(self, ways: int) -> dict[str, Any]:
        """Accuracy at N ways."""

        def act(found: Episode) -> float:
            lists = lists_for(self.recipe, found)
            return accuracy(predict(self.recipe, self.parameters, found, lists), found.query_labels)

        return summary(self._each(ways, act))

    def assignment_counts(self) -> dict[str, Any]:
        """Accuracy against the number of assignments: adapted with all and read by J, and adapted and read by J."""
        r = self.recipe
        counts = [j for j in ASSIGNMENTS if j * ASSIGNMENT_WAYS <= r.nodes]

        def act(found: Episode) -> list[list[float]]:
            logits = adapted_logits(
                r.net, self.parameters, found.support, found.support_labels, found.query, found.assignments(), r.inner
            )
            read = [accuracy(summed(logits, found.assignments(j)), found.query_labels) for j in counts]
            both = [
                accuracy(predict(r, self.parameters, found, found.assignments(j)), found.query_labels) for j in counts
            ]
            return [read, both]

        each = np.array(self._each(ASSIGNMENT_WAYS, act))
        return {
            name: {str(j): summary(each[:, row, k].tolist()) for k, j in enumerate(counts)}
            for row, name in enumerate(("read", "adapted"))
        }

    def all(self, ways: Sequence[int] = WAYS) -> dict[str, Any]:
        """Every cell that makes sense for this learner; numbers of assignments only with the default ways."""
        r = self.recipe
        most = len(self.pool.names) if r.kind == "protonet" else min(len(self.pool.names), r.nodes)
        usable = [n for n in ways if n <= most]
        result: dict[str, Any] = {"ways": {str(n): self.ways(n) for n in usable}}
        if len(r.ways) > 1 and r.nodes >= ASSIGNMENT_WAYS and tuple(ways) == WAYS:
            result["assignments"] = self.assignment_counts()
        return result


def measure(
    path: Path, pool: Pool, device: torch.device, episodes: int = EPISODES, ways: Sequence[int] = WAYS
) -> dict[str, Any]:
    """Everything about one run: its recipe, its training and what ``Measure`` finds for its best weights."""
    recipe, parameters, state = best_weights(path, device)
    return {
        "recipe": recipe.to_json(),
        "trained": {
            "episodes": state["episodes"], "best_at": state["best_at"],
            "validation": state["best_accuracy"], "seconds": round(state["seconds"]),
        },
        "seed": SEED,
        **Measure(recipe, parameters, pool, device, episodes).all(ways),
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.evaluate", description="Measure a few-shot learner.")
    data.add_options(parser)
    parser.add_argument("--run", type=Path, required=True, help="folder of a training run")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--split", choices=("val", "test"), default="test")
    parser.add_argument("--episodes", type=int, default=EPISODES)
    parser.add_argument("--ways", type=int, nargs="+", default=list(WAYS), help="other ways: without the other tables")
    parser.add_argument("--device")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    device, checkpoint = device_for(options.device), options.run / "checkpoint.pt"
    recipe, _, _ = best_weights(checkpoint, device)
    pool = data.pool(recipe.domain, options.split, options.data, options.cache)
    result = measure(checkpoint, pool, device, options.episodes, options.ways)
    options.out.write_text(json.dumps(result) + "\n")
    for ways, cell in result["ways"].items():
        print(f"{ways}-way: {100 * cell['accuracy']:.2f} ± {100 * cell['interval']:.2f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
