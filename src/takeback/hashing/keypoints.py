"""Keypoint signals, ``kp1``: what parts of a picture look like, and where they are.

A whole-picture signal ends with the frame; a keypoint signal survives it. Each is the 256
signs of a small patch, with a coarse place, size and direction, so that voting over them
(``matching/keypoints/voting.py``) can tell whether several moved, grew and turned together.

One list per picture, best first: a reporter's device registers up to ``MOST_REGISTERED`` of it,
from all over the picture, a lookup takes the first few hundred, in four views that cost one
transform.

Specified, for other implementations, in ``docs/reference/signals.md``; test vectors in
``vectors/kp1.json``.
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.decode import Picture, open_picture
from takeback.hashing.keypoint_signals import PLACES, TURNS, KeypointSignals, KeypointView
from takeback.hashing.patches import INVERTED, MIRRORED, bits_of, coefficients
from takeback.hashing.ranking import keypoints
from takeback.hashing.scalespace import scale_space
from takeback.hashing.shrink import LONGEST_SIDE, Shrinker, area_means, fitted
from takeback.hashing.upright import AS_STORED

REGISTERED: Final = 40
"""How many keypoints of a picture are registered."""

MOST_REGISTERED: Final = 80
"""How many may be."""

LOOKED_UP: Final = 300
"""How many keypoints of an upload are looked up."""

NINTHS: Final = 3
"""Parts of each side of a picture, for which keypoints are shared out."""

SHARE: Final = 0.15
"""How many of all that are registered one ninth of a picture may have, before others had theirs."""

SEARCHED_SIDE: Final = 256
"""Longest side of the picture that is searched for keypoints; patches are of the larger one."""

_SIZE_BOUNDS: Final = np.array(
    [
        *(3.889087297, 5.5, 7.778174593, 11.0, 15.556349186, 22.0, 31.112698372, 44.0),
        *(62.225396745, 88.0, 124.450793489, 176.0, 248.901586978, 352.0, 497.803173955),
    ]
)
"""Sizes, in 1/512 of the longest side, at which the coarse sizes 1, 2 … 15 begin."""


@dataclass(frozen=True, slots=True, eq=False)
class DescribedPicture:
    """A picture's keypoints as measured, from which the signals of every view are made."""

    width: int
    """Pixels across the described picture, whose longest side is 512 or less."""

    height: int
    """Pixels down the described picture."""

    keypoints: NDArray[np.void]
    """Shape (n,), dtype ``ranking.KEYPOINT``, best first."""

    coefficients: NDArray[np.float32]
    """Shape (n, 256)."""

    def first(self, count: int) -> "DescribedPicture":
        """Return the best *count* keypoints, or all if there are fewer."""
        kept, found = self.keypoints[:count], self.coefficients[:count]
        return DescribedPicture(self.width, self.height, kept, found)

    def signals(self, view: KeypointView = KeypointView.PLAIN) -> KeypointSignals:
        """Return the signals of all keypoints in one view."""
        signs = np.ones(1, np.float32)
        if view.mirrored:
            signs = signs * MIRRORED
        if view.inverted:
            signs = signs * INVERTED
        width, height = (self._coarse(side) for side in (self.width, self.height))
        return KeypointSignals(
            width, height, bits_of(self.coefficients * signs), self._places(view)
        )

    def registered(self, count: int = REGISTERED) -> KeypointSignals:
        """Return the signals to register: the best *count*, at most ``MOST_REGISTERED``.

        Not too many of one ninth of the picture, as long as others have some: a crop may show
        any part of it.
        """
        signals = self.signals()
        return signals.chosen(_shared_out(signals, min(count, MOST_REGISTERED)))

    def looked_up(
        self, views: Iterable[KeypointView] = KeypointView
    ) -> dict[KeypointView, KeypointSignals]:
        """Return the signals to look up, one set a view."""
        return {view: self.signals(view) for view in views}

    def _coarse(self, side: int) -> int:
        """Return a side in 1/64 of the longest, rounded up."""
        return -(-PLACES * side // max(self.width, self.height))

    def _places(self, view: KeypointView) -> NDArray[np.uint8]:
        found, longest = self.keypoints, max(self.width, self.height)
        x, degrees = found["x"] + 0.5, found["degrees"]
        if view.mirrored:
            x, degrees = self.width - x, 180.0 - degrees
        if view.inverted:
            degrees = degrees + 180.0
        sizes = found["size"] * (LONGEST_SIDE / longest)
        columns = (
            _within(x * (PLACES / longest), self._coarse(self.width)),
            _within((found["y"] + 0.5) * (PLACES / longest), self._coarse(self.height)),
            np.searchsorted(_SIZE_BOUNDS, sizes, side="right"),
            np.floor(degrees / (360 / TURNS) + 0.5) % TURNS,
        )
        return np.stack(columns, axis=1).astype(np.uint8)


def _shared_out(signals: KeypointSignals, count: int) -> list[int]:
    """Walk down the list and pass over what is of a ninth that has its share already."""
    across = np.array(signals.places[:, 0], np.int64) * NINTHS // signals.width
    down = np.array(signals.places[:, 1], np.int64) * NINTHS // signals.height
    held: Counter[int] = Counter()
    first: list[int] = []
    later: list[int] = []
    for number, ninth in enumerate((across + NINTHS * down).tolist()):
        fits = held[ninth] < SHARE * count
        held[ninth] += 1
        (first if fits else later).append(number)
    return (first + later)[:count]


def _within(place: NDArray[np.float64], end: int) -> NDArray[np.float64]:
    """Round down to whole steps; an extremum fitted beyond the border counts as on it."""
    return np.asarray(np.clip(np.floor(place), 0, end - 1))


def describe_keypoints(
    source: bytes | os.PathLike[str], *, most: int = LOOKED_UP, shrink: bool = False
) -> DescribedPicture:
    """Find and describe the keypoints of one picture; there may be none.

    Args:
        source: as for ``hash_picture``.
        most: how many to describe.
        shrink: as for ``hash_picture``.

    Raises:
        NotAPicture: as ``hash_picture``.
    """
    return describe_picture(open_picture(source, shrink=shrink), most=most)


def describe_picture(picture: Picture, *, most: int = LOOKED_UP) -> DescribedPicture:
    """Find and describe the keypoints of a decoded picture."""
    return describe(shrunk(picture), most=most)


def describe_pixels(pixels: NDArray[np.uint8], *, most: int = LOOKED_UP) -> DescribedPicture:
    """Find and describe the keypoints of upright pixels, shape (height, width, 3 or 1)."""
    shrinker = Shrinker(pixels.shape[1], pixels.shape[0], AS_STORED)
    shrinker.add(0, pixels)
    return describe(shrinker.picture(), most=most)


def shrunk(picture: Picture) -> NDArray[np.float32]:
    """Return what is described of a decoded picture: grey, upright, at most 512 pixels long."""
    shrinker = Shrinker(*picture.image.size, picture.turn)
    for top, strip in picture.strips():
        shrinker.add(top, strip)
    return shrinker.picture()


def to_describe(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a grey picture shrunk to what is described, at most 512 pixels long."""
    height, width = grey.shape
    columns, rows = fitted(width, height, LONGEST_SIDE)
    small = np.empty((rows, columns), np.float32)
    area_means(np.ascontiguousarray(grey), small)
    return small


def squeezed(picture: NDArray[np.float32], *, across: bool) -> NDArray[np.float32]:
    """Return four fifths of the width, or of the height.

    Keypoints do not survive stretching; those of an upload that was stretched one way are
    found after squeezing it that way. Places stay what they are in parts of width and height.

    Args:
        picture: what ``shrunk`` returned.
        across: whether the width shrinks.
    """
    height, width = picture.shape
    size = (height, _four_fifths(width)) if across else (_four_fifths(height), width)
    small = np.empty(size, np.float32)
    area_means(picture, small)
    return small


def _four_fifths(pixels: int) -> int:
    return max(1, (8 * pixels + 5) // 10)


def describe(picture: NDArray[np.float32], *, most: int = LOOKED_UP) -> DescribedPicture:
    """Find and describe the keypoints of what ``shrunk`` or ``squeezed`` returned."""
    height, width = picture.shape
    columns, rows = fitted(width, height, SEARCHED_SIDE)
    small = np.empty((rows, columns), np.float32)
    area_means(picture, small)
    chosen = keypoints(scale_space(small), small.shape, picture.shape, most)
    return DescribedPicture(width, height, chosen, coefficients(picture, chosen))


def warm_up() -> None:
    """Compile every loop, or load it from disk, so that no request waits for it."""
    ramp = np.arange(64 * 64 * 3, dtype=np.uint32).reshape(64, 64, 3)
    pixels = (ramp * ramp >> np.uint32(4) & np.uint32(255)).astype(np.uint8)
    for channels in (1, 3):
        describe_pixels(pixels[:, :, :channels])
