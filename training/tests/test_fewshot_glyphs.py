"""The pool of letters: the same drawings again, no two classes alike, and the shipped folder as its card says."""

from __future__ import annotations

import hashlib
import json
import urllib.error
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import ImageFont

from fewshot import glyphs
from fewshot.data import DataError, area_average
from fewshot.random import uniform

SHIPPED = Path(__file__).resolve().parents[2] / "public" / "pools" / "glyphs"
# A font that is installed wherever the tests run.
DEJAVU = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
SCRIPTS = (
    glyphs.Script("Tifinagh", "DejaVuSans", "2D33 2D4C"),
    glyphs.Script("Armenian", "DejaVuSans", "561 576 567"),
)
FONTS = {script.name: DEJAVU for script in SCRIPTS}


def bar(height: int = 60, width: int = 40) -> np.ndarray:
    """An upright stroke with a corner and a short spur on it."""
    line = np.zeros((height, width), bool)
    line[5:55, 10] = True
    line[54, 10:35] = True
    return line


def test_the_same_seed_draws_the_same_files_and_another_seed_others() -> None:
    first, again = (glyphs.pool_files(SCRIPTS, FONTS, 7) for _ in range(2))
    assert first == again
    other, _ = glyphs.pool_files(SCRIPTS, FONTS, 8)
    assert all(other[file] != content for file, content in first[0].items())


def test_a_card_names_each_class_once_in_order_and_leads_to_its_drawings() -> None:
    sprites, card = glyphs.pool_files(SCRIPTS, FONTS, 1)
    names = [c["name"] for c in card["classes"]]
    assert names == ["Armenian/ayb", "Armenian/eh", "Armenian/now", "Tifinagh/yag", "Tifinagh/yazh"]
    assert [f["version"] for f in card["fonts"]] == ["2.35", "2.35"]
    found = glyphs.drawings_of(sprites, card)
    drawn = glyphs.script_drawings(SCRIPTS[1], DEJAVU, 1)
    assert all(np.array_equal(found[name], tiles) for name, tiles in drawn.items())
    assert all(tiles.shape == (glyphs.HANDS, glyphs.TILE, glyphs.TILE) for tiles in found.values())


def test_hands_differ_and_draw_with_a_pen_as_wide_as_asked() -> None:
    tiles = [glyphs.drawing(bar(), uniform(1, hand)) for hand in range(glyphs.HANDS)]
    assert len({tile.tobytes() for tile in tiles}) == glyphs.HANDS
    for tile in tiles:
        ink = tile.astype(float) / 255
        assert ink[1:-1, 1:-1].sum() == pytest.approx(ink.sum()), "the drawing keeps off the edge"
        # Length times width: 50 + 25 of 50 units of the long side, 5 % of the tile wide.
        expected = 1.5 * np.mean(glyphs.LONG_SIDE) * np.mean(glyphs.PEN)
        assert ink.mean() == pytest.approx(expected, rel=0.45)


def test_spurs_go_and_strokes_and_dots_stay() -> None:
    line = bar()
    spurred = line.copy()
    spurred[30, 11:15] = True
    spurred[10, 30:33] = True  # a stroke of its own
    cleaned = glyphs.without_spurs(spurred, 6)
    assert not cleaned[30, 12:15].any()
    assert cleaned[10, 30:33].all()
    assert (cleaned & line).sum() >= line.sum() - 1
    assert glyphs.without_spurs(spurred, 2)[30, 11:15].all()


def test_a_glyph_is_thinned_to_lines_one_pixel_wide() -> None:
    line = glyphs.centre_line(ImageFont.truetype(str(DEJAVU), 100), 0x2D54)  # a ring
    assert (glyphs.neighbours(line)[line] >= 2).all(), "a ring has no ends"
    assert line.sum() < 400


def test_missing_fonts_are_named_and_a_failed_download_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match=r"NotoSansArmenian-Regular\.ttf"):
        glyphs.font_files(tmp_path, tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", fail)
    with pytest.raises(DataError, match="--fonts"):
        glyphs.font_files(None, tmp_path)


def test_every_script_has_letters_of_different_names() -> None:
    for script in glyphs.SCRIPTS:
        names = [glyphs.letter_name(code) for code in script.codes]
        assert len(set(names)) == len(names) >= 12
    assert len({s.sprite for s in glyphs.SCRIPTS}) == len(glyphs.SCRIPTS)
    assert glyphs.letter_name(0x16A0) == "fehu"
    assert glyphs.letter_name(0xE01) == "ko kai"


def test_the_shipped_pool_is_small_sorted_and_has_no_class_twice() -> None:
    card = json.loads((SHIPPED / "pool.json").read_text(encoding="utf-8"))
    names = [c["name"] for c in card["classes"]]
    assert names == sorted(set(names))
    assert len(names) == sum(len(script.codes) for script in glyphs.SCRIPTS)
    assert sum(p.stat().st_size for p in SHIPPED.iterdir()) < 1.5e6
    sprites = {c["sprite"]: (SHIPPED / c["sprite"]).read_bytes() for c in card["classes"]}
    found = glyphs.drawings_of(sprites, card)
    drawings = [tile.tobytes() for tiles in found.values() for tile in tiles]
    assert len(set(drawings)) == len(drawings) == glyphs.HANDS * len(names)
    # Mean drawings are what is left when the hands are averaged away: no two letters share theirs.
    means = [
        hashlib.sha256(np.rint(area_average(t.mean(0) / 255, 7) * 16).tobytes()).hexdigest() for t in found.values()
    ]
    assert len(set(means)) == len(means)
    assert 0.03 < np.mean([tiles.mean() / 255 for tiles in found.values()]) < 0.13, "ink as in Omniglot"
    assert {f["licence"] for f in card["fonts"]} == {"OFL-1.1"}
    assert 0.9 < card["metrics"]["ways"]["5"]["accuracy"] < 1
