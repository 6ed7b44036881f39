"""The committed gallery: openly licensed, complete, small."""

from __future__ import annotations

import json

from conftest import ROOT
from PIL import Image

from heliograph_training import gallery

IMAGES = ROOT / "public" / "images"
ENTRIES = json.loads((IMAGES / "gallery.json").read_text())


def test_every_entry_is_complete_and_matches_its_file() -> None:
    assert 8 <= len(ENTRIES) <= 12
    assert {e["file"] for e in ENTRIES} == {p.name for p in IMAGES.glob("*.jpg")}
    for entry in ENTRIES:
        assert set(entry) == {"id", "file", "title", "alt", "source", "licence", "attribution", "width", "height"}
        assert all(entry.values())
        with Image.open(IMAGES / entry["file"]) as image:
            assert image.size == (entry["width"], entry["height"])
            assert image.mode == "RGB"
            assert max(image.size) <= gallery.LONGEST
            assert not image.getexif()


def test_gallery_stays_small() -> None:
    assert sum(p.stat().st_size for p in IMAGES.iterdir()) < 1.2e6


def test_packaged_originals_are_still_there() -> None:
    """The parts that need no download: scikit-image's and scikit-learn's photographs."""
    for photograph in gallery.PHOTOGRAPHS:
        if photograph.source != gallery.OPENCV:
            assert min(gallery.read(photograph, None).size) >= 300
