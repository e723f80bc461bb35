"""Exact area means: a picture of any size becomes a small grey one, strip by strip.

Every value of the small picture is a whole number divided by the number of source pixels, so
that it does not depend on the order of adding, on the turn by which the picture is stored or
on the processor. Pictures are never enlarged.

Specified, for other implementations, in ``docs/reference/signals.md``.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.kernels import compiled
from takeback.hashing.upright import Turn

LONGEST_SIDE: Final = 512
"""Pixels along the longest side of the small picture, at most."""


def fitted(width: int, height: int, longest: int) -> tuple[int, int]:
    """Return width and height scaled so that neither is above *longest*; never enlarged."""
    side = max(width, height)
    if side <= longest:
        return width, height
    return _scaled(width, longest, side), _scaled(height, longest, side)


def _scaled(pixels: int, longest: int, side: int) -> int:
    """Return ``pixels * longest / side``, halves rounded up, and at least 1."""
    return max(1, (2 * pixels * longest + side) // (2 * side))


class Shrinker:
    """Adds up a picture, strip by strip, to the means of a small upright grey picture."""

    def __init__(self, width: int, height: int, turn: Turn, longest: int = LONGEST_SIDE) -> None:
        """Prepare for a picture stored as *height* rows of *width* pixels."""
        columns, rows = fitted(width, height, longest)
        self._height = height
        self._turn = turn
        self._begun = np.zeros(width)
        self._sums = np.zeros((rows, columns))

    def add(self, top: int, strip: NDArray[np.uint8]) -> None:
        """Add rows *top* onwards; strips come in order, from the top.

        Args:
            top: number of the strip's first stored row.
            strip: shape (rows, width, 3) for colour or (rows, width, 1) for brightness.
        """
        pixels = np.ascontiguousarray(strip)
        pixels.flags.writeable = False  # one compiled form for every caller's arrays
        add_rows(pixels, top, self._height, self._begun, self._sums)

    def picture(self) -> NDArray[np.float32]:
        """Return the small upright picture, shape (height, width), 0.0-255.0."""
        means = self._sums / (self._height * self._begun.size)
        upright = means.T if self._turn.transposed else means
        down, across = -1 if self._turn.flipped else 1, -1 if self._turn.mirrored else 1
        return np.ascontiguousarray(upright[::down, ::across], dtype=np.float32)


@compiled
def grey_row(pixels: NDArray[np.uint8], grey: NDArray[np.float64]) -> None:
    """Set *grey* to the brightness of one row, rounded to whole numbers, halves up."""
    if pixels.shape[1] == 1:
        for x in range(grey.size):
            grey[x] = pixels[x, 0]
    else:
        for x in range(grey.size):
            sum_ = 299.0 * pixels[x, 0] + 587.0 * pixels[x, 1] + 114.0 * pixels[x, 2]
            grey[x] = np.floor((sum_ + 500.0) / 1000.0)


@compiled
def add_rows(
    strip: NDArray[np.uint8],
    top: int,
    height: int,
    begun: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add rows to the small picture: each by the share of every small row that it covers.

    Shares are whole numbers: a small row is *height* long, a source row as long as there are
    small rows. A source row reaches into at most two small ones.

    Args:
        strip: shape (rows, width, channels).
        top: number of the first row.
        height: rows of the source.
        begun: shape (width,), the small row that earlier strips began; kept between calls.
        sums: the small picture, set row by row.
    """
    rows = sums.shape[0]
    grey = np.empty(begun.size)
    for y in range(strip.shape[0]):
        grey_row(strip[y], grey)
        start = (top + y) * rows
        row = start // height
        inside = min(start + rows, (row + 1) * height) - start
        add_scaled(grey, float(inside), begun)
        if start + rows >= (row + 1) * height:
            add_columns(begun, sums[row])
            begun[:] = 0.0
            add_scaled(grey, float(rows - inside), begun)


@compiled
def add_scaled(row: NDArray[np.float64], factor: float, total: NDArray[np.float64]) -> None:
    """Add a row, times a factor, to *total*."""
    for x in range(row.size):
        total[x] += factor * row[x]


@compiled
def add_columns(row: NDArray[np.float64], sums: NDArray[np.float64]) -> None:
    """Set *sums* to the row's values, each by the share of every small column that it covers."""
    width, columns = row.size, sums.size
    for column in range(columns):
        begin, end = column * width, (column + 1) * width
        value = 0.0
        for x in range(begin // columns, (end + columns - 1) // columns):
            share = min(end, (x + 1) * columns) - max(begin, x * columns)
            value += share * row[x]
        sums[column] = value


@compiled
def area_means(source: NDArray[np.float32], small: NDArray[np.float32]) -> None:
    """Set *small* to the area means of *source*: rows first, then columns, both from the start."""
    rows, height = small.shape[0], source.shape[0]
    sums = np.empty(source.shape[1])
    means = np.empty(small.shape[1])
    for row in range(rows):
        begin, end = row * height, (row + 1) * height
        sums[:] = 0.0
        for y in range(begin // rows, (end + rows - 1) // rows):
            share = float(min(end, (y + 1) * rows) - max(begin, y * rows))
            for x in range(sums.size):
                sums[x] += share * source[y, x]
        add_columns(sums, means)
        for column in range(means.size):
            small[row, column] = means[column] / (height * source.shape[1])
