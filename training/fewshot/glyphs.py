"""A pool of drawn letters that may be shipped: glyphs of open fonts, reduced to strokes and drawn anew by seeded hands.

    python -m fewshot.glyphs --out ../public/pools/glyphs [--fonts DIR] [--learner ../public/learners/drawings-anyway]

The learners of drawings were trained on Omniglot: thin strokes of one width, drawn by people. So each glyph is thinned
to its centre line, the line is bent by a hand (size, proportions, slant, turn, place, a slow warp, a tremor), and drawn
with a pen about as wide as Omniglot's. Scripts the learners were trained on (Greek, Latin, Hangul, Katakana, Aramaic)
are left out. docs/fewshot-format.md describes the folder.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import math
import sys
import tempfile
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from skimage.morphology import skeletonize

from fewshot import reference
from fewshot.data import DataError, area_average, write_pool
from fewshot.episodes import Pool, episode
from fewshot.evaluate import summary
from fewshot.random import uniform

FONTS_ADDRESS = "https://raw.githubusercontent.com/notofonts/noto-fonts/v20201206-phase3/hinted/ttf/"
SEED = 1
HANDS = 20  # drawings of each letter, as in Omniglot
TILE = 56  # pixels, twice what the learners take
FINE = 4 * TILE  # drawn at this size, then averaged
MEASURED_WAYS = (5, 3, 10)
SHOTS = 5
QUERIES = 15

GREYS = 8  # levels that are kept: more make the files larger and nothing clearer

RENDERED = 200  # font size in pixels at which glyphs are thinned
MARGIN = 2  # pixels of paper around a rendered glyph, so that its line has a neighbourhood everywhere
SPUR = 0.6  # branches of the centre line shorter than this share of the stroke's width are corners, not strokes

# Shares of the tile's side. Omniglot's are, 5 % to 95 %: pen 0.045–0.055, long side 0.48–0.85; centre ± 0.06.
PEN = (0.043, 0.055)
LONG_SIDE = (0.5, 0.78)
PLACE = 0.07
EDGE = 0.06  # kept free
# Of a letter's own size.
TURN = 9.0  # degrees either way
SLANT = 0.16
PROPORTION = 0.2
WARP = 0.055
TREMOR = 0.008


@dataclass(frozen=True)
class Script:
    """Letters of one script: code points in hexadecimal, all in one font."""

    name: str
    font: str
    letters: str

    @property
    def codes(self) -> list[int]:
        """The letters' code points."""
        return [int(c, 16) for c in self.letters.split()]

    @property
    def sprite(self) -> str:
        """File of the script's drawings."""
        return "".join(c for c in self.name.lower().replace(" ", "-") if c.isalnum() or c == "-") + ".png"


# Letters of a script that look different from one another; no two scripts need to.
SCRIPTS = (
    Script("Armenian", "NotoSansArmenian", "561 563 565 567 569 56A 56D 56E 571 573 576 577 57B 583 584 586"),
    Script("Burmese", "NotoSansMyanmar",
           "1000 1001 1004 1005 1007 1008 100B 100C "
           "100F 1010 1012 1014 1017 101B 101C 1020"),
    Script("Cherokee", "NotoSansCherokee",
           "13A3 13A6 13A7 13AD 13B2 13B8 13B9 13BA "
           "13BF 13C1 13C4 13C6 13C8 13CC 13CD 13D0"),
    Script("Devanagari", "NotoSansDevanagari", "915 916 91A 91B 91C 91D 920 922 923 926 92B 92D 930 932 936 939"),
    Script("Ethiopic", "NotoSansEthiopic",
           "1200 1208 1210 1218 1220 1228 1240 1290 "
           "12A0 12D8 12E8 12F0 1308 1328 1338 1348"),
    Script("Georgian", "NotoSansGeorgian",
           "10D0 10D2 10D3 10DF 10D7 10DA 10DC 10DE "
           "10E2 10E4 10E5 10E6 10E8 10EA 10EF 10E7"),
    Script("Glagolitic", "NotoSansGlagolitic",
           "2C30 2C31 2C32 2C33 2C35 2C36 2C38 2C3C "
           "2C3D 2C40 2C43 2C46 2C48 2C4B 2C4D 2C4E"),
    Script("Hebrew", "NotoSansHebrew", "5D0 5D1 5D2 5D4 5D8 5DB 5DC 5DE 5E1 5E2 5E4 5E6 5E7 5E9 5EA"),
    Script("Khmer", "NotoSansKhmer", "1780 1781 1784 1785 1788 1789 178A 178B 1791 1794 1799 179A 179B 17A0 17A1 17A2"),
    Script("N'Ko", "NotoSansNKo", "7CC 7CF 7D0 7D2 7D3 7D6 7D8 7DA 7DB 7DC 7DD 7DE 7E2 7E5 7E7"),
    Script("Ol Chiki", "NotoSansOlChiki",
           "1C5A 1C5C 1C5D 1C5E 1C60 1C63 1C66 1C67 "
           "1C69 1C6B 1C6C 1C6F 1C70 1C72 1C73 1C77"),
    Script("Osmanya", "NotoSansOsmanya",
           "10480 10481 10482 10484 10485 10488 10489 1048A "
           "1048D 1048E 10490 10493 10494 10498 1049B 1049D"),
    Script("Runic", "NotoSansRunic", "16A0 16A2 16A6 16A8 16B1 16B7 16C7 16C8 16C9 16CF 16D2 16D6 16D7 16DC 16DE 16DF"),
    Script("Tamil", "NotoSansTamil", "B85 B87 B88 B89 B90 B95 B99 B9A B9C B9E BA3 BA4 BB2 BB4 BB5"),
    Script("Thai", "NotoSansThai", "E01 E02 E04 E07 E08 E0D E10 E18 E19 E1C E21 E23 E25 E28 E2B E2E"),
    Script("Tifinagh", "NotoSansTifinagh",
           "2D33 2D39 2D3C 2D40 2D43 2D44 2D47 2D49 "
           "2D4C 2D4E 2D50 2D56 2D59 2D5C 2D60 2D63"),
)  # fmt: skip

Draw = Callable[[], float]


def letter_name(code: int) -> str:
    """Return what Unicode calls a letter, without its script: 'alef'. Runes have several names: the first."""
    words = unicodedata.name(chr(code)).lower().split()
    kind = next(k for k, word in enumerate(words) if word in ("letter", "syllable", "character"))
    rest = [w for w in words[kind + 1 :] if w != "tuareg"]
    return rest[0] if words[0] == "runic" else " ".join(rest)


def centre_line(font: ImageFont.FreeTypeFont, code: int) -> np.ndarray:
    """Return a glyph's centre line as a boolean image, the glyph in the middle between margins."""
    left, top, right, bottom = font.getbbox(chr(code))
    paper = Image.new("L", (int(right - left) + 2 * MARGIN, int(bottom - top) + 2 * MARGIN))
    ImageDraw.Draw(paper).text((MARGIN - left, MARGIN - top), chr(code), fill=255, font=font)
    ink = np.asarray(paper) > 127
    line = skeletonize(ink)
    return without_spurs(line, SPUR * 2 * float(np.median(ndimage.distance_transform_edt(ink)[line])))


def neighbours(line: np.ndarray) -> np.ndarray:
    """Count the pixels of a line around each of its pixels; 0 elsewhere."""
    return np.where(line, ndimage.convolve(line.astype(np.int32), np.ones((3, 3), np.int32), mode="constant") - 1, 0)


def without_spurs(line: np.ndarray, shortest: float) -> np.ndarray:
    """Take away branches shorter than this that end free and begin at a fork: what thinning makes of corners."""
    line = line.copy()
    degree = neighbours(line)
    for y, x in zip(*np.nonzero(degree == 1), strict=True):
        branch, at = [(y, x)], (y, x)
        while len(branch) <= shortest:
            ahead = [
                (at[0] + dy, at[1] + dx)
                for dy in (-1, 0, 1)
                for dx in (-1, 0, 1)
                if line[at[0] + dy, at[1] + dx] and (at[0] + dy, at[1] + dx) not in branch
            ]
            if not ahead:
                break  # a stroke of its own, such as a dot
            if len(ahead) > 1 or degree[ahead[0]] > 2:
                for place in branch:
                    line[place] = False
                break
            at = ahead[0]
            branch.append(at)
    return line


def waves(
    draw: Draw, amplitude: float, longest: float, shortest: float
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a smooth random field over the plane: three plane waves of lengths between these."""
    terms = []
    for _ in range(3):
        angle, phase = 2 * math.pi * draw(), 2 * math.pi * draw()
        number = 2 * math.pi / (shortest + (longest - shortest) * draw())
        terms.append((number * math.cos(angle), number * math.sin(angle), phase))
    scale = amplitude / math.sqrt(1.5)  # three sines of random phase
    return lambda x, y: scale * sum((np.sin(a * x + b * y + p) for a, b, p in terms), np.zeros_like(x))


def within_tile(values: np.ndarray, place: float) -> np.ndarray:
    """Put coordinates around 0 into the tile, their middle at ``place`` from the tile's where there is room."""
    low, high = values.min(), values.max()
    scale = min(1.0, (1 - 2 * EDGE) / (high - low))
    low, high = scale * low, scale * high
    middle = min(max(0.5 + place, EDGE - low), 1 - EDGE - high)
    return scale * values + middle


def drawing(line: np.ndarray, draw: Draw) -> np.ndarray:
    """Draw a centre line with one hand; ink = 255, (TILE, TILE) of uint8."""
    ys, xs = np.nonzero(line)
    middle_y, middle_x = (ys.min() + ys.max()) / 2, (xs.min() + xs.max()) / 2
    size = max(np.ptp(ys), np.ptp(xs)) + 1

    def either(most: float) -> float:
        return most * (2 * draw() - 1)

    long_side = LONG_SIDE[0] + (LONG_SIDE[1] - LONG_SIDE[0]) * draw()
    stretch, slant, turn = math.exp(either(PROPORTION)), either(SLANT), math.radians(either(TURN))
    place_x, place_y = either(PLACE), either(PLACE)
    pen = PEN[0] + (PEN[1] - PEN[0]) * draw()
    warp_x, warp_y = waves(draw, WARP, 2.0, 0.8), waves(draw, WARP, 2.0, 0.8)
    tremor_x, tremor_y = waves(draw, TREMOR, 0.3, 0.15), waves(draw, TREMOR, 0.3, 0.15)

    # The line's points in units of the letter's long side, 0 in its middle.
    x, y = (xs - middle_x) / size * math.sqrt(stretch), (ys - middle_y) / size / math.sqrt(stretch)
    x = x + slant * y
    x, y = math.cos(turn) * x - math.sin(turn) * y, math.sin(turn) * x + math.cos(turn) * y
    x, y = x + warp_x(x, y) + tremor_x(x, y), y + warp_y(x, y) + tremor_y(x, y)

    # In shares of the tile, moved back where a warp has taken it over the edge.
    x, y = (within_tile(long_side * v, place) for v, place in ((x, place_x), (y, place_y)))
    # The points lie closer than the pen is wide, so that no gaps show.
    columns, rows = (x * FINE).astype(int), (y * FINE).astype(int)
    paper = np.ones((FINE, FINE), bool)
    paper[rows, columns] = False
    ink = area_average(np.clip(pen * FINE / 2 - ndimage.distance_transform_edt(paper) + 0.5, 0, 1), TILE)
    return np.rint(np.rint((GREYS - 1) * ink) * (255 / (GREYS - 1))).astype(np.uint8)


def script_drawings(script: Script, font: Path, seed: int) -> dict[str, np.ndarray]:
    """Return a script's drawings by class name, in the order of the names: uint8 (HANDS, TILE, TILE), ink = 255."""
    opened = ImageFont.truetype(str(font), RENDERED, layout_engine=ImageFont.Layout.BASIC)
    found = {}
    for code in script.codes:
        line = centre_line(opened, code)
        # A letter's drawings do not change when others come or go.
        hands = [drawing(line, uniform(seed, code * HANDS + hand)) for hand in range(HANDS)]
        found[f"{script.name}/{letter_name(code)}"] = np.stack(hands)
    return dict(sorted(found.items()))


def font_facts(path: Path) -> dict[str, str]:
    """Name, version, licence and checksum of a font file."""
    names = TTFont(path, lazy=True)["name"]

    def fact(number: int) -> str:
        return str(names.getDebugName(number) or "")

    return {
        "name": fact(4),
        "version": fact(5).split(";")[0].removeprefix("Version "),
        "copyright": fact(0),
        "licence": "OFL-1.1",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def font_files(folder: Path | None, scratch: Path) -> dict[str, Path]:
    """Return the font file of each script, from a folder or downloaded into ``scratch``.

    Raises:
        DataError: if fonts are missing or cannot be downloaded.
    """
    found = {}
    for script in SCRIPTS:
        file = f"{script.font}-Regular.ttf"
        path = (folder or scratch) / file
        if folder is None:
            address = f"{FONTS_ADDRESS}{script.font}/{file}"
            try:
                with urllib.request.urlopen(address, timeout=60) as response:
                    path.write_bytes(response.read())
            except (urllib.error.URLError, TimeoutError) as error:
                raise DataError(f"{address} cannot be downloaded ({error}); give a folder with --fonts") from error
        if not path.is_file():
            raise DataError(f"missing: {path}; leave --fonts out to download the fonts")
        found[script.name] = path
    return found


def measured(drawings: dict[str, np.ndarray], learner: Path, episodes: int) -> dict[str, Any]:
    """Accuracy of a learner folder on the pool's own seeded episodes, 5 shots, by number of ways."""
    card = json.loads((learner / "card.json").read_text())
    size = card["input"]["height"]
    # As the page does it: averaged from the tiles, not rounded.
    images = [area_average(tiles[:, None].astype(np.float64), size) for tiles in drawings.values()]
    pool = Pool(list(drawings), images, tuple(card["input"]["mean"]), tuple(card["input"]["std"]))
    act = reference.conv4_learner(learner, card, None)
    ways = {}
    for count in MEASURED_WAYS:
        each = [act(episode(pool, SEED, r, count, SHOTS, QUERIES, card["nodes"] or 0)) for r in range(episodes)]
        ways[str(count)] = {k: v for k, v in summary(each).items() if k != "each"}
    return {"learner": card["name"], "shots": SHOTS, "queries": QUERIES, "seed": SEED, "ways": ways}


def png(pixels: np.ndarray) -> bytes:
    """Encode grey pixels; optimised and without a date, so that the bytes depend on the pixels alone."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", optimize=True)
    return content.getvalue()


def pool_files(scripts: Sequence[Script], fonts: dict[str, Path], seed: int) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Draw the pool: the sprites by file name, and its card without measurements."""
    sprites, classes = {}, []
    for script in scripts:
        drawings = script_drawings(script, fonts[script.name], seed)
        # Black on white, a row a class, a column a hand.
        sprites[script.sprite] = png(255 - np.vstack([np.hstack(list(tiles)) for tiles in drawings.values()]))
        classes += [
            {"name": name, "images": HANDS, "sprite": script.sprite, "row": row} for row, name in enumerate(drawings)
        ]
    card = {
        "format": "heliograph-pool",
        "version": 1,
        "name": "glyphs",
        "title": f"Letters of {len(scripts)} scripts",
        "domain": "drawings",
        "licence": "CC0-1.0",
        "source": f"{len(classes)} letters, each drawn by {HANDS} seeded hands after glyphs of Noto fonts (OFL 1.1).",
        "seed": seed,
        "tile": {"width": TILE, "height": TILE},
        "fonts": [font_facts(fonts[script.name]) for script in scripts],
        "classes": sorted(classes, key=lambda c: str(c["name"])),
    }
    return sprites, card


def drawings_of(sprites: dict[str, bytes], card: dict[str, Any]) -> dict[str, np.ndarray]:
    """Read the drawings back as the page does: class name → uint8 (images, TILE, TILE), ink = 255."""
    read = {file: 255 - np.asarray(Image.open(io.BytesIO(content))) for file, content in sprites.items()}
    found = {}
    for entry in card["classes"]:
        row = read[entry["sprite"]][entry["row"] * TILE : (entry["row"] + 1) * TILE]
        found[entry["name"]] = row.reshape(TILE, -1, TILE).transpose(1, 0, 2)[: entry["images"]]
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.glyphs", description="Draw the pool of letters.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pool")
    parser.add_argument("--fonts", type=Path, help="folder of the Noto fonts' TTF files; left out, they are downloaded")
    parser.add_argument("--learner", type=Path, help="learner folder whose accuracy is measured and put into the card")
    parser.add_argument("--episodes", type=int, default=600, help="of the measurement, for each number of ways")
    parser.add_argument("--folders", type=Path, help="also write the drawings here as PNG files, a folder a class")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        fonts = font_files(options.fonts, Path(scratch))
        sprites, card = pool_files(SCRIPTS, fonts, options.seed)
    drawings = drawings_of(sprites, card)
    if options.folders:
        images = [tiles[:, None] for tiles in drawings.values()]
        write_pool(Pool(list(drawings), images, (0.0,), (1.0,)), options.folders)
    if options.learner:
        card["metrics"] = measured(drawings, options.learner, options.episodes)
    options.out.mkdir(parents=True, exist_ok=True)
    for file, content in sprites.items():
        (options.out / file).write_bytes(content)
    (options.out / "pool.json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
