"""The pictures of ``benchmarks/keypoints.py``: where they come from and how they are made dull."""

import io
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageFilter

IN_WHEEL = (
    *("brick.png", "chelsea.png", "coffee.png", "coins.png", "grass.png", "gravel.png"),
    *("hubble_deep_field.jpg", "moon.png", "motorcycle_left.png", "rocket.jpg"),
)
"""Ordinary pictures without people that scikit-image brings along."""

LONGEST = 768
"""Longest side before an edit; a smaller picture stays as it is."""


def sources(corpus: Path | None, count: int) -> list[Path]:
    """Return *count* files, evenly out of the folder, or those of scikit-image."""
    if corpus is None:
        return [Path(skimage.data.__file__).parent / name for name in IN_WHEEL][:count]
    files = sorted(path for path in corpus.glob("*") if path.suffix != ".txt")
    return files[:: max(1, len(files) // count)][:count]


def picture_of(path: Path) -> Image.Image:
    """Decode a picture, at most ``LONGEST`` pixels long."""
    with Image.open(path) as picture:
        rgb = picture.convert("RGB")
    rgb.thumbnail((LONGEST, LONGEST))
    return rgb


def as_is(picture: Image.Image) -> Image.Image:
    """Change nothing."""
    return picture


def pale(picture: Image.Image) -> Image.Image:
    """Leave a quarter of the contrast, as in fog or on skin."""
    return Image.fromarray((96 + np.asarray(picture) // 4).astype(np.uint8))


def soft(picture: Image.Image) -> Image.Image:
    """Blur as a bad lens does, by 4/512 of the longest side."""
    return picture.filter(ImageFilter.GaussianBlur(4 * max(picture.size) / 512))


def jpeg_of(picture: Image.Image, quality: int) -> bytes:
    """Return the picture as the bytes of a JPEG."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    """Decode a picture's bytes."""
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB")
