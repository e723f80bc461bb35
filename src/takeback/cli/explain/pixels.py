"""A file as a small upright picture to draw on, with flat memory whatever its size."""

import os
from typing import Final

import numpy as np
from PIL import Image

from takeback.hashing.decode import Picture, open_picture

SIDE: Final = 800
"""Longest side, in pixels, of a picture on a page."""

ENOUGH: Final = 3 * SIDE
"""Pixels along the longest side that are read: rows and columns beyond that are skipped."""


def small_picture(source: bytes | os.PathLike[str], side: int = SIDE) -> Image.Image:
    """Decode a picture in colour, upright, its longest side *side* pixels.

    Raises:
        NotAPicture: as ``hash_picture``.
    """
    picture = open_picture(source, fast=False)
    image = Image.fromarray(np.ascontiguousarray(_coarse(picture))).convert("RGB")
    scale = side / max(picture.width, picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _coarse(picture: Picture) -> np.typing.NDArray[np.uint8]:
    """Return every so-manieth row and column, upright."""
    step = max(1, max(picture.image.size) // ENOUGH)
    rows = [strip[-top % step :: step, ::step] for top, strip in picture.strips()]
    upright = picture.turn.pixels(np.concatenate(rows))
    return upright[:, :, 0] if upright.shape[2] == 1 else upright
