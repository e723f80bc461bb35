"""PDQ: from the pixels of a picture to its signal and quality.

PDQ blurs the brightness of a picture twice with a box, samples 64 x 64 points,
transforms them with a two-dimensional cosine transform and keeps, of the 16 x 16
lowest frequencies without the constant ones, one bit each: above the median or not.

Blur and sampling are linear and separable, so the 64 x 64 points are ``A L B'`` with
two narrow banded matrices, and every pixel is read once. Sums are in double
precision and in a fixed order, so that results do not depend on the processor. A picture
that EXIF turns is never turned in memory; the matrices are.

This module knows no files: ``decode.py`` reads those and hands over strips of rows.

Source: Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing
Algorithm" (2019). Test vectors: ``vectors/pdq.json``.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.kernels import box_twice, gather
from takeback.hashing.signal import Signal
from takeback.hashing.upright import Turn

SAMPLES: Final = 64
"""Points along each side of the blurred, sampled picture."""

WINDOWS: Final = 128
"""Boxes that fit along each side: the window is the side divided by this, rounded up."""

FREQUENCIES: Final = 16
"""Frequencies kept along each side, from 1; 0 is the mean brightness and is left out."""

MINIMUM_SIDE: Final = 5
"""Pictures narrower or lower than this, in pixels, have the zero signal and quality 0."""

LUMINANCE: Final = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in brightness (ITU-R BT.601)."""


@dataclass(frozen=True, slots=True)
class Band:
    """The rows of one banded matrix: how each of the 64 samples weighs the pixels of one side."""

    first: NDArray[np.int64]
    """Shape (64,): the first pixel each sample looks at."""

    weights: NDArray[np.float64]
    """Shape (64, n), adding up to 1; zero behind each sample's last pixel."""

    count: NDArray[np.int64]
    """Shape (64,): how many pixels each sample looks at."""

    @classmethod
    def along(cls, pixels: int, *, backwards: bool = False) -> "Band":
        """Return the matrix for a side of that many pixels, which may be stored backwards."""
        window = -(-pixels // WINDOWS)
        first, count, weights = box_twice(pixels, window, SAMPLES)
        if backwards:
            first = pixels - first - count
            for row, size in zip(weights, count, strict=True):
                row[:size] = row[:size][::-1].copy()
        return cls(first, weights, count)


class Sampler:
    """Adds up a picture, strip by strip, to the 64 x 64 samples of the upright picture."""

    def __init__(self, width: int, height: int, turn: Turn) -> None:
        """Prepare for a picture stored as *height* rows of *width* pixels."""
        down, across = turn.flipped, turn.mirrored
        if turn.transposed:
            down, across = across, down
        self._rows = Band.along(height, backwards=down)
        self._columns = Band.along(width, backwards=across)
        self._turn = turn
        self._sums = np.zeros((SAMPLES, SAMPLES))
        self._too_small = min(width, height) < MINIMUM_SIDE

    def add(self, top: int, strip: NDArray[np.uint8]) -> None:
        """Add rows *top* onwards.

        Args:
            top: number of the strip's first stored row.
            strip: shape (rows, width, 3) for colour or (rows, width, 1) for brightness.
        """
        pixels = np.ascontiguousarray(strip).reshape(strip.shape[0], -1)
        pixels.flags.writeable = False  # one compiled form for every caller's arrays
        rows, columns = self._rows, self._columns
        gather(
            pixels,
            LUMINANCE if strip.shape[2] == LUMINANCE.size else np.ones(1),
            (rows.first - top, rows.count, rows.weights),
            (columns.first, columns.count, columns.weights),
            self._sums,
        )

    def samples(self) -> NDArray[np.float32]:
        """Return the samples of the upright picture.

        Returns:
            Shape (64, 64), 0.0-255.0, brightness.
        """
        samples = np.zeros_like(self._sums) if self._too_small else self._sums
        return (samples.T if self._turn.transposed else samples).astype(np.float32)


def _cosines() -> NDArray[np.float64]:
    frequency = np.arange(1, FREQUENCIES + 1)[:, None]
    place = 2 * np.arange(SAMPLES)[None, :] + 1
    waves = np.cos(np.pi / (2 * SAMPLES) * frequency * place)
    return np.asarray(waves * np.sqrt(2 / SAMPLES), dtype=np.float64)


_COSINES: Final = _cosines()
_SIGNS: Final = np.array([-1.0, 1.0] * (FREQUENCIES // 2))
"""What mirroring does to each frequency: odd ones change sign, and the first kept is 1."""


def coefficients(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the lowest frequencies of the samples, shape (16, 16), downwards then across.

    Rounded to the millionth, so that what cancels out is zero on every processor.
    """
    return np.asarray(np.round(_COSINES @ samples @ _COSINES.T, 6), dtype=np.float64)


def signal_of(frequencies: NDArray[np.float64]) -> Signal:
    """Cut (16, 16) coefficients at their lower median; the first is the lowest bit."""
    flat = frequencies.ravel()
    median = np.partition(flat, flat.size // 2 - 1)[flat.size // 2 - 1]
    return Signal(np.packbits(flat[::-1] > median).tobytes())


def mirrored(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the coefficients of the picture mirrored left to right."""
    return np.asarray(frequencies * _SIGNS[None, :], dtype=np.float64)


def dihedral_signals(frequencies: NDArray[np.float64]) -> tuple[Signal, ...]:
    """Return the signals of all eight turns and mirrors of a picture.

    Turning and mirroring a picture only swaps the axes of its coefficients or changes
    their signs, so one transform serves all. Against hashing turned pixels the result
    may differ in a few bits, because the sample points of PDQ are not symmetric.

    Returns:
        Upright; turned by 90, 180 and 270 degrees counter-clockwise; mirrored top to
        bottom; mirrored left to right; mirrored along the main diagonal (transposed);
        along the other one.
    """
    down, across = _SIGNS[:, None], _SIGNS[None, :]
    swapped = frequencies.T
    views = (
        frequencies,
        swapped * down,
        frequencies * down * across,
        swapped * across,
        frequencies * down,
        frequencies * across,
        swapped,
        swapped * down * across,
    )
    return tuple(signal_of(view) for view in views)


def quality_of(samples: NDArray[np.float32]) -> int:
    """Measure how much detail there is, 0 (flat) to 100, by the steps between neighbours."""
    steps = sum(
        int(np.abs(np.trunc(np.diff(samples, axis=axis) * np.float32(100) / np.float32(255))).sum())
        for axis in (0, 1)
    )
    return min(100, steps // 90)
