"""Where the sun stands, and where that is in a scene's world.

Conventions, shared with the viewer (docs/relight.md):

- Azimuth is counted clockwise from north, elevation up from the horizon. Radians in code, degrees in files.
- The world is right-handed, Y up, in metres. Without rotation X is east and −Z is north; a scene's north angle ψ
  turns the sun about Y, so that a scene may be modelled (or reconstructed) with any heading.
- A sun direction points from the scene *to* the sun.

The ephemeris is the Solar Position Algorithm of I. Reda and A. Andreas, "Solar position algorithm for solar
radiation applications", Solar Energy 76(5), 2004 (NREL/TP-560-34302), as implemented by pvlib; its stated
uncertainty is 0.0003°.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

# TT − UT1 in seconds. It grows by well under a second a year; an error of ten seconds moves the sun by 0.0001°.
DELTA_T_SECONDS = 69.2


def sun_positions(
    latitude: float,
    longitude: float,
    times: Sequence[datetime],
    altitude: float = 0.0,
    delta_t: float = DELTA_T_SECONDS,
) -> NDArray[np.float64]:
    """Return the sun's azimuth and elevation (N×2, radians) at a place and times.

    The elevation is the geometric one, without atmospheric refraction: refraction stays below 0.15° wherever the
    sun is high enough (6°) to light a scene, and the viewer's ephemeris can be checked against plain geometry.

    Args:
        latitude: degrees, north positive.
        longitude: degrees, east positive.
        times: aware datetimes; one without a time zone is refused, for it cannot be placed on the sky.
        altitude: metres above the sea; it enters the parallax only.
        delta_t: TT − UT1 in seconds.
    """
    for time in times:
        if time.tzinfo is None:
            raise ValueError(f"{time.isoformat()} has no time zone; give a UTC time")
    if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0):
        raise ValueError(f"latitude {latitude}, longitude {longitude} is no place on Earth")
    from pvlib import spa  # slow to import, and only the ephemeris needs it

    seconds = np.array([time.timestamp() for time in times])
    # rows: apparent zenith, zenith, apparent elevation, elevation, azimuth, equation of time. The pressure,
    # temperature and refraction given here enter the two apparent ones only, which are not used.
    rows = spa.solar_position(
        seconds, latitude, longitude, altitude, 1013.25, 12.0, delta_t, 0.5667, numthreads=1, sst=False
    )
    return np.stack([np.radians(rows[4]) % math.tau, np.radians(rows[3])], axis=1)


def sun_position(
    latitude: float, longitude: float, time: datetime, altitude: float = 0.0, delta_t: float = DELTA_T_SECONDS
) -> tuple[float, float]:
    """Return the sun's (azimuth, elevation) in radians at one time; see ``sun_positions``."""
    azimuth, elevation = sun_positions(latitude, longitude, [time], altitude, delta_t)[0]
    return float(azimuth), float(elevation)


def world_direction(azimuth: float, elevation: float, psi: float) -> NDArray[np.float64]:
    """Return the unit vector towards the sun: R_y(ψ)·(E, U, −N).

    Args:
        azimuth: radians, clockwise from north.
        elevation: radians above the horizon.
        psi: the scene's north angle in radians; R_y(ψ) = [[cos ψ, 0, sin ψ], [0, 1, 0], [−sin ψ, 0, cos ψ]].
    """
    east, up, north = (
        math.cos(elevation) * math.sin(azimuth),
        math.sin(elevation),
        math.cos(elevation) * math.cos(azimuth),
    )
    cos_psi, sin_psi = math.cos(psi), math.sin(psi)
    return np.array([cos_psi * east - sin_psi * north, up, -sin_psi * east - cos_psi * north])


def horizontal(direction: NDArray[np.float64], psi: float) -> tuple[float, float]:
    """Return (azimuth, elevation) in radians of a world direction: the inverse of ``world_direction``."""
    x, y, z = direction / np.linalg.norm(direction)
    cos_psi, sin_psi = math.cos(psi), math.sin(psi)
    east, south = cos_psi * x - sin_psi * z, sin_psi * x + cos_psi * z
    return math.atan2(east, -south) % math.tau, math.asin(min(1.0, max(-1.0, y)))


def angle_between(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the angle in radians between two unit vectors, accurate for small angles too."""
    return 2.0 * math.atan2(float(np.linalg.norm(a - b)), float(np.linalg.norm(a + b)))
