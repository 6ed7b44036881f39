"""Write a learner folder (docs/fewshot-format.md) from a training run, and check it against PyTorch.

    python -m fewshot.export --run RUNS/drawings-anyway --out ../public/learners/drawings-anyway --title "…"
    python -m fewshot.export --run RUNS/drawings-anyway --out ../public/learners/drawings-anyway --check

The exported weights are the ones that did best on validation classes; the card's table is RUN/metrics.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch

from fewshot import data, onnx_graph
from fewshot.catalogue import title_of, write_index
from fewshot.episodes import Pool, episode
from fewshot.folder import MODEL, read_card, table, weights_in, write_card
from fewshot.learner import Recipe, predict
from fewshot.nets import Parameters
from fewshot.train import best_weights

FORMAT, VERSION = "heliograph-learner", 1
LICENCE = "Apache-2.0"
CPU = torch.device("cpu")
FEATURE_TOLERANCE = 1e-4  # relative L2, float32 against float64
SCORE_TOLERANCE = 1e-3

SOURCES = {
    "drawings": "trained by this project on Omniglot's minimal background sets (MIT licence; B. M. Lake, "
    "R. Salakhutdinov, J. B. Tenenbaum, Science 350, 2015): docs/fewshot-training.md",
    "photographs": "trained by this project on Tiny-ImageNet classes at 32×32 (images of ImageNet, used for research, "
    "not contained): docs/fewshot-training.md",
}
CITATIONS = {
    "maml": "J. Lee, Y. Kim, H. Lee, N. Kwak: Any-way meta learning. AAAI 2024, arXiv 2401.05097; "
    "C. Finn, P. Abbeel, S. Levine: Model-agnostic meta-learning for fast adaptation of deep networks. ICML 2017",
    "protonet": "J. Snell, K. Swersky, R. Zemel: Prototypical networks for few-shot learning. NeurIPS 2017",
}
DATA = {
    "drawings": "Omniglot minimal sets without Balinese, Sanskrit, Tagalog (test) and Early Aramaic (validation); "
    "quarter turns are classes of their own",
    "photographs": "Tiny-ImageNet at 32×32: 110 training, 20 validation, 30 test classes",
}


class ExportError(Exception):
    """The exported folder does not do what PyTorch does."""


def inner_of(recipe: Recipe) -> dict[str, Any]:
    """Return a card's inner loop."""
    inner = recipe.inner
    head = {} if inner.head_rate is None else {"headLearningRate": inner.head_rate}
    return {"learningRate": inner.rate, **head, "steps": inner.steps, "loss": inner.over_lists}


def learner_card(
    recipe: Recipe, parameters: Parameters, content: bytes, name: str, title: str, mean: list[float], std: list[float]
) -> dict[str, Any]:
    """Return card.json without training and metrics."""
    net, maml = recipe.net, recipe.kind == "maml"
    return {
        "format": FORMAT, "version": VERSION, "name": name, "title": title, "kind": recipe.kind,
        "domain": recipe.domain, "file": MODEL, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
        "input": {
            "channels": net.channels, "height": net.size, "width": net.size, "mean": mean, "std": std,
            "ink": "dark" if recipe.domain == "drawings" else None,
        },
        "features": net.features_count,
        "nodes": recipe.nodes if maml else None,
        "inner": inner_of(recipe) if maml else None,
        "parameters": list(parameters) if maml else [],
        "ways": recipe.ways[0] if maml and len(recipe.ways) == 1 else "any",
        "licence": LICENCE,
    }  # fmt: skip


def export(
    run: Path,
    out: Path,
    title: str,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    tried: Sequence[dict[str, float]] = (),
) -> dict[str, Any]:
    """Write model and card of a run.

    Args:
        run: folder of the run.
        out: the learner's folder, emptied first.
        title: what the page calls it.
        mean: of the images, a number a channel.
        std: likewise.
        tried: inner rates and the validation accuracies they were chosen by.

    Returns:
        the card.
    """
    recipe, parameters, state = best_weights(run / "checkpoint.pt", CPU)
    shutil.rmtree(out, ignore_errors=True)
    content = onnx_graph.save(onnx_graph.conv4_graph(recipe.net, parameters), out / MODEL)
    measured = run / "metrics.json"
    metrics = json.loads(measured.read_text()) if measured.exists() else {}
    if metrics and (metrics["trained"]["best_at"], metrics["recipe"]) != (state["best_at"], recipe.to_json()):
        raise ExportError(f"{measured} was not measured on these weights; measure again")
    card = {
        **learner_card(recipe, parameters, content, out.name, title, list(mean), list(std)),
        "training": {
            "seed": recipe.seed, "episodes": state["episodes"], "plannedEpisodes": recipe.episodes,
            "exportedAt": state["best_at"], "validation": round(state["best_accuracy"], 4),
            "ways": list(recipe.ways), "shots": recipe.shots, "queries": recipe.queries, "filters": recipe.filters,
            "data": DATA[recipe.domain], "order": "second" if recipe.second_order else "first",
            **({"head": "zero" if recipe.zero_head else "random", "outerLoss": recipe.outer} if recipe.nodes else {}),
            "semantic": recipe.semantic, "mixup": recipe.mixup, "seconds": round(state["seconds"]),
            **({"innerTried": list(tried)} if tried else {}),
        },
        "source": SOURCES[recipe.domain],
        "citation": CITATIONS[recipe.kind],
        "metrics": table(metrics),
    }  # fmt: skip
    write_card(out, card)
    return card


def check(run: Path, folder: Path, pool: Pool, episodes: int = 3) -> dict[str, float]:
    """Compare the folder with PyTorch: outputs of the graph, and scores learned from the exported weights.

    Raises:
        ExportError: if the file is not the card's, or a difference is above the tolerance.
    """
    recipe, parameters, _ = best_weights(run / "checkpoint.pt", CPU)
    card, content = read_card(folder), (folder / MODEL).read_bytes()
    if hashlib.sha256(content).hexdigest() != card["sha256"] or len(content) != card["bytes"]:
        raise ExportError(f"{folder}: the model is not the one the card describes")
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    exported = weights_in(folder / MODEL)
    exact = {n: p.double() for n, p in parameters.items()}
    worst = {"features": 0.0, "logits": 0.0, "scores": 0.0}
    for number in range(episodes):
        found = episode(pool, 0, number, min(recipe.ways), recipe.shots, recipe.queries, recipe.nodes)
        outputs = dict(
            zip(
                [o.name for o in session.get_outputs()],
                session.run(None, {"images": found.support.numpy()}),
                strict=True,
            )
        )
        features = recipe.net.features(exact, found.support.double())
        expected = {"features": features.numpy()}
        if recipe.nodes:
            expected["logits"] = recipe.net.head(exact, features).numpy()
        for name, values in expected.items():
            error = np.linalg.norm(outputs[name] - values) / np.linalg.norm(values)
            worst[name] = max(worst[name], float(error))
        a, b = predict(recipe, parameters, found), predict(recipe, exported, found)
        worst["scores"] = max(worst["scores"], float((a - b).abs().max()))
    if max(worst["features"], worst["logits"]) > FEATURE_TOLERANCE or worst["scores"] > SCORE_TOLERANCE:
        raise ExportError(f"{folder} differs from PyTorch: {worst}")
    return worst


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.export", description="Write a learner folder.")
    data.add_options(parser)
    parser.add_argument("--run", type=Path, required=True, help="folder of a training run")
    parser.add_argument("--out", type=Path, required=True, help="the learner's folder")
    parser.add_argument("--title", help="what the page calls it; left out, what it is")
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    options = parser.parse_args(arguments)
    recipe, _, _ = best_weights(options.run / "checkpoint.pt", CPU)
    pool = data.pool(recipe.domain, "val", options.data, options.cache)
    if not options.check:
        export(options.run, options.out, options.title or title_of(recipe), pool.mean, pool.std)
        write_index(options.out.parent)
    print({k: f"{v:.2g}" for k, v in check(options.run, options.out, pool).items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
