"""Metrics against numbers one can work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from relight.dataset import Truth
from relight.metrics import Overlap, dilate, psnr, shadow_border, ssim


def test_psnr_of_a_constant_error() -> None:
    a = np.full((4, 5, 3), 0.5)
    assert psnr(a, a + 0.1) == pytest.approx(20)
    assert psnr(a, a) == 99


def test_ssim_of_flat_pictures_is_the_luminance_term() -> None:
    a, b = np.full((20, 20, 3), 0.4), np.full((20, 20, 3), 0.6)
    c1 = 0.01**2
    assert ssim(a, a) == pytest.approx(1)
    assert ssim(a, b) == pytest.approx((2 * 0.4 * 0.6 + c1) / (0.4**2 + 0.6**2 + c1))


def test_overlap_sums_over_images() -> None:
    overlap, everywhere = Overlap(), np.ones((1, 4), bool)
    overlap.add(np.array([[True, True, False, False]]), np.array([[True, False, False, False]]), everywhere)
    overlap.add(np.array([[False, False, True, True]]), np.array([[False, True, True, True]]), everywhere)
    assert overlap.iou == pytest.approx(3 / 5)


def test_dilation_grows_a_square() -> None:
    mask = np.zeros((7, 7), bool)
    mask[3, 3] = True
    assert dilate(mask, 2).sum() == 25


def test_shadow_borders_are_not_silhouettes() -> None:
    depth = np.full((9, 20), 10.0, np.float32)
    depth[:, 15:] = 20.0  # another surface, dark as a whole
    visibility = np.ones((9, 20), np.float32)
    visibility[:, :5] = 0  # a shadow's border between columns 4 and 5
    visibility[:, 15:] = 0
    none = np.zeros((9, 20), bool)
    border = shadow_border(Truth(np.zeros((9, 20, 3), np.float32), depth, visibility, none, none))
    assert set(np.nonzero(border.any(0))[0]) == {2, 3, 4, 5, 6}
