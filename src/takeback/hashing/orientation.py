"""Which way a keypoint faces: the direction in which brightness rises most around it.

Written without arc tangent and exponential, which differ between processors and languages:
the direction's bin is found by comparing slopes, and its sine and cosine are interpolated
from a table. ``docs/reference/signals.md`` specifies the numbers.

Source: Lowe, "Distinctive Image Features from Scale-Invariant Keypoints" (2004), section 5.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.kernels import compiled

REACH: Final = 4.5
"""How far around a keypoint is looked, in sizes of it."""

BINS: Final = 36
BIN_DEGREES: Final = 10.0
BIN_RADIANS: Final = 0.174532925

SLOPES: Final = np.array(
    [
        *(0.087488664, 0.267949192, 0.466307658, 0.700207538, 1.0),
        *(1.428148007, 2.144506921, 3.732050808, 11.430052303),
    ]
)
"""Tangents of 5, 15 … 85 degrees: where one bin ends and the next begins."""

_QUARTER: Final = (
    *(1.0, 0.984807753, 0.939692621, 0.866025404, 0.766044443),
    *(0.64278761, 0.5, 0.342020143, 0.173648178, 0.0),
)
"""Cosines of 0, 10 … 90 degrees."""


def _cosines() -> NDArray[np.float64]:
    half = [*_QUARTER, *(-value for value in _QUARTER[-2::-1])]
    return np.array([*half, *half[-2:0:-1]])


COSINES: Final = _cosines()
"""Shape (36,): of every bin's middle."""


@compiled
def bin_of(along: float, down: float) -> int:
    """Return the bin nearest to a direction; 0 points along x, and y points down."""
    steep, flat = abs(down), abs(along)
    place = 0
    for slope in SLOPES:
        if steep > slope * flat:
            place += 1
    if along < 0.0:
        place = BINS // 2 - place
    if down < 0.0:
        place = BINS - place
    return place % BINS


@compiled
def directions(
    layer: NDArray[np.float32], x: float, y: float, size: float, bins: NDArray[np.float64]
) -> None:
    """Add up the slopes around a place by their direction, the nearer the more."""
    reach = REACH * size
    square = reach * reach
    bins[:] = 0.0
    for v in range(max(1, int(np.ceil(y - reach))), min(layer.shape[0] - 2, int(y + reach)) + 1):
        for u in range(
            max(1, int(np.ceil(x - reach))), min(layer.shape[1] - 2, int(x + reach)) + 1
        ):
            share = 1.0 - ((u - x) * (u - x) + (v - y) * (v - y)) / square
            if share > 0.0:
                along = np.float64(layer[v, u + 1]) - np.float64(layer[v, u - 1])
                down = np.float64(layer[v + 1, u]) - np.float64(layer[v - 1, u])
                weight = (share * share) * (share * share)
                bins[bin_of(along, down)] += weight * np.sqrt(along * along + down * down)


@compiled
def smoothed(bins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the bins blurred around the circle."""
    smooth = np.empty_like(bins)
    for k in range(BINS):
        near = bins[k - 1] + bins[(k + 1) % BINS]
        far = bins[k - 2] + bins[(k + 2) % BINS]
        smooth[k] = (6.0 * bins[k] + 4.0 * near + far) / 16.0
    return smooth


@compiled
def facing(
    layer: NDArray[np.float32], x: float, y: float, size: float
) -> tuple[float, float, float]:
    """Return the direction in degrees, -5 to 355, with its cosine and sine."""
    bins = np.empty(BINS)
    directions(layer, x, y, size, bins)
    smooth = smoothed(bins)
    best = int(np.argmax(smooth))
    before, after = smooth[best - 1], smooth[(best + 1) % BINS]
    bend = before - 2.0 * smooth[best] + after
    offset = 0.0 if bend == 0.0 else 0.5 * (before - after) / bend
    t = offset * BIN_RADIANS
    square = t * t
    cosine = 1.0 - 0.5 * square * (1.0 - square / 12.0 * (1.0 - square / 30.0))
    sine = t * (1.0 - square / 6.0 * (1.0 - square / 20.0))
    c, s = COSINES[best], COSINES[(best + 27) % BINS]
    return BIN_DEGREES * (best + offset), c * cosine - s * sine, s * cosine + c * sine
