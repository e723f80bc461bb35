"""Files of every format and kind, made from one photograph.

Each is written when it is asked for; nothing is fetched.
"""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from tests.hashing.photographs import COFFEE

ORIENTATION = 0x0112
"""The EXIF tag that says which way up."""


def photograph(width: int = 160, height: int = 120) -> Image.Image:
    """Return the photograph in colour."""
    with Image.open(COFFEE) as picture:
        return picture.convert("RGB").resize((width, height))


def save(image: Image.Image, format: str, **options: object) -> bytes:
    """Return *image* as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def heic(image: Image.Image, *, exif: bytes = b"") -> bytes:
    """Return *image* as the bytes of a HEIC file."""
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=90, exif=exif or None)
    return file.getvalue()


def turned(orientation: int) -> bytes:
    """Return a PNG whose EXIF says how to turn it; upright, all eight show the same."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = photograph()
    if orientation in undo:
        stored = stored.transpose(undo[orientation])
    return save(stored, "PNG", exif=exif)


def png(width: int, height: int, depth: int, kind: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG from its header and chunks, true or not (ISO/IEC 15948)."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    body = ((b"IHDR", header), *chunks, (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in body
    )


def bomb_png(width: int, height: int) -> bytes:
    """Return a small file that claims to hold an enormous picture."""
    return png(width, height, 8, 2, (b"IDAT", zlib.compress(bytes(100_000))))


def bomb_webp(width: int, height: int) -> bytes:
    """Return a WebP header whose canvas is enormous (RFC 9649, section 2.7)."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bomb_gif(width: int, height: int) -> bytes:
    """Return a GIF whose screen is enormous."""
    first = save(photograph().quantize(), "GIF")
    return first[:6] + struct.pack("<HH", width, height) + first[10:]


def bomb_jpeg(width: int, height: int) -> bytes:
    """Return a JPEG whose frame header claims an enormous picture."""
    file = save(photograph(), "JPEG")
    start = file.index(b"\xff\xc0") + 5
    return file[:start] + struct.pack(">HH", height, width) + file[start + 4 :]


def animated_gif() -> bytes:
    """Return three frames, of which the first is the photograph."""
    frames = [photograph().quantize(), photograph().rotate(90).quantize()]
    return save(frames[0], "GIF", save_all=True, append_images=[frames[1], frames[0]])


def grey16() -> bytes:
    """Return a PNG with 16 bits a pixel."""
    grey = np.asarray(photograph().convert("L")).astype(np.uint16)
    return save(Image.fromarray(grey * 257), "PNG")


def inverted_cmyk() -> bytes:
    """Return a CMYK JPEG as Adobe's programs write it: with an Adobe marker, inverted."""
    return save(photograph().convert("CMYK"), "JPEG", quality=95)


FILES: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: save(photograph(), "JPEG", quality=95),
    "progressive jpeg": lambda: save(photograph(), "JPEG", quality=95, progressive=True),
    "grey jpeg": lambda: save(photograph().convert("L"), "JPEG", quality=95),
    "cmyk jpeg": inverted_cmyk,
    "multi-picture jpeg": lambda: save(
        photograph(), "MPO", quality=95, save_all=True, append_images=[photograph().rotate(90)]
    ),
    "png": lambda: save(photograph(), "PNG"),
    "transparent png": lambda: save(photograph().convert("RGBA"), "PNG"),
    "palette png": lambda: save(photograph().quantize(256), "PNG"),
    "grey png": lambda: save(photograph().convert("L"), "PNG"),
    "grey png with alpha": lambda: save(photograph().convert("LA"), "PNG"),
    "16-bit png": grey16,
    "webp": lambda: save(photograph(), "WEBP", quality=95),
    "lossless webp": lambda: save(photograph(), "WEBP", lossless=True),
    "animated webp": lambda: save(
        photograph(), "WEBP", quality=95, save_all=True, append_images=[photograph().rotate(90)]
    ),
    "gif": lambda: save(photograph().quantize(256), "GIF"),
    "animated gif": animated_gif,
    "avif": lambda: save(photograph(), "AVIF", quality=90),
    "heic": lambda: heic(photograph()),
}
"""One file of every kind that may be opened, all of the same photograph."""


def pixels_of(image: Image.Image) -> NDArray[np.uint8]:
    """Return an image's pixels in colour, shape (height, width, 3)."""
    return np.asarray(image.convert("RGB"))
