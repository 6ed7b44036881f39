"""SimpleShot (Wang et al., arXiv 1911.04623) on the bundled EfficientNet-Lite0: centred, normalised, nearest mean.

    python -m fewshot.simpleshot --data ../../shared/data --out ../public/learners/photographs-simpleshot

Nothing is trained. The card names the bundled model's pooled features and holds the centre, their mean over training
images of Imagenette: a statistic, no image. The network knows these classes: it was trained on ImageNet, whose classes
Imagenette's and Tiny-ImageNet's are. Its accuracies are therefore no measure of learning new classes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from tqdm import tqdm

from fewshot.episodes import draw_episode
from fewshot.evaluate import SEED, summary
from fewshot.random import uniform
from heliograph_training import imagenette
from heliograph_training.export_efficientnet import PREPROCESSING, SIZE, widen

MODEL = Path(__file__).parents[2] / "public" / "models" / "efficientnet-lite0" / "model.onnx"
TENSOR = "flatten"  # the pooled features
WAYS = (3, 5, 10)

Features = NDArray[np.float32]


def feature_session(path: Path, tensor: str = TENSOR) -> ort.InferenceSession:
    """Return a session of the model that gives ``tensor``."""
    model = widen(onnx.load(path))  # the file stores float16
    model.graph.output.append(onnx.helper.make_tensor_value_info(tensor, onnx.TensorProto.FLOAT, None))
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])


def features_of(root: Path, split: str, each: int, bar: bool = True) -> list[Features]:
    """Features (images, F) of the first ``each`` images of every Imagenette class, sorted by file name."""
    session = feature_session(MODEL)
    classes: dict[int, list[Features]] = {}
    for _, index, image in tqdm(imagenette.images(root, split, each), total=10 * each, disable=not bar, desc=split):
        found = session.run([TENSOR], {session.get_inputs()[0].name: PREPROCESSING.tensor(image)})[0]
        classes.setdefault(index, []).append(np.asarray(found, np.float32)[0])
    return [np.stack(images) for images in classes.values()]


def normalised(features: Features, centre: Features) -> Features:
    """Subtract the centre and scale each feature vector to length 1."""
    centred = features - centre
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True), np.float32)


def predict(support: Features, query: Features, centre: Features, ways: int) -> Features:
    """Return −squared distances (queries, N) to the class means of normalised, class-major support features."""
    means = normalised(support, centre).reshape(ways, -1, support.shape[1]).mean(1)
    return -np.square(normalised(query, centre)[:, None] - means).sum(2)


def measure(classes: list[Features], centre: Features, ways: int, shots: int, episodes: int) -> dict[str, Any]:
    """Accuracy on seeded episodes of these classes."""
    queries, results = 15, []
    for number in range(episodes):
        draw = draw_episode(uniform(SEED, number), [len(c) for c in classes], ways, shots, queries)
        chosen = [classes[c][n] for c, n in zip(draw.classes, draw.images, strict=True)]
        support = np.concatenate([c[:shots] for c in chosen])
        query = np.concatenate([c[shots:] for c in chosen])
        found = predict(support, query, centre, ways).argmax(1)
        results.append(float((found == np.arange(ways).repeat(queries)).mean()))
    return summary(results)


def card(centre: Features, images: int, metrics: dict[str, Any]) -> dict[str, Any]:
    """Return card.json."""
    content = MODEL.read_bytes()
    return {
        "format": "heliograph-learner", "version": 1, "name": "photographs-simpleshot",
        "title": "Photographs, SimpleShot on EfficientNet-Lite0", "kind": "simpleshot", "domain": "photographs",
        "file": f"../../models/efficientnet-lite0/{MODEL.name}", "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "input": {
            "channels": 3, "height": SIZE, "width": SIZE, "mean": list(PREPROCESSING.mean),
            "std": list(PREPROCESSING.std), "ink": None,
            "resize": {"short": PREPROCESSING.short, "interpolation": PREPROCESSING.interpolation},
        },
        "features": len(centre), "tensor": TENSOR, "centre": [float(f"{c:.7g}") for c in centre], "ways": "any",
        "training": {"data": f"centre: mean over {images} training images of Imagenette; nothing is trained"},
        "licence": "Apache-2.0",
        "source": "features of the bundled EfficientNet-Lite0 (public/models/efficientnet-lite0/card.json)",
        "citation": "Y. Wang, W.-L. Chao, K. Q. Weinberger, L. van der Maaten: SimpleShot: Revisiting nearest-neighbor "
        "classification for few-shot learning. arXiv 1911.04623, 2019",
        "metrics": metrics,
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.simpleshot", description="Write the SimpleShot card.")
    parser.add_argument("--data", type=Path, help="folder with 'imagenette'; left out, the original is downloaded")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "heliograph")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, default=100, help="training images a class for the centre")
    parser.add_argument("--measured", type=int, default=100, help="validation images a class to measure on")
    parser.add_argument("--episodes", type=int, default=600)
    options = parser.parse_args(arguments)
    root = imagenette.locate(options.data and options.data / "imagenette", options.cache)
    train = np.concatenate(features_of(root, "train", options.each))
    centre = np.asarray(train.mean(0, dtype=np.float64), np.float32)
    held = features_of(root, "val", options.measured)
    ways = {str(n): measure(held, centre, n, 5, options.episodes) for n in WAYS}
    for cell in ways.values():
        del cell["each"]
    metrics = {
        "split": "validation images of Imagenette's 10 classes, which the network was trained to tell apart",
        "shots": 5, "queries": 15, "seed": SEED, "ways": ways,
    }  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    document = json.dumps(card(centre, len(train), metrics), indent=1, ensure_ascii=False)
    (options.out / "card.json").write_text(document + "\n")
    print({n: c["accuracy"] for n, c in ways.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
