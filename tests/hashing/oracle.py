"""The independent implementation that ours is held to: ``pdqhash``, by other people."""

import numpy as np
import pdqhash
from numpy.typing import NDArray

from takeback.hashing import Signal


def oracle_signals(pixels: NDArray[np.uint8]) -> tuple[tuple[Signal, ...], int]:
    """Return the eight signals and the quality of (height, width, 1 or 3) pixels."""
    colour = np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
    vectors, quality = pdqhash.compute_dihedral(colour)
    return tuple(Signal(np.packbits(vector).tobytes()) for vector in vectors), int(quality)
