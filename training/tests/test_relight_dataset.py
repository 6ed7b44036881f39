from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from relight.dataset import DatasetError, Truth, load, parse, rays, save

WIDTH, HEIGHT = 6, 4


def document() -> dict[str, Any]:
    def image(identifier: str, split: str) -> dict[str, Any]:
        return {
            "id": identifier,
            "file": f"images/{identifier}.png",
            "split": split,
            "width": WIDTH,
            "height": HEIGHT,
            "fx": 5.0,
            "fy": 5.0,
            "cx": 3.0,
            "cy": 2.0,
            # at (1, 2, 3), turned a quarter about y: the camera looks along −x
            "camera_to_world": [0, 0, 1, 1, 0, 1, 0, 2, -1, 0, 0, 3, 0, 0, 0, 1],
            "time": "2026-03-20T09:30:00Z",
            "azimuth_degrees": 140.0,
            "elevation_degrees": 38.0,
        }

    return {
        "format": "heliograph-relight-dataset",
        "version": 1,
        "name": "Test",
        "place": {"name": "Florence", "latitude": 43.8, "longitude": 11.3},
        "psi_degrees": 25.0,
        "box": [[-1, -1, -1], [1, 2, 1]],
        "images": [image("a", "train"), image("b", "unseen-both")],
    }


def write(root: Path) -> None:
    (root / "images").mkdir()
    (root / "truth").mkdir()
    (root / "dataset.json").write_text(json.dumps(document()))
    for k, name in enumerate("ab"):
        Image.fromarray(np.full((HEIGHT, WIDTH, 3), 51 * (k + 1), np.uint8)).save(root / "images" / f"{name}.png")
        np.savez_compressed(
            root / "truth" / f"{name}.npz",
            albedo=np.full((HEIGHT, WIDTH, 3), 0.5, np.float16),
            depth=np.full((HEIGHT, WIDTH), np.inf, np.float32),
            visibility=np.zeros((HEIGHT, WIDTH), np.float16),
            ground=np.zeros((HEIGHT, WIDTH), bool),
            sky=np.ones((HEIGHT, WIDTH), bool),
        )


def test_round_trip(tmp_path: Path) -> None:
    write(tmp_path)
    dataset = load(tmp_path)
    save(dataset)
    assert load(tmp_path) == dataset
    assert [frame.id for frame in dataset.split("unseen-both")] == ["b"]
    assert dataset.image(dataset.frames[0]) == pytest.approx(np.full((HEIGHT, WIDTH, 3), 0.2))
    assert dataset.mask(dataset.frames[0]) is None
    truth = dataset.truth(dataset.frames[1])
    assert isinstance(truth, Truth)
    assert truth.albedo.dtype == np.float32
    assert np.isinf(truth.depth).all()


def test_truth_of_training_images_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    dataset = load(tmp_path)
    with pytest.raises(DatasetError, match="training image"):
        dataset.truth(dataset.frames[0])


def test_rays_follow_opengl() -> None:
    frame = parse(document(), Path()).frames[0]
    origin, directions = rays(frame)
    assert origin == pytest.approx([1, 2, 3])
    assert directions.shape == (HEIGHT, WIDTH, 3)
    assert np.linalg.norm(directions, axis=-1) == pytest.approx(np.ones((HEIGHT, WIDTH)))
    # rows 1 and 2 straddle the axis: the camera looks along −x; up in the image is up in the world
    assert directions[1:3].mean(axis=(0, 1))[0] < -0.9
    assert directions[0, 0, 1] > 0 > directions[-1, 0, 1]
    # columns run to the right, which is −z here; the first pixel's centre is (½, ½)
    expected = np.array([-1.0, (2 - 0.5) / 5, -(0.5 - 3) / 5])
    assert directions[0, 0] == pytest.approx(expected / np.linalg.norm(expected))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), "other", "format"),
        (("version",), 2, "version 2"),
        (("place", "latitude"), 91, "latitude"),
        (("box",), [[0, 0, 0], [1, 0, 1]], "box is empty"),
        (("images",), [], "at least one"),
        (("images", 1, "id"), "a", "two images"),
        (("images", 0, "split"), "test", "split"),
        (("images", 0, "width"), 0, "width"),
        (("images", 0, "width"), 90000, "width"),
        (("images", 0, "fx"), float("nan"), "fx"),
        (("images", 0, "camera_to_world"), [1.0] * 16, "rotation"),
        (("images", 0, "camera_to_world"), [1.0] * 12, "16 numbers"),
        (("images", 0, "file"), "../secret.png", "leads out"),
        (("images", 0, "time"), "2026-03-20 09:30", "UTC"),
        (("images", 0, "time"), "2026-03-20T09:30:00+01:00", "UTC"),
        (("images", 0, "elevation_degrees"), "38", "elevation_degrees"),
    ],
)
def test_bad_documents_are_refused(path: tuple[str | int, ...], value: Any, message: str) -> None:
    bad = copy.deepcopy(document())
    target: Any = bad
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(DatasetError, match=message):
        parse(bad, Path())


def test_missing_and_wrong_files(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not a dataset folder"):
        load(tmp_path)
    write(tmp_path)
    dataset = load(tmp_path)
    Image.fromarray(np.zeros((3, 3, 3), np.uint8)).save(tmp_path / "images" / "a.png")
    with pytest.raises(DatasetError, match="3×3"):
        dataset.image(dataset.frames[0])
    (tmp_path / "truth" / "b.npz").unlink()
    with pytest.raises(DatasetError, match="no ground truth"):
        dataset.truth(dataset.frames[1])
