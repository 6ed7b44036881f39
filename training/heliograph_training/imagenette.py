"""Imagenette, ten ImageNet-1k classes, as files on disk or fetched from its public address.

The images are under ImageNet's terms (research use, no redistribution): read in place, never copied into
the project. Source: Jeremy Howard, fast.ai, https://github.com/fastai/imagenette.
"""

from __future__ import annotations

import io
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

PUBLIC_ARCHIVE = "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-320.tgz"

# WordNet id → index among the 1,000 classes of ILSVRC 2012
CLASS_INDEX = {
    "n01440764": 0,  # tench
    "n02102040": 217,  # English springer
    "n02979186": 482,  # cassette player
    "n03000684": 491,  # chain saw
    "n03028079": 497,  # church
    "n03394916": 566,  # French horn
    "n03417042": 569,  # garbage truck
    "n03425413": 571,  # gas pump
    "n03445777": 574,  # golf ball
    "n03888257": 701,  # parachute
}


def locate(data: Path | None, cache: Path) -> Path:
    """Return a folder with ``val`` in it: ``data`` if given, else the public archive unpacked under ``cache``."""
    if data is not None:
        if not (data / "val").is_dir():
            raise FileNotFoundError(f"{data} has no folder 'val'")
        return data
    root = cache / "imagenette2-320"
    if not root.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(PUBLIC_ARCHIVE) as response:
            archive = io.BytesIO(response.read())
        with tarfile.open(fileobj=archive) as tar:
            tar.extractall(cache, filter="data")
    return root


def images(root: Path, split: str = "val", limit: int | None = None) -> Iterator[tuple[str, int, Image.Image]]:
    """Yield (file name, class index, RGB image) in a fixed order.

    Args:
        root: folder with ``<split>/<wnid>.tar`` archives or ``<split>/<wnid>/`` folders of JPEGs.
        split: 'train' or 'val'.
        limit: at most so many images of each class.
    """
    for wnid, index in sorted(CLASS_INDEX.items()):
        archive, folder = root / split / f"{wnid}.tar", root / split / wnid
        if archive.is_file():
            with tarfile.open(archive) as tar:
                members = sorted((m for m in tar.getmembers() if m.isfile()), key=lambda m: m.name)
                for member in members[:limit]:
                    stream = tar.extractfile(member)
                    assert stream is not None
                    yield member.name, index, Image.open(stream).convert("RGB")
        elif folder.is_dir():
            for path in sorted(folder.iterdir())[:limit]:
                yield path.name, index, Image.open(path).convert("RGB")
        else:
            raise FileNotFoundError(f"neither {archive} nor {folder}")
