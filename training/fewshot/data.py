"""Pools of classes for episodes: drawings (Omniglot) and photographs (Tiny-ImageNet at 32×32), split by class.

    python -m fewshot.data --domain drawings --split test --pool DIR [--data ../../shared/data]

writes a split as folders of PNG files, one a class, in the order episodes number them, for the command line.

Omniglot (Lake, Salakhutdinov and Tenenbaum, Science 2015; MIT licence): the two minimal background sets, 8 alphabets
of 20 drawings a character. Whole alphabets are held out. As is usual, each character turned by 90°, 180° and 270° is a
class of its own, in every split. Tiny-ImageNet: images of ImageNet, for research, not redistributed; 500 a class.

Decoded arrays are kept in a cache folder outside the project.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
from PIL import Image

from fewshot.episodes import Pool

DOMAINS = ("drawings", "photographs")
SPLITS = ("train", "val", "test")
DEFAULT_CACHE = Path.home() / ".cache" / "heliograph" / "fewshot"

OMNIGLOT_ARCHIVES = ("images_background_small1.zip", "images_background_small2.zip")
OMNIGLOT_ADDRESS = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/"
HELD_OUT_ALPHABETS = {"val": ("Early_Aramaic",), "test": ("Balinese", "Sanskrit", "Tagalog")}
DRAWING_SIZE = 28  # pixels
TURNS = (0, 90, 180, 270)  # degrees, counter-clockwise

TINY_ADDRESS = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
CLASS_LIST = Path(__file__).with_name("tiny_imagenet_split.json")
PHOTOGRAPH_SIZE = 32

Arrays = dict[str, np.ndarray]  # class name → uint8 (images, channels, height, width)


class DataError(Exception):
    """The images cannot be had; the message says what to do."""


def area_average(values: np.ndarray, size: int) -> np.ndarray:
    """Shrink square images (…, H, H) to (…, size, size); each new pixel is the mean over the area it covers."""
    edges = np.arange(size + 1) * values.shape[-1] / size
    pixels = np.arange(values.shape[-1])
    covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights = np.clip(covered, 0, None) * size / values.shape[-1]
    return weights @ values @ weights.T


def read_omniglot(archives: list[bytes]) -> Arrays:
    """Decode all characters as ink (1 = ink), without turns; an alphabet in two archives is read once."""
    found: dict[str, list[np.ndarray]] = {}
    seen: set[str] = set()
    for content in archives:
        archive = zipfile.ZipFile(io.BytesIO(content))
        files = sorted(n for n in archive.namelist() if n.endswith(".png") and "__MACOSX" not in n)
        here = {PurePosixPath(n).parts[-3] for n in files} - seen
        for name in files:
            alphabet, character, _ = PurePosixPath(name).parts[-3:]
            if alphabet in here:
                paper = np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("L"), np.float64) / 255
                ink = area_average(1 - paper, DRAWING_SIZE)
                found.setdefault(f"{alphabet}/{character}", []).append(np.rint(255 * ink).astype(np.uint8))
        seen |= here
    return {name: np.stack(images)[:, None] for name, images in found.items()}


def with_turns(characters: Arrays) -> Arrays:
    """Add every character turned by quarter turns as classes ``<alphabet>/<character>/rotDDD``."""
    return {
        f"{name}/rot{turn:03d}": np.rot90(images, turn // 90, (2, 3)).copy()
        for name, images in characters.items()
        for turn in TURNS
    }


def in_split(alphabet: str, split: str) -> bool:
    """Say whether an alphabet belongs to a split; what is not held out trains."""
    if split == "train":
        return all(alphabet not in held for held in HELD_OUT_ALPHABETS.values())
    return alphabet in HELD_OUT_ALPHABETS[split]


def _fetch(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=60) as response:
            return bytes(response.read())
    except (urllib.error.URLError, TimeoutError) as error:
        raise DataError(f"{address} cannot be downloaded ({error}); give a local copy with --data") from error


def _drawings(data: Path | None, split: str) -> Arrays:
    if data is None:
        archives = [_fetch(OMNIGLOT_ADDRESS + name) for name in OMNIGLOT_ARCHIVES]
    else:
        paths = [data / "omniglot" / name for name in OMNIGLOT_ARCHIVES]
        missing = [str(p) for p in paths if not p.is_file()]
        if missing:
            raise DataError(f"missing: {', '.join(missing)}; leave --data out to download them")
        archives = [p.read_bytes() for p in paths]
    characters = read_omniglot(archives)
    return with_turns({n: a for n, a in characters.items() if in_split(n.split("/")[0], split)})


def _photograph(content: bytes) -> np.ndarray:
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.float64).transpose(2, 0, 1)
    if pixels.shape[-1] != PHOTOGRAPH_SIZE:
        pixels = np.rint(area_average(pixels, PHOTOGRAPH_SIZE))
    return pixels.astype(np.uint8)


def _photographs(data: Path | None, split: str) -> Arrays:
    classes = json.loads(CLASS_LIST.read_text())[split]
    if data is None:
        archive = zipfile.ZipFile(io.BytesIO(_fetch(TINY_ADDRESS)))
        prefix = "tiny-imagenet-200/train/{0}/images/"
        names = sorted(n for n in archive.namelist() if n.endswith(".JPEG"))
        return {
            c: np.stack([_photograph(archive.read(n)) for n in names if n.startswith(prefix.format(c))])
            for c in classes
        }
    found = {}
    for name in classes:
        path = data / "tiny-imagenet-32" / split / f"{name}.tar"
        if not path.is_file():
            raise DataError(f"missing: {path}; leave --data out to download Tiny-ImageNet")
        with tarfile.open(path) as tar:
            members = sorted((m for m in tar.getmembers() if m.isfile()), key=lambda m: m.name)
            streams = [tar.extractfile(m) for m in members]
            found[name] = np.stack([_photograph(s.read()) for s in streams if s is not None])
    return found


READERS: dict[str, Callable[[Path | None, str], Arrays]] = {"drawings": _drawings, "photographs": _photographs}


def _keep(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Put a file into the cache whole, under a name of its own first: two trainings started together write the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as scratch:
        write(scratch)
    Path(scratch.name).replace(path)


def arrays(domain: str, split: str, data: Path | None, cache: Path = DEFAULT_CACHE) -> Arrays:
    """Return a split's images by class, from the cache or decoded into it.

    Raises:
        DataError: if files are missing or cannot be downloaded.
    """
    path = cache / f"{domain}-{split}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    found = READERS[domain](data, split)
    _keep(path, lambda file: np.savez(file, allow_pickle=False, **found))
    return found


def statistics(domain: str, data: Path | None, cache: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation a channel, to normalise with: none for ink, else of the training split."""
    if domain == "drawings":
        return (0.0,), (1.0,)
    path = cache / f"{domain}-statistics.json"
    if not path.is_file():
        pixels = np.concatenate(list(arrays(domain, "train", data, cache).values())) / np.float32(255)
        mean, std = pixels.mean((0, 2, 3), dtype=np.float64), pixels.std((0, 2, 3), dtype=np.float64)
        numbers = {"mean": [round(float(m), 4) for m in mean], "std": [round(float(s), 4) for s in std]}
        _keep(path, lambda file: file.write(json.dumps(numbers).encode() + b"\n"))
    stored = json.loads(path.read_text())
    return tuple(stored["mean"]), tuple(stored["std"])


def pool(domain: str, split: str, data: Path | None, cache: Path = DEFAULT_CACHE) -> Pool:
    """Return a split as a pool of classes, ready to draw episodes from.

    Args:
        domain: 'drawings' or 'photographs'.
        split: 'train', 'val' or 'test'; no class is in two of them.
        data: folder with ``omniglot`` and ``tiny-imagenet-32``; None downloads the public originals.
        cache: folder for decoded arrays.
    """
    found = arrays(domain, split, data, cache)
    names = sorted(found)
    return Pool(names, [found[n] for n in names], *statistics(domain, data, cache))


def write_pool(found: Pool, folder: Path) -> None:
    """Write a pool as ``folder/<class>/<number>.png``; a class's name is its path, so sorting gives the order back."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, images in zip(found.names, found.images, strict=True):
        (folder / name).mkdir(parents=True)
        for k, image in enumerate(images):
            # Paper is white in the files, as on a drawing pad; photographs are as they are.
            picture = Image.fromarray(255 - image[0] if len(image) == 1 else image.transpose(1, 2, 0))
            picture.save(folder / name / f"{k:04d}.png")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add --data and --cache."""
    parser.add_argument("--data", type=Path, help="folder of the data sets; left out, the originals are downloaded")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="decoded arrays, outside the project")


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(
        prog="python -m fewshot.data", description="Write a split as folders of PNG files."
    )
    add_options(parser)
    parser.add_argument("--domain", choices=DOMAINS, required=True)
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--pool", type=Path, required=True, help="folder to write; what is in it is deleted")
    options = parser.parse_args(arguments)
    write_pool(pool(options.domain, options.split, options.data, options.cache), options.pool)
    return 0


if __name__ == "__main__":
    sys.exit(main())
