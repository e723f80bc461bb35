"""Ordinary photographs, and copies of them as a re-uploader would make them.

The photographs come with scikit-image's wheel; nothing is downloaded, and nobody is on them.
"""

import importlib.util
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from takeback.errors import BadInput

OTHERS: Final = (
    *("brick.png", "chelsea.png", "chessboard_RGB.png", "color.png", "grass.png", "gravel.png"),
    *("horse.png", "logo.png", "microaneurysms.png", "moon.png", "page.png", "phantom.png"),
    *("rocket.jpg", "text.png"),
)
"""Photographs that have nothing to do with what is registered."""

DRAWN: Final = 10
"""Pictures that are drawn besides."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture file, whole in memory."""

    name: str
    data: bytes

    def upright(self) -> Image.Image:
        """Decode it in colour, the right way up."""
        with Image.open(io.BytesIO(self.data)) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB")


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
    upright = picture.upright()
    half = upright.resize((upright.width // 2, upright.height // 2))
    return {
        "JPEG, quality 50": jpeg(upright, 50),
        "half the size": jpeg(half, 90),
        "mirrored": jpeg(ImageOps.mirror(upright), 90),
    }


def others() -> Iterator[bytes]:
    """Yield pictures that show nothing of what is registered: photographs and drawn ones."""
    yield from (photograph(name).data for name in OTHERS)
    yield from (jpeg(drawn(number), 85) for number in range(DRAWN))


def drawn(seed: int) -> Image.Image:
    """Draw discs and bars on a ground of two colours, the same for the same seed."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)
    image = Image.fromarray(ground).resize((640, 480), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(24):
        x, y, wide, high = (int(n) for n in rng.integers((0, 0, 10, 10), (600, 440, 160, 120)))
        colour = tuple(int(n) for n in rng.integers(0, 256, 3))
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((x, y, x + wide, y + high), fill=colour)
    return image


def jpeg(image: Image.Image, quality: int) -> bytes:
    """Return a picture as a JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
