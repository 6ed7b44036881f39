"""Which learners there are, in order, what they are called, and the index of those that lie in public/learners.

    python -m fewshot.catalogue --learners ../public/learners

writes ``index.json`` anew: the page cannot list a folder, so the index names what it may offer, in the order of a menu.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from fewshot.learner import Recipe
from fewshot.maml import Inner

INDEX = "index.json"
SIMPLESHOT = "photographs-simpleshot"
SHIPPED = ("drawings-anyway", "photographs-anyway", SIMPLESHOT, "drawings-protonet", "photographs-protonet")


def any_way(domain: str, nodes: int = 30) -> Recipe:
    """Return the recipe of any-way MAML; docs/fewshot-training.md has what it was chosen by.

    The inner rates are where fewshot.tune starts, here and below.
    """
    if domain == "drawings":
        return Recipe(domain, "maml", nodes, zero_head=False, outer="mean", inner=Inner(0.5, head_rate=0.1))
    return Recipe(domain, "maml", nodes, inner=Inner(0.2, head_rate=0.5))


def as_published(domain: str) -> Recipe:
    """Return any-way MAML with both losses summed, one inner rate, and output nodes drawn at random."""
    return replace(any_way(domain), zero_head=False, outer="sum", inner=Inner(0.2, over_lists="sum"))


def fixed_way(domain: str, ways: int) -> Recipe:
    """Return the recipe of MAML trained for one number of ways, the yardstick."""
    inner = Inner(0.1, over_lists="sum", head_rate=0.1)  # the sum of one list, also off its way
    return Recipe(domain, "maml", ways, (ways,), inner=inner)


def protonet(domain: str) -> Recipe:
    """Return the recipe of ProtoNet."""
    return Recipe(domain, "protonet", 0)


def recipes() -> dict[str, Recipe]:
    """All learners by name, in order of importance: shipped, main comparison, ablations, extras."""
    domains = ("photographs", "drawings")
    found: dict[str, Recipe] = {}
    for d in domains:
        found[f"{d}-anyway"] = any_way(d)
    for d in domains:
        found[f"{d}-protonet"] = protonet(d)
    for d in domains:
        found |= {f"{d}-fixed{n}": fixed_way(d, n) for n in (5, 3, 10)}
    for d in domains:
        found[f"{d}-anyway-semantic"] = replace(any_way(d), semantic=True)
    for d in domains:
        found[f"{d}-anyway-sum"] = as_published(d)
    for d in domains:
        found |= {f"{d}-anyway-{o}": any_way(d, o) for o in (10, 20)}
    for d in domains:
        found[f"{d}-protonet-semantic"] = replace(protonet(d), semantic=True)
        found[f"{d}-anyway-mixup"] = replace(any_way(d), semantic=True, mixup=True)
    for d in domains:
        found[f"{d}-anyway-first-order"] = replace(any_way(d), second_order=False)
        found[f"{d}-anyway-1shot"] = replace(any_way(d), shots=1)
        found[f"{d}-protonet-1shot"] = replace(protonet(d), shots=1)
    return found


def menu() -> list[str]:
    """All names a learner folder may have, in the order of the page's menu."""
    return [*SHIPPED, *(name for name in recipes() if name not in SHIPPED)]


def describe(recipe: Recipe) -> str:
    """Say what a learner is, without its domain."""
    if recipe.kind == "protonet":
        words = "ProtoNet"
    elif len(recipe.ways) == 1:
        words = f"fixed-way MAML, {recipe.ways[0]} ways"
    else:
        words = "any-way MAML"
    if recipe.nodes and len(recipe.ways) > 1 and recipe.nodes != Recipe.nodes:
        words += f", {recipe.nodes} nodes"
    usual = fixed_way(recipe.domain, recipe.ways[0]) if len(recipe.ways) == 1 else any_way(recipe.domain)
    if recipe.nodes and recipe.zero_head != usual.zero_head:
        words += ", nodes alike" if recipe.zero_head else ", nodes drawn at random"
    if len(recipe.ways) > 1 and recipe.nodes and recipe.inner.over_lists == "sum":
        words += ", inner loss summed" if recipe.outer == usual.outer else ", losses summed"
    if recipe.semantic:
        words += ", semantic"
    if recipe.mixup:
        words += ", mixup"
    if recipe.kind == "maml" and not recipe.second_order:
        words += ", first order"
    if recipe.shots != Recipe.shots:
        words += f", trained with {recipe.shots} shot{'s' if recipe.shots > 1 else ''}"
    return words


def title_of(recipe: Recipe) -> str:
    """Name a learner for the page."""
    return f"{recipe.domain.capitalize()}, {describe(recipe)}"


def present(learners: Path) -> list[str]:
    """Return the learners a folder holds, in the menu's order.

    Raises:
        ValueError: if a folder with a card has a name that is not in the menu.
    """
    found = {path.parent.name for path in learners.glob("*/card.json")}
    order = menu()
    if strangers := sorted(found - set(order)):
        raise ValueError(f"{learners} holds learners without a place in the menu: {', '.join(strangers)}")
    return [name for name in order if name in found]


def write_index(learners: Path) -> list[str]:
    """Write ``index.json`` for the learners that lie there; returns their names."""
    names = present(learners)
    (learners / INDEX).write_text(json.dumps({"learners": names}, indent=2) + "\n")
    return names


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.catalogue", description="Write the index of learners.")
    parser.add_argument("--learners", type=Path, required=True, help="folder with one folder a learner")
    options = parser.parse_args(arguments)
    print("\n".join(write_index(options.learners)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
