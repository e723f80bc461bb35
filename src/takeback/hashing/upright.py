"""Which way up: the eight ways a camera may store a picture, and how to turn it upright."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Turn:
    """How stored pixels become upright: transposed first, then reversed."""

    transposed: bool = False
    """Stored rows are upright columns."""

    flipped: bool = False
    """Upright rows are stored from the bottom up."""

    mirrored: bool = False
    """Upright columns are stored from right to left."""

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height of the upright picture, given those of the stored one."""
        return (height, width) if self.transposed else (width, height)

    def pixels(self, stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the upright form of (height, width, channels) pixels, sharing their memory."""
        upright = stored.swapaxes(0, 1) if self.transposed else stored
        return upright[:: -1 if self.flipped else 1, :: -1 if self.mirrored else 1]


AS_STORED: Final = Turn()
"""Stored the right way up."""

TURNS: Final[Mapping[int, Turn]] = {
    1: AS_STORED,
    2: Turn(mirrored=True),
    3: Turn(flipped=True, mirrored=True),
    4: Turn(flipped=True),
    5: Turn(transposed=True),
    6: Turn(transposed=True, mirrored=True),
    7: Turn(transposed=True, flipped=True, mirrored=True),
    8: Turn(transposed=True, flipped=True),
}
"""By the value of the Orientation tag (EXIF 2.32, 4.6.4 A); any other value means 1."""
