"""The renderer against closed forms, on a scene one can compute by hand. Needs Mitsuba's LLVM backend."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from relight.dataset import rays
from relight.mesh import Mesh
from relight.plan import Camera, look_at
from relight.town import Material

pytest.importorskip("mitsuba")

GREY, RED = 0.4, (0.6, 0.2, 0.1)
SIZE = (48, 32)
SUN = np.array([0.8, 0.6, 0.0])


def material(colour: Any) -> Material:
    return Material(np.broadcast_to(np.array(colour, dtype=np.float64), (4, 4, 3)), 1.0)


@pytest.fixture(scope="module")
def renderer() -> Any:
    from relight.render_dataset import choose_variant

    try:
        choose_variant("llvm_ad_rgb")
    except (ImportError, RuntimeError) as error:
        pytest.skip(str(error))
    from relight import renderer

    ground, post = Mesh(), Mesh()
    ground.polygon(np.array([(-30, 0, -30), (30, 0, -30), (30, 0, 30), (-30, 0, 30)], dtype=float))
    post.box((-1.0, 0.0, -1.0), (1.0, 3.0, 1.0))
    return renderer.Renderer({"ground": ground, "post": post}, {"ground": material([GREY] * 3), "post": material(RED)})


def frame() -> Any:
    camera = Camera(look_at(np.array([0.0, 4.0, 12.0]), np.array([0.0, 1.0, 0.0])), 50.0)
    return camera.frame("f", "unseen-both", SIZE, datetime(2026, 6, 21, 12, tzinfo=UTC))


def test_truth_matches_the_geometry(renderer: Any) -> None:
    view = frame()
    truth = renderer.truth(view, SUN)
    origin, directions = rays(view)
    expected = np.where(directions[..., 1] < 0, -origin[1] / np.minimum(directions[..., 1], -1e-9), np.inf)
    points = origin + expected[..., None] * directions
    on_post = np.abs(truth.albedo[..., 0] - RED[0]) < 1e-3
    within = truth.ground
    assert within.sum() > 500
    assert truth.depth[within] == pytest.approx(expected[within], rel=1e-4)
    assert truth.albedo[within & ~(truth.albedo[..., 0] > GREY + 0.01)] == pytest.approx(GREY, abs=1e-3)
    assert on_post.sum() > 20
    assert (truth.sky == np.isinf(truth.depth)).all()
    # the post's shadow: where the way to the sun passes through the box. Pixels on its border are mixed.
    shadow = np.zeros(within.shape, bool)
    for step in np.linspace(0.01, 6.0, 1200):
        p = points + step * SUN
        shadow |= (np.abs(p[..., 0]) < 1.0) & (np.abs(p[..., 2]) < 1.0) & (p[..., 1] < 3.0)
    assert shadow[within].sum() > 20
    wrong = within & (np.abs(truth.visibility - ~shadow) > 0.5)
    assert wrong.sum() <= 2
    assert 0.0 <= truth.visibility.min() <= truth.visibility.max() <= 1.0


def test_image_agrees_with_the_truth(renderer: Any) -> None:
    """Camera and emitter follow the same conventions as the rays: what truth calls lit is bright in the picture."""
    view = frame()
    truth = renderer.truth(view, SUN)
    radiance = renderer.radiance(view, SUN, 16, 1)
    assert np.isfinite(radiance).all()
    lit = truth.ground & (truth.visibility == 1)
    shaded = truth.ground & (truth.visibility == 0)
    assert radiance[lit].mean() > 2.5 * radiance[shaded].mean()
    # nearly every pixel of either kind lies on its side of the middle
    middle = (radiance[lit].mean() + radiance[shaded].mean()) / 2
    assert (radiance[lit].mean(axis=-1) > middle).mean() > 0.99
    assert (radiance[shaded].mean(axis=-1) < middle).mean() > 0.9
    # behind the scene, a few pixels clear of its outlines, stands the backdrop itself
    _, directions = rays(view)
    clear = np.pad(truth.sky, 2, mode="edge")
    clear = np.all([clear[y : y + SIZE[1], x : x + SIZE[0]] for y in range(5) for x in range(5)], axis=0)
    assert clear.sum() > 100
    assert radiance[clear] == pytest.approx(renderer.backdrop(directions, SUN)[clear], rel=2e-3)


def test_haze_continues_the_horizon(renderer: Any) -> None:
    azimuths = np.linspace(0, math.tau, 7)
    above, below = (
        np.stack([np.cos(e) * np.cos(azimuths), np.full(7, np.sin(e)), np.cos(e) * np.sin(azimuths)], axis=-1)
        for e in (math.radians(2.0), math.radians(-0.5))
    )
    assert renderer.backdrop(below, SUN) == pytest.approx(renderer.backdrop(above, SUN), rel=0.01)
    down = renderer.backdrop(np.array([[1e-3, -1.0, 0.0]]), SUN)
    assert (down > 0).all()


def test_exposure_dims_less_than_the_light(renderer: Any) -> None:
    from relight.renderer import exposure, to_srgb_bytes

    assert exposure(math.radians(6)) > exposure(math.radians(30)) > exposure(math.radians(69))
    assert to_srgb_bytes(np.array([0.0, 0.0031308, 0.2158605, 1.0, 7.0])).tolist() == [0, 10, 128, 255, 255]
