"""Reading a learner folder (docs/fewshot-format.md): the card as a recipe, the weights, what was measured.

Committed folders are what remains of a training run, so everything but going on with it must work from them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper

from fewshot.learner import Recipe
from fewshot.maml import Inner
from fewshot.nets import Parameters

CARD, MODEL = "card.json", "model.onnx"
Metrics = dict[str, Any]


def read_card(folder: Path) -> dict[str, Any]:
    """Return card.json of a folder."""
    card: dict[str, Any] = json.loads((folder / CARD).read_text())
    return card


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write card.json of a folder."""
    (folder / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n")


def cards(learners: Path) -> dict[str, dict[str, Any]]:
    """Return the cards of all folders with a trained network, by name."""
    found = {path.parent.name: read_card(path.parent) for path in sorted(learners.glob(f"*/{CARD}"))}
    return {name: card for name, card in found.items() if card["kind"] in ("maml", "protonet")}


def recipe_of(card: dict[str, Any]) -> Recipe:
    """Return the recipe a card's learner was trained and predicts by; what the card does not say keeps its default."""
    said, default = card["training"], Recipe(card["domain"], "protonet", 0)
    ways = (card["ways"],) if card["ways"] != "any" else tuple(said.get("ways", (2, card["nodes"] or 2)))
    return Recipe(
        card["domain"], card["kind"], card["nodes"] or 0, ways,
        shots=said.get("shots", default.shots), queries=said.get("queries", default.queries),
        filters=card["features"] // (card["input"]["height"] >> 4) ** 2,
        episodes=said.get("plannedEpisodes", default.episodes), seed=said.get("seed", default.seed),
        inner=_inner_of(card["inner"]) if card["inner"] else Inner(),
        second_order=said.get("order", "second") == "second",
        zero_head=not card["nodes"] or said.get("head") == "zero",
        outer=said.get("outerLoss", "sum"),
        semantic=said.get("semantic", False), mixup=said.get("mixup", False),
    )  # fmt: skip


def _inner_of(said: dict[str, Any]) -> Inner:
    """Return the inner loop a card describes; cards older than the choice mean the sum."""
    return Inner(said["learningRate"], said["steps"], said.get("loss", "sum"), said.get("headLearningRate"))


def weights_in(path: Path) -> Parameters:
    """Return the initialisers of an exported model that are parameters."""
    model = onnx.load(path)
    named = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    return {n: torch.from_numpy(a.copy()) for n, a in named.items() if n.startswith(("blocks.", "head."))}


def training_of(card: dict[str, Any]) -> dict[str, Any]:
    """Return what a table says about the training."""
    said = card["training"]
    return {
        "episodes": said["episodes"], "best_at": said["exportedAt"],
        "validation": said["validation"], "seconds": said["seconds"],
    }  # fmt: skip


def metrics_of(card: dict[str, Any]) -> Metrics:
    """Return a card's measurements in the form of a run's metrics.json, without single episodes."""
    kept = {k: v for k, v in card["metrics"].items() if k in ("seed", "ways", "assignments")}
    return {"recipe": recipe_of(card).to_json(), "trained": training_of(card), **kept}


def table(metrics: Metrics) -> dict[str, Any]:
    """Return what a card says of the measurements: accuracies in 0 … 1 with 95 % intervals."""
    if not metrics:
        return {}
    kept: dict[str, Any] = {k: without_episodes(metrics[k]) for k in ("seed", "ways", "assignments") if k in metrics}
    return {"split": "test", "shots": metrics["recipe"]["shots"], "queries": metrics["recipe"]["queries"], **kept}


def without_episodes(values: Any) -> Any:
    """Drop the lists of single episodes."""
    if isinstance(values, dict):
        return {k: without_episodes(v) for k, v in values.items() if k != "each"}
    return values
