"""The reference renderer and the scene file: closed forms, quantisation bounds, stored goldens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from relight import tiny
from relight.reference import Scene, cube_lookup, knot_weights, srgb, sun_direction
from relight.scene_file import BlobWriter, decode, write_header
from relight.sun import world_direction

GOLDEN = Path(__file__).resolve().parents[2] / "goldens" / "relight-tiny"


def test_quantisation_errs_by_half_a_step(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4, 9, 7)) * np.array([1, 10, 0.1, 3])[:, None, None]
    blobs = BlobWriter(tmp_path, "a.bin")
    blobs.float32(np.zeros(3))
    entry = blobs.quantised(values)
    blobs.close()
    error = np.abs(decode(tmp_path, entry) - values).max((1, 2))
    assert (error <= 0.5 * np.array(entry["scale"]) * 1.001).all()
    assert entry["offset"] % 4 == 0


def test_a_compressed_file_holds_the_same(tmp_path: Path) -> None:
    values = np.sin(np.arange(6 * 50 * 40) / 300).reshape(6, 50, 40)
    entries = []
    for file in ("plain.bin", "small.bin.gzip"):
        blobs = BlobWriter(tmp_path, file)
        blobs.float32(np.zeros(3))
        entries.append(blobs.quantised(values))
        blobs.close()
    np.testing.assert_array_equal(*(decode(tmp_path, entry) for entry in entries))
    header: dict[str, Any] = {}
    write_header(tmp_path, header)
    plain, small = header["files"]
    assert "unzipped_bytes" not in plain
    assert small["unzipped_bytes"] == plain["bytes"]
    assert small["bytes"] == (tmp_path / "small.bin.gzip").stat().st_size < 0.8 * plain["bytes"]


def test_a_short_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\0" * 8)
    with pytest.raises(ValueError, match="ends before"):
        decode(tmp_path, {"file": "a.bin", "offset": 0, "type": "float32", "shape": [3]})


@pytest.mark.parametrize(("azimuth", "elevation", "psi"), [(0, 0, 0), (90, 30, 0), (135, 20, 25), (300, 70, -110)])
def test_both_sun_conventions_agree(azimuth: float, elevation: float, psi: float) -> None:
    a, e, p = (float(np.radians(v)) for v in (azimuth, elevation, psi))
    np.testing.assert_allclose(sun_direction(azimuth, elevation, psi), world_direction(a, e, p), atol=1e-12)


def test_knots_interpolate_and_hold_outside() -> None:
    knots, values = np.array([0.0, 10.0, 30.0]), np.array([1.0, 2.0, 4.0])
    i, j, w = knot_weights(knots, np.array([-5.0, 5.0, 20.0, 99.0]))
    np.testing.assert_allclose((1 - w) * values[i] + w * values[j], [1, 1.5, 3, 4])


def test_cube_entries_are_met_exactly() -> None:
    cube = tiny.cube(3, 5)
    np.testing.assert_allclose(cube_lookup(cube, np.array([1.0, 0.5, -0.5])), cube[0, 1, 3], atol=1e-12)
    np.testing.assert_allclose(cube_lookup(cube, np.array([-0.25, -1.0, 0.5]) * 3), (cube[3, 3, 1] + cube[3, 3, 2]) / 2)


def test_srgb_known_values() -> None:
    np.testing.assert_allclose(srgb(np.array([0, 0.0031308, 0.214041, 1, 7])), [0, 0.04045, 0.5, 1, 1], atol=1e-4)


@pytest.mark.parametrize("variant", tiny.VARIANTS)
def test_the_stored_goldens_are_what_is_drawn(variant: str) -> None:
    scene = Scene(GOLDEN / variant)
    entry = next(s for s in json.loads((GOLDEN / "golden.json").read_text())["scenes"] if s["variant"] == variant)
    first = entry["renders"][0]
    render = scene.render(tiny.CAMERAS[0], first["azimuth_degrees"], first["elevation_degrees"])
    stored = np.asarray(Image.open(GOLDEN / first["final"])) / 255
    assert np.abs(stored - render.final).max() < 0.51 / 255 + 1e-6


def test_depth_of_the_floor_is_the_distance_to_it() -> None:
    scene = Scene(GOLDEN / "none")
    camera = {**tiny.camera("down", (-3.0, 5.0, 3.2), (-3.0, 0.0, 3.1)), "width": 3, "height": 3, "cx": 1.5, "cy": 1.5}
    depth = scene.render(camera, 0, 45).depth[1, 1]
    # The floor's feature falls below the shift a little under y = 0.3.
    assert depth == pytest.approx(5.0, abs=0.35)
