"""The keypoints of many pictures, one picture after the other, in four arrays.

What the keypoint index keeps and merges. A million pictures as single objects would take
more memory than their keypoints.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.matching.exact.kernels import compiled


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

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays, by their names."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def pack(self) -> bytes:
        """Return all keypoints as bytes; the number of pictures is not among them."""
        sizes = np.diff(self.first).astype("<u4")
        parts = (sizes, self.sides, self.words.astype("<u8", copy=False), self.places)
        return b"".join(part.tobytes() for part in parts)

    @classmethod
    def unpack(cls, data: bytes, pictures: int) -> Self:
        """Return what was packed of so many pictures."""
        sizes = np.frombuffer(data, "<u4", pictures).astype(np.int64)
        first = np.concatenate([[0], np.cumsum(sizes)])
        rows, begin = int(first[-1]), 6 * pictures
        sides = np.frombuffer(data, np.uint8, 2 * pictures, 4 * pictures)
        words = np.frombuffer(data, "<u8", 4 * rows, begin).astype(np.uint64)
        places = np.frombuffer(data, np.uint8, 4 * rows, begin + 32 * rows)
        return cls(
            first, sides.reshape(-1, 2).copy(), words.reshape(-1, 4), places.reshape(-1, 4).copy()
        )

    def take(self, numbers: NDArray[np.int64]) -> "KeypointRows":
        """Return a copy of the numbered pictures, in that order."""
        return gathered([(self, numbers)], np.arange(len(numbers)))


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
    every = [(part, np.arange(len(part))) for part in parts]
    return gathered(every, np.arange(sum(len(part) for part, _ in every)))


def gathered(
    parts: Sequence[tuple[KeypointRows, NDArray[np.int64]]], target: NDArray[np.int64]
) -> KeypointRows:
    """Copy numbered pictures of several parts into one, with no copy in between.

    Args:
        parts: with the numbers of the pictures that are copied.
        target: the number that each of them gets, those of the first part first.
    """
    first = np.zeros(len(target) + 1, np.int64)
    first[1:][target] = np.concatenate([np.diff(part.first)[numbers] for part, numbers in parts])
    np.cumsum(first, out=first)
    sides = np.empty((len(target), 2), np.uint8)
    words, places = np.empty((first[-1], 4), np.uint64), np.empty((first[-1], 4), np.uint8)
    begin = 0
    for part, numbers in parts:
        own = target[begin : begin + len(numbers)]
        spans = np.stack([part.first[numbers], part.first[numbers + 1], first[own]], axis=1)
        copy_rows(spans, frozen(part.words), frozen(part.places), words, places)
        sides[own] = part.sides[numbers]
        begin += len(numbers)
    return KeypointRows(first, sides, words, places)


Item = TypeVar("Item", bound=np.generic)


def frozen(array: NDArray[Item]) -> NDArray[Item]:
    """Return the same array, but one that can't be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


@compiled
def copy_rows(
    spans: NDArray[np.int64],
    from_words: NDArray[np.uint64],
    from_places: NDArray[np.uint8],
    words: NDArray[np.uint64],
    places: NDArray[np.uint8],
) -> None:
    """Copy rows; *spans*, shape (n, 3), are where each copy begins, ends and goes to."""
    for begin, end, target in spans:
        words[target : target + end - begin] = from_words[begin:end]
        places[target : target + end - begin] = from_places[begin:end]
