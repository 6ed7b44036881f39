"""VM grids: a 3-D field as sums of plane × line products (TensoRF, Chen et al., ECCV 2022).

Pair m multiplies a plane by a line: (X, Y)·Z, (X, Z)·Y, (Y, Z)·X. Positions are vertex coordinates g, 0 … N−1 along
each axis. Planes are kept as [rows, columns, R] and lines as [N, R], so that one corner is one short vector.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relight import native

PAIRS = ((0, 1, 2), (0, 2, 1), (1, 2, 0))  # plane's column axis, plane's row axis, line's axis


def _locate(g: Tensor, n: int) -> tuple[Tensor, Tensor]:
    g = g.clamp(0, n - 1)
    index = g.detach().floor().clamp(max=n - 2).long()
    return index, g - index


def lookup(planes: Iterable[Tensor], lines: Iterable[Tensor], g: Tensor) -> list[Tensor]:
    """Plane × line products [n, R] of the three pairs at vertex coordinates [n, 3], in plain PyTorch."""
    products = []
    for (a, b, c), plane, line in zip(PAIRS, planes, lines, strict=True):
        rows, columns, R = plane.shape
        (ia, ta), (ib, tb), (ic, tc) = (
            _locate(g[:, axis], n) for axis, n in ((a, columns), (b, rows), (c, line.shape[0]))
        )
        table, corner = plane.reshape(-1, R), ib * columns + ia
        ta, tb, tc = ta[:, None], tb[:, None], tc[:, None]
        p = (1 - tb) * ((1 - ta) * table[corner] + ta * table[corner + 1])
        p = p + tb * ((1 - ta) * table[corner + columns] + ta * table[corner + columns + 1])
        products.append(p * ((1 - tc) * line[ic] + tc * line[ic + 1]))
    return products


def variation(p: Tensor) -> Tensor:
    """Mean squared difference of neighbours along a plane's rows plus that along its columns, in plain PyTorch."""
    return (p[1:] - p[:-1]).square().mean() + (p[:, 1:] - p[:, :-1]).square().mean()


class VMGrid(nn.Module):
    """A VM grid of R components a pair over ``vertices`` = (Nx, Ny, Nz)."""

    def __init__(self, vertices: Sequence[int], components: int, scale: float = 0.1, line_mean: float = 0.0) -> None:
        super().__init__()
        n = tuple(vertices)
        self.planes = nn.ParameterList(nn.Parameter(scale * torch.randn(n[b], n[a], components)) for a, b, _ in PAIRS)
        self.lines = nn.ParameterList(
            nn.Parameter(line_mean + scale * torch.randn(n[c], components)) for *_, c in PAIRS
        )

    @property
    def vertices(self) -> tuple[int, int, int]:
        """(Nx, Ny, Nz)."""
        return self.lines[2].shape[0], self.lines[1].shape[0], self.lines[0].shape[0]

    @property
    def components(self) -> int:
        """R."""
        return self.lines[0].shape[1]

    def sum(self, g: Tensor, known: Tensor | None = None) -> Tensor:
        """Σ over pairs and components [n]: the density feature. ``known``: its value, if the march computed it."""
        if native.usable(g, self.components):
            return native.VMLookup.apply(g, True, known, *self.planes, *self.lines)
        return torch.stack([p.sum(1) for p in lookup(self.planes, self.lines, g)]).sum(0)

    def products(self, g: Tensor) -> Tensor:
        """All products [n, 3R]: the appearance vector."""
        if native.usable(g, self.components):
            return native.VMLookup.apply(g, False, None, *self.planes, *self.lines)
        return torch.cat(lookup(self.planes, self.lines, g), 1)

    def composite(self, g: Tensor, w: Tensor, ray: Tensor, rays: int, threshold: float) -> Tensor:
        """Σ w · products over each ray's samples with w ≥ threshold, [rays, 3R]."""
        if native.usable(g, self.components):
            return native.VMComposite.apply(g, w, ray, rays, threshold, *self.planes, *self.lines)
        used = w.detach() >= threshold
        g, w, ray = g[used], w[used], ray[used]
        zero = torch.zeros(rays, 3 * self.components, device=g.device)
        return zero.index_add(0, ray, w[:, None] * self.products(g))

    @torch.no_grad()
    def dense_sum(self) -> Tensor:
        """Return the density feature at every vertex, [Nz, Ny, Nx]."""
        p, q = self.planes, self.lines
        dense = torch.einsum("yxr,zr->zyx", p[0], q[0])
        dense += torch.einsum("zxr,yr->zyx", p[1], q[1])
        return dense.add_(torch.einsum("zyr,xr->zyx", p[2], q[2]))

    @torch.no_grad()
    def resample(self, vertices: Sequence[int]) -> None:
        """Interpolate linearly to another number of vertices; the corners stay where they are."""
        n = tuple(vertices)
        for m, (a, b, c) in enumerate(PAIRS):
            plane = self.planes[m].permute(2, 0, 1)[None]
            line = self.lines[m].T[None]
            plane = F.interpolate(plane, (n[b], n[a]), mode="bilinear", align_corners=True)[0].permute(1, 2, 0)
            line = F.interpolate(line, n[c], mode="linear", align_corners=True)[0].T
            self.planes[m] = nn.Parameter(plane.contiguous())
            self.lines[m] = nn.Parameter(line.contiguous())

    def total_variation(self) -> Tensor:
        """Mean squared difference of neighbouring plane entries, summed over the planes."""
        if native.usable(self.planes[0], self.components):
            return torch.stack([native.Variation.apply(p) for p in self.planes]).sum()
        return torch.stack([variation(p) for p in self.planes]).sum()

    def magnitude(self) -> Tensor:
        """Mean absolute entry (L1), averaged over planes and lines."""
        return torch.stack([x.abs().mean() for x in (*self.planes, *self.lines)]).mean()
