"""Write the studio's gallery: openly licensed photographs, re-encoded small, with their attribution.

    python -m heliograph_training.gallery --opencv ../../shared/data/gallery

Sources: OpenCV's sample data (Apache-2.0) and the photographs packaged with scikit-image and scikit-learn
(licence of each in the table below, as those packages state it).
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

LONGEST = 768  # pixels; three times what the classifier sees is enough to zoom into
QUALITY = 88  # JPEG
OPENCV_ORIGINAL = "https://raw.githubusercontent.com/opencv/opencv/4.10.0/samples/data/"
CC0 = "CC0-1.0"
CC_BY = "CC-BY-2.0"
APACHE = "Apache-2.0"
OPENCV = "OpenCV sample data"
SKIMAGE = "scikit-image 0.26.0, skimage.data"
SKLEARN = "scikit-learn 1.9.1, sklearn.datasets"


@dataclass(frozen=True)
class Photograph:
    """One picture; ``origin`` is its file name in the package or folder that ``source`` names."""

    id: str
    origin: str
    title: str
    alt: str
    source: str
    licence: str
    attribution: str


PHOTOGRAPHS = (
    Photograph(
        "cat", "chelsea.png", "Chelsea the cat", "Head of a tabby cat looking to the right of the camera",
        SKIMAGE, CC0, "Stefan van der Walt",
    ),
    Photograph(
        "dog", "chicky_512.png", "Laughing dog", "Brindle long-haired dog with its mouth open, lying on a lap",
        OPENCV, APACHE, "OpenCV contributors",
    ),
    Photograph(
        "butterfly", "butterfly.jpg", "Butterfly on a leaf", "Black butterfly with white spots on a striped leaf",
        OPENCV, APACHE, "OpenCV contributors",
    ),
    Photograph(
        "baboon", "baboon.jpg", "Baboon", "Face of a mandrill with a blue and red muzzle",
        OPENCV, APACHE, "OpenCV contributors",
    ),
    Photograph(
        "fruits", "fruits.jpg", "Cut fruits", "Orange, lemon, lime and kiwi cut open before a red cabbage",
        OPENCV, APACHE, "OpenCV contributors",
    ),
    Photograph(
        "coffee", "coffee.png", "Espresso", "Cup of espresso with a spoon on its saucer, on a wooden table",
        SKIMAGE, CC0, "Rachel Michetti; Pikolo Espresso Bar",
    ),
    Photograph(
        "photographer", "camera.png", "Photographer", "Man in a dark coat looking through a camera on a tripod",
        SKIMAGE, CC0, "Lav Varshney",
    ),
    Photograph(
        "rocket", "rocket.jpg", "Rocket before launch", "Slender white rocket between four lattice towers at dusk",
        SKIMAGE, "public domain", "SpaceX",
    ),
    Photograph(
        "palace", "home.jpg", "Palace with towers", "Ochre palace wall with onion domes under a blue sky with birds",
        OPENCV, APACHE, "OpenCV contributors",
    ),
    Photograph(
        "pagoda", "china.jpg", "Pagoda by the lake", "Three-storey Chinese pagoda above trees, a lake behind it",
        SKLEARN, CC_BY, "danielbuechele (Flickr 6061409035); resized and re-encoded",
    ),
    Photograph(
        "dahlia", "flower.jpg", "Dahlia", "Orange pompon dahlia before dark leaves, a second one cut off below",
        SKLEARN, CC_BY, "vultilion (Flickr 6056698931; the notice says danielbuechele); resized and re-encoded",
    ),
)  # fmt: skip

# Two classes in one picture, side by side: what class-wise maps and class differences are shown on.
MONTAGE = Photograph(
    "cat-and-dog",
    "cat + dog",
    "Cat and dog (montage)",
    "Montage: the tabby cat on the left, the laughing dog on the right",
    f"{SKIMAGE}; {OPENCV}",
    f"{CC0} (left half), {APACHE} (right half)",
    "Stefan van der Walt; OpenCV contributors; put side by side for this gallery",
)


def fetch(url: str) -> bytes:
    """Download one file."""
    with urllib.request.urlopen(url) as response:
        return bytes(response.read())


def read(photograph: Photograph, opencv: Path | None) -> Image.Image:
    """Open the original of a photograph as RGB."""
    if photograph.source == OPENCV:
        if opencv is not None:
            return Image.open(opencv / photograph.origin).convert("RGB")
        return Image.open(io.BytesIO(fetch(OPENCV_ORIGINAL + photograph.origin))).convert("RGB")
    if photograph.source == SKIMAGE:
        import skimage.data

        return Image.open(Path(skimage.data.__file__).parent / photograph.origin).convert("RGB")
    import sklearn.datasets

    return Image.open(Path(sklearn.datasets.__file__).parent / "images" / photograph.origin).convert("RGB")


def shrink(image: Image.Image, longest: int = LONGEST) -> Image.Image:
    """Return the image with its longer side at most ``longest`` pixels."""
    scale = longest / max(image.size)
    if scale >= 1.0:
        return image
    size = (round(image.width * scale), round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)


def side_by_side(halves: Sequence[tuple[Image.Image, float]], width: int = 256, height: int = 384) -> Image.Image:
    """Return upright cuts of several images in a row, ``width`` × ``height`` pixels each.

    Each image comes with the column its cut is centred on, as a fraction of its width. Two cuts give a 4:3
    picture, so that the classifier's central square still holds most of both.
    """
    result = Image.new("RGB", (width * len(halves), height))
    for k, (image, centre) in enumerate(halves):
        cut = image.height * width / height
        left = min(max(centre * image.width - cut / 2, 0.0), image.width - cut)
        box = (round(left), 0, round(left + cut), image.height)
        result.paste(image.crop(box).resize((width, height), Image.Resampling.LANCZOS), (k * width, 0))
    return result


def main(arguments: list[str] | None = None, report: Callable[[str], object] = print) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m heliograph_training.gallery", description="Write the gallery.")
    parser.add_argument("--out", type=Path, default=Path("../public/images"))
    parser.add_argument("--opencv", type=Path, help="OpenCV's sample data; left out: the public files are downloaded")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    pictures = {p.id: read(p, options.opencv) for p in PHOTOGRAPHS}
    pictures[MONTAGE.id] = side_by_side([(pictures["cat"], 0.5), (pictures["dog"], 0.42)])
    entries = []
    for photograph in (*PHOTOGRAPHS, MONTAGE):
        image = shrink(pictures[photograph.id])
        file = f"{photograph.id}.jpg"
        image.save(options.out / file, "JPEG", quality=QUALITY, optimize=True, progressive=True)
        entries.append(
            {
                "id": photograph.id,
                "file": file,
                "title": photograph.title,
                "alt": photograph.alt,
                "source": f"{photograph.source} ({photograph.origin})",
                "licence": photograph.licence,
                "attribution": photograph.attribution,
                "width": image.width,
                "height": image.height,
            }
        )
        report(f"{file:20s} {image.width}×{image.height} {(options.out / file).stat().st_size / 1e3:.0f} kB")
    (options.out / "gallery.json").write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
