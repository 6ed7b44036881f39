"""Train, measure and export every learner, the important ones first, and write the report.

    python -m fewshot.experiment --out RUNS [--learners ../public/learners] [--data ../../shared/data] [--only NAME …]

One folder a learner: what is finished is not done again, what was interrupted goes on. Finished learners live in the
folder of learners, so RUNS may be lost: what lies there is neither trained nor, if its card has the whole table,
measured again. All learners of a domain share filters, episodes, seed and training classes. The inner learning rates of
any-way and of fixed-way learners are chosen once a domain, on validation classes (fewshot.tune).
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from fewshot import data, report, tune
from fewshot.catalogue import any_way, fixed_way, recipes, title_of, write_index
from fewshot.episodes import Pool
from fewshot.evaluate import EPISODES, Trained, is_measured, measure, of_folder, of_run
from fewshot.export import check, export
from fewshot.folder import CARD, cards, metrics_of, read_card, recipe_of, table, write_card
from fewshot.learner import Recipe
from fewshot.train import Trainer, device_for

LEARNERS = Path(__file__).parents[2] / "public" / "learners"


def _rate_group(recipe: Recipe) -> tuple[object, ...]:
    """Name what learners have in common that share inner rates."""
    inner, fixed = recipe.inner, len(recipe.ways) == 1
    return (
        recipe.domain,
        recipe.kind,
        recipe.filters,
        recipe.zero_head,
        recipe.outer,
        inner.over_lists,
        inner.head_rate is None,
        fixed,
    )


class Experiment:
    """Where runs and finished learners lie, and how much is wanted of them."""

    def __init__(self, options: argparse.Namespace, device: torch.device) -> None:
        self.options, self.device = options, device

    def pool(self, domain: str, split: str) -> Pool:
        """Return a split."""
        return data.pool(domain, split, self.options.data, self.options.cache)

    def _with_rates(self, recipe: Recipe) -> tuple[Recipe, list[tune.Tried]]:
        """Give a MAML recipe the inner rates of its group, and return what they were chosen from.

        A finished learner of the group has them on its card; else they are tuned, with 5 shots, and at 5 ways if the
        way is fixed.
        """
        if recipe.kind != "maml":
            return recipe, []
        for card in cards(self.options.learners).values():
            other = recipe_of(card)
            if _rate_group(other) == _rate_group(recipe):
                return replace(recipe, inner=other.inner), card["training"].get("innerTried", [])
        fixed = len(recipe.ways) == 1
        model = replace(
            fixed_way(recipe.domain, 5) if fixed else any_way(recipe.domain),
            filters=recipe.filters, zero_head=recipe.zero_head, outer=recipe.outer, inner=recipe.inner,
        )  # fmt: skip
        train, val = (self.pool(recipe.domain, s) for s in ("train", "val"))
        group = "fixed" if fixed else f"any-{recipe.inner.over_lists}"
        head = "" if recipe.zero_head else "-random-head"
        inner, tried = tune.choose(
            model, train, val, self.device, self.options.out / "tune" / f"{recipe.domain}-{group}{head}"
        )
        return replace(recipe, inner=inner), tried

    def _is_finished(self, name: str, recipe: Recipe) -> bool:
        """Say whether a learner folder of this recipe holds a whole training."""
        if not (self.options.learners / name / CARD).exists():
            return False
        card = read_card(self.options.learners / name)
        other = recipe_of(card)
        inner = recipe.inner
        if (other.inner.head_rate is None) == (inner.head_rate is None):  # rates are what tuning chooses
            other = replace(other, inner=replace(other.inner, rate=inner.rate, head_rate=inner.head_rate))
        same = replace(other, episodes=recipe.episodes) == recipe
        return same and bool(card["training"]["episodes"] >= recipe.episodes)

    def _measured(self, name: str, trained: Trained, test: Pool) -> None:
        """Measure a learner unless RUNS has it, and keep the measurements there."""
        path = self.options.out / name / "metrics.json"
        if path.exists() and json.loads(path.read_text())["trained"] == trained.training:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        result = measure(trained, test, self.device, self.options.test_episodes)
        path.write_text(json.dumps(result) + "\n")

    def run(self, name: str) -> None:
        """Do what is missing of one learner."""
        o = self.options
        recipe = replace(recipes()[name], episodes=o.episodes, filters=o.filters)
        out, folder, test = o.out / name, o.learners / name, self.pool(recipe.domain, "test")
        if self._is_finished(name, recipe):
            card = read_card(folder)
            if not is_measured(metrics_of(card), recipe, len(test.names), o.test_episodes):
                self._measured(name, of_folder(folder, self.device), test)
                found = json.loads((out / "metrics.json").read_text())
                write_card(folder, {**card, "metrics": table(found)})
            return
        train, val = (self.pool(recipe.domain, s) for s in ("train", "val"))
        recipe, tried = self._with_rates(recipe)
        Trainer(recipe, train, val, self.device).run(out)
        self._measured(name, of_run(out, self.device), test)
        export(out, folder, title_of(recipe), val.mean, val.std, tried)
        check(out, folder, val)
        write_index(o.learners)


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    everything = recipes()
    parser = argparse.ArgumentParser(prog="python -m fewshot.experiment", description="Train and compare learners.")
    data.add_options(parser)
    parser.add_argument("--out", type=Path, required=True, help="checkpoints, logs, single episodes and the report")
    parser.add_argument("--learners", type=Path, default=LEARNERS, help="finished learners; left out, the project's")
    parser.add_argument("--only", nargs="+", choices=list(everything), metavar="NAME", help=", ".join(everything))
    parser.add_argument("--episodes", type=int, default=Recipe.episodes, help="training episodes of each learner")
    parser.add_argument("--filters", type=int, default=Recipe.filters)
    parser.add_argument("--test-episodes", type=int, default=EPISODES)
    parser.add_argument("--device")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    experiment = Experiment(options, device_for(options.device))
    for name in options.only or everything:
        experiment.run(name)
    print(report.write(options.out, options.learners, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
