"""Train one few-shot learner.

    python -m fewshot.train --out RUN --domain drawings --kind maml [--data ../../shared/data]

Writes RUN/checkpoint.pt and RUN/log.jsonl; run again after a kill, it goes on from the checkpoint and ends with the
same weights as an uninterrupted run on the same machine: every episode's random numbers come from its number. The
weights that did best on validation classes are kept beside the last ones. CUDA is used when present.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from fewshot import data
from fewshot.episodes import Pool, episode
from fewshot.learner import ANY_WAYS, Learner, Recipe, accuracy, predict, to_device
from fewshot.maml import Inner
from fewshot.nets import Parameters

CHECKPOINT_VERSION = 2
VALIDATION_SEED = 1_000_003
VALIDATION_EPISODES = 60
SAVE_EVERY = 100  # episodes, or
SAVE_SECONDS = 120.0  # on a machine that has little time for this
VALIDATE_EVERY = 500
CLIP = 100.0  # norm of the outer gradient; typical norms are far below once training runs


def validate(
    recipe: Recipe, parameters: Parameters, pool: Pool, device: torch.device, episodes: int | None = None
) -> float:
    """Mean accuracy on validation classes, over the ways the learner is trained for."""
    total, count = 0.0, episodes or VALIDATION_EPISODES
    for r in range(count):
        ways = recipe.ways[r % len(recipe.ways)]
        found = episode(pool, VALIDATION_SEED, r, ways, recipe.shots, recipe.queries, recipe.nodes)
        found = to_device(found, device)
        total += accuracy(predict(recipe, parameters, found), found.query_labels)
    return total / count


class Trainer:
    """One training run: learner, optimiser and where it stands."""

    def __init__(self, recipe: Recipe, train: Pool, val: Pool, device: torch.device) -> None:
        self.recipe, self.train, self.val, self.device = recipe, train, val, device
        self.learner = Learner(recipe, len(train.names), device)
        self.optimiser = torch.optim.Adam(self.learner.trainable(), lr=recipe.rate)
        self.episodes = 0
        self.skipped = 0
        self.seconds = 0.0
        self.sums = [0.0, 0.0, 0.0]  # updates since the last log entry, their losses and accuracies
        self.best: Parameters = {}
        self.best_accuracy = -1.0
        self.best_at = 0

    def _rate(self) -> float:
        r = self.recipe
        along = 0.5 * (1 + math.cos(math.pi * self.episodes / r.episodes))
        return r.rate * (r.final_rate + (1 - r.final_rate) * along)

    def step(self) -> tuple[float, float]:
        """Do one update; returns the mean loss and the mean query accuracy of its episodes."""
        trainable = self.learner.trainable()
        self.optimiser.zero_grad(set_to_none=True)
        loss_sum = right = 0.0
        for _ in range(self.recipe.batch):
            loss, share = self.learner.loss(self.train, self.episodes)
            (loss / self.recipe.batch).backward()
            loss_sum, right = loss_sum + loss.item(), right + share
            self.episodes += 1
        norm = torch.nn.utils.clip_grad_norm_(trainable, CLIP)
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        if torch.isfinite(norm):
            self.optimiser.step()
        else:
            self.skipped += 1
        loss_sum, right = loss_sum / self.recipe.batch, right / self.recipe.batch
        self.sums = [total + x for total, x in zip(self.sums, (1.0, loss_sum, right), strict=True)]
        return loss_sum, right

    def state(self) -> dict[str, Any]:
        """Everything a resumed run needs, and the best weights."""
        return {
            "version": CHECKPOINT_VERSION,
            "recipe": self.recipe.to_json(),
            "episodes": self.episodes,
            "skipped": self.skipped,
            "seconds": self.seconds,
            "sums": self.sums,
            "learner": self.learner.state(),
            "optimiser": self.optimiser.state_dict(),
            "best": self.best,
            "best_accuracy": self.best_accuracy,
            "best_at": self.best_at,
        }

    def save(self, path: Path) -> None:
        """Write a checkpoint; a kill while writing leaves the former one."""
        scratch = path.with_suffix(".tmp")
        torch.save(self.state(), scratch)
        scratch.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint of the same recipe."""
        state = read_checkpoint(path, self.device)
        if Recipe.from_json(state["recipe"]) != self.recipe:
            raise ValueError(f"{path} was trained with other options; choose another --out or give the same options")
        self.learner.load(state["learner"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.episodes, self.skipped, self.seconds = state["episodes"], state["skipped"], state["seconds"]
        self.sums = state["sums"]
        self.best, self.best_accuracy, self.best_at = state["best"], state["best_accuracy"], state["best_at"]

    def _judge(self) -> float:
        found = validate(self.recipe, self.learner.parameters, self.val, self.device)
        if found >= self.best_accuracy:
            self.best = self.learner.state()["parameters"]
            self.best_accuracy, self.best_at = found, self.episodes
        return found

    def run(self, out: Path, bar: bool = True) -> None:
        """Train to the last episode of the recipe."""
        out.mkdir(parents=True, exist_ok=True)
        checkpoint, r = out / "checkpoint.pt", self.recipe
        if checkpoint.exists():
            self.restore(checkpoint)
        progress = tqdm(total=r.episodes, initial=self.episodes, disable=not bar, desc=out.name, mininterval=10)
        begun = time.perf_counter()
        while self.episodes < r.episodes:
            before = self.episodes
            self.step()
            progress.update(self.episodes - before)
            last = self.episodes >= r.episodes
            judged = last or self.episodes // VALIDATE_EVERY > before // VALIDATE_EVERY
            if judged:
                found = self._judge()
            due = self.episodes // SAVE_EVERY > before // SAVE_EVERY or time.perf_counter() - begun > SAVE_SECONDS
            if judged or due:
                self.seconds += time.perf_counter() - begun
                begun = time.perf_counter()
                if judged:
                    progress.set_postfix(self._log(out / "log.jsonl", found))
                self.save(checkpoint)
        progress.close()

    def _log(self, path: Path, validation: float) -> dict[str, float]:
        """Append an entry on everything since the last one, and start anew."""
        updates, loss, right = self.sums
        entry = {
            "episode": self.episodes, "loss": round(loss / updates, 4), "accuracy": round(right / updates, 4),
            "validation": round(validation, 4), "best": round(self.best_accuracy, 4), "skipped": self.skipped,
            "seconds": round(self.seconds, 1),
        }  # fmt: skip
        with path.open("a") as log:
            log.write(json.dumps(entry) + "\n")
        self.sums = [0.0, 0.0, 0.0]
        return {k: entry[k] for k in ("accuracy", "validation")}


def read_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """Read a checkpoint of this version."""
    state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    if state["version"] != CHECKPOINT_VERSION:
        raise ValueError(f"{path}: checkpoint version {state['version']}, expected {CHECKPOINT_VERSION}")
    return state


def best_weights(path: Path, device: torch.device) -> tuple[Recipe, Parameters, dict[str, Any]]:
    """Recipe and best weights on validation classes of a checkpoint, and the checkpoint itself."""
    state = read_checkpoint(path, device)
    return Recipe.from_json(state["recipe"]), state["best"], state


def device_for(name: str | None) -> torch.device:
    """Return the named device, else CUDA when present."""
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.train", description="Train a few-shot learner.")
    data.add_options(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoint and log")
    parser.add_argument("--domain", choices=data.DOMAINS, required=True)
    parser.add_argument("--kind", choices=("maml", "protonet"), default="maml")
    parser.add_argument("--nodes", type=int, help="output nodes O of MAML; 30, of a fixed-way learner its ways")
    parser.add_argument("--ways", type=int, nargs="+", default=list(ANY_WAYS), help="N is drawn from these")
    parser.add_argument("--shots", type=int, default=Recipe.shots)
    parser.add_argument("--filters", type=int, default=Recipe.filters)
    parser.add_argument("--episodes", type=int, default=Recipe.episodes)
    parser.add_argument("--batch", type=int, default=Recipe.batch, help="episodes an update")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--inner-rate", type=float, default=Inner.rate)
    parser.add_argument("--head-rate", type=float, help="the output nodes' inner rate; left out, the inner rate")
    parser.add_argument("--inner-steps", type=int, default=Inner.steps)
    parser.add_argument("--over-lists", choices=("mean", "sum"), default=Inner.over_lists, help="the inner loss")
    parser.add_argument("--outer", choices=("sum", "mean"), default=Recipe.outer, help="the outer loss over the lists")
    parser.add_argument("--first-order", action="store_true")
    parser.add_argument("--random-head", action="store_true", help="draw the output nodes; left out, they start alike")
    parser.add_argument("--semantic", action="store_true", help="semantic head, or ProtoNet's bank")
    parser.add_argument("--mixup", action="store_true")
    parser.add_argument("--device")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    fixed = len(options.ways) == 1
    nodes = options.nodes or (options.ways[0] if fixed else Recipe.nodes)
    recipe = Recipe(
        options.domain, options.kind, nodes if options.kind == "maml" else 0, tuple(options.ways), options.shots,
        filters=options.filters, episodes=options.episodes, batch=options.batch, seed=options.seed,
        inner=Inner(options.inner_rate, options.inner_steps, options.over_lists, options.head_rate),
        second_order=not options.first_order, zero_head=not options.random_head,
        outer=options.outer, semantic=options.semantic, mixup=options.mixup,
    )  # fmt: skip
    train, val = (data.pool(options.domain, split, options.data, options.cache) for split in ("train", "val"))
    Trainer(recipe, train, val, device_for(options.device)).run(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
