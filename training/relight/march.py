"""Rays through the box: occupancy, samples and compositing (docs/relight-format.md, sections 3 and 4)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from relight import native
from relight.field import VMGrid

MISSED = 1e-6  # metres; a shorter part of a ray inside the box counts as none


def inside(o: Tensor, d: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Distances [n] at which rays enter (at least 0) and leave a box; a ray that misses leaves where it enters."""
    inverse = 1 / torch.where(d.abs() < 1e-9, torch.full_like(d, 1e-9), d)
    a, b = (low - o) * inverse, (high - o) * inverse
    enter = torch.minimum(a, b).amax(1).clamp(min=0)
    return enter, torch.maximum(torch.maximum(a, b).amin(1), enter)


@dataclass(frozen=True)
class Space:
    """The box, how finely it is marched, and which cells of it may hold something.

    ``low``, ``high``: corners [3] in metres. ``occupied``: uint8 [nz, ny, nx], cells of ``cell`` vertex intervals.
    ``step`` in metres; ``distance_scale`` per metre.
    """

    low: Tensor
    high: Tensor
    vertices: tuple[int, int, int]
    occupied: Tensor
    cell: int
    step: float
    distance_scale: float
    shift: float = -10.0
    termination: float = 1e-4

    @property
    def per_metre(self) -> Tensor:
        """Vertex intervals a metre along each axis [3]."""
        return (torch.tensor(self.vertices, device=self.low.device) - 1) / (self.high - self.low)

    def coordinates(self, x: Tensor) -> Tensor:
        """Vertex coordinates of world positions."""
        return (x - self.low) * self.per_metre

    def is_occupied(self, g: Tensor) -> Tensor:
        """Whether the cells of vertex coordinates [n, 3] are set."""
        nz, ny, nx = self.occupied.shape
        limit = torch.tensor((nx, ny, nz), device=g.device) - 1
        c = torch.minimum((g.clamp(min=0) / self.cell).long(), limit)
        return self.occupied.flatten()[(c[:, 2] * ny + c[:, 1]) * nx + c[:, 0]] > 0

    def with_vertices(self, vertices: Sequence[int], step: float) -> Space:
        """Return the space for another grid, all cells occupied."""
        n = (vertices[0], vertices[1], vertices[2])
        shape = [math.ceil((v - 1) / self.cell) for v in reversed(n)]
        full = torch.ones(shape, dtype=torch.uint8, device=self.low.device)
        return replace(self, vertices=n, step=step, occupied=full)


def alpha(f: Tensor, scale: float, shift: float) -> Tensor:
    """α = 1 − exp(−softplus(f + shift)·scale); scale = step · distance_scale."""
    return -torch.expm1(-F.softplus(f + shift) * scale)


@torch.no_grad()
def occupancy(density: VMGrid, space: Space, threshold: float) -> Tensor:
    """Cells in which some vertex has α ≥ threshold. f is trilinear in a voxel, so no point of other cells has."""
    full = (alpha(density.dense_sum(), space.step * space.distance_scale, space.shift) >= threshold).float()
    v = space.cell
    # Cells share the vertices of their faces: windows of v + 1 vertices, one every v; the last may stick out.
    pad = [x for n in reversed(full.shape) for x in (0, (math.ceil((n - 1) / v)) * v + 1 - n)]
    return (F.max_pool3d(F.pad(full, pad)[None, None], v + 1, v)[0, 0] > 0).to(torch.uint8).contiguous()


@dataclass(frozen=True)
class Samples:
    """Samples of all rays, one after the other: ``ray`` index, distance ``t``, vertex coordinates ``g``, all [n].

    ``f``: the density feature, without gradient, where the march computed it on its way.
    """

    ray: Tensor
    t: Tensor
    g: Tensor
    f: Tensor | None = None


@torch.no_grad()
def sample(
    density: VMGrid, space: Space, o: Tensor, d: Tensor, offset: Tensor | float = 0.5, near: float = 0.0
) -> Samples:
    """Return samples in occupied cells at t0 + (k + offset)·step, t0 at least ``near``, until the ray is opaque."""
    enter, leave = inside(o, d, space.low, space.high)
    enter = enter.clamp(min=near)
    start = enter + offset * space.step
    return _sample(density, space, o, d, start, leave, space.step)


def _sample(density: VMGrid, space: Space, o: Tensor, d: Tensor, start: Tensor, end: Tensor, step: float) -> Samples:
    scale = step * space.distance_scale
    if native.usable(o, density.components):
        planes, lines = ([x.detach() for x in part] for part in (density.planes, density.lines))
        ray, t, g, f = native.march(
            planes, lines, space.occupied, space.cell, space.low.tolist(), space.per_metre.tolist(),
            o.contiguous(), d.contiguous(), start, end, step, scale, space.shift, space.termination,
        )  # fmt: skip
        return Samples(ray, t, g, f)
    count = max(int(((end - start) / step).amax().ceil()), 1)
    t = start[:, None] + torch.arange(count, device=o.device) * step
    ray, k = torch.nonzero(t < end[:, None], as_tuple=True)
    t = t[ray, k]
    g = space.coordinates(o[ray] + t[:, None] * d[ray])
    full = space.is_occupied(g)
    ray, t, g = ray[full], t[full], g[full]
    thickness = F.softplus(density.sum(g) + space.shift) * scale
    visible = transmitted(thickness, ray, len(o)) >= space.termination
    return Samples(ray[visible], t[visible], g[visible])


def transmitted(thickness: Tensor, ray: Tensor, rays: int) -> Tensor:
    """Transmittance before each sample: exp of minus the optical thickness of the ray's earlier samples."""
    # One running sum over all rays, less its value where the ray begins; double, for the sum grows large.
    total = torch.cumsum(thickness.double(), 0)
    before = total - thickness
    count = torch.bincount(ray, minlength=rays)
    first = (torch.cumsum(count, 0) - count)[ray]
    return torch.exp(before[first] - before).to(thickness.dtype)


@torch.no_grad()
def sun_transmittance(density: VMGrid, space: Space, p: Tensor, sun: Tensor, bias: float, step_factor: float) -> Tensor:
    """T_sun [n]: transmittance from world positions p [n, 3] towards the sun (unit vectors [n, 3])."""
    if not native.usable(p, density.components):
        return differentiable_transmittance(density, space, p, sun, bias, step_factor)
    step = space.step * step_factor
    start = torch.full_like(p[:, 0], bias + 0.5 * step)
    _, end = inside(p, sun, space.low, space.high)
    planes, lines = ([x.detach() for x in part] for part in (density.planes, density.lines))
    return native.transmittance(
        planes, lines, space.occupied, space.cell, space.low.tolist(), space.per_metre.tolist(),
        p.contiguous(), sun.contiguous(), start, end, step, step * space.distance_scale, space.shift,
        space.termination,
    )  # fmt: skip


def differentiable_transmittance(
    density: VMGrid, space: Space, p: Tensor, sun: Tensor, bias: float, step_factor: float
) -> Tensor:
    """T_sun as in ``sun_transmittance``, with gradients of the density's grids."""
    step = space.step * step_factor
    start = torch.full_like(p[:, 0], bias + 0.5 * step)
    with torch.no_grad():
        _, end = inside(p, sun, space.low, space.high)
        samples = _sample(density, space, p, sun, start, end, step)
    thickness = F.softplus(density.sum(samples.g, samples.f) + space.shift) * step * space.distance_scale
    return torch.exp(-torch.zeros_like(p[:, 0]).index_add(0, samples.ray, thickness))
