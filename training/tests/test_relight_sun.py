from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from relight.sun import angle_between, horizontal, sun_position, world_direction


def test_worked_example_of_the_solar_position_algorithm() -> None:
    """Reda & Andreas, NREL/TP-560-34302 (revised 2008), table A5.1: Golden, Colorado, 12:30:30 MST, ΔT = 67 s."""
    time = datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC)
    azimuth, elevation = sun_position(39.742476, -105.1786, time, altitude=1830.14, delta_t=67.0)
    assert math.degrees(azimuth) == pytest.approx(194.34024, abs=5e-6)
    assert math.degrees(elevation) == pytest.approx(39.872046, abs=1e-6)  # e₀: before refraction is added


def test_declination_of_meeus_example() -> None:
    """J. Meeus, Astronomical Algorithms (2nd ed.), example 25.b: 1992 October 13, 0h TD, δ = −7°47′01.74″, R = 0.9976.

    Seen from the pole the sun's elevation is its declination, less the parallax 8.794″/R · cos δ.
    """
    delta_t = 59.0
    time = datetime(1992, 10, 12, 23, 59, 1, tzinfo=UTC)
    _, elevation = sun_position(90.0, 0.0, time, delta_t=delta_t)
    declination = -(7 + 47 / 60 + 1.74 / 3600)
    parallax = 8.794 / 3600 / 0.9976 * math.cos(math.radians(declination))
    assert math.degrees(elevation) == pytest.approx(declination - parallax, abs=3e-4)


@pytest.mark.parametrize(
    ("time", "declination"),
    [
        # US Naval Observatory, Earth's Seasons: instants to the minute, during which δ moves by at most 1″
        (datetime(2026, 3, 20, 14, 46, tzinfo=UTC), 0.0),
        (datetime(2026, 9, 23, 0, 5, tzinfo=UTC), 0.0),
        (datetime(2026, 6, 21, 8, 24, tzinfo=UTC), 23.436),
        (datetime(2026, 12, 21, 20, 50, tzinfo=UTC), -23.436),
    ],
)
def test_seasons(time: datetime, declination: float) -> None:
    _, elevation = sun_position(90.0, 0.0, time)
    assert math.degrees(elevation) == pytest.approx(declination, abs=4e-3)


def test_world_axes() -> None:
    quarter = math.pi / 2
    assert world_direction(0, 0, 0) == pytest.approx([0, 0, -1])  # north
    assert world_direction(quarter, 0, 0) == pytest.approx([1, 0, 0])  # east
    assert world_direction(0, quarter, 0) == pytest.approx([0, 1, 0])  # zenith
    # R_y(90°) carries −z (north) to −x
    assert world_direction(0, 0, quarter) == pytest.approx([-1, 0, 0])


def test_psi_is_the_written_matrix() -> None:
    rng = np.random.default_rng(5)
    for azimuth, elevation, psi in rng.uniform([0, -1.5, -4], [6.28, 1.5, 4], size=(50, 3)):
        east, north = math.cos(elevation) * math.sin(azimuth), math.cos(elevation) * math.cos(azimuth)
        rotation = np.array([[math.cos(psi), 0, math.sin(psi)], [0, 1, 0], [-math.sin(psi), 0, math.cos(psi)]])
        direction = world_direction(azimuth, elevation, psi)
        assert direction == pytest.approx(rotation @ [east, math.sin(elevation), -north])
        assert horizontal(direction, psi) == pytest.approx((azimuth, elevation))


def test_angle_between_small_angles() -> None:
    a, b = world_direction(1.0, 0.5, 0.0), world_direction(1.0, 0.5 + 1e-9, 0.0)
    assert angle_between(a, b) == pytest.approx(1e-9, rel=1e-5)


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        sun_position(43.8, 11.3, datetime(2026, 3, 20, 12, 0))
    with pytest.raises(ValueError, match="no place"):
        sun_position(143.8, 11.3, datetime(2026, 3, 20, 12, 0, tzinfo=UTC))
