"""How much of a picture a redrawing gives away: figures, none of which needs anybody to look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from benchmarks.reveal.drawn import Letter
from benchmarks.reveal.leaks import Inverse, Leak
from benchmarks.reveal.paint import WIDTH, Grey, Mask
from benchmarks.reveal.pictures import levelled, reduced
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage.metrics import structural_similarity

COARSE: Final = 64
"""Pixels across, at which redrawings are compared with originals as blurred as they are."""

FINE: Final = 128
READ: Final = 256
"""Pixels across, at which letters and outlines are looked for."""

FINER: Final = WIDTH // READ
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like its original one redrawing is."""

    correlation: float
    """-1 to 1, at 64 pixels across."""
    fine: float
    """The same at 128 pixels across."""
    structure: float
    """Structural similarity at 64 pixels across, after contrast was set to the original's."""
    area: float
    """Share of the picture that was drawn."""
    rank: int
    """How many candidates it resembles more than its original."""


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return how two pictures vary together, -1 to 1; 0 if one of them is flat."""
    return float((levelled(a) * levelled(b)).mean())


def structure(drawn: Grey, original: Grey) -> float:
    """Return the structural similarity, after the drawing got the original's light and contrast."""
    matched = levelled(drawn) * original.std() + original.mean()
    found = structural_similarity(matched, original, data_range=255.0, win_size=7)  # type: ignore[no-untyped-call]
    return float(found)


class Lineup:
    """All pictures, small: among them a redrawing's original is to be picked out."""

    def __init__(self, originals: Sequence[Grey]) -> None:
        """Reduce every picture once."""
        self._small = np.stack([reduced(each, COARSE) for each in originals])
        self._fine = np.stack([reduced(each, FINE) for each in originals])
        self._levelled = np.stack([levelled(each) for each in self._small])

    def likeness(self, redrawn: tuple[Grey, Mask], number: int, usual: Grey) -> Likeness:
        """Compare a redrawing with its original and with every other picture.

        Args:
            redrawn: the drawing, 128 pixels across, and where it was drawn.
            number: which picture it was made from.
            usual: the mean of pictures, 64 pixels across: what knows nothing.
        """
        drawing, covered = redrawn
        small = reduced(drawing, COARSE)
        alike = self._resemblances(small, usual)
        return Likeness(
            correlation(small, self._small[number]),
            correlation(drawing, self._fine[number]),
            structure(small, self._small[number]),
            float(covered.mean()),
            int((alike > alike[number]).sum()),
        )

    def _resemblances(self, small: Grey, usual: Grey) -> NDArray[np.float32]:
        """Correlate a drawing with every picture, less what all pictures have in common."""
        found = levelled(levelled(small) - usual)
        others = self._levelled - usual
        spread = others.std(axis=(1, 2))
        return np.asarray((others * found).mean(axis=(1, 2)) / spread, np.float32)


def outlines_found(drawing: Grey, outlines: Mask) -> float:
    """Return how much oftener a drawing is steeper on an outline than elsewhere.

    Returns:
        The chance that of two pixels, one on an outline and one not, the one on it is steeper:
        0.5 says nothing, 1 traces every figure.
    """
    on = reduced(outlines.astype(np.float32), READ) > 0
    on[:, 1:] |= on[:, :-1]
    on[1:] |= on[:-1]
    down, across = np.gradient(drawing.astype(np.float64))
    order = np.argsort(np.argsort(np.hypot(down, across).ravel()))
    ranks = order[on.ravel()].sum() - on.sum() * (on.sum() - 1) / 2
    return float(ranks / (on.sum() * (~on).sum()))


def letters_read(drawing: Grey, letters: Sequence[Letter]) -> dict[int, float]:
    """Return which share of letters is read rightly, by size.

    The reader knows the typeface and where each letter stands, and takes the one of 26 that
    correlates most: guessing gives 0.04.
    """
    sizes = sorted({letter.size for letter in letters}, reverse=True)
    right = {
        size: [_read(drawing, each) == each.letter for each in letters if each.size == size]
        for size in sizes
    }
    return {size: float(np.mean(read)) for size, read in right.items()}


def _read(drawing: Grey, letter: Letter) -> str:
    top, left = letter.top // FINER, letter.left // FINER
    side = letter.size * 6 // (5 * FINER) + 1
    shown = drawing[top : top + side, left : left + side]
    high, wide = shown.shape
    return max(ALPHABET, key=lambda each: correlation(shown, -_written(each, letter)[:high, :wide]))


def _written(text: str, letter: Letter) -> Grey:
    side = letter.size * 6 // (5 * FINER) + 1
    blank = Image.new("L", (side * FINER, side * FINER))
    place = (letter.left % FINER, letter.top % FINER)
    ImageDraw.Draw(blank).text(place, text, fill=255, font_size=letter.size)
    return reduced(np.asarray(blank, np.float32), side)


def likenesses(
    inverses: Sequence[Inverse], originals: Sequence[Grey], leak: Leak, count: int
) -> list[Likeness]:
    """Redraw the first *count* pictures, each by the inverse that was fitted without it."""
    lineup = Lineup(originals)
    found = []
    for number, picture in enumerate(originals[:count]):
        inverse = inverses[number % len(inverses)]
        redrawn = inverse.redraw(leak, picture, FINE)
        found.append(lineup.likeness(redrawn, number, inverse.usual()))
    return found
