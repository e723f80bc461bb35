"""Pictures side by side: what was registered, and what each leak redraws of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.reveal.drawn import drawings, page
from benchmarks.reveal.leaks import (
    ALL_VIEWS,
    DEFENDED,
    EIGHTY,
    EVERYTHING,
    EXACT,
    FORTY,
    ONE,
    TWENTY,
    Inverse,
)
from benchmarks.reveal.paint import Grey
from benchmarks.reveal.pictures import levelled, reduced
from benchmarks.reveal.ridge import signs_of
from PIL import Image, ImageDraw

from takeback.hashing.keypoints import describe
from takeback.hashing.patches import SIDE

TILE: Final = 256
GAP: Final = 6
LABEL: Final = 20
COLUMNS: Final = 4
SHOWN: Final = {
    "one whole-picture signal": ONE,
    "all whole-picture signals": ALL_VIEWS,
    "20 keypoint signals": TWENTY,
    "40": FORTY,
    "80": EIGHTY,
    "80 and whole-picture": EVERYTHING,
}
SPARED: Final = {"80, places to 1/16": DEFENDED[3]}


def side_by_side(inverse: Inverse, picture: Grey) -> Image.Image:
    """Show a picture and what each leak redraws of it, with the contrast of the original."""
    tiles = {"registered picture": reduced(picture, TILE)}
    for name, leak in {**SHOWN, **SPARED}.items():
        tiles[name] = in_contrast(inverse.redraw(leak, picture, TILE)[0], picture)
    return sheet(tiles)


def in_contrast(drawing: Grey, original: Grey) -> Grey:
    """Give a drawing the light and contrast of its original, which signals do not know."""
    return np.asarray(levelled(drawing) * original.std() + original.mean(), np.float32)


def sheet(tiles: Mapping[str, Grey], columns: int = COLUMNS) -> Image.Image:
    """Lay pictures of one size out in rows, each with its name above."""
    high, wide = next(iter(tiles.values())).shape
    rows = -(-len(tiles) // columns)
    size = (columns * (wide + GAP) + GAP, rows * (high + LABEL + GAP) + GAP)
    page_ = Image.new("L", size, 255)
    draw = ImageDraw.Draw(page_)
    for number, (name, tile) in enumerate(tiles.items()):
        left = GAP + number % columns * (wide + GAP)
        top = GAP + number // columns * (high + LABEL + GAP)
        draw.text((left, top), name, fill=0, font_size=13)
        page_.paste(Image.fromarray(np.clip(tile, 0, 255).astype(np.uint8)), (left, top + LABEL))
    return page_


def heap(inverse: Inverse, picture: Grey, count: int = 24) -> Image.Image:
    """Show guessed patches without places: what is left if no place is told."""
    signals = describe(picture).registered(count)
    patches = inverse.patch[EXACT](signs_of(signals.bits)).reshape(-1, SIDE, SIDE)
    larger = [np.kron(128 + 60 * levelled(patch), np.ones((2, 2))) for patch in patches]
    rows = [
        np.concatenate(larger[k : k + 12], axis=1) for k in range(0, len(larger) // 12 * 12, 12)
    ]
    return Image.fromarray(np.clip(np.concatenate(rows), 0, 255).astype(np.uint8))


def write_drawn(inverse: Inverse, folder: Path) -> None:
    """Write the sheets of what is drawn here: the only ones that are published."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in drawings():
        save(side_by_side(inverse, each.picture), folder / f"{each.name.replace(' ', '-')}.webp")
    letters = page(0)[0]
    save(side_by_side(inverse, letters), folder / "letters.webp")
    save(heap(inverse, drawings()[2].picture), folder / "heap.webp")


def write_photographs(
    inverses: Sequence[Inverse], photographs: Sequence[Grey], folder: Path
) -> None:
    """Write the sheets of photographs, for whoever runs this; never into the repository."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(photographs):
        save(side_by_side(inverses[number % len(inverses)], picture), folder / f"{number:03}.webp")


def save(picture: Image.Image, path: Path) -> None:
    """Write a small file."""
    picture.save(path, "WEBP", quality=62, method=6)
