"""Ordinary photographs, and copies of them as a re-uploader would make them.

The photographs come with scikit-image's wheel; nothing is downloaded, and nobody is on them.
"""

import importlib.util
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from takeback.errors import BadInput


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture file, whole in memory."""

    name: str
    data: bytes


def photograph(name: str) -> Photograph:
    """Return one of scikit-image's pictures, for example ``coffee.png``.

    Raises:
        BadInput: scikit-image is not installed.
    """
    found = importlib.util.find_spec("skimage")
    if found is None or found.origin is None:
        raise BadInput("the demonstration's pictures are missing: pip install 'takeback[demo]'")
    return Photograph(name, (Path(found.origin).parent / "data" / name).read_bytes())


def copies(picture: Photograph) -> Mapping[str, bytes]:
    """Return copies of *picture*, by what was done to it."""
    with Image.open(io.BytesIO(picture.data)) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    half = upright.resize((upright.width // 2, upright.height // 2))
    return {
        "JPEG, quality 50": _jpeg(upright, 50),
        "half the size": _jpeg(half, 90),
        "mirrored": _jpeg(ImageOps.mirror(upright), 90),
    }


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
