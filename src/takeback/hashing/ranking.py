"""Which keypoints of a picture are described: strong ones first, and not all in one spot.

The list is the same however many of it are used: the first 40 of a picture are the first 40 of
its first 80. ``docs/reference/signals.md`` specifies the rule.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.extrema import candidates
from takeback.hashing.kernels import compiled
from takeback.hashing.orientation import facing
from takeback.hashing.scalespace import ScaleSpace, octave_of
from takeback.hashing.shrink import LONGEST_SIDE

TIERS: Final = (2.0, 1.0)
"""Strengths from which keypoints come first and second. Weak ones are noise where there are
strong ones, and all there is on skin, walls and sheets."""

SMALLEST_SIZE: Final = 2.75
SPACING: Final = 6.0
"""Both in 1/512 of the longest side."""

SIZE_SPACING: Final = 0.8
"""Spacing of large keypoints, in sizes of the larger one."""

ALIKE_SIZES: Final = 1.414213562
"""Ratio of sizes below which two keypoints in one spot may be the same: half an octave."""

ALIKE_TURNS: Final = 0.764842187
"""Cosine of the angle, 0.7, below which they may be."""

KEYPOINT: Final = np.dtype(
    [
        ("x", np.float64),
        ("y", np.float64),
        ("size", np.float64),
        ("degrees", np.float64),
        ("cosine", np.float64),
        ("sine", np.float64),
        ("strength", np.float64),
    ]
)
"""One keypoint: place and size in pixels of the 512-pixel picture, the direction it faces
from x towards y (which points down), and its strength."""

COLUMNS: Final = 7

Shape = tuple[int, int]


def keypoints(space: ScaleSpace, small: Shape, large: Shape, most: int) -> NDArray[np.void]:
    """Choose the keypoints of a picture.

    Args:
        space: of the small picture.
        small: height and width of the picture that *space* was made of.
        large: height and width of the picture that places refer to.
        most: how many to choose.

    Returns:
        Shape (n,), dtype ``KEYPOINT``, best first.
    """
    found = candidates(space)
    placed = _placed(found, small, large)
    kept = placed["size"] >= SMALLEST_SIZE * max(large) / LONGEST_SIDE
    found, placed = found[kept], placed[kept]
    order = _order(placed)
    chosen = np.empty((min(most, len(order)), COLUMNS))
    table = np.array([found[name] for name in ("x", "y", "layer", "size", "octave")])
    rows = np.array([placed[name] for name in ("x", "y", "size", "strength")])
    spacing = SPACING * max(large) / LONGEST_SIDE
    count = spread(space, table.T[order], rows.T[order], spacing, chosen)
    return chosen[:count].view(KEYPOINT).reshape(count)


def _placed(found: NDArray[np.void], small: Shape, large: Shape) -> NDArray[np.void]:
    """Turn octave pixels into pixels of the large picture; pixel centres are whole numbers."""
    power = np.float64(2.0) ** found["octave"]
    placed = np.zeros(len(found), KEYPOINT)
    placed["x"] = (found["x"] + 0.5) * power * (large[1] / small[1]) - 0.5
    placed["y"] = (found["y"] + 0.5) * power * (large[0] / small[0]) - 0.5
    placed["size"] = found["size"] * power * (max(large) / max(small))
    placed["strength"] = found["strength"]
    return placed


def _order(placed: NDArray[np.void]) -> NDArray[np.intp]:
    """Order by tier, then strength times the fourth root of size, then y, x and size."""
    tier = (placed["strength"][:, None] < TIERS).sum(axis=1)
    rank = placed["strength"] * np.sqrt(np.sqrt(placed["size"]))
    return np.lexsort((placed["size"], placed["x"], placed["y"], -rank, tier))


@compiled
def spread(
    space: ScaleSpace,
    found: NDArray[np.float64],
    placed: NDArray[np.float64],
    spacing: float,
    chosen: NDArray[np.float64],
) -> int:
    """Walk down the ranking and write keypoints to *chosen* until it is full.

    Args:
        space: where the keypoints were found.
        found: x, y, layer, size and octave of each, in its octave.
        placed: x, y, size and strength of each, in the large picture.
        spacing: least distance of two that are alike.
        chosen: shape (n, 7), columns as in ``KEYPOINT``.

    Returns:
        How many were written.
    """
    count = 0
    for i in range(found.shape[0]):
        if count == chosen.shape[0]:
            break
        x, y, layer, size, octave = found[i]
        nearest = octave_of(space, int(octave))[int(np.floor(layer + 0.5))]
        degrees, cosine, sine = facing(nearest, x, y, size)
        row = chosen[count]
        row[0], row[1], row[2] = placed[i, 0], placed[i, 1], placed[i, 2]
        row[3], row[4], row[5], row[6] = degrees, cosine, sine, placed[i, 3]
        if not is_crowded(row, chosen[:count], spacing):
            count += 1
    return count


@compiled
def is_crowded(row: NDArray[np.float64], chosen: NDArray[np.float64], spacing: float) -> bool:
    """Tell whether one of the chosen keypoints is too near and too much alike."""
    for other in chosen:
        larger, smaller = max(row[2], other[2]), min(row[2], other[2])
        near = max(spacing, SIZE_SPACING * larger)
        across, down = row[0] - other[0], row[1] - other[1]
        close = across * across + down * down < near * near
        if close and larger < ALIKE_SIZES * smaller:
            turned = row[4] * other[4] + row[5] * other[5]
            if turned > ALIKE_TURNS:
                return True
    return False
