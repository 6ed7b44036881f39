"""Measure a trained learner on episodes of test classes.

    python -m fewshot.evaluate --run RUN --out metrics.json [--split test] [--episodes 600]
    python -m fewshot.evaluate --learner ../public/learners/drawings-anyway --card [--out metrics.json]

from its checkpoint, or from a learner folder, whose card can be given the table.

Every cell is the mean accuracy over episodes 0 … R−1 of one seed with its 95 % interval (1.96 standard errors); the
same episodes for all learners of a domain. Queries of an episode are run as one batch.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from fewshot import data
from fewshot.episodes import Episode, Pool, episode
from fewshot.folder import Metrics, read_card, recipe_of, table, training_of, weights_in, write_card
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


def usable_ways(recipe: Recipe, classes: int, ways: Sequence[int] = WAYS) -> list[int]:
    """Return the ways a pool of so many classes and the learner's nodes allow."""
    most = classes if recipe.kind == "protonet" else min(classes, recipe.nodes)
    return [n for n in ways if n <= most]


def has_assignments(recipe: Recipe) -> bool:
    """Say whether the number of assignments can be chosen."""
    return len(recipe.ways) > 1 and recipe.nodes >= ASSIGNMENT_WAYS


def is_measured(metrics: Metrics, recipe: Recipe, classes: int, episodes: int) -> bool:
    """Say whether a card's or a run's measurements hold every cell, over at least so many episodes."""
    cells = [metrics.get("ways", {}).get(str(n)) for n in usable_ways(recipe, classes)]
    complete = all(cell is not None and cell["episodes"] >= episodes for cell in cells)
    return complete and ("assignments" in metrics or not has_assignments(recipe))


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
        usable = usable_ways(self.recipe, len(self.pool.names), ways)
        result: dict[str, Any] = {"ways": {str(n): self.ways(n) for n in usable}}
        if has_assignments(self.recipe) and tuple(ways) == WAYS:
            result["assignments"] = self.assignment_counts()
        return result


@dataclass(frozen=True)
class Trained:
    """What is measured: a learner and what a table says about its training."""

    recipe: Recipe
    parameters: Parameters
    training: dict[str, Any]


def of_run(run: Path, device: torch.device) -> Trained:
    """Return the best weights of a training run, also of one that is not finished."""
    recipe, parameters, state = best_weights(run / "checkpoint.pt", device)
    training = {
        "episodes": state["episodes"], "best_at": state["best_at"],
        "validation": state["best_accuracy"], "seconds": round(state["seconds"]),
    }  # fmt: skip
    return Trained(recipe, parameters, training)


def of_folder(learner: Path, device: torch.device) -> Trained:
    """Return the weights of a learner folder."""
    card = read_card(learner)
    weights = {name: p.to(device) for name, p in weights_in(learner / card["file"]).items()}
    return Trained(recipe_of(card), weights, training_of(card))


def measure(
    trained: Trained, pool: Pool, device: torch.device, episodes: int = EPISODES, ways: Sequence[int] = WAYS
) -> Metrics:
    """Return recipe, training and what ``Measure`` finds."""
    return {
        "recipe": trained.recipe.to_json(),
        "trained": trained.training,
        "seed": SEED,
        **Measure(trained.recipe, trained.parameters, pool, device, episodes).all(ways),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.evaluate", description="Measure a few-shot learner.")
    data.add_options(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path, help="folder of a training run")
    source.add_argument("--learner", type=Path, help="learner folder")
    parser.add_argument("--out", type=Path, help="JSON file, with every episode's accuracy")
    parser.add_argument("--card", action="store_true", help="write the table into the learner's card")
    parser.add_argument("--split", choices=("val", "test"), default="test")
    parser.add_argument("--episodes", type=int, default=EPISODES)
    parser.add_argument("--ways", type=int, nargs="+", default=list(WAYS), help="other ways: without the other tables")
    parser.add_argument("--device")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.card and (options.learner is None or options.split != "test" or tuple(options.ways) != WAYS):
        parser.error("--card needs --learner and the whole table on test classes")
    torch.set_num_threads(options.threads)
    device = device_for(options.device)
    trained = of_folder(options.learner, device) if options.learner else of_run(options.run, device)
    pool = data.pool(trained.recipe.domain, options.split, options.data, options.cache)
    result = measure(trained, pool, device, options.episodes, options.ways)
    if options.out:
        options.out.write_text(json.dumps(result) + "\n")
    if options.card:
        write_card(options.learner, {**read_card(options.learner), "metrics": table(result)})
    for ways, cell in result["ways"].items():
        print(f"{ways}-way: {100 * cell['accuracy']:.2f} ± {100 * cell['interval']:.2f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
