"""The loops over pixels, compiled by numba on first use and kept on disk.

They hold no lock, so that threads hash side by side. Nothing here is public:
``pdq.py`` says what the numbers mean.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Loop = TypeVar("Loop", bound=Callable[..., Any])

TILE: Final = 2048
"""Columns added up at a time: 16 KiB of sums, which stay in the first-level cache."""


def compiled(loop: Loop) -> Loop:
    """Compile *loop* on first call, keeping the result on disk where that is possible."""
    try:
        return cast(Loop, numba.njit(cache=True, nogil=True)(loop))
    except RuntimeError:  # installed read-only and no home directory: nowhere to keep it
        return cast(Loop, numba.njit(nogil=True)(loop))


@compiled
def box_twice(
    pixels: int, window: int, samples: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Weigh the pixels of one side for each sample of two box blurs.

    A box of *window* pixels reaches ``(window - 1) // 2`` back and ``window // 2``
    forward, and divides by the pixels inside the picture.

    Returns:
        First pixel and number of pixels of each sample, shape (samples,); their weights,
        shape (samples, 2 * window), zero behind the last.
    """
    back, forth = (window - 1) // 2, window // 2
    first = np.zeros(samples, np.int64)
    count = np.zeros(samples, np.int64)
    weights = np.zeros((samples, 2 * window))
    for k in range(samples):
        centre = (2 * k + 1) * pixels // (2 * samples)
        low, high = max(0, centre - back), min(pixels - 1, centre + forth)
        first[k] = max(0, low - back)
        count[k] = min(pixels - 1, high + forth) - first[k] + 1
        for inner in range(low, high + 1):
            start, end = max(0, inner - back), min(pixels - 1, inner + forth)
            share = 1.0 / ((high - low + 1) * (end - start + 1))
            weights[k, start - first[k] : end + 1 - first[k]] += share
    return first, count, weights


@compiled
def add_rows(
    strip: NDArray[np.uint8], weights: NDArray[np.float64], sums: NDArray[np.float64]
) -> None:
    """Set *sums* to the weighted sum of the rows of *strip*, each row with its weight."""
    sums[:] = 0.0
    for row in range(strip.shape[0]):
        weight = weights[row]
        pixels = strip[row]
        for column in range(sums.size):
            sums[column] += weight * pixels[column]


@compiled
def gather(
    strip: NDArray[np.uint8],
    mix: NDArray[np.float64],
    rows: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    columns: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    total: NDArray[np.float64],
) -> None:
    """Add a strip of rows to the samples.

    Args:
        strip: shape (rows, width * channels), channels side by side.
        mix: weight of each channel.
        rows: first row counted from the strip's own first (it may lie outside), number of
            rows and their weights, for each sample.
        columns: first column, number of columns and their weights, for each sample.
        total: shape (64, 64), added to.
    """
    first, count, weights = rows
    channels = mix.size
    width = strip.shape[1] // channels
    sums = np.zeros(width * channels)
    brightness = np.zeros(width)
    for k in range(first.size):
        low = max(first[k], 0)
        high = min(first[k] + count[k], strip.shape[0])
        if low >= high:
            continue
        part = weights[k, low - first[k] : high - first[k]]
        for left in range(0, sums.size, TILE):
            right = min(left + TILE, sums.size)
            add_rows(strip[low:high, left:right], part, sums[left:right])
        mix_channels(sums, mix, brightness)
        weigh_columns(brightness, columns, total[k])


@compiled
def mix_channels(
    sums: NDArray[np.float64], mix: NDArray[np.float64], brightness: NDArray[np.float64]
) -> None:
    """Set *brightness* to the weighted sum of the channels of each column."""
    channels = mix.size
    for column in range(brightness.size):
        value = 0.0
        for channel in range(channels):
            value += mix[channel] * sums[column * channels + channel]
        brightness[column] = value


@compiled
def weigh_columns(
    brightness: NDArray[np.float64],
    columns: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    total: NDArray[np.float64],
) -> None:
    """Add each sample's share of one row of brightness to *total*, shape (64,)."""
    first, count, weights = columns
    for k in range(first.size):
        value = 0.0
        for place in range(count[k]):
            value += weights[k, place] * brightness[first[k] + place]
        total[k] += value
