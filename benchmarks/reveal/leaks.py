"""What may leak, and what is drawn from it: every way of the study, as a table of values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from benchmarks.reveal import jigsaw, patch, whole
from benchmarks.reveal.canvas import Backdrop, averaged, lay, solved
from benchmarks.reveal.paint import Grey, Mask
from benchmarks.reveal.patch import Spots, levels_removed
from benchmarks.reveal.pictures import levelled
from benchmarks.reveal.ridge import Guess, Numbers, Ridge, signs_of
from numpy.typing import NDArray
from PIL import Image

from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.keypoints import describe
from takeback.hashing.patches import SIDE
from takeback.matching.keypoints.voting import STEP, measures

VIEWS: Final = 6
"""The whole and five centred cuts: what a picture of 4:3 without a frame registers, and mirrors."""


@dataclass(frozen=True, slots=True)
class Defence:
    """How keypoint signals could say less; without arguments, as they are."""

    bits: int = 256
    """Lowest frequencies first."""
    step: int = 1
    """Places are rounded to so many 64ths of the longest side."""
    turned: bool = True
    """Whether directions are told."""

    def spots(self, signals: KeypointSignals) -> Spots:
        """Return where signals say that patches lie."""
        spots = measures(signals)
        cell = STEP * self.step
        spots[:, :2] = (np.floor(spots[:, :2] / cell) + 0.5) * cell
        if not self.turned:
            spots[:, 3] = 0.0
        return spots


AS_IT_IS: Final = Defence()
EXACT: Final = "exact"
"""Key of the guess of what was hashed, wherever that was."""


Puzzle = Callable[[Numbers, NDArray[np.float64], Spots, Backdrop], Spots]


@dataclass(frozen=True, slots=True)
class Leak:
    """Which of a picture's signals somebody has."""

    name: str
    views: int = 0
    """Whole-picture signals."""
    count: int = 0
    """Keypoint signals."""
    defence: Defence = AS_IT_IS
    average: bool = False
    """Whether patches are only averaged."""
    puzzle: Puzzle | None = None
    """How to guess what is not told; the defence then says how the patches are guessed."""


ONE: Final = Leak("one whole-picture signal", views=1)
ALL_VIEWS: Final = Leak("all whole-picture signals", views=VIEWS)
TWENTY: Final = Leak("20 keypoint signals", count=20)
FORTY: Final = Leak("40 keypoint signals", count=40)
EIGHTY: Final = Leak("80 keypoint signals", count=80)
EVERYTHING: Final = Leak("80 and whole-picture", views=VIEWS, count=80)
AVERAGED: Final = replace(EIGHTY, name="80, only averaged", average=True)
LEAKS: Final = (ONE, ALL_VIEWS, TWENTY, FORTY, EIGHTY, AVERAGED, EVERYTHING)

DEFENDED: Final = (
    replace(EIGHTY, name="80, 128 bits", defence=Defence(bits=128)),
    replace(FORTY, name="40, 128 bits", defence=Defence(bits=128)),
    replace(EIGHTY, name="80, places to 1/32", defence=Defence(step=2)),
    replace(EIGHTY, name="80, places to 1/16", defence=Defence(step=4)),
    replace(EIGHTY, name="80, no directions", defence=Defence(turned=False)),
)
"""Each cheap defence, with what places are left."""

PUZZLES: Final = (
    replace(EVERYTHING, name="no directions, guessed", puzzle=jigsaw.turned),
    replace(
        EVERYTHING, name="places to 1/16, guessed", defence=Defence(step=4), puzzle=jigsaw.nudged
    ),
    replace(EVERYTHING, name="no places, guessed", puzzle=jigsaw.placed),
)
"""What a jigsaw makes of 80 keypoint signals that lack something, with all whole-picture ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Inverse:
    """All guesses, fitted on one set of pictures."""

    whole: Mapping[int, Guess]
    """By number of views."""
    patch: Mapping[Defence | str, Guess]

    def redraw(self, leak: Leak, picture: Grey, width: int) -> tuple[Grey, Mask]:
        """Make signals of a picture, forget the picture, and draw it again.

        Returns:
            The drawing, and where patches were drawn (everywhere for whole-picture signals).
        """
        backdrop = self._backdrop(leak.views, picture) if leak.views else None
        if backdrop and not leak.count:
            drawn = enlarged(backdrop.picture, width)
            return drawn, np.ones(drawn.shape, np.bool_)
        signals = describe(picture).registered(leak.count)
        guess = self.patch[replace(leak.defence, step=1)]
        patches = guess(signs_of(signals.bits)[:, : leak.defence.bits])
        spots = leak.defence.spots(signals)
        if leak.puzzle and backdrop:
            spots = leak.puzzle(patches, guess.variance, spots, backdrop)
        pieces = lay(patches, guess.variance, spots, width)
        return (averaged(pieces) if leak.average else solved(pieces, backdrop)), pieces.covered()

    def usual(self) -> Grey:
        """Return the mean of all pictures that were fitted on: what knows nothing."""
        return self.whole[1].knowing_nothing().reshape(-1, whole.GUESSED)

    def _backdrop(self, views: int, picture: Grey) -> Backdrop:
        guess = self.whole[views]
        drawn = guess(whole.signs_of_views(picture)[:, : 256 * views])[0]
        return Backdrop(drawn.reshape(-1, whole.GUESSED), guess.variance.reshape(-1, whole.GUESSED))


def fitted(
    pictures: Sequence[Grey],
    defences: Sequence[Defence] = (AS_IT_IS,),
    views: Sequence[int] = (1, VIEWS),
) -> Inverse:
    """Fit every guess on pictures that are not to be redrawn."""
    ridges: dict[Defence | str, Ridge] = {d: Ridge(d.bits, SIDE * SIDE) for d in defences}
    ridges[EXACT] = Ridge(256, SIDE * SIDE)
    for picture in pictures:
        _add(picture, ridges)
    wholes = {count: whole.fit(pictures, count) for count in views}
    return Inverse(wholes, {key: ridge.fitted(patch.PENALTY) for key, ridge in ridges.items()})


def _add(picture: Grey, ridges: Mapping[Defence | str, Ridge]) -> None:
    described = describe(picture)
    if not len(described.keypoints):
        return
    signals, shown = described.signals(), levelled(picture)
    signs = signs_of(signals.bits)
    for key, ridge in ridges.items():
        spots = key.spots(signals) if isinstance(key, Defence) else patch.exact_spots(described)
        bits = key.bits if isinstance(key, Defence) else signs.shape[1]
        ridge.add(signs[:, :bits], levels_removed(patch.cut(shown, spots)))


def enlarged(small: Grey, width: int) -> Grey:
    """Return a small picture smoothly enlarged."""
    size = (width, small.shape[0] * width // small.shape[1])
    return np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))
