"""The keypoints of many pictures, one picture after the other, in four arrays.

What the keypoint index keeps and merges. A million pictures as single objects would take
more memory than their keypoints.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import KeypointSignals


@dataclass(frozen=True, slots=True, eq=False)
class KeypointRows:
    """Keypoints of pictures that are numbered from 0; each row is one keypoint."""

    first: NDArray[np.int64]
    """Shape (pictures + 1,): the row at which each picture begins, and the number of rows."""

    sides: NDArray[np.uint8]
    """Shape (pictures, 2): width and height in 1/64 of the longest side."""

    words: NDArray[np.uint64]
    """Shape (rows, 4): the 32 bytes of each keypoint's bits."""

    places: NDArray[np.uint8]
    """Shape (rows, 4): x, y, size and direction as in ``KeypointSignals``."""

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.first) - 1

    def picture(self, number: int) -> KeypointSignals:
        """Return a copy of one picture's keypoints."""
        own = slice(int(self.first[number]), int(self.first[number + 1]))
        width, height = self.sides[number].tolist()
        bits = self.words[own].copy().view(np.uint8)
        return KeypointSignals(width, height, bits, self.places[own].copy())

    def take(self, numbers: NDArray[np.int64]) -> "KeypointRows":
        """Return a copy of the numbered pictures, in that order."""
        sizes = self.first[numbers + 1] - self.first[numbers]
        first = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        rows = np.repeat(self.first[numbers] - first[:-1], sizes) + np.arange(first[-1])
        return KeypointRows(first, self.sides[numbers], self.words[rows], self.places[rows])


def rows_of(pictures: Sequence[KeypointSignals]) -> KeypointRows:
    """Copy the keypoints of pictures."""
    first = np.fromiter(accumulate(map(len, pictures), initial=0), np.int64, len(pictures) + 1)
    words, places = np.empty((first[-1], 4), np.uint64), np.empty((first[-1], 4), np.uint8)
    for begin, picture in zip(first.tolist(), pictures, strict=False):
        own = slice(begin, begin + len(picture))
        words[own] = np.ascontiguousarray(picture.bits).view(np.uint64)
        places[own] = picture.places
    sides = np.array([(picture.width, picture.height) for picture in pictures], np.uint8)
    return KeypointRows(first, sides.reshape(-1, 2), words, places)


def joined(parts: Iterable[KeypointRows]) -> KeypointRows:
    """Copy parts into one, in their order."""
    every = list(parts)
    sizes = [np.diff(part.first) for part in every]
    return KeypointRows(
        np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(sizes))]),
        np.concatenate([part.sides for part in every]),
        np.concatenate([part.words for part in every]),
        np.concatenate([part.places for part in every]),
    )
