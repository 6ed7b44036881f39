"""Seeded episodes: which classes, images and output nodes (docs/fewshot-format.md, the same numbers as the page's)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fewshot.random import shuffle, uniform


@dataclass(frozen=True)
class Pool:
    """Classes to draw episodes from, sorted by name; the images of each class sorted by file name."""

    names: list[str]
    images: list[np.ndarray]  # one array a class: (images, channels, height, width), uint8
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the order that episodes rely on."""
        if self.names != sorted(self.names):
            raise ValueError("classes must be sorted by name")

    @property
    def channels(self) -> int:
        """Channels of every image."""
        return int(self.images[0].shape[1])

    @property
    def size(self) -> int:
        """Height and width of every image."""
        return int(self.images[0].shape[2])

    def batch(self, classes: Sequence[int], numbers: Sequence[Sequence[int]]) -> Tensor:
        """Return normalised float32 images, class-major: ``numbers[k]`` are the images taken of ``classes[k]``."""
        stacked = np.concatenate([self.images[c][list(n)] for c, n in zip(classes, numbers, strict=True)])
        images = torch.from_numpy(stacked).float().div_(255)
        if any(self.mean) or any(s != 1 for s in self.std):
            shape = (1, -1, 1, 1)
            images.sub_(torch.tensor(self.mean).view(shape)).div_(torch.tensor(self.std).view(shape))
        return images


@dataclass(frozen=True)
class Draw:
    """The numbers of one episode."""

    classes: list[int]
    images: list[list[int]]  # of each class: K support, then Q query
    nodes: list[int]  # a permutation of the learner's output nodes; empty without nodes


@dataclass(frozen=True)
class Episode:
    """One episode's images, class-major, and its labels 0 … N−1."""

    draw: Draw
    ways: int
    support: Tensor  # (N·K, C, H, W)
    support_labels: Tensor
    query: Tensor  # (N·Q, C, H, W)
    query_labels: Tensor

    def assignments(self, count: int | None = None) -> Tensor:
        """Return the first ``count`` (default: all that fit) disjoint node lists, shape (J, N)."""
        return assignments(self.draw.nodes, self.ways, count)


def assignments(nodes: Sequence[int], ways: int, count: int | None = None) -> Tensor:
    """Cut a permutation of the output nodes into J ≤ ⌊O / N⌋ disjoint lists of N; shape (J, N).

    Raises:
        ValueError: if there are fewer than count · ways nodes, or no assignment fits.
    """
    fitting = len(nodes) // ways
    count = fitting if count is None else count
    if not 1 <= count <= fitting:
        raise ValueError(f"{len(nodes)} nodes hold {fitting} assignments of {ways} ways, not {count}")
    return torch.tensor(nodes[: count * ways]).view(count, ways)


def draw_episode(
    draw: Callable[[], float], sizes: Sequence[int], ways: int, shots: int, queries: int, nodes: int = 0
) -> Draw:
    """Draw classes, then each class's images, then the nodes' permutation.

    Args:
        draw: uniform numbers of this episode's stream.
        sizes: images of each class of the pool.
        ways: N.
        shots: K.
        queries: Q, of each class.
        nodes: O of the learner, 0 if it has none.

    Raises:
        ValueError: if the pool has too few classes, or a class too few images.
    """
    classes = shuffle(draw, len(sizes), ways)
    images = [shuffle(draw, sizes[c], shots + queries) for c in classes]
    return Draw(classes, images, shuffle(draw, nodes, nodes))


def episode_of(pool: Pool, numbers: Draw, shots: int) -> Episode:
    """Gather the images of a draw."""
    ways, queries = len(numbers.classes), len(numbers.images[0]) - shots
    return Episode(
        numbers,
        ways,
        pool.batch(numbers.classes, [n[:shots] for n in numbers.images]),
        torch.arange(ways).repeat_interleave(shots),
        pool.batch(numbers.classes, [n[shots:] for n in numbers.images]),
        torch.arange(ways).repeat_interleave(queries),
    )


def episode(pool: Pool, seed: int, number: int, ways: int, shots: int, queries: int, nodes: int = 0) -> Episode:
    """Episode ``number`` of ``seed``: the same on every machine, in Python and in the page."""
    sizes = [len(images) for images in pool.images]
    return episode_of(pool, draw_episode(uniform(seed, number), sizes, ways, shots, queries, nodes), shots)


def training_episode(
    pool: Pool, seed: int, number: int, ways: Sequence[int], shots: int, queries: int, nodes: int = 0
) -> Episode:
    """Episode ``number`` of a training run: first N is drawn from ``ways``, then everything else."""
    draw, sizes = uniform(seed, number), [len(images) for images in pool.images]
    chosen = ways[int(draw() * len(ways))]
    return episode_of(pool, draw_episode(draw, sizes, chosen, shots, queries, nodes), shots)
