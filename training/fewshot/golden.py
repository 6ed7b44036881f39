"""Write the few-shot goldens: seeded numbers and episodes, one MAML adaptation, one ProtoNet episode.

    python -m fewshot.golden --out ../goldens

The nets are small and untrained and the drawings made up, so that the folders stay small and hold no dataset image.
References are computed in float64 from float32 weights and images.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from fewshot import onnx_graph
from fewshot.episodes import assignments, draw_episode
from fewshot.export import inner_of, learner_card
from fewshot.learner import Recipe
from fewshot.maml import Inner, adapt, summed
from fewshot.nets import BLOCKS, EPSILON, Conv4, Parameters
from fewshot.protonet import prototypes, scores
from fewshot.random import shuffle, uniform
from heliograph_training.golden_folder import Folder
from heliograph_training.srd_oracle import (
    IMAGE,
    Array,
    Branch,
    Conv,
    Head,
    MaxPool,
    Unit,
    decompose,
    fold,
    start_identity,
)

COMMAND = "python -m fewshot.golden --out ../goldens"
SEED = 4
SIZE = 28
WAYS, SHOTS, QUERIES = 3, 2, 3
NODES = 8  # two assignments of three, and two nodes left over
INNER = Inner(rate=1.0, steps=3, head_rate=2.0)
EXPLAINED = ((1, 0), (1, 2), (8, 2))  # query and way: one image for two classes, and another
POOL = MaxPool((2, 2), (2, 2))


def provenance() -> dict[str, Any]:
    """Say which command and versions wrote a golden."""
    return {"command": COMMAND, "packages": {p: importlib.metadata.version(p) for p in ("torch", "onnx", "numpy")}}


def drawings(classes: int, each: int, seed: int) -> np.ndarray:
    """Made-up drawings, uint8 (classes, each, 1, 28, 28), 255 = ink: strokes through a class's points, shaken."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    result = np.zeros((classes, each, 1, SIZE, SIZE), np.uint8)
    for c in range(classes):
        corners = rng.uniform(5, SIZE - 5, (4, 2))
        for k in range(each):
            points = corners + rng.normal(0, 1.2, corners.shape)
            distance = np.full((SIZE, SIZE), np.inf)
            for (ax, ay), (bx, by) in itertools.pairwise(points):
                along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
                t = np.clip(along, 0, 1)
                distance = np.minimum(distance, np.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)))
            result[c, k, 0] = np.rint(255 * np.clip(1.6 - distance, 0, 1))
    return result


def made_up_episode() -> tuple[Tensor, Tensor]:
    """Support (N·K, 1, 28, 28) and query (N·Q, …) drawings in float64."""
    images = torch.from_numpy(drawings(WAYS, SHOTS + QUERIES, SEED).astype(np.float32) / 255).double()
    return images[:, :SHOTS].flatten(0, 1), images[:, SHOTS:].flatten(0, 1)


def initial(net: Conv4) -> Parameters:
    """Float32 weights, held in float64; scales and biases of the norms drawn too, so that their gradients matter."""
    generator = torch.Generator().manual_seed(SEED)
    parameters = net.initial(generator)
    for name, p in parameters.items():
        if "norm" in name or name == "head.bias":
            p.add_(0.3 * torch.randn(p.shape, generator=generator))
    return {n: p.double() for n, p in parameters.items()}


def common(folder: Folder, recipe: Recipe, parameters: Parameters) -> dict[str, Any]:
    """Write the model, its card and the images; returns what every manifest says of them."""
    support, query = made_up_episode()
    content = onnx_graph.save(onnx_graph.conv4_graph(recipe.net, parameters), folder.root / "model.onnx")
    card = learner_card(recipe, parameters, content, folder.root.name, "Golden, untrained", [0.0], [1.0])
    more = {"training": {}, "source": "random weights", "citation": "", "metrics": {}}
    (folder.root / "card.json").write_text(json.dumps({**card, **more}, indent=1) + "\n")
    return {
        **provenance(),
        "model": "model.onnx", "opset": onnx_graph.OPSET, "ways": WAYS, "shots": SHOTS, "queries": QUERIES,
        "support": {
            "file": folder.put("support.npy", support.numpy(), "support images, class-major"),
            "labels": [c for c in range(WAYS) for _ in range(SHOTS)],
        },
        "query": {
            "file": folder.put("query.npy", query.numpy(), "query images, class-major"),
            "labels": [c for c in range(WAYS) for _ in range(QUERIES)],
        },
    }  # fmt: skip


def array(tensor: Tensor) -> Array:
    """Return a tensor's values as the oracle takes them."""
    return np.asarray(tensor.detach().double().numpy())


def frozen_units(parameters: Parameters, batch: Tensor) -> list[Unit]:
    """Describe the net to the SRD oracle, with the statistics of ``batch`` in its convolutions."""
    units: list[Unit] = []
    x = batch
    for k in range(BLOCKS):
        weight, scale, shift = (parameters[f"blocks.{k}.{n}"] for n in ("conv.weight", "norm.weight", "norm.bias"))
        v = F.conv2d(x, weight, padding=1)
        variance, mean = torch.var_mean(v, (0, 2, 3), correction=0, keepdim=True)
        gain, offset, centre, spread = (array(t).flatten() for t in (scale, shift, mean, variance))
        folded = Conv(*fold(array(weight), None, gain, offset, centre, spread, EPSILON), pads=(1, 1, 1, 1))
        branch = Branch(units[-1].name, folded, POOL) if units else Branch(IMAGE, folded)
        units.append(Unit(f"blocks.{k}.relu", f"blocks.{k}.norm", [branch], "relu"))
        x = F.max_pool2d(F.relu((v - mean) / (variance + EPSILON).sqrt() * scale + shift), 2)
    return units


def explained(folder: Folder, parameters: Parameters, query: Tensor, lists: Tensor) -> list[dict[str, Any]]:
    """Explain some queries by the literal SRD: the adapted net with the statistics of all queries, its head averaged.

    The last pool leaves one position, so its window is all that the head averages over.
    """
    units = frozen_units(parameters, query)
    weight, bias = (array(parameters[n])[lists.numpy()].mean(0) for n in ("head.weight", "head.bias"))
    head = Head(units[-1].name, weight, bias, POOL)
    found = []
    for image, way in EXPLAINED:
        run = decompose(units, array(query[image]))
        start = start_identity(head, run.x[head.source], np.eye(WAYS)[way])
        values = run.backward({head.source: start})[IMAGE]
        file = folder.put(f"srd/query{image}_way{way}.npy", values, f"SRD of query {image} for class {way}")
        found.append({"query": image, "way": way, "map": file})
    return found


def write_maml(root: Path) -> dict[str, Any]:
    """Write ``fewshot-maml``: three inner steps on two assignments, and why some queries are predicted as they are."""
    folder, recipe = Folder(root), Recipe("drawings", "maml", NODES, (WAYS, NODES), SHOTS, QUERIES, 4, inner=INNER)
    net, parameters = recipe.net, initial(recipe.net)
    manifest = common(folder, recipe, parameters)
    support, query = made_up_episode()
    labels = torch.tensor(manifest["support"]["labels"])
    nodes = shuffle(uniform(SEED), NODES, NODES)
    lists = assignments(nodes, WAYS)
    steps: list[dict[str, Any]] = []

    def observe(now: Parameters, loss: Tensor) -> None:
        k = len(steps)
        files = {
            n: folder.put(f"step{k + 1}/{n}.npy", p.detach().numpy(), f"{n} after step {k + 1}")
            for n, p in now.items()
        }  # fmt: skip
        steps.append({"loss": float(f"{loss.item():.12g}"), "parameters": files})

    start = {n: p.requires_grad_() for n, p in parameters.items()}
    adapted = adapt(net, start, support, labels, lists, INNER, observe=observe)
    logits = net.logits(adapted, query).detach()
    manifest |= {
        "kind": "maml", "nodes": NODES, "inner": inner_of(recipe),
        "permutation": nodes, "assignments": lists.tolist(), "parameters": list(parameters), "steps": steps,
        "logits": folder.put("logits.npy", logits.numpy(), "query logits of the adapted net, all nodes"),
        "scores": folder.put("scores.npy", summed(logits, lists).numpy(), "query logits summed over assignments"),
        "explained": explained(folder, adapted, query, lists),
        "files": folder.files,
    }  # fmt: skip
    return folder.close(manifest)


def write_protonet(root: Path) -> dict[str, Any]:
    """Write ``fewshot-protonet``: prototypes and scores, support and queries each with their own statistics."""
    folder, recipe = Folder(root), Recipe("drawings", "protonet", 0, (WAYS,), SHOTS, QUERIES, 4)
    net, parameters = recipe.net, initial(recipe.net)
    manifest = common(folder, recipe, parameters)
    support, query = made_up_episode()
    centres = prototypes(net.features(parameters, support), WAYS)
    found = scores(net.features(parameters, query), centres)
    manifest |= {
        "kind": "protonet",
        "prototypes": folder.put("prototypes.npy", centres.numpy(), "class means of the support features"),
        "scores": folder.put("scores.npy", found.numpy(), "minus squared distance of each query to each prototype"),
        "files": folder.files,
    }
    return folder.close(manifest)


def write_episodes(root: Path) -> dict[str, Any]:
    """Write ``fewshot-episodes``: the generator's first numbers, shuffles, and whole draws."""
    folder = Folder(root)
    streams = [(0, 0), (1, 0), (1, 1), (123456789, 7), (4294967295, 599)]
    uniforms = []
    for seed, stream in streams:
        draw = uniform(seed, stream)
        uniforms.append({"seed": seed, "stream": stream, "numbers": [draw() for _ in range(200)]})
    cases = []
    for seed, number, classes, each, ways, shots, queries, nodes in (
        (1, 0, 12, 20, 5, 5, 15, 30),
        (1, 599, 332, 20, 3, 1, 15, 30),
        (7, 3, 20, 8, 20, 1, 1, 0),
        (2**31, 12, 30, 500, 10, 5, 15, 10),
    ):
        found = draw_episode(uniform(seed, number), [each] * classes, ways, shots, queries, nodes)
        cases.append({
            "seed": seed, "episode": number, "imagesPerClass": [each] * classes,
            "ways": ways, "shots": shots, "queries": queries, "nodes": nodes,
            "draw": {"classes": found.classes, "images": found.images, "nodes": found.nodes},
        })  # fmt: skip
    return folder.close({**provenance(), "uniform": uniforms, "episodes": cases})


WRITERS = {"fewshot-maml": write_maml, "fewshot-protonet": write_protonet, "fewshot-episodes": write_episodes}


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.golden", description="Write the few-shot goldens.")
    parser.add_argument("--out", type=Path, required=True, help="the goldens folder")
    options = parser.parse_args(arguments)
    for name, write in WRITERS.items():
        write(options.out / name)
        size = sum(f.stat().st_size for f in (options.out / name).rglob("*") if f.is_file())
        print(f"{name}: {size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
