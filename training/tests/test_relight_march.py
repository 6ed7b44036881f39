"""The march: transmittance of a slab in closed form, empty cells, and the compiled march against plain PyTorch."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from relight import native
from relight.field import VMGrid
from relight.march import (
    Space,
    differentiable_transmittance,
    inside,
    occupancy,
    sample,
    sun_transmittance,
    transmitted,
)

SIGMA = math.log1p(math.exp(2.0))  # of a feature of 12 under a shift of −10


def slab(step: float = 0.05) -> tuple[VMGrid, Space]:
    """A layer of constant density between x = 4 and x = 6 in a box of 10 m, vertices every 0.5 m."""
    grid = VMGrid((21, 21, 21), 4)
    with torch.no_grad():
        for p in grid.parameters():
            p.zero_()
        grid.planes[0][:, 8:13, 0] = 12.0
        grid.lines[0][:, 0] = 1.0
    low, high = torch.zeros(3), torch.full((3,), 10.0)
    space = Space(low, high, (21, 21, 21), torch.ones(10, 10, 10, dtype=torch.uint8), 2, step, 0.2)
    return grid, space


def test_rays_meet_the_box() -> None:
    o = torch.tensor([[-5.0, 5, 5], [5.0, 5, 5], [-5.0, 50, 5]])
    d = torch.tensor([[1.0, 0, 0], [0.0, 0, -1], [1.0, 0, 0]])
    enter, leave = inside(o, d, torch.zeros(3), torch.full((3,), 10.0))
    torch.testing.assert_close(enter[:2], torch.tensor([5.0, 0.0]))
    torch.testing.assert_close(leave[:2], torch.tensor([15.0, 5.0]))
    assert leave[2] <= enter[2]


@pytest.mark.parametrize("compiled", [True, False])
def test_slab_transmittance(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not compiled:
        monkeypatch.setattr(native, "usable", lambda *_: False)
    grid, space = slab(0.01)
    p, sun = torch.tensor([[5.0, 5.0, 5.0], [1.0, 5.0, 5.0], [7.0, 5.0, 5.0]]), torch.tensor([[1.0, 0, 0]] * 3)
    T = sun_transmittance(grid, space, p, sun, 0.0, 1.0)
    # Between x = 6 and 6.5 the feature falls linearly from 12 to 0: ∫ softplus(12 − 24 u − 10) du there.
    u = torch.linspace(0, 0.5, 20001, dtype=torch.float64)
    edge = torch.trapezoid(torch.nn.functional.softplus(2 - 24 * u), u).item()
    one, two = (SIGMA + edge) * 0.2, (2 * SIGMA + 2 * edge) * 0.2
    torch.testing.assert_close(T, torch.tensor([math.exp(-one), math.exp(-two), 1.0]), rtol=2e-3, atol=1e-6)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_shadow_edge_draws_the_density_that_casts_it(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not compiled:
        monkeypatch.setattr(native, "usable", lambda *_: False)
    grid, space = slab()
    torch.manual_seed(3)
    p = torch.rand(40, 3) * torch.tensor([8.0, 1.0, 8.0]) + torch.tensor([1.0, 0.5, 1.0])
    sun = torch.nn.functional.normalize(torch.rand(40, 3) + torch.tensor([-0.5, 1.0, -0.5]), dim=1)
    march = (grid, space, p, sun, 0.1, 1.0)
    T = differentiable_transmittance(*march)
    torch.testing.assert_close(T, sun_transmittance(*march), rtol=1e-4, atol=1e-6)
    assert 0.02 < float(T.mean()) < 0.98
    T.sum().backward()
    for values in (grid.planes[0], grid.lines[0]):
        assert values.grad is not None
        along = torch.randn_like(values) * (values.grad != 0)
        ends = []
        for h in (1e-2, -1e-2):
            with torch.no_grad():
                values.add_(h * along)
                ends.append(float(sun_transmittance(*march).double().sum()))
                values.sub_(h * along)
        slope = float((values.grad * along).sum())
        assert abs(slope) > 1e-2
        assert (ends[0] - ends[1]) / 2e-2 == pytest.approx(slope, rel=0.02)


def test_weights_and_what_is_left_sum_to_one() -> None:
    grid, space = slab()
    o, d = torch.tensor([[-1.0, 5, 5]]).repeat(4, 1), torch.tensor([[1.0, 0, 0]]).repeat(4, 1)
    s = sample(grid, space, o, d)
    thickness = torch.nn.functional.softplus(grid.sum(s.g) - 10) * space.step * space.distance_scale
    before = transmitted(thickness, s.ray, 4)
    opacity = torch.zeros(4).index_add_(0, s.ray, before * (1 - torch.exp(-thickness)))
    total = torch.zeros(4).index_add_(0, s.ray, thickness)
    torch.testing.assert_close(opacity, 1 - torch.exp(-total), rtol=1e-4, atol=1e-5)


def test_empty_cells_hold_nothing() -> None:
    grid, space = slab()
    threshold = 1e-3
    cells = occupancy(grid, space, threshold)
    assert 0 < int(cells.sum()) < cells.numel()
    x = torch.rand(20000, 3) * 10
    marked = replace(space, occupied=cells)
    g = space.coordinates(x)
    alpha = 1 - torch.exp(-torch.nn.functional.softplus(grid.sum(g) - 10) * space.step * space.distance_scale)
    assert float(alpha[~marked.is_occupied(g)].max()) < threshold


@pytest.mark.skipif(native.library() is None, reason="no C++ compiler")
def test_compiled_march_agrees_with_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    grid, space = slab()
    space = replace(space, occupied=occupancy(grid, space, 1e-3))
    torch.manual_seed(0)
    o = torch.rand(300, 3) * 30 - 10
    d = torch.nn.functional.normalize(torch.rand(300, 3) * 10 - o, dim=1)
    found = []
    for usable in (True, False):
        if not usable:
            monkeypatch.setattr(native, "usable", lambda *_: False)
        found.append(sample(grid, space, o, d, torch.full((300,), 0.5)))
    a, b = ({(int(r), round(float(t), 3)) for r, t in zip(s.ray, s.t, strict=True)} for s in found)
    assert len(a) > 1000
    assert len(a ^ b) < 0.01 * len(a)  # a sample on a cell's very border may fall on either side
