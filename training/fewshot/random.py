"""The page's random numbers (src/random.ts), bit for bit, so that an episode has a number instead of a file."""

from __future__ import annotations

from collections.abc import Callable

_MASK = 0xFFFFFFFF


def uniform(seed: int, stream: int = 0) -> Callable[[], float]:
    """Return a mulberry32 generator (Tommy Ettinger, public domain) of numbers in [0, 1); each stream is its own."""
    state = (seed ^ ((stream + 1) * 0x9E3779B9)) & _MASK

    def draw() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & _MASK
        t = state
        t = (t ^ (t >> 15)) * (t | 1) & _MASK
        t ^= (t + (t ^ (t >> 7)) * (t | 61)) & _MASK
        return (t ^ (t >> 14)) / 4294967296

    return draw


def shuffle(draw: Callable[[], float], n: int, k: int) -> list[int]:
    """Draw ``k`` different numbers of 0 … n−1: the head of a Fisher–Yates shuffle.

    Raises:
        ValueError: if k is more than n.
    """
    if k > n:
        raise ValueError(f"cannot draw {k} of {n}")
    numbers = list(range(n))
    for i in range(k):
        j = i + int(draw() * (n - i))
        numbers[i], numbers[j] = numbers[j], numbers[i]
    return numbers[:k]
