"""The pictures of the study: where photographs come from, and at what size they are looked at.

Every picture is grey, 512 x 384, which is what ``kp1`` describes of a larger one. All have
one shape so that each can be mistaken for each other one.
"""

from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.keypoint_pictures import sources
from benchmarks.reveal.paint import HEIGHT, WIDTH, Grey
from numpy.typing import NDArray
from PIL import Image, ImageOps

LUMINANCE: Final = (0.299, 0.587, 0.114)


def photographs(corpus: Path | None, count: int) -> list[Grey]:
    """Return that many photographs of a folder, or those of scikit-image, cut to 4:3.

    In an order by chance, always the same, so that the first ones are no kind of their own.
    """
    inner = corpus / "images" if corpus and (corpus / "images").is_dir() else corpus
    paths = sources(inner, count)
    order = np.random.default_rng(0).permutation(len(paths))
    return [photograph(paths[number]) for number in order]


def photograph(path: Path) -> Grey:
    """Decode one photograph, cut to 4:3, grey."""
    with Image.open(path) as picture:
        cut = ImageOps.fit(picture.convert("RGB"), (WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    return np.asarray(np.floor(np.asarray(cut, np.float64) @ LUMINANCE + 0.5), np.float32)


def reduced(picture: NDArray[np.float32], width: int) -> Grey:
    """Return area means, *width* pixels across."""
    factor = picture.shape[1] // width
    rows, columns = picture.shape[0] // factor, picture.shape[1] // factor
    parts = picture[: rows * factor, : columns * factor]
    means = parts.reshape(rows, factor, columns, factor).mean(axis=(1, 3))
    return np.asarray(means, np.float32)


def levelled(picture: NDArray[np.float32]) -> Grey:
    """Return a picture with mean 0 and deviation 1: signals know neither light nor contrast."""
    return np.asarray((picture - picture.mean()) / max(float(picture.std()), 1e-6), np.float32)


def bytes_of(picture: Grey) -> NDArray[np.uint8]:
    """Return a grey picture as whole numbers, shape (height, width, 1)."""
    return np.asarray(np.clip(picture + 0.5, 0, 255), np.uint8)[:, :, None]
