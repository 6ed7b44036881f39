"""VM grids: closed forms, exact trilinearity, and the compiled look-up against plain PyTorch."""

from __future__ import annotations

import pytest
import torch

from relight import native
from relight.field import VMGrid, lookup, variation

NEEDS_COMPILER = pytest.mark.skipif(native.library() is None, reason="no C++ compiler")


def grid(components: int = 8) -> tuple[VMGrid, torch.Tensor]:
    torch.manual_seed(0)
    return VMGrid((9, 6, 7), components, line_mean=0.3), torch.rand(200, 3) * torch.tensor([8.0, 5.0, 6.0])


def test_a_linear_function_is_reproduced() -> None:
    g = VMGrid((9, 6, 7), 4)
    with torch.no_grad():
        for p in g.parameters():
            p.zero_()
        g.planes[0][:, :, 0] = torch.arange(9.0)  # columns of (X, Y) run along X
        g.lines[0][:, 0] = 2.0
        g.planes[2][:, :, 1] = torch.arange(7.0)[:, None]  # rows of (Y, Z) run along Z
        g.lines[2][:, 1] = 1.0
    x = torch.rand(50, 3) * torch.tensor([8.0, 5.0, 6.0])
    torch.testing.assert_close(g.sum(x), 2 * x[:, 0] + x[:, 2])


def test_the_sum_is_trilinear_between_vertices() -> None:
    g, x = grid()
    dense = g.dense_sum()[None, None]
    at = x / torch.tensor([8.0, 5.0, 6.0]) * 2 - 1
    expected = torch.nn.functional.grid_sample(dense, at[None, None, None], align_corners=True)[0, 0, 0, 0]
    torch.testing.assert_close(g.sum(x), expected, rtol=1e-4, atol=1e-5)


def test_resampling_to_a_multiple_keeps_the_field() -> None:
    g, x = grid()
    before = g.sum(x)
    g.resample((17, 11, 13))  # every second vertex is an old one
    torch.testing.assert_close(g.sum(2 * x), before, rtol=1e-4, atol=1e-5)


@NEEDS_COMPILER
@pytest.mark.parametrize("components", native.COMPONENTS)
def test_compiled_look_up_agrees_with_pytorch(components: int) -> None:
    g, x = grid(components)
    plain = lookup(g.planes, g.lines, x)
    torch.testing.assert_close(g.products(x), torch.cat(plain, 1))
    weight = torch.randn(200)
    parameters = list(g.parameters())
    for compiled, expected in (
        (g.sum(x) @ weight, torch.stack([p.sum(1) for p in plain]).sum(0) @ weight),
        ((g.products(x) * weight[:, None]).square().sum(), (torch.cat(plain, 1) * weight[:, None]).square().sum()),
    ):
        a = torch.autograd.grad(compiled, parameters, retain_graph=True)
        b = torch.autograd.grad(expected, parameters, retain_graph=True)
        for left, right in zip(a, b, strict=True):
            torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-4)


def test_variation_of_a_ramp_is_its_squared_slope() -> None:
    ramp = torch.arange(5.0)[:, None, None] * 3 + torch.arange(7.0)[None, :, None] * 2
    assert float(variation(ramp.expand(5, 7, 4))) == pytest.approx(3**2 + 2**2)


@NEEDS_COMPILER
@pytest.mark.parametrize("shape", [(9, 6, 8), (2, 2, 4), (5, 17, 24)])
def test_compiled_variation_agrees_with_pytorch(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(1)
    plane = torch.randn(shape, requires_grad=True)
    expected, compiled = variation(plane), native.Variation.apply(plane)
    torch.testing.assert_close(compiled, expected)
    (a,), (b,) = (torch.autograd.grad(-2.5 * value, plane) for value in (compiled, expected))
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


@NEEDS_COMPILER
def test_compiled_compositing_agrees_with_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    g, x = grid()
    ray = torch.sort(torch.randint(20, (200,)))[0]
    w = torch.rand(200, requires_grad=True)
    seed = torch.randn(20, 24)
    results = []
    for usable in (True, False):
        if not usable:
            monkeypatch.setattr(native, "usable", lambda *_: False)
        out = g.composite(x, w, ray, 20, 0.3)
        results.append((out, *torch.autograd.grad((out * seed).sum(), [w, *g.parameters()])))
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
