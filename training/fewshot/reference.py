"""What `npx heliograph episodes` must give: a learner folder on a folder of images, episode by episode, in PyTorch.

    python -m fewshot.reference --learner ../public/learners/drawings-anyway --images DIR --ways 5 --shots 5
                                [--queries 15] [--episodes 100] [--seed 1] [--assignments J] [--json]

Only the folder is read (docs/fewshot-format.md): card, weights, images. Every folder below DIR that directly holds
images is a class, named by its path.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from fewshot import simpleshot
from fewshot.data import area_average
from fewshot.episodes import Draw, Episode, Pool, draw_episode, episode_of
from fewshot.evaluate import summary
from fewshot.folder import read_card, recipe_of, weights_in
from fewshot.learner import accuracy, predict
from fewshot.random import uniform
from heliograph_training.export_efficientnet import PREPROCESSING

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff"}


def class_folders(root: Path) -> dict[str, list[Path]]:
    """Return the image files of each class, classes and files sorted by code units."""
    found: dict[str, list[Path]] = {}
    for path in root.rglob("*"):
        if path.suffix.lower() in SUFFIXES:
            found.setdefault(path.parent.relative_to(root).as_posix(), []).append(path)
    return {name: sorted(found[name], key=lambda p: p.name) for name in sorted(found)}


def pixels(path: Path, card: dict[str, Any]) -> np.ndarray:
    """Return an image as a learner of this card sees it before normalising: (C, size, size), 0 … 255, ink turned."""
    size, grey = card["input"]["height"], card["input"]["channels"] == 1
    with Image.open(path) as image:
        values = np.asarray(image.convert("L" if grey else "RGB"), np.float64)
    values = values[None] if grey else values.transpose(2, 0, 1)
    if card["input"]["ink"] == "dark":
        values = 255 - values
    _, height, width = values.shape
    if grey:  # paper around it
        side = max(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        values = np.pad(values, ((0, 0), (top, side - height - top), (left, side - width - left)))
    else:
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        values = values[:, top : top + side, left : left + side]
    return values if side == size else area_average(values, size)


def conv4_learner(folder: Path, card: dict[str, Any], count: int | None) -> Callable[[Episode], float]:
    """Return the accuracy of a MAML or ProtoNet folder on an episode, with ``count`` assignments."""
    recipe, weights = recipe_of(card), weights_in(folder / card["file"])
    count = 1 if count is None and card["ways"] != "any" else count

    def act(found: Episode) -> float:
        lists = found.assignments(count) if recipe.nodes else None
        return accuracy(predict(recipe, weights, found, lists), found.query_labels)

    return act


def conv4_pool(files: dict[str, list[Path]], card: dict[str, Any]) -> Pool:
    """Read all images for a Conv-4 learner."""
    images = [np.stack([pixels(path, card) for path in paths]) for paths in files.values()]
    return Pool(list(files), images, tuple(card["input"]["mean"]), tuple(card["input"]["std"]))


def conv4_accuracies(
    folder: Path, card: dict[str, Any], files: dict[str, list[Path]], draws: list[Draw], shots: int, count: int | None
) -> list[float]:
    """Accuracies of a MAML or ProtoNet folder on these draws."""
    pool, act = conv4_pool(files, card), conv4_learner(folder, card, count)
    return [act(episode_of(pool, draw, shots)) for draw in draws]


def simpleshot_accuracies(
    folder: Path, card: dict[str, Any], files: dict[str, list[Path]], draws: list[Draw], shots: int
) -> list[float]:
    """Accuracies of a SimpleShot card on these draws."""
    session = simpleshot.feature_session(folder / card["file"], card["tensor"])
    centre, paths = np.array(card["centre"], np.float32), list(files.values())
    known: dict[Path, np.ndarray] = {}

    def features(path: Path) -> np.ndarray:
        if path not in known:
            with Image.open(path) as image:
                tensor = PREPROCESSING.tensor(image)
            known[path] = session.run([card["tensor"]], {session.get_inputs()[0].name: tensor})[0][0]
        return known[path]

    results = []
    for draw in draws:
        chosen = [
            np.stack([features(paths[c][k]) for k in numbers])
            for c, numbers in zip(draw.classes, draw.images, strict=True)
        ]
        support = np.concatenate([c[:shots] for c in chosen])
        query = np.concatenate([c[shots:] for c in chosen])
        found = simpleshot.predict(support, query, centre, len(chosen)).argmax(1)
        results.append(float((found == np.arange(len(chosen)).repeat(len(query) // len(chosen))).mean()))
    return results


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.reference", description="Episodes of a learner folder.")
    parser.add_argument("--learner", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--ways", type=int, required=True)
    parser.add_argument("--shots", type=int, required=True)
    parser.add_argument("--queries", type=int, default=15)
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--assignments", type=int)
    parser.add_argument("--json", action="store_true", help="every episode's accuracy, as JSON")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    card = read_card(options.learner)
    files = class_folders(options.images)
    sizes = [len(paths) for paths in files.values()]
    draws = [
        draw_episode(
            uniform(options.seed, r), sizes, options.ways, options.shots, options.queries, card.get("nodes") or 0
        )
        for r in range(options.episodes)
    ]
    if card["kind"] == "simpleshot":
        each = simpleshot_accuracies(options.learner, card, files, draws, options.shots)
    else:
        each = conv4_accuracies(options.learner, card, files, draws, options.shots, options.assignments)
    result = summary(each)
    if options.json:
        print(json.dumps(result))
    else:
        print(f"{100 * result['accuracy']:.2f} ± {100 * result['interval']:.2f} % over {len(each)} episodes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
