"""Ordinary photographs and textures without people, where tests find them.

Those of scikit-image's wheel are always there. A folder ``shared`` beside the
repository may hold more; nothing is left out without it, there is only less of it.
"""

import csv
from pathlib import Path

import skimage.data

NAMES = (
    "brick.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "rocket.jpg",
    "text.png",
)

IN_WHEEL = tuple(Path(skimage.data.__file__).parent / name for name in NAMES)
COFFEE, CHELSEA, ROCKET = (
    IN_WHEEL[NAMES.index(n)] for n in ("coffee.png", "chelsea.png", "rocket.jpg")
)

_SHARED = Path(__file__).parents[3] / "shared"

BESIDE = tuple(sorted((_SHARED / "corpus" / "images").glob("*")))[::5]
"""A fifth of the corpus beside the repository, which is enough on every run."""

PHOTOGRAPHS = IN_WHEEL + BESIDE


def published() -> list[tuple[Path, str, str]]:
    """Return picture, signal and quality (or ``""``) as other implementations published them."""
    folder = _SHARED / "vectors"
    table = folder / "pdq" / "expected.tsv"
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as rows:
        return [
            (folder / row["file"], row["expected_pdq"], row["quality"])
            for row in csv.DictReader(rows, delimiter="\t")
        ]
