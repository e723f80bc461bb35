"""Keypoint signals as values: pack, unpack, cut short. No picture and no compiler needed.

``keypoints.py`` makes them, ``matching/keypoints/voting.py`` compares them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.errors import MalformedSignal
from takeback.hashing.place import EVERYWHERE, Place
from takeback.hashing.signal import SIGNAL_BYTES

KEYPOINT_SIGNAL_TYPE: Final = "kp1"
"""Name and version of the algorithm; signals of different versions are never compared."""

PLACES: Final = 64
"""Steps of a coarse place along the longest side."""

SIZES: Final = 16
"""Coarse sizes; each is half an octave, the first from ``ranking.SMALLEST_SIZE`` on."""

TURNS: Final = 24
"""Coarse directions, 15 degrees apart."""

PACKED_BYTES: Final = SIGNAL_BYTES + 3
"""Bytes of one packed keypoint signal; two more say how wide and high the picture is."""


class KeypointView(StrEnum):
    """How an upload is looked at; what is registered is always plain."""

    PLAIN = "plain"
    MIRRORED = "mirrored"
    INVERTED = "inverted"
    MIRRORED_INVERTED = "mirrored_inverted"

    @property
    def mirrored(self) -> bool:
        """Whether left and right are exchanged."""
        return self in {KeypointView.MIRRORED, KeypointView.MIRRORED_INVERTED}

    @property
    def inverted(self) -> bool:
        """Whether light and dark are exchanged."""
        return self in {KeypointView.INVERTED, KeypointView.MIRRORED_INVERTED}


@dataclass(frozen=True, slots=True, eq=False)
class KeypointSignals:
    """The keypoint signals of one view of a picture, best first."""

    width: int
    """Of the picture, in 1/64 of its longest side, 1-64."""

    height: int
    """As ``width``."""

    bits: NDArray[np.uint8]
    """Shape (n, 32), most significant bit first."""

    places: NDArray[np.uint8]
    """Shape (n, 4): x and y in 1/64 of the longest side, from the upper left corner, 0-63;
    size in half octaves, 0-15; direction in steps of 15 degrees from x towards y, 0-23."""

    def __len__(self) -> int:
        return len(self.bits)

    def first(self, count: int) -> "KeypointSignals":
        """Return the best *count*, or all if there are fewer."""
        return KeypointSignals(self.width, self.height, self.bits[:count], self.places[:count])

    def chosen(self, numbers: Sequence[int]) -> "KeypointSignals":
        """Return those of these numbers, in that order."""
        rows = np.array(numbers, np.int64)
        return KeypointSignals(self.width, self.height, self.bits[rows], self.places[rows])

    def pack(self) -> bytes:
        """Write width, height and 35 bytes for each: its bits, then its place.

        A place is a whole number of 24 bits, most significant byte first: x and y take six
        bits each, then four for the size, five for the direction and three zeros.
        """
        x, y, size, turn = self.places.astype(np.uint32).T
        place = x << 18 | y << 12 | size << 8 | turn << 3
        octets = place[:, None] >> np.array([16, 8, 0], np.uint32) & 255
        rows = np.concatenate([self.bits, octets.astype(np.uint8)], axis=1)
        return bytes((self.width, self.height)) + rows.tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> "KeypointSignals":
        """Read what ``pack`` wrote.

        Raises:
            MalformedSignal: *data* is nothing that ``pack`` writes.
        """
        if len(data) < 2 or (len(data) - 2) % PACKED_BYTES:
            raise MalformedSignal("not packed keypoint signals")
        width, height = data[0], data[1]
        rows = np.frombuffer(data, np.uint8, offset=2).reshape(-1, PACKED_BYTES)
        upper, middle, lower = rows[:, SIGNAL_BYTES:].astype(np.uint32).T
        place = upper << 16 | middle << 8 | lower
        columns = (place >> 18, place >> 12 & 63, place >> 8 & 15, place >> 3 & 31)
        places = np.stack(columns, axis=1).astype(np.uint8)
        if max(width, height) != PLACES or min(width, height) < 1:
            raise MalformedSignal("no side of the picture is the longest")
        if (places >= (width, height, SIZES, TURNS)).any() or (place & 7).any():
            raise MalformedSignal("a keypoint lies outside its picture")
        return cls(width, height, rows[:, :SIGNAL_BYTES].copy(), places)


@dataclass(frozen=True, slots=True, eq=False)
class KeypointLook:
    """The keypoint signals of one way of looking at a picture or frame.

    What is registered has one view, plain. An upload has up to four, and may be looked at in
    several ways: whole, squeezed, and cut to what is inside a frame.
    """

    look: str
    """Name: ``whole``, ``squeezed_across``, ``squeezed_down``, or that of a view."""

    place: Place
    """Which part of the picture was described."""

    views: Mapping[KeypointView, KeypointSignals]

    @property
    def plain(self) -> KeypointSignals:
        """The signals as the picture lies."""
        return self.views[KeypointView.PLAIN]


def whole_look(views: Mapping[KeypointView, KeypointSignals]) -> KeypointLook:
    """Return the look at everything."""
    return KeypointLook("whole", EVERYWHERE, views)
