"""The town square: a basilica with portico and bell tower, an obelisk, a fountain, houses, an arcade and trees.

Model heading: the basilica looks towards +z, which is south when ψ = 0; the scene's ψ turns the sun, not the model.
The square is a round plate in an otherwise empty box. Nothing lies beyond its rim but haze, whose colour depends on
the direction alone (``render_dataset``): what a sky model of direction and sun can carry, with no shadows on it.
A wide ground plane would instead show the tower's shadow outside the box, where no grid can hold it.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from relight import textures
from relight.mesh import Mesh, Opening, wall

BOX = ((-20.0, -0.6, -20.0), (20.0, 19.4, 20.0))  # metres; 20 cm a cell at 200 × 100 × 200
PLAZA_RADIUS = 19.6
GROUND_TEXTURE = 1024  # pixels over the 40 m of the box: 4 cm
OBELISK = (0.0, 5.0)
FOUNTAIN = (-8.2, 8.8)
# Trees: (x, z, crown radius); each stands in a round lawn
TREES = ((8.6, 9.6, 2.1), (12.6, 6.2, 1.9), (5.2, 14.6, 1.8), (-10.6, 14.0, 2.0))
CYPRESSES = ((-8.4, -8.2, 7.6), (-10.2, -10.6, 8.6), (-8.0, -12.6, 6.8))  # (x, z, height)
LAWNS = (*((x, z, 2.3) for x, z, _ in TREES), *((x, z, 1.1) for x, z, _ in CYPRESSES))
# What no camera may stand in: (x0, z0, x1, z1) of the basilica, the tower, the houses and the market hall
FOOTPRINTS = (
    (-6.2, -20.0, 6.2, -7.9),
    (6.8, -15.0, 11.4, -10.4),
    (-17.9, -8.1, -12.1, -0.7),
    (-18.5, -0.9, -12.9, 6.1),
    (12.7, -10.9, 17.5, -5.3),
    (11.6, -5.6, 17.6, 3.6),
)


@dataclass(frozen=True)
class Material:
    """A diffuse material: linear RGB texture (H×W×3), row 0 on top, and the metres one tile covers."""

    texture: np.ndarray
    tile: float


def materials(seed: int) -> dict[str, Material]:
    """Paint every material of the square."""
    rng = np.random.default_rng(seed)
    return {
        "stone": Material(textures.blocks(rng, "#d3b183", 10, 6, 0.13), 6.0),
        "marble": Material(textures.plaster(rng, "#e2d5bd", 0.06), 5.0),
        "tower": Material(textures.blocks(rng, "#c69a72", 12, 5, 0.16), 6.0),
        "brick": Material(textures.blocks(rng, "#a9614a", 14, 8, 0.2, joint=0.12, joint_tone=1.25), 5.0),
        "ochre": Material(textures.plaster(rng, "#d9a55a"), 8.0),
        "rose": Material(textures.plaster(rng, "#cf8d78"), 8.0),
        "cream": Material(textures.plaster(rng, "#e0cfa6"), 8.0),
        "tiles": Material(textures.tiles(rng, "#b4653f", 8, 12), 4.0),
        "slate": Material(textures.tiles(rng, "#6f6a68", 8, 10), 4.0),
        "granite": Material(textures.plaster(rng, "#b98f7e", 0.1), 3.0),
        "steps": Material(textures.blocks(rng, "#cbbda2", 8, 4, 0.1), 6.0),
        "wood": Material(textures.planks(rng, "#6b4629", 10), 2.5),
        "shutter": Material(textures.planks(rng, "#3f6f5c", 12), 3.0),
        "glass": Material(textures.window(rng), 4.0),
        "foliage": Material(textures.foliage(rng, "#5d7f36"), 5.0),
        "cypress": Material(textures.foliage(rng, "#3c5a34"), 5.0),
        "bark": Material(textures.plaster(rng, "#6a5744", 0.15), 3.0),
        "water": Material(textures.plaster(rng, "#4f8f98", 0.08), 5.0),
        "ground": Material(textures.square_ground(rng, -BOX[0][0], GROUND_TEXTURE, list(LAWNS)), 40.0),
    }


def build(seed: int) -> dict[str, Mesh]:
    """Return the square's meshes, by material."""
    meshes: dict[str, Mesh] = defaultdict(Mesh)
    rng = np.random.default_rng(seed + 1)
    _ground(meshes)
    _basilica(meshes)
    _tower(meshes)
    _houses(meshes)
    _arcade(meshes)
    _obelisk(meshes)
    _fountain(meshes)
    _trees(meshes, rng)
    _furniture(meshes)
    return dict(meshes)


def _ground(m: dict[str, Mesh]) -> None:
    half = BOX[1][0]
    angles = np.linspace(0, math.tau, 129)
    for a, b in itertools.pairwise(angles):
        ring = [(PLAZA_RADIUS * math.cos(t), PLAZA_RADIUS * math.sin(t)) for t in (a, b)]
        flat = [(0.0, 0.0), *ring]
        # the texture is painted over the whole box: u along x, v along z
        m["ground"].polygon(
            np.array([(x, 0.0, z) for x, z in flat]),
            np.array([(x + half, half + z) for x, z in flat], dtype=np.float64),
        )
        (xa, za), (xb, zb) = ring
        m["steps"].polygon(np.array([(xa, 0.0, za), (xb, 0.0, zb), (xb, -0.5, zb), (xa, -0.5, za)]))
    for x, z, radius in LAWNS:
        m["steps"].lathe(x, z, [(radius + 0.2, 0.0), (radius + 0.2, 0.3), (radius, 0.3), (radius, 0.0)], 28)


def _basilica(m: dict[str, Mesh]) -> None:
    # nave: walls 9 m high, ridge at 12.4 m
    side_windows = [Opening(1.2 + 2.3 * k, 4.0, 1.1, 3.0, "glass", arched=True) for k in range(4)]
    wall(
        m,
        "stone",
        (-5.5, 0, -8.2),
        (1, 0),
        11.0,
        9.0,
        [
            Opening(4.3, 1.2, 2.4, 4.2, "wood", arched=True, depth=0.7),
            Opening(1.3, 1.2, 1.4, 3.2, "marble", arched=True, depth=0.5),
            Opening(8.3, 1.2, 1.4, 3.2, "marble", arched=True, depth=0.5),
        ],
    )
    wall(m, "stone", (5.5, 0, -8.2), (0, -1), 9.8, 9.0, side_windows)
    wall(m, "stone", (-5.5, 0, -18.0), (0, 1), 9.8, 9.0, side_windows)
    wall(m, "stone", (5.5, 0, -18.0), (-1, 0), 11.0, 9.0, [Opening(4.2, 3.0, 2.6, 4.2, "glass", arched=True)])
    for z, sign in ((-8.2, 1), (-18.0, -1)):
        m["stone"].polygon(np.array([(-5.5, 9, z), (5.5, 9, z), (0, 12.4, z)][::sign]))
    m["tiles"].gable_roof((-5.5, -18.0), (5.5, -8.2), 9.0, 12.6, "z", 0.45)
    # a rose window, set on the gable above the portico
    angles = np.linspace(0, math.tau, 25)[:-1]
    m["marble"].polygon(np.array([(1.15 * math.cos(t), 9.6 + 1.15 * math.sin(t) + 0.45, -8.1) for t in angles]))
    m["glass"].polygon(np.array([(0.8 * math.cos(t), 9.6 + 0.8 * math.sin(t) + 0.45, -8.05) for t in angles]))
    # steps: a stepped platform the portico stands on
    for k in range(4):
        spread = 0.45 * (3 - k)
        m["steps"].box((-6.1 - spread, 0.3 * k, -8.2), (6.1 + spread, 0.3 * (k + 1), -3.9 + spread))
    # six columns, 5.4 m: base, tapering shaft, capital
    for x in (-5.0, -3.0, -1.0, 1.0, 3.0, 5.0):
        m["marble"].box((x - 0.58, 1.2, -5.18), (x + 0.58, 1.45, -4.02))
        m["marble"].lathe(x, -4.6, [(0.52, 1.45), (0.5, 1.6), (0.44, 1.7), (0.43, 3.4), (0.37, 6.0), (0.5, 6.3)], 20)
        m["marble"].box((x - 0.55, 6.3, -5.15), (x + 0.55, 6.6, -4.05))
    # entablature, pediment with a sunk tympanum, roof
    m["stone"].box((-5.8, 6.6, -8.2), (5.8, 7.5, -3.95))
    m["marble"].box((-6.05, 7.5, -8.2), (6.05, 7.8, -3.7))
    peak, foot = 9.9, 7.8
    m["stone"].polygon(np.array([(-5.4, foot, -4.3), (5.4, foot, -4.3), (0, peak - 0.1, -4.3)]))
    m["tiles"].gable_roof((-5.9, -8.2), (5.9, -4.2), foot + 0.2, peak + 0.25, "z", 0.3)
    # apse at the back
    m["stone"].lathe(0, -17.6, [(1.9, 0.0), (1.9, 5.6)], 24)
    m["tiles"].lathe(0, -17.6, [(2.15, 5.5), (0.0, 7.4)], 24)


def _tower(m: dict[str, Mesh]) -> None:
    x0, x1, z0, z1, top = 7.2, 11.0, -14.6, -10.8, 14.4
    side = x1 - x0
    openings = [
        Opening(1.45, 3.0, 0.9, 2.0, "glass", arched=True),
        Opening(1.45, 7.0, 0.9, 2.0, "glass", arched=True),
        Opening(0.55, 11.2, 1.15, 2.5, None, arched=True, depth=0.5),
        Opening(2.1, 11.2, 1.15, 2.5, None, arched=True, depth=0.5),
    ]
    for origin, along in (
        ((x0, 0, z1), (1, 0)),
        ((x1, 0, z1), (0, -1)),
        ((x1, 0, z0), (-1, 0)),
        ((x0, 0, z0), (0, 1)),
    ):
        wall(m, "tower", origin, along, side, top, openings)
    m["tower"].box((x0, 10.6, z0), (x1, 10.8, z1))  # the belfry's floor
    for y, out in ((5.6, 0.2), (10.4, 0.25), (14.3, 0.4)):
        m["marble"].box((x0 - out, y, z0 - out), (x1 + out, y + 0.4, z1 + out))
    m["tiles"].frustum((x0 + x1) / 2, (z0 + z1) / 2, 14.7, 18.6, side / 2 + 0.3, 0.0)


def _house(
    m: dict[str, Mesh], material: str, low: tuple[float, float], high: tuple[float, float], height: float, storeys: int
) -> None:
    """Four walls with shuttered windows and a door towards the square."""
    (x0, z0), (x1, z1) = low, high
    for (ox, oz), (ax, az), length in (
        ((x0, z1), (1, 0), x1 - x0),
        ((x1, z1), (0, -1), z1 - z0),
        ((x1, z0), (-1, 0), x1 - x0),
        ((x0, z0), (0, 1), z1 - z0),
    ):
        count = max(1, int(length // 2.2))
        pitch = length / count
        door = count // 2
        openings = []
        for k in range(count):
            left = pitch * (k + 0.5) - 0.45
            for storey in range(storeys):
                foot = 0.9 + storey * 2.6
                if storey == 0 and k == door:
                    openings.append(Opening(left - 0.1, 0.0, 1.1, 2.3, "wood", arched=True, depth=0.4))
                    continue
                openings.append(Opening(left, foot + 0.2, 0.9, 1.4, "glass", depth=0.3))
                for edge in (left - 0.5, left + 0.92):  # shutters stand 6 cm proud of the wall
                    a = np.array([ox + ax * edge - az * 0.06, oz + az * edge + ax * 0.06])
                    b = a + 0.48 * np.array([ax, az])
                    y0, y1 = foot + 0.15, foot + 1.65
                    m["shutter"].polygon(
                        np.array([(a[0], y0, a[1]), (b[0], y0, b[1]), (b[0], y1, b[1]), (a[0], y1, a[1])])
                    )
        wall(m, material, (ox, 0, oz), (ax, az), length, height, openings)


def _houses(m: dict[str, Mesh]) -> None:
    _house(m, "ochre", (-17.4, -7.6), (-12.6, -1.2), 6.0, 2)
    m["tiles"].gable_roof((-17.4, -7.6), (-12.6, -1.2), 6.0, 7.9, "z", 0.45)
    for z in (-7.6, -1.2):
        m["ochre"].polygon(np.array([(-17.4, 6, z), (-12.6, 6, z), (-15.0, 7.9, z)]))
    m["brick"].box((-15.9, 6.4, -5.2), (-15.1, 8.9, -4.4))
    _house(m, "rose", (-18.0, -0.4), (-13.4, 5.6), 7.8, 3)
    m["tiles"].hip_roof((-18.0, -0.4), (-13.4, 5.6), 7.8, 9.8, 0.45)
    _house(m, "cream", (13.2, -10.4), (17.0, -5.8), 5.6, 2)
    m["slate"].hip_roof((13.2, -10.4), (17.0, -5.8), 5.6, 7.6, 0.4)


def _arcade(m: dict[str, Mesh]) -> None:
    # a brick market hall, open to the square by five arches
    x0, x1, z0, z1, height = 12.0, 17.2, -5.2, 3.2, 5.2
    arches = [Opening(0.4 + 1.6 * k, 0.0, 1.2, 3.4, None, arched=True, depth=0.5) for k in range(5)]
    ends = [Opening(0.6, 0.0, 1.5, 3.4, None, arched=True, depth=0.5)]
    wall(m, "brick", (x0, 0, z0), (0, 1), z1 - z0, height, arches)
    wall(m, "brick", (x0, 0, z1), (1, 0), x1 - x0, height, ends)
    wall(m, "brick", (x1, 0, z0), (-1, 0), x1 - x0, height, [Opening(3.1, 0.0, 1.5, 3.4, None, arched=True, depth=0.5)])
    wall(m, "brick", (x1, 0, z1), (0, -1), z1 - z0, height, [])
    m["cream"].polygon(np.array([(x0 + 2.8, 0, z0), (x0 + 2.8, 0, z1), (x0 + 2.8, height, z1), (x0 + 2.8, height, z0)]))
    m["brick"].box((x0 + 0.01, height - 0.6, z0 + 0.01), (x1 - 0.01, height, z1 - 0.01))
    m["marble"].box((x0 - 0.2, height, z0 - 0.2), (x1 + 0.2, height + 0.35, z1 + 0.2))
    m["tiles"].hip_roof((x0, z0), (x1, z1), height + 0.36, height + 2.4, 0.1)


def _obelisk(m: dict[str, Mesh]) -> None:
    x, z = OBELISK
    for k in range(3):
        half = 1.9 - 0.4 * k
        m["steps"].box((x - half, 0.25 * k, z - half), (x + half, 0.25 * (k + 1), z + half))
    m["marble"].box((x - 0.85, 0.75, z - 0.85), (x + 0.85, 2.3, z + 0.85))
    m["marble"].box((x - 1.0, 2.3, z - 1.0), (x + 1.0, 2.5, z + 1.0))
    m["granite"].frustum(x, z, 2.5, 9.4, 0.62, 0.4)
    m["granite"].frustum(x, z, 9.4, 10.3, 0.4, 0.0)


def _fountain(m: dict[str, Mesh]) -> None:
    x, z = FOUNTAIN
    m["marble"].lathe(
        x, z, [(2.6, 0.0), (2.6, 0.2), (2.4, 0.25), (2.35, 0.85), (2.5, 0.95), (2.0, 0.95), (2.0, 0.3)], 32
    )
    m["water"].lathe(x, z, [(0.0, 0.66), (2.02, 0.66)], 32)
    m["marble"].lathe(x, z, [(0.55, 0.3), (0.38, 1.0), (0.3, 1.9), (0.5, 2.2), (1.25, 2.5), (1.3, 2.7), (1.1, 2.7)], 24)
    m["water"].lathe(x, z, [(0.0, 2.62), (1.15, 2.62)], 24)
    m["marble"].lathe(x, z, [(0.25, 2.6), (0.2, 3.3), (0.42, 3.6), (0.0, 4.0)], 16)


def _trees(m: dict[str, Mesh], rng: np.random.Generator) -> None:
    for x, z, radius in TREES:
        height = 3.3 + 0.4 * radius
        m["bark"].lathe(x, z, [(0.3, 0.0), (0.22, 1.2), (0.2, height)], 10)
        # a crown of separate clumps: its shadow shows light between the leaves
        for k in range(13):
            turn, level = 2.399963 * k, 1 - 2 * (k + 0.5) / 13  # golden-angle spiral over a ball
            across = math.sqrt(1 - level * level)
            centre = (
                x + 0.72 * radius * across * math.cos(turn),
                height + 0.35 * radius + 0.62 * radius * level,
                z + 0.72 * radius * across * math.sin(turn),
            )
            m["foliage"].blob(centre, radius * float(rng.uniform(0.32, 0.44)), rng)
    for x, z, height in CYPRESSES:
        m["bark"].lathe(x, z, [(0.2, 0.0), (0.18, 0.7)], 8)
        m["cypress"].lathe(
            x,
            z,
            [(0.25, 0.5), (0.8, 1.1), (0.95, 0.3 * height), (0.8, 0.55 * height), (0.5, 0.8 * height), (0.0, height)],
            14,
        )


def _furniture(m: dict[str, Mesh]) -> None:
    # a balustrade along the southern rim, and bollards and benches in the square
    for degrees in range(38, 143, 4):
        t = math.radians(degrees)
        m["marble"].lathe(18.6 * math.cos(t), 18.6 * math.sin(t), [(0.22, 0.0), (0.14, 0.3), (0.22, 0.8)], 10)
    angles = np.radians(np.arange(36, 145, 4))
    for a, b in itertools.pairwise(angles):
        for r0, r1, y in ((18.35, 18.85, 0.8), (18.35, 18.85, 1.0)):
            m["marble"].polygon(
                np.array([(r * math.cos(t), y, r * math.sin(t)) for r, t in ((r0, a), (r1, a), (r1, b), (r0, b))])
            )
        for r in (18.35, 18.85):
            m["marble"].polygon(
                np.array([(r * math.cos(t), y, r * math.sin(t)) for t, y in ((a, 0.8), (b, 0.8), (b, 1.0), (a, 1.0))])
            )
    for x, z, along_x in ((3.6, 11.2, True), (-4.2, 12.6, True), (7.2, 0.6, False), (-7.6, -0.4, False)):
        long, short = (1.0, 0.28) if along_x else (0.28, 1.0)
        m["marble"].box((x - long, 0.3, z - short), (x + long, 0.5, z + short))
        for side in (-0.7, 0.7):
            dx, dz = (side, 0.0) if along_x else (0.0, side)
            m["steps"].box((x + dx - 0.16, 0.0, z + dz - 0.16), (x + dx + 0.16, 0.3, z + dz + 0.16))
