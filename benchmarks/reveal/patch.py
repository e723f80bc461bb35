"""What one keypoint signal stands for: cutting patches out of pictures, at any place.

Spots say where patches lie, shape (n, 4): x and y in 512ths of the longest side, the natural
logarithm of the size, the direction in radians; what ``voting.measures`` makes of coarse places.
"""

from typing import Final

import numpy as np
from benchmarks.reveal.paint import Grey
from benchmarks.reveal.ridge import Numbers
from numpy.typing import NDArray

from takeback.hashing.keypoints import DescribedPicture
from takeback.hashing.patches import LEVELS, SIDE, STEP

Spots = NDArray[np.float64]

PENALTY: Final = 0.02
"""Of each weight; with tens of thousands of examples it hardly matters."""


def exact_spots(described: DescribedPicture) -> Spots:
    """Return where keypoints were found, before places were made coarse."""
    found = described.keypoints
    scale = 512 / max(described.width, described.height)
    middle = (found["x"] + 0.5) * scale, (found["y"] + 0.5) * scale
    turns = np.radians(found["degrees"])
    return np.stack((*middle, np.log(found["size"] * scale), turns), axis=1)


def cut(picture: Grey, spots: Spots) -> Numbers:
    """Cut the patch at each spot out of a picture, shape (n, 32, 32)."""
    steps = STEP * np.exp(spots[:, 2])
    chosen = np.clip(np.floor(np.log2(np.maximum(steps, 1))), 0, LEVELS - 1).astype(int)
    patches = np.empty((len(spots), SIDE, SIDE), np.float32)
    for level, small in enumerate(_levels(picture)):
        these = chosen == level
        x, y = _samples(spots[these])
        patches[these] = between(small, x / 2**level - 0.5, y / 2**level - 0.5)
    return patches


def _samples(spots: Spots) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    steps, turns = STEP * np.exp(spots[:, 2, None, None]), spots[:, 3, None, None]
    offset = np.arange(SIDE) + 0.5 - SIDE / 2
    across, down = offset[None, None, :] * steps, offset[None, :, None] * steps
    x = spots[:, 0, None, None] + across * np.cos(turns) - down * np.sin(turns)
    y = spots[:, 1, None, None] + across * np.sin(turns) + down * np.cos(turns)
    return x, y


def between(picture: Grey, x: NDArray[np.float64], y: NDArray[np.float64]) -> Numbers:
    """Sample between pixels; beyond the border, what is on it."""
    bottom, right = picture.shape[0] - 1, picture.shape[1] - 1
    x, y = np.clip(x, 0, right), np.clip(y, 0, bottom)
    left, top = np.minimum(x.astype(int), right - 1), np.minimum(y.astype(int), bottom - 1)
    across, down = x - left, y - top
    upper = picture[top, left] * (1 - across) + picture[top, left + 1] * across
    lower = picture[top + 1, left] * (1 - across) + picture[top + 1, left + 1] * across
    return np.asarray(upper * (1 - down) + lower * down, np.float32)


def _levels(picture: Grey) -> list[Grey]:
    levels = [picture]
    while len(levels) < LEVELS:
        rows, columns = (side // 2 * 2 for side in levels[-1].shape)
        parts = levels[-1][:rows, :columns].reshape(rows // 2, 2, columns // 2, 2)
        levels.append(np.asarray(parts.mean(axis=(1, 3)), np.float32))
    return levels


def levels_removed(patches: Numbers) -> Numbers:
    """Take its mean from each patch, and lay it out in a row."""
    rows = patches.reshape(len(patches), -1)
    return np.asarray(rows - rows.mean(axis=1, keepdims=True))
