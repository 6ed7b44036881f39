from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from relight.dataset import DatasetError, Place, load, rays, save
from relight.nerf_osr import convert, photographs, search_psi, upright, with_psi
from relight.plan import look_at
from relight.sun import angle_between, sun_position

PLACE = Place("Saarbrücken", 49.234, 6.996)
WIDTH, HEIGHT = 41, 30
# the source's own axes, as from COLMAP: any rotation of the upright world
TILT, _ = np.linalg.qr(np.random.default_rng(11).normal(size=(3, 3)))
TILT = TILT * np.sign(np.linalg.det(TILT))
NAMES = {"train": ("01-08_07_30_IMG_6710", "29-07_12_00_IMG_5424", "C6_DSC_9_5"), "test": ("08-08_16_00_IMG_7850",)}


def upright_pose(k: int) -> np.ndarray:
    eye = np.array([0.8 * math.cos(k), 0.1 + 0.05 * k, 0.8 * math.sin(k)])
    return look_at(eye, np.array([0.0, 0.1 * (k % 3), 0.0]))


def write(root: Path) -> None:
    k = 0
    for split, names in NAMES.items():
        for folder in ("rgb", "pose", "intrinsics", "mask"):
            (root / "final" / split / folder).mkdir(parents=True)
        for name in names:
            pose = upright_pose(k) @ np.diag([1.0, -1.0, -1.0, 1.0])
            pose[:3] = TILT @ pose[:3]
            intrinsics = np.eye(4)
            intrinsics[0, 0], intrinsics[1, 1], intrinsics[0, 2], intrinsics[1, 2] = 36.0, 34.0, 20.5, 15.0
            base = root / "final" / split
            (base / "pose" / f"{name}.txt").write_text(" ".join(f"{v:.12f}" for v in pose.ravel()))
            (base / "intrinsics" / f"{name}.txt").write_text(" ".join(str(v) for v in intrinsics.ravel()))
            pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            pixels[..., 0] = np.arange(WIDTH)
            Image.fromarray(pixels).save(base / "rgb" / f"{name}.png")
            mask = np.full((HEIGHT, WIDTH), 255, np.uint8)
            mask[5, 7] = 0
            Image.fromarray(mask).save(base / "mask" / f"{name}.png")
            k += 1


def test_conversion(tmp_path: Path) -> None:
    source, out = tmp_path / "church", tmp_path / "out"
    write(source)
    written, undated = convert(source, out, PLACE, 2021, 2.0, reduction=2)
    dataset = load(out)
    assert dataset == written
    assert undated == 1  # C6_DSC_9_5 says no time
    assert [frame.split for frame in dataset.frames] == ["train", "train", "unseen-both"]
    frame = dataset.frames[0]
    assert frame.time == "2021-08-01T05:30:00Z"
    # halved: the odd last column is cropped, and neighbours are averaged
    assert (frame.width, frame.height, frame.fx, frame.cx) == (20, 15, 18.0, 10.25)
    assert dataset.image(frame)[0, 3, 0] * 255 == pytest.approx(6.5, abs=0.51)
    mask = dataset.mask(frame)
    assert mask is not None
    assert (np.argwhere(~mask) == [[2, 3]]).all()


def test_scene_is_turned_upright(tmp_path: Path) -> None:
    source, out = tmp_path / "church", tmp_path / "out"
    write(source)
    dataset, _ = convert(source, out, PLACE, 2021, 2.0)
    for k, frame in zip((0, 1, 3), dataset.frames, strict=True):
        expected = upright_pose(k)
        # heights are recovered, and the camera still looks at what it looked at: the remaining freedom is a heading
        assert frame.pose[1, 3] == pytest.approx(expected[1, 3], abs=1e-9)
        assert frame.pose[:3, 2][1] == pytest.approx(expected[:3, 2][1], abs=1e-9)
        assert abs(frame.pose[1, 0]) < 1e-9  # level
        origin, directions = rays(frame)
        assert np.linalg.norm(origin) == pytest.approx(np.linalg.norm(expected[:3, 3]))
        assert directions.mean(axis=(0, 1)) @ -frame.pose[:3, 2] > 0.9


def test_upright_scene_stays_and_upside_down_is_righted() -> None:
    poses = [upright_pose(k) for k in range(5)]
    assert upright(poses) == pytest.approx(np.eye(3), abs=1e-12)
    turned = [np.diag([1.0, -1.0, -1.0, 1.0]) @ pose for pose in poses]
    assert upright(turned) @ [0, -1, 0] == pytest.approx([0, 1, 0])


def test_timestamps_override_names(tmp_path: Path) -> None:
    write(tmp_path)
    stamps = {"C6_DSC_9_5": "2021-06-01T15:00:00+02:00", "01-08_07_30_IMG_6710": "2021-08-01T08:24:11+02:00"}
    (tmp_path / "timestamps.json").write_text(json.dumps(stamps))
    found, undated = photographs(tmp_path, 2021, 2.0)
    assert undated == 0
    times = {photograph.name: photograph.time.isoformat() for photograph in found}
    assert times["C6_DSC_9_5"] == stamps["C6_DSC_9_5"]
    assert times["01-08_07_30_IMG_6710"] == stamps["01-08_07_30_IMG_6710"]


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="train/rgb"):
        photographs(tmp_path, 2021, 2.0)
    source = tmp_path / "church"
    write(source)
    with pytest.raises(DatasetError, match="UTC offset"):
        convert(source, tmp_path / "out", PLACE, 2021, 9.0)  # 07:30 nine hours east of Greenwich is night
    (source / "final" / "train" / "pose" / "01-08_07_30_IMG_6710.txt").write_text("1 2 3")
    with pytest.raises(DatasetError, match="3 numbers"):
        convert(source, tmp_path / "out", PLACE, 2021, 2.0)


@pytest.mark.parametrize("truth", [0.02, 1.234, 3.6, 6.2])
def test_psi_is_found_from_the_suns(tmp_path: Path, truth: float) -> None:
    """The score of a perfect trainer: how far the suns under ψ lie from those that lit the pictures."""
    write(tmp_path / "church")
    dataset, _ = convert(tmp_path / "church", tmp_path / "out", PLACE, 2021, 2.0)
    lit = [with_psi(dataset, truth).sun_direction(frame) for frame in dataset.frames]

    def score(psi: float) -> float:
        turned = with_psi(dataset, psi)
        return sum(angle_between(turned.sun_direction(f), s) ** 2 for f, s in zip(turned.frames, lit, strict=True))

    found = search_psi(score)
    assert abs((found - truth + math.pi) % math.tau - math.pi) < math.radians(0.5)
    save(with_psi(dataset, found))
    assert math.radians(load(tmp_path / "out").psi_degrees) == pytest.approx(found)


def test_suns_come_from_the_ephemeris(tmp_path: Path) -> None:
    write(tmp_path / "church")
    dataset, _ = convert(tmp_path / "church", tmp_path / "out", PLACE, 2021, 2.0)
    found, _ = photographs(tmp_path / "church", 2021, 2.0)
    for frame, photograph in zip(dataset.frames, found, strict=True):
        azimuth, elevation = sun_position(PLACE.latitude, PLACE.longitude, photograph.time)
        assert (frame.azimuth_degrees, frame.elevation_degrees) == pytest.approx(
            (math.degrees(azimuth), math.degrees(elevation))
        )
