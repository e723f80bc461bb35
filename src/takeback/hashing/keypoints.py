"""Keypoint signals, ``kp1``: what parts of a picture look like, and where they are.

A whole-picture signal ends with the frame; a keypoint signal survives it. Each is the 256
signs of a small patch, with a coarse place, size and direction, so that ``matching/voting.py``
can ask whether several of them moved, grew and turned together.

One list per picture, best first: a reporter's device registers the first ``REGISTERED`` of it,
a lookup takes up to ``LOOKED_UP``, in four views that cost one transform.

Specified, for other implementations, in ``docs/reference/signals.md``; test vectors in
``vectors/kp1.json``.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.errors import MalformedSignal
from takeback.hashing.decode import Picture, open_picture
from takeback.hashing.patches import INVERTED, MIRRORED, bits_of, coefficients
from takeback.hashing.ranking import keypoints
from takeback.hashing.scalespace import scale_space
from takeback.hashing.shrink import LONGEST_SIDE, Shrinker, area_means, fitted
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.upright import AS_STORED

KEYPOINT_SIGNAL_TYPE: Final = "kp1"
"""Name and version of the algorithm; signals of different versions are never compared."""

REGISTERED: Final = 40
"""How many keypoints of a picture are registered."""

MOST_REGISTERED: Final = 80
"""How many may be."""

LOOKED_UP: Final = 300
"""How many keypoints of an upload are looked up."""

SEARCHED_SIDE: Final = 256
"""Longest side of the picture that is searched for keypoints; patches are of the larger one."""

PLACES: Final = 64
"""Steps of a coarse place along the longest side."""

SIZES: Final = 16
"""Coarse sizes; each is half an octave, the first from ``ranking.SMALLEST_SIZE`` on."""

TURNS: Final = 24
"""Coarse directions, 15 degrees apart."""

PACKED_BYTES: Final = SIGNAL_BYTES + 3
"""Bytes of one packed keypoint signal; two more say how wide and high the picture is."""

_SIZE_BOUNDS: Final = np.array(
    [
        *(3.889087297, 5.5, 7.778174593, 11.0, 15.556349186, 22.0, 31.112698372, 44.0),
        *(62.225396745, 88.0, 124.450793489, 176.0, 248.901586978, 352.0, 497.803173955),
    ]
)
"""Sizes, in 1/512 of the longest side, at which the coarse sizes 1, 2 … 15 begin."""


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
        """Return the signals to register: the best *count*, at most ``MOST_REGISTERED``."""
        return self.signals().first(min(count, MOST_REGISTERED))

    def looked_up(self) -> dict[KeypointView, KeypointSignals]:
        """Return the signals to look up, one set a view."""
        return {view: self.signals(view) for view in KeypointView}

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
    shrinker = Shrinker(*picture.image.size, picture.turn)
    for top, strip in picture.strips():
        shrinker.add(top, strip)
    return describe(shrinker.picture(), most=most)


def describe_pixels(pixels: NDArray[np.uint8], *, most: int = LOOKED_UP) -> DescribedPicture:
    """Find and describe the keypoints of upright pixels, shape (height, width, 3 or 1)."""
    shrinker = Shrinker(pixels.shape[1], pixels.shape[0], AS_STORED)
    shrinker.add(0, pixels)
    return describe(shrinker.picture(), most=most)


def describe(picture: NDArray[np.float32], *, most: int = LOOKED_UP) -> DescribedPicture:
    """Find and describe the keypoints of what :class:`Shrinker` made."""
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
