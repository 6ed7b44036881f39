"""Textures painted with numpy: tileable, linear reflectance, nothing finer than a 20 cm grid can learn to follow.

An image of 320 × 213 pixels sees about 7 cm a pixel at 20 m, a grid of 200 cells over 40 m has cells of 20 cm: joints
and courses are therefore drawn larger than masons lay them, and the interest lies in tones of whole blocks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SIZE = 256  # pixels of a tile's side


def linear(colour: str) -> Array:
    """Return the linear RGB of an sRGB colour written '#rrggbb'."""
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def cloud(rng: np.random.Generator, exponent: float, size: int = SIZE, cutoff: float = 24.0) -> Array:
    """Return tileable noise of unit deviation: amplitudes fall as frequency^−exponent and end about ``cutoff``."""
    frequency = np.hypot(np.fft.fftfreq(size, 1 / size)[:, None], np.fft.fftfreq(size, 1 / size)[None, :])
    frequency[0, 0] = 1.0
    spectrum = np.fft.fft2(rng.normal(size=(size, size))) * frequency**-exponent * np.exp(-((frequency / cutoff) ** 2))
    spectrum[0, 0] = 0.0
    noise = np.fft.ifft2(spectrum).real
    return noise / noise.std()


def _tone(colour: Array, factor: Array, warmth: Array | float = 0.0) -> Array:
    """Scale a colour by ``factor``; positive ``warmth`` shifts it towards red, negative towards blue."""
    shift = 1.0 + np.multiply.outer(np.asarray(warmth), np.array([1.0, 0.1, -1.2]))
    return np.clip(factor[..., None] * shift * colour, 0.02, 0.85)


def blocks(
    rng: np.random.Generator,
    colour: str,
    rows: int,
    columns: int,
    variation: float,
    joint: float = 0.06,
    joint_tone: float = 0.6,
    stagger: float = 0.5,
) -> Array:
    """Return coursed masonry: ``rows`` × ``columns`` blocks a tile, each with its own tone.

    ``joint`` is the joint's share of a course's height; ``rows`` must be even for a staggered bond to tile.
    """
    y, x = np.meshgrid((np.arange(SIZE) + 0.5) / SIZE, (np.arange(SIZE) + 0.5) / SIZE, indexing="ij")
    row = np.floor(y * rows).astype(int)
    shifted = x * columns + stagger * (row % 2)
    column = np.floor(shifted).astype(int) % columns
    tones = 1.0 + variation * rng.uniform(-1, 1, size=(rows, columns))
    warmths = 0.12 * variation * rng.normal(size=(rows, columns))
    across, down = shifted % 1.0, (y * rows) % 1.0
    width = joint * columns / rows
    in_joint = (down < joint) | (across < width)
    factor = tones[row, column] * (1 + 0.05 * cloud(rng, 1.0)) * np.where(in_joint, joint_tone, 1.0)
    return _tone(linear(colour), factor, warmths[row, column])


def plaster(rng: np.random.Generator, colour: str, stain: float = 0.12) -> Array:
    """Return weathered plaster: broad clouds of lighter and darker tone."""
    broad = cloud(rng, 1.6, cutoff=12)
    return _tone(linear(colour), 1 + stain * broad, 0.03 * cloud(rng, 1.6, cutoff=8))


def tiles(rng: np.random.Generator, colour: str, rows: int, columns: int) -> Array:
    """Return roof tiles: rounded rows with a shaded lower edge and tiles of different age."""
    y, x = np.meshgrid((np.arange(SIZE) + 0.5) / SIZE, (np.arange(SIZE) + 0.5) / SIZE, indexing="ij")
    row, column = np.floor(y * rows).astype(int), np.floor(x * columns).astype(int)
    tones = 1.0 + 0.22 * rng.uniform(-1, 1, size=(rows, columns))
    factor = (
        tones[row, column] * (0.72 + 0.28 * np.sin(np.pi * ((x * columns) % 1.0))) * (0.75 + 0.25 * ((y * rows) % 1.0))
    )
    return _tone(linear(colour), factor * (1 + 0.08 * cloud(rng, 1.4)), 0.04 * cloud(rng, 1.5, cutoff=10))


def foliage(rng: np.random.Generator, colour: str) -> Array:
    """Return leaves seen from afar: clumps of light and dark green."""
    return _tone(linear(colour), 1 + 0.22 * cloud(rng, 0.7, cutoff=20), 0.08 * cloud(rng, 1.0, cutoff=12))


def planks(rng: np.random.Generator, colour: str, columns: int) -> Array:
    """Return upright boards."""
    x = (np.arange(SIZE) + 0.5) / SIZE * columns
    tones = 1 + 0.2 * rng.uniform(-1, 1, size=columns)
    factor = tones[np.floor(x).astype(int)] * np.where((x % 1.0) < 0.12, 0.5, 1.0)
    return _tone(linear(colour), np.broadcast_to(factor, (SIZE, SIZE)) * (1 + 0.06 * cloud(rng, 1.2)))


def window(rng: np.random.Generator) -> Array:
    """Return a dull pane with bars, one a metre: mirrors are left out, for the scene is diffuse throughout."""
    y, x = np.meshgrid((np.arange(SIZE) + 0.5) / SIZE * 4, (np.arange(SIZE) + 0.5) / SIZE * 4, indexing="ij")
    bars = ((x % 1.0) < 0.14) | ((y % 1.0) < 0.14)
    pane = _tone(linear("#46525e"), 1 + 0.25 * cloud(rng, 1.5, cutoff=8))
    return np.where(bars[..., None], linear("#b9b2a4"), pane)


def square_ground(rng: np.random.Generator, half: float, size: int, beds: list[tuple[float, float, float]]) -> Array:
    """Return the ground of the square, seen from above: row 0 at −z, column 0 at −x.

    Rings of pale and grey slabs about the obelisk with eight pale spokes, cobbles around them, and round lawns.

    Args:
        rng: the source of tones.
        half: half the side of the painted square in metres.
        size: pixels of its side.
        beds: (x, z, radius) of the lawns.
    """
    centre_x, centre_z, inner = 0.0, 5.0, 9.0
    axis = ((np.arange(size) + 0.5) / size * 2 - 1) * half
    z, x = np.meshgrid(axis, axis, indexing="ij")
    radius, angle = np.hypot(x - centre_x, z - centre_z), np.arctan2(z - centre_z, x - centre_x)
    fine, broad = cloud(rng, 0.8, size, cutoff=160), cloud(rng, 1.8, size, cutoff=20)

    def slabs(u: Array, v: Array, variation: float, joint: float) -> Array:
        """Tone of slabs one unit large, with dark joints; odd rows are shifted by half a slab."""
        row = np.floor(v).astype(int)
        shifted = u + 0.5 * (row % 2)
        table = 1 + variation * rng.uniform(-1, 1, size=(128, 128))
        tones = table[row % 128, np.floor(shifted).astype(int) % 128]
        return tones * np.where(((shifted % 1.0) < joint) | ((v % 1.0) < joint), 0.72, 1.0)

    outer = _tone(linear("#a89a86"), slabs(x / 1.1, z / 1.1, 0.16, 0.09))
    rings = _tone(linear("#c4b08e"), slabs(angle * 24 / np.pi, radius / 1.5, 0.12, 0.07))
    dark_ring = (np.floor(radius / 1.5).astype(int) % 3) == 1
    rings = np.where(dark_ring[..., None], rings * np.array([0.62, 0.58, 0.56]), rings)
    spoke = np.abs((angle + np.pi / 8) % (np.pi / 4) - np.pi / 8) * radius < 0.42
    rings = np.where(spoke[..., None], linear("#e0d4ba"), rings)
    ground = np.where((radius < inner)[..., None], rings, outer)
    rim = np.abs(radius - inner) < 0.35
    ground = np.where(rim[..., None], linear("#7d7264"), ground)
    avenue = (np.abs(x) < 2.6) & (z < centre_z - inner)
    ground = np.where(avenue[..., None], _tone(linear("#cdbb9a"), slabs(x / 1.3, z / 1.3, 0.1, 0.07)), ground)
    ground = ground * (1 + 0.07 * broad + 0.03 * fine)[..., None]
    grass = _tone(linear("#5f7d3c"), 1 + 0.14 * cloud(rng, 1.0, size, cutoff=120) + 0.1 * broad, 0.06 * broad)
    for bed_x, bed_z, bed_radius in beds:
        inside = np.hypot(x - bed_x, z - bed_z) < bed_radius
        ground = np.where(inside[..., None], grass, ground)
    return np.clip(ground, 0.02, 0.85)
