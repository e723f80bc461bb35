"""The loops over brightness that find frames: long straight seams, and flat rows.

A seam is a row that differs from the one before along a long stretch, more than its
neighbours do: where one picture ends and something else begins. Nothing here is public:
``normalise.py`` says what is made of it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.kernels import compiled

STEEP: Final = 24.0
"""A step in brightness counts no more than this."""

TEXTURE: Final = 4.0
"""What a step must exceed those beside it by, before it counts for a seam."""

MOST_FRAMES: Final = 16384
"""Rectangles that are listed, at most."""

Grey = NDArray[np.float32]


@compiled
def seam_strength(grey: Grey, row: int, strength: NDArray[np.float32]) -> None:
    """Set *strength* to how much more the picture steps at *row* than beside it, per column."""
    last = grey.shape[0] - 1
    before, after = max(row - 2, 0), min(row + 1, last)
    far_before, far_after = max(row - 4, 0), min(row + 3, last)
    for x in range(grey.shape[1]):
        step = abs(grey[after, x] - grey[before, x])
        beside = abs(grey[before, x] - grey[far_before, x]) + abs(
            grey[far_after, x] - grey[after, x]
        )
        strength[x] = min(STEEP, max(-STEEP, step - beside)) - TEXTURE


@compiled
def best_stretch(strength: NDArray[np.float32]) -> float:
    """Return the largest sum of neighbouring strengths."""
    best = np.float32(0.0)
    here = np.float32(0.0)
    for x in range(strength.size):
        here = max(np.float32(0.0), here + strength[x])
        best = max(best, here)
    return float(best)


@compiled
def seam_scores(grey: Grey) -> NDArray[np.float64]:
    """Return for each row how strong a seam lies just above it, anywhere along it."""
    scores = np.zeros(grey.shape[0])
    strength = np.zeros(grey.shape[1], np.float32)
    for row in range(2, grey.shape[0] - 1):
        seam_strength(grey, row, strength)
        scores[row] = best_stretch(strength)
    return scores


@compiled
def running_sums(grey: Grey, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for each of the rows the sums of its seam's strength, from the left.

    The first and the last row of the picture are as strong as a seam can be.
    """
    sums = np.zeros((rows.size, grey.shape[1] + 1))
    strength = np.zeros(grey.shape[1], np.float32)
    for number in range(rows.size):
        if 0 < rows[number] < grey.shape[0]:
            seam_strength(grey, rows[number], strength)
        else:
            strength[:] = STEEP
        sums[number, 1:] = np.cumsum(strength)
    return sums


@compiled
def mean_of(sums: NDArray[np.float64], begin: int, end: int) -> float:
    """Return the mean of a stretch whose running sums are given."""
    return float((sums[end] - sums[begin]) / (end - begin))


@compiled
def second_least(a: float, b: float, c: float, d: float) -> float:
    """Return the second smallest of four."""
    lesser, greater = min(max(a, b), max(c, d)), max(min(a, b), min(c, d))
    return min(lesser, greater)


@compiled
def framed(
    rows: NDArray[np.int64],
    row_sums: NDArray[np.float64],
    columns: NDArray[np.int64],
    column_sums: NDArray[np.float64],
    least: tuple[int, int, float],
) -> NDArray[np.float64]:
    """Return every rectangle between seams that are seams along three of its own sides.

    One side may be faint: there, what is inside happens to be as bright as what is outside.

    Args:
        rows: rows of seams, ascending, the picture's edges among them.
        row_sums: as :func:`running_sums` gives them.
        columns: columns of seams, likewise.
        column_sums: of those.
        least: height, width, and mean strength of each side.

    Returns:
        Shape (n, 6): left, top, right, bottom, strengths of the faintest side and the next.
    """
    found = np.zeros((MOST_FRAMES, 6))
    count = 0
    for upper in range(rows.size):
        for lower in range(upper + 1, rows.size):
            top, bottom = rows[upper], rows[lower]
            if bottom - top < least[0]:
                continue
            for one in range(columns.size):
                near = mean_of(column_sums[one], top, bottom)
                for other in range(one + 1, columns.size):
                    left, right = columns[one], columns[other]
                    far = mean_of(column_sums[other], top, bottom)
                    upper_mean = mean_of(row_sums[upper], left, right)
                    lower_mean = mean_of(row_sums[lower], left, right)
                    second = second_least(near, far, upper_mean, lower_mean)
                    if right - left >= least[1] and second >= least[2] and count < MOST_FRAMES:
                        found[count, 0], found[count, 1] = left, top
                        found[count, 2], found[count, 3] = right, bottom
                        found[count, 4] = min(min(near, far), min(upper_mean, lower_mean))
                        found[count, 5] = second
                        count += 1
    return found[:count]


@compiled
def bar(grey: Grey, shade: float, tolerance: float, share: float) -> int:
    """Count the rows from the top in which so large a share is of one shade."""
    for row in range(grey.shape[0]):
        alike = 0
        for x in range(grey.shape[1]):
            if abs(grey[row, x] - shade) <= tolerance:
                alike += 1
        if alike < share * grey.shape[1]:
            return row
    return int(grey.shape[0])


@compiled
def tilted(grey: Grey, sine: float, cosine: float) -> Grey:
    """Turn a picture about its middle, inside the same frame; what was lost is guessed.

    A lost corner is filled with the nearest brightness along the frame.
    """
    height, width = grey.shape
    turned = np.zeros((height, width), np.float32)
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    for y in range(height):
        for x in range(width):
            down, across = y - middle_y, x - middle_x
            source_y = middle_y + cosine * down + sine * across
            source_x = middle_x - sine * down + cosine * across
            source_y = min(max(source_y, 0.0), height - 1.001)
            source_x = min(max(source_x, 0.0), width - 1.001)
            row, column = int(source_y), int(source_x)
            lower, right = source_y - row, source_x - column
            above = grey[row, column] * (1 - right) + grey[row, column + 1] * right
            below = grey[row + 1, column] * (1 - right) + grey[row + 1, column + 1] * right
            turned[y, x] = above * (1 - lower) + below * lower
    return turned
