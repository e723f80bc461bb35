"""The photographs whose crops make a realistic bank: a folder's, or those in scikit-image.

Each counts eight times, turned and mirrored: a turned signal is as far from the upright one as
a stranger's (``apart`` measures it), so two hundred files give sixteen hundred photographs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.index.crops import integral
from benchmarks.robustness.corpus import held_out, subjects
from numpy.typing import NDArray
from PIL import Image

LONGEST: Final = 512
"""Pixels along the longest side, as photographs are read."""

TURNS: Final = 8
HELD_OUT_OF: Final = 20
"""One photograph in so many gives questions only."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """One file, turned or mirrored in one of eight ways."""

    path: Path
    turn: int
    """0 to 7: quarter turns, and 4 more if it is mirrored first."""

    @property
    def seed(self) -> int:
        """Give the same crops whenever and wherever it is asked."""
        return (sum(self.path.name.encode()) * 7919 + len(self.path.name)) * TURNS + self.turn

    def sums(self) -> NDArray[np.float64]:
        """Return its integral."""
        with Image.open(self.path) as picture:
            picture.draft("L", (2 * LONGEST, 2 * LONGEST))
            grey = picture.convert("RGB").convert("L")
            grey.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX, reducing_gap=None)
        pixels = np.asarray(grey, np.float64)
        if self.turn >= TURNS // 2:
            pixels = pixels[:, ::-1]
        return integral(np.rot90(pixels, self.turn % 4))


@dataclass(frozen=True, slots=True)
class Photographs:
    """Those that fill the bank, and those that were kept out of it."""

    banked: tuple[Photograph, ...]
    strange: tuple[Photograph, ...]


def photographs(folder: Path | None) -> Photographs:
    """Return all photographs of a folder, or of scikit-image, in eight turns each."""
    found = subjects(folder)
    strange = held_out(found, max(1, len(found) // HELD_OUT_OF))
    return Photographs(
        tuple(_turned(each.path for each in found if each.name not in strange)),
        tuple(_turned(each.path for each in found if each.name in strange)),
    )


def _turned(paths: Iterator[Path]) -> Iterator[Photograph]:
    return (Photograph(path, turn) for path in paths for turn in range(TURNS))
