from __future__ import annotations

import itertools
import math
from datetime import datetime

import numpy as np
import pytest

from relight import textures, town
from relight.mesh import Mesh, Opening, wall
from relight.plan import (
    FOOTPRINTS,
    FURTHER_CAMERAS,
    HELD_OUT_COUNTS,
    HELD_OUT_TIMES,
    MINIMUM_ELEVATION,
    PSI_DEGREES,
    TRAINING_CAMERAS,
    look_at,
    plan,
)
from relight.sun import angle_between, world_direction


def area(mesh: Mesh) -> float:
    a, b, c = np.array(mesh.positions).reshape(-1, 3, 3).transpose(1, 0, 2)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def test_box_and_lathe_have_their_surfaces() -> None:
    box = Mesh()
    box.box((0, 0, 0), (1, 2, 3))
    assert area(box) == pytest.approx(2 * (2 + 3 + 6))
    cylinder = Mesh()
    cylinder.lathe(1, 2, [(0.0, 0.0), (2.0, 0.0), (2.0, 5.0), (0.0, 5.0)], segments=400)
    assert area(cylinder) == pytest.approx(math.tau * 2 * 5 + math.tau * 4, rel=1e-3)


def test_texture_coordinates_are_metres() -> None:
    mesh = Mesh()
    mesh.polygon(np.array([(0, 0, 0), (0, 0, -2), (0, 3, -2), (0, 3, 0)]))  # a wall that faces +x
    positions, coordinates = np.array(mesh.positions), np.array(mesh.coordinates)
    for i, j in itertools.combinations(range(len(positions)), 2):
        assert np.linalg.norm(coordinates[i] - coordinates[j]) == pytest.approx(
            np.linalg.norm(positions[i] - positions[j])
        )
    assert np.ptp(coordinates[:, 1]) == pytest.approx(3)  # v climbs the wall


def test_wall_recess_moves_its_panel_inwards() -> None:
    meshes = {"stone": Mesh(), "glass": Mesh()}
    wall(meshes, "stone", (0, 0, 0), (1, 0), 4, 3, [Opening(1, 1, 1, 1.5, "glass", depth=0.5)])
    panel = np.array(meshes["glass"].positions)
    assert panel[:, 2] == pytest.approx(np.full(len(panel), -0.5))  # outside is +z
    # the front without the hole, and the four reveals
    assert area(meshes["stone"]) == pytest.approx(12 - 1.5 + 0.5 * 2 * (1 + 1.5))
    assert area(meshes["glass"]) == pytest.approx(1.5)


def test_arched_opening_keeps_the_spandrels() -> None:
    meshes = {"stone": Mesh()}
    wall(meshes, "stone", (0, 0, 0), (1, 0), 4, 3, [Opening(1, 0, 2, 2.5, None, arched=True, depth=1e-6)])
    hole = 2 * 1.5 + math.pi / 2  # a rectangle under a half disc of radius 1
    assert area(meshes["stone"]) == pytest.approx(12 - hole, abs=0.03)  # the arc has ten chords


def test_town_fits_its_box_and_every_mesh_has_a_material() -> None:
    meshes, materials = town.build(7), town.materials(7)
    assert set(meshes) <= set(materials)
    low, high = np.array(town.BOX)
    for name, mesh in meshes.items():
        positions = np.array(mesh.positions)
        assert np.isfinite(positions).all(), name
        assert (positions >= low).all(), name
        assert (positions <= high).all(), name
    for name, material in materials.items():
        assert material.texture.ndim == 3, name
        assert 0.0 < material.texture.min() <= material.texture.max() < 1.0, name


def test_town_is_seeded() -> None:
    first, second, other = town.build(7), town.build(7), town.build(8)
    assert np.array_equal(first["foliage"].positions, second["foliage"].positions)
    assert not np.array_equal(first["foliage"].positions, other["foliage"].positions)


def test_linear_colours_and_tiling() -> None:
    # IEC 61966-2-1: sRGB 188 is 0.503 in linear light
    assert textures.linear("#bcbcbc") == pytest.approx(np.full(3, 0.5029), abs=1e-4)
    noise = textures.cloud(np.random.default_rng(1), 1.5)
    seam = np.abs(noise[:, 0] - noise[:, -1]).mean()
    assert seam < 1.5 * np.abs(np.diff(noise, axis=1)).mean()


def test_look_at_faces_its_target() -> None:
    eye, target = np.array([3.0, 2.0, 5.0]), np.array([0.0, 1.0, -1.0])
    pose = look_at(eye, target)
    towards = (target - eye) / np.linalg.norm(target - eye)
    assert -pose[:3, 2] == pytest.approx(towards)
    assert pose[:3, :3].T @ pose[:3, :3] == pytest.approx(np.eye(3))
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)
    assert pose[1, 0] == pytest.approx(0)  # level
    assert pose[1, 1] > 0


def test_plan_keeps_its_promises() -> None:
    open_field = np.full((32, 48), 20.0)
    frames = plan((320, 213), 7, lambda frame: open_field)
    training = [frame for frame in frames if frame.split == "train"]
    further = [counts for counts, _ in FURTHER_CAMERAS]
    assert len(training) == sum(sum(counts.values()) for counts in (TRAINING_CAMERAS, *further)) >= 160
    for split, count in HELD_OUT_COUNTS.items():
        assert sum(frame.split == split for frame in frames) == count

    def direction(azimuth: float, elevation: float) -> np.ndarray:
        return world_direction(math.radians(azimuth), math.radians(elevation), math.radians(PSI_DEGREES))

    suns = [direction(frame.azimuth_degrees, frame.elevation_degrees) for frame in training]
    assert len({frame.time for frame in training}) == len(training)
    assert min(frame.elevation_degrees for frame in training) > math.degrees(MINIMUM_ELEVATION)
    poses = {frame.camera_to_world for frame in training}
    times = {frame.time for frame in training}
    for frame in frames:
        if frame.split == "unseen-view":
            assert frame.time in times
        elif frame.held_out:
            sun = direction(frame.azimuth_degrees, frame.elevation_degrees)
            assert math.degrees(min(angle_between(sun, other) for other in suns)) > 8.0
            assert datetime.fromisoformat(frame.time) in {datetime.fromisoformat(time) for time in HELD_OUT_TIMES}
        if frame.split == "unseen-sun":
            assert frame.camera_to_world in poses
        elif frame.held_out:
            assert frame.camera_to_world not in poses
        x, z = frame.camera_to_world[3], frame.camera_to_world[11]
        assert not any(x0 < x < x1 and z0 < z < z1 for x0, z0, x1, z1 in FOOTPRINTS)
