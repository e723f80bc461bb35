"""The forms in which pictures reach a phone's browser: formats, turns, transparency, wide gamut."""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image
from tests.hashing.files import ORIENTATION

Picture = Image.Image


@dataclass(frozen=True, slots=True)
class Variant:
    """One form of a picture's file."""

    name: str
    suffix: str
    write: Callable[[Picture], bytes]


def _saved(picture: Picture, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _large(picture: Picture) -> Picture:
    """Enlarge a picture to what phones take: only the brightness of such JPEGs is decoded."""
    share = 4000 / max(picture.size)
    size = round(picture.width * share), round(picture.height * share)
    return picture.resize(size, Image.Resampling.BICUBIC)


def _stored(orientation: int) -> Callable[[Picture], bytes]:
    """Return what writes a JPEG that EXIF says to turn."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return lambda picture: _saved(picture, "JPEG", quality=90, exif=exif)


def _fading(picture: Picture) -> Picture:
    """Make a picture transparent towards its right."""
    fading = np.linspace(255, 60, picture.width).astype(np.uint8)
    picture = picture.copy()
    picture.putalpha(Image.fromarray(np.tile(fading, (picture.height, 1))))
    return picture


def _wide_gamut() -> bytes:
    """Return a colour profile with the primaries of Display P3 (ICC.1:2001-04)."""
    tags = {
        b"desc": b"desc" + struct.pack(">II", 0, 3) + b"P3\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": _xyz(0.51512, 0.2412, -0.00105),
        b"gXYZ": _xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": _xyz(0.1571, 0.06657, 0.78407),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv" + struct.pack(">IIH", 0, 1, 563)),
    }
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    size = start + len(body)
    head = struct.pack(
        ">I4x4s4s4s4s12x4s", size, b"\x02\x10\0\0", b"mntr", b"RGB ", b"XYZ ", b"acsp"
    )
    head = head.ljust(68, b"\0") + _xyz(0.9642, 1.0, 0.8249)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


VARIANTS: Final = (
    Variant("PNG", ".png", lambda picture: _saved(picture, "PNG")),
    Variant("JPEG", ".jpg", lambda picture: _saved(picture, "JPEG", quality=85)),
    Variant(
        "JPEG of up to 16 MP", ".jpg", lambda picture: _saved(_large(picture), "JPEG", quality=88)
    ),
    Variant(
        "progressive JPEG",
        ".jpg",
        lambda picture: _saved(picture, "JPEG", quality=85, progressive=True),
    ),
    Variant("WebP", ".webp", lambda picture: _saved(picture, "WEBP", quality=80)),
    Variant(
        "transparent PNG", ".png", lambda picture: _saved(_fading(picture), "PNG", compress_level=1)
    ),
    Variant(
        "wide gamut",
        ".jpg",
        lambda picture: _saved(picture, "JPEG", quality=90, icc_profile=_wide_gamut()),
    ),
    *(Variant(f"EXIF {turn}", ".jpg", _stored(turn)) for turn in range(1, 9)),
)
"""Every form that the portal reads and that browsers might see in another way than Python."""
