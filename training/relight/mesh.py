"""Mesh parts a building is put together from, with texture coordinates in metres.

Every face has its own vertices and is flat: nothing here needs smooth normals at the resolution a scene of 20 cm
cells is trained at. Orientation does not matter, for the renderer's materials are two-sided.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
UP = np.array([0.0, 1.0, 0.0])


@dataclass
class Mesh:
    """Triangles of one material: positions in metres and texture coordinates, three of each a triangle."""

    positions: list[Vector] = field(default_factory=list)
    coordinates: list[Vector] = field(default_factory=list)

    def polygon(self, points: Vector, coordinates: Vector | None = None) -> None:
        """Add a flat convex polygon as a fan.

        Left out, the texture coordinates are metres along the face: v climbs it and u runs level across it, so
        that courses of stone and rows of tiles lie level on walls and roofs alike.
        """
        points = np.asarray(points, dtype=np.float64)
        if coordinates is None:
            normal = np.cross(points[1] - points[0], points[2] - points[0])
            normal /= np.linalg.norm(normal)
            level = np.cross(UP, normal) if abs(normal[1]) < 0.99 else np.array([1.0, 0.0, 0.0])
            level /= np.linalg.norm(level)
            coordinates = np.stack([points @ level, points @ np.cross(normal, level)], axis=1)
        for i in range(1, len(points) - 1):
            self.positions.extend((points[0], points[i], points[i + 1]))
            self.coordinates.extend((coordinates[0], coordinates[i], coordinates[i + 1]))

    def box(self, low: tuple[float, float, float], high: tuple[float, float, float]) -> None:
        """Add an axis-aligned box."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        for face in (
            [(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)],
            [(x1, y0, z0), (x0, y0, z0), (x0, y1, z0), (x1, y1, z0)],
            [(x1, y0, z1), (x1, y0, z0), (x1, y1, z0), (x1, y1, z1)],
            [(x0, y0, z0), (x0, y0, z1), (x0, y1, z1), (x0, y1, z0)],
            [(x0, y1, z1), (x1, y1, z1), (x1, y1, z0), (x0, y1, z0)],
            [(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)],
        ):
            self.polygon(np.array(face))

    def frustum(self, x: float, z: float, y0: float, y1: float, half0: float, half1: float) -> None:
        """Add a square frustum about a vertical axis: half-widths ``half0`` below, ``half1`` (0: a pyramid) above."""
        corners = np.array([(-1, 1), (1, 1), (1, -1), (-1, -1)], dtype=np.float64)
        below = [np.array([x + half0 * cx, y0, z + half0 * cz]) for cx, cz in corners]
        above = [np.array([x + half1 * cx, y1, z + half1 * cz]) for cx, cz in corners]
        for i in range(4):
            j = (i + 1) % 4
            face = [below[i], below[j], above[j]] if half1 == 0 else [below[i], below[j], above[j], above[i]]
            self.polygon(np.array(face))
        if half1 > 0:
            self.polygon(np.array(above))

    def lathe(self, x: float, z: float, profile: list[tuple[float, float]], segments: int = 24) -> None:
        """Add a surface of revolution about a vertical axis from a (radius, height) profile, from low to high."""
        widest = max(radius for radius, _ in profile)
        angles = np.linspace(0.0, math.tau, segments + 1)
        lengths = np.concatenate([[0.0], np.cumsum([math.dist(a, b) for a, b in itertools.pairwise(profile)])])
        for k, ((r0, y0), (r1, y1)) in enumerate(itertools.pairwise(profile)):
            for a, b in itertools.pairwise(angles):
                ring = [(r0, y0, a), (r0, y0, b), (r1, y1, b), (r1, y1, a)]
                points = np.array([(x + r * math.cos(t), y, z + r * math.sin(t)) for r, y, t in ring])
                v0, v1 = profile[0][1] + lengths[k], profile[0][1] + lengths[k + 1]
                coordinates = np.array(
                    [(a * widest, v0), (b * widest, v0), (b * widest, v1), (a * widest, v1)], dtype=np.float64
                )
                keep = [0, 1, 2] if r1 == 0 else [0, 2, 3] if r0 == 0 else [0, 1, 2, 3]
                self.polygon(points[keep], coordinates[keep])

    def blob(self, centre: tuple[float, float, float], radius: float, rng: np.random.Generator) -> None:
        """Add a lumpy ball, a clump of leaves."""
        rows, columns = 10, 16
        waves, phases = rng.normal(size=(4, 3)) * 2.2, rng.uniform(0, math.tau, 4)
        theta = np.linspace(0, math.pi, rows + 1)[:, None]
        phi = np.linspace(0, math.tau, columns + 1)[None, :]
        directions = np.stack(
            [np.sin(theta) * np.cos(phi), np.cos(theta) + 0 * phi, np.sin(theta) * np.sin(phi)], axis=-1
        )
        bump = 1.0 + 0.16 * np.sin(directions @ waves.T + phases).mean(axis=-1) * 2.0
        points = np.array(centre) + radius * bump[..., None] * directions
        uv = np.stack([np.broadcast_to(phi * radius, bump.shape), np.broadcast_to(theta * radius, bump.shape)], -1)
        for i in range(rows):
            for j in range(columns):
                ring = [(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)]
                if i == 0:
                    ring = ring[1:]
                elif i == rows - 1:
                    ring = ring[:3]
                self.polygon(np.array([points[k] for k in ring]), np.array([uv[k] for k in ring]))

    def gable_roof(
        self,
        low: tuple[float, float],
        high: tuple[float, float],
        eave: float,
        ridge: float,
        along: str,
        overhang: float,
    ) -> None:
        """Add two roof slabs over the rectangle (x, z) ``low`` to ``high``; ``along`` is the ridge's axis."""
        thickness = 0.25  # metres
        (x0, z0), (x1, z1) = low, high
        across0, across1 = (x0, x1) if along == "z" else (z0, z1)
        start, end = (z0, z1) if along == "z" else (x0, x1)
        start, end = start - overhang, end + overhang
        middle = (across0 + across1) / 2
        slope = (ridge - eave) / (middle - across0)
        drop = eave - slope * overhang

        def at(across: float, y: float, length: float) -> tuple[float, float, float]:
            return (across, y, length) if along == "z" else (length, y, across)

        for edge in (across0 - overhang, across1 + overhang):
            top = [at(edge, drop, start), at(edge, drop, end), at(middle, ridge, end), at(middle, ridge, start)]
            under = [(x, y - thickness, z) for x, y, z in top]
            self.polygon(np.array(top))
            self.polygon(np.array(under))
            for i in range(4):
                j = (i + 1) % 4
                if i != 2:  # the edge along the ridge is shared by both slabs
                    self.polygon(np.array([top[i], top[j], under[j], under[i]]))

    def hip_roof(
        self, low: tuple[float, float], high: tuple[float, float], eave: float, ridge: float, overhang: float
    ) -> None:
        """Add a hipped roof over the rectangle (x, z); its ridge runs along the longer side."""
        x0, z0, x1, z1 = low[0] - overhang, low[1] - overhang, high[0] + overhang, high[1] + overhang
        half = min(x1 - x0, z1 - z0) / 2
        if x1 - x0 > z1 - z0:
            a, b = (x0 + half, ridge, (z0 + z1) / 2), (x1 - half, ridge, (z0 + z1) / 2)
        else:
            a, b = ((x0 + x1) / 2, ridge, z0 + half), ((x0 + x1) / 2, ridge, z1 - half)
        c00, c10, c11, c01 = (x0, eave, z0), (x1, eave, z0), (x1, eave, z1), (x0, eave, z1)
        faces = (
            ([c00, c10, b, a], [c10, c11, b], [c11, c01, a, b], [c01, c00, a])
            if x1 - x0 > z1 - z0
            else ([c00, c10, a], [c10, c11, b, a], [c11, c01, b], [c01, c00, a, b])
        )
        for face in (*faces, [c00, c10, c11, c01]):
            self.polygon(np.array(face))


@dataclass(frozen=True)
class Opening:
    """A recess in a wall: its left edge, foot, width and height in metres; ``arched`` rounds the top.

    ``panel`` names the material that closes it at ``depth``; None leaves it open (an arcade, a belfry).
    """

    left: float
    foot: float
    width: float
    height: float
    panel: str | None
    arched: bool = False
    depth: float = 0.45


ARCH_SEGMENTS = 10


def wall(
    meshes: dict[str, Mesh],
    material: str,
    origin: tuple[float, float, float],
    along: tuple[float, float],
    width: float,
    height: float,
    openings: list[Opening],
) -> None:
    """Add a vertical wall with recesses.

    Args:
        meshes: by material.
        material: the wall's.
        origin: its lower left corner seen from outside.
        along: (x, z), the unit direction to the right seen from outside; outside is 90° clockwise from it in plan,
            (−z, x).
        width: metres.
        height: metres.
        openings: must not overlap.
    """
    right = np.array([along[0], 0.0, along[1]])
    outside = np.array([-along[1], 0.0, along[0]])
    corner = np.array(origin)
    mesh = meshes[material]

    def at(u: float, v: float, depth: float = 0.0) -> Vector:
        return corner + u * right + v * UP - depth * outside

    us = sorted({0.0, width, *(e for o in openings for e in (o.left, o.left + o.width))})
    vs = sorted({0.0, height, *(e for o in openings for e in (o.foot, o.foot + o.height))})
    for u0, u1 in itertools.pairwise(us):
        for v0, v1 in itertools.pairwise(vs):
            u, v = (u0 + u1) / 2, (v0 + v1) / 2
            if not any(o.left < u < o.left + o.width and o.foot < v < o.foot + o.height for o in openings):
                mesh.polygon(np.array([at(u0, v0), at(u1, v0), at(u1, v1), at(u0, v1)]))
    for o in openings:
        u0, u1, v0, v1 = o.left, o.left + o.width, o.foot, o.foot + o.height
        outline = [(u0, v0), (u1, v0)]
        if o.arched:
            radius, centre = o.width / 2, (u0 + u1) / 2
            arc = [
                (centre + radius * math.cos(t), v1 - radius + radius * math.sin(t))
                for t in np.linspace(0, math.pi, ARCH_SEGMENTS + 1)
            ]
            outline += arc
            for (ua, va), (ub, vb) in itertools.pairwise(arc):  # the spandrels above the arc
                mesh.polygon(np.array([at(ua, va), at(ua, v1 + 1e-6), at(ub, v1 + 1e-6), at(ub, vb)]))
        else:
            outline += [(u1, v1), (u0, v1)]
        for (ua, va), (ub, vb) in zip(outline, outline[1:] + outline[:1], strict=True):
            if math.dist((ua, va), (ub, vb)) > 1e-9:
                mesh.polygon(np.array([at(ua, va), at(ub, vb), at(ub, vb, o.depth), at(ua, va, o.depth)]))
        if o.panel is not None:
            meshes[o.panel].polygon(np.array([at(u, v, o.depth) for u, v in outline]))
