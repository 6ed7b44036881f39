"""Seeded episodes: the page's random numbers, what is drawn, and assignments."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from conftest import GOLDENS

from fewshot.episodes import Pool, assignments, draw_episode, episode, training_episode
from fewshot.random import shuffle, uniform


def made_up_pool(classes: int = 12, each: int = 8, size: int = 28, channels: int = 1) -> Pool:
    """Images whose first pixel is the class and whose second is the image's number."""
    images = np.zeros((classes, each, channels, size, size), np.uint8)
    images[..., 0, 0] = np.arange(classes)[:, None, None]
    images[..., 0, 1] = np.arange(each)[None, :, None]
    return Pool([f"c{k:02d}" for k in range(classes)], list(images), (0.0,) * channels, (1.0,) * channels)


# What src/random.ts gives in Node, times 2³².
@pytest.mark.parametrize(
    ("seed", "stream", "expected"),
    [
        (1, 0, [814657751, 1364887502, 3363306467]),
        (123456789, 7, [2402126017, 2146848836, 505244045]),
        (4294967295, 599, [40197870, 2801217519, 1364612692]),
    ],
)
def test_random_numbers_are_the_pages(seed: int, stream: int, expected: list[int]) -> None:
    draw = uniform(seed, stream)
    assert [draw() * 2**32 for _ in expected] == expected


def test_a_long_run_of_random_numbers_is_the_pages() -> None:
    draw = uniform(7, 3)
    assert sum(int(draw() * 2**32) % 1000 for _ in range(10_000)) == 5_004_856  # computed in Node


def test_the_committed_numbers_and_episodes_are_drawn_again() -> None:
    golden = json.loads((GOLDENS / "fewshot-episodes" / "golden.json").read_text())
    assert sum(len(entry["numbers"]) for entry in golden["uniform"]) == 1000
    for entry in golden["uniform"]:
        draw = uniform(entry["seed"], entry["stream"])
        assert [draw() for _ in entry["numbers"]] == entry["numbers"]
    for case in golden["episodes"]:
        found = draw_episode(
            uniform(case["seed"], case["episode"]), case["imagesPerClass"], case["ways"], case["shots"],
            case["queries"], case["nodes"],
        )  # fmt: skip
        assert found.classes == case["draw"]["classes"]
        assert found.images == case["draw"]["images"]
        assert found.nodes == case["draw"]["nodes"]


def test_a_shuffle_draws_every_number_equally_often() -> None:
    counts = np.zeros((6, 6))
    draw = uniform(1)
    for _ in range(6000):
        for place, number in enumerate(shuffle(draw, 6, 6)):
            counts[place, number] += 1
    # Binomial deviation is 29; five of them.
    assert np.abs(counts - 1000).max() < 145
    with pytest.raises(ValueError, match="cannot draw 3 of 2"):
        shuffle(draw, 2, 3)


def test_an_episode_is_class_major_and_keeps_support_from_queries() -> None:
    pool = made_up_pool()
    found = episode(pool, seed=3, number=5, ways=4, shots=2, queries=3, nodes=10)
    pixels = lambda images: (images * 255).round().int()  # noqa: E731
    support, query = pixels(found.support), pixels(found.query)
    assert support[:, 0, 0, 0].tolist() == [c for c in found.draw.classes for _ in range(2)]
    assert query[:, 0, 0, 0].tolist() == [c for c in found.draw.classes for _ in range(3)]
    assert found.support_labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert len(set(found.draw.classes)) == 4
    for k in range(4):
        used = support[2 * k : 2 * k + 2, 0, 0, 1].tolist() + query[3 * k : 3 * k + 3, 0, 0, 1].tolist()
        assert len(set(used)) == 5
        assert used == found.draw.images[k]
    again = episode(pool, seed=3, number=5, ways=4, shots=2, queries=3, nodes=10)
    assert torch.equal(found.support, again.support)
    assert episode(pool, seed=3, number=6, ways=4, shots=2, queries=3).draw.classes != found.draw.classes


def test_training_episodes_have_all_the_ways_asked_for() -> None:
    pool = made_up_pool()
    ways = {training_episode(pool, 1, r, (3, 5, 7, 9), 1, 1, 30).ways for r in range(40)}
    assert ways == {3, 5, 7, 9}


def test_normalisation_is_the_pools() -> None:
    images = [np.full((4, 3, 8, 8), 51, np.uint8)]
    pool = Pool(["a"], images, (0.1, 0.2, 0.3), (0.5, 0.25, 1.0))
    batch = pool.batch([0], [[1, 2]])
    assert batch[0, :, 0, 0].tolist() == pytest.approx([0.2, 0.0, -0.1], abs=1e-6)


def test_assignments_are_disjoint_and_bounded() -> None:
    nodes = shuffle(uniform(2), 30, 30)
    lists = assignments(nodes, 7)
    assert lists.shape == (4, 7)
    assert len(set(lists.flatten().tolist())) == 28
    assert assignments(nodes, 7, 1).tolist() == [nodes[:7]]
    for ways, count in ((7, 5), (7, 0), (31, None)):
        with pytest.raises(ValueError, match="assignments"):
            assignments(nodes, ways, count)
