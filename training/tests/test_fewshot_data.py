"""Pools: disjoint splits, ink, turns, and the folders written for the command line."""

from __future__ import annotations

import io
import itertools
import json
import urllib.error
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from PIL import Image

from fewshot import data, reference, simpleshot
from fewshot.episodes import Pool

ALPHABETS = (
    ("Balinese", "Early_Aramaic", "Greek", "Korean", "Latin"),
    ("Greek", "Japanese", "Latin", "Sanskrit", "Tagalog"),
)


def archive(folder: str, alphabets: tuple[str, ...]) -> bytes:
    """Two characters of three drawings each: a black bar on white, its place telling which."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as found:
        for alphabet, character, number in itertools.product(alphabets, (1, 2), (1, 2, 3)):
            paper = np.full((105, 105), 255, np.uint8)
            paper[: 15 * number, 15 * character : 15 * character + 15] = 0
            picture = io.BytesIO()
            Image.fromarray(paper).convert("1").save(picture, "PNG")
            found.writestr(f"{folder}/{alphabet}/character{character:02d}/0001_{number:02d}.png", picture.getvalue())
    return content.getvalue()


@pytest.fixture
def omniglot(tmp_path: Path) -> Path:
    (tmp_path / "data" / "omniglot").mkdir(parents=True)
    for name, alphabets in zip(data.OMNIGLOT_ARCHIVES, ALPHABETS, strict=True):
        (tmp_path / "data" / "omniglot" / name).write_bytes(archive(name.removesuffix(".zip"), alphabets))
    return tmp_path / "data"


def test_no_alphabet_is_in_two_splits_and_none_is_lost(omniglot: Path, tmp_path: Path) -> None:
    pools = {s: data.pool("drawings", s, omniglot, tmp_path / "cache") for s in data.SPLITS}
    alphabets = {s: {n.split("/")[0] for n in p.names} for s, p in pools.items()}
    assert alphabets["test"] == {"Sanskrit", "Tagalog", "Balinese"}
    for a, b in itertools.combinations(data.SPLITS, 2):
        assert not alphabets[a] & alphabets[b]
    assert set.union(*alphabets.values()) == set(ALPHABETS[0]) | set(ALPHABETS[1])
    # Greek and Latin are in both archives: 3 drawings each, not 6.
    assert all(images.shape == (3, 1, 28, 28) for p in pools.values() for images in p.images)
    assert [len(pools[s].names) for s in data.SPLITS] == [4 * 2 * 4, 1 * 2 * 4, 3 * 2 * 4]


def test_no_photograph_class_is_in_two_splits() -> None:
    classes = json.loads(data.CLASS_LIST.read_text())
    assert [len(classes[s]) for s in data.SPLITS] == [110, 20, 30]
    assert len({c for s in data.SPLITS for c in classes[s]}) == 160


def test_ink_is_one_and_turns_are_counter_clockwise(omniglot: Path, tmp_path: Path) -> None:
    pool = data.pool("drawings", "val", omniglot, tmp_path / "cache")
    straight, turned = (pool.images[pool.names.index(f"Early_Aramaic/character01/rot{t}")] for t in ("000", "090"))
    # 15 of 105 pixels are 4 of 28: rows 0–3, columns 4–7 are ink.
    expected = np.zeros((28, 28), np.uint8)
    expected[:4, 4:8] = 255
    assert np.array_equal(straight[0, 0], expected)
    assert np.array_equal(turned[0, 0], expected.T[::-1])


def test_areas_are_averaged_with_the_shares_of_cut_pixels() -> None:
    rng = np.random.default_rng(1)
    values = rng.random((2, 7, 7))
    fine = values.repeat(4, 1).repeat(4, 2)  # 28 pixels of a seventh part: blocks of 7 are the quarters
    expected = fine.reshape(2, 4, 7, 4, 7).mean((2, 4))
    np.testing.assert_allclose(data.area_average(values, 4), expected)


def test_the_cache_is_used_and_missing_files_are_named(omniglot: Path, tmp_path: Path) -> None:
    first = data.pool("drawings", "test", omniglot, tmp_path / "cache")
    again = data.pool("drawings", "test", tmp_path / "nowhere", tmp_path / "cache")
    assert all(np.array_equal(a, b) for a, b in zip(first.images, again.images, strict=True))
    with pytest.raises(data.DataError, match="images_background_small1"):
        data.pool("drawings", "train", tmp_path / "nowhere", tmp_path / "cache")
    with pytest.raises(data.DataError, match="n01443537"):
        data.pool("photographs", "train", tmp_path / "nowhere", tmp_path / "cache")


def test_two_trainings_may_fill_the_cache_at_once(
    omniglot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, write = tmp_path / "cache", np.savez
    others: list[dict[str, np.ndarray]] = []

    def overtaken(file: IO[bytes], **images: np.ndarray) -> None:
        write(file, allow_pickle=False, **{n: a for n, a in images.items() if n != "allow_pickle"})
        if not others:
            others.append({})
            others[0] = data.arrays("drawings", "test", omniglot, cache)

    monkeypatch.setattr(np, "savez", overtaken)
    first = data.arrays("drawings", "test", omniglot, cache)
    kept = data.arrays("drawings", "test", None, cache)
    assert [list(found) for found in (others[0], kept)] == [list(first)] * 2
    assert all(np.array_equal(kept[n], a) for n, a in first.items())
    assert [path.name for path in cache.iterdir()] == ["drawings-test.npz"]


def test_a_failed_download_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", fail)
    with pytest.raises(data.DataError, match="--data"):
        data.pool("drawings", "train", None, tmp_path)


def test_a_written_pool_reads_back_as_the_same_ink_in_the_same_order(omniglot: Path, tmp_path: Path) -> None:
    pool = data.pool("drawings", "test", omniglot, tmp_path / "cache")
    data.write_pool(pool, tmp_path / "pool")
    found = reference.class_folders(tmp_path / "pool")
    assert list(found) == pool.names
    for files, images in zip(found.values(), pool.images, strict=True):
        read = [255 - np.asarray(Image.open(f)) for f in files]
        assert np.array_equal(np.stack(read)[:, None], images)
    with pytest.raises(ValueError, match="sorted"):
        Pool(["b", "a"], pool.images[:2], (0.0,), (1.0,))


def test_simpleshot_is_the_nearest_mean_of_normalised_features() -> None:
    rng = np.random.default_rng(3)
    support, query, centre = (rng.normal(size=n).astype(np.float32) for n in ((6, 4), (5, 4), (4,)))
    found = simpleshot.predict(support, query, centre, ways=3)
    unit = [(x - centre) / np.sqrt(((x - centre) ** 2).sum()) for x in support]
    for q, x in enumerate(query):
        y = (x - centre) / np.sqrt(((x - centre) ** 2).sum())
        for c in range(3):
            mean = (unit[2 * c] + unit[2 * c + 1]) / 2
            assert found[q, c] == pytest.approx(-((y - mean) ** 2).sum(), rel=1e-5)
