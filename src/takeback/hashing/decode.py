"""From a file to upright pixels, on bytes that may be made to do harm.

Only JPEG, PNG, WebP, GIF, AVIF and HEIC are opened, so that no other parser is ever
reached. Size is read from the header and refused before memory is taken for pixels. A
file that ends early or is damaged is an error, never half a picture. Errors say what
is wrong and never name the file.

Pixels are handed over in strips of stored rows, together with the turn that makes the
picture upright: nothing here copies a whole picture.
"""

import io
import os
import stat
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from takeback.errors import NotAPicture, PictureTooLarge, PictureTruncated
from takeback.hashing.upright import AS_STORED, TURNS, Turn

Path = Literal["full", "luminance", "scaled"]
"""How the pixels were read: every channel at full size; a JPEG's brightness only, at full
size; or a JPEG scaled down while it was decoded."""

MAXIMUM_BYTES: Final = 128 * 1024 * 1024
"""Largest file that is read."""

MAXIMUM_PIXELS: Final = 80_000_000
"""Most pixels that are decoded; Pillow itself would only warn, and only above 89 million."""

MAXIMUM_SIDE: Final = 65_535
"""Longest side that is decoded, which is also the longest a JPEG can have."""

LUMINANCE_PIXELS: Final = 2_000_000
"""From this many pixels on, only a JPEG's brightness is decoded: twice as fast, 0 to 2 bits
away on photographs. Smaller pictures would gain little and can move further."""

SCALED_SIDE: Final = 512
"""Shortest side, in pixels, that scaling while decoding may leave."""

STRIP_PIXELS: Final = 1 << 20
"""Pixels in one strip; small beside a picture, large beside the cost of a call."""

FORMATS: Final = tuple(
    plugin.format
    for plugin in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
        GifImagePlugin.GifImageFile,
        AvifImagePlugin.AvifImageFile,
    )
)
"""What Pillow may open; HEIC comes through pillow-heif."""

_HEIF_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_AVIF_BRANDS: Final = (b"avif", b"avis")
_BEGINNINGS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")

_DECODER_FAILURES: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    RuntimeError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    struct.error,
)
"""What decoders are known to raise on damaged bytes."""

_TOO_LARGE: Final = (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning)

# Filters are shared by all threads, so they are set once and touch Pillow alone: a bomb is
# an error, as its documentation advises; remarks on odd metadata are of no use to anyone.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, as stored. Its pixels are read strip by strip."""

    image: Image.Image
    turn: Turn
    path: Path

    width: int
    """Pixels across the upright picture, before any scaling."""

    height: int
    """Pixels down the upright picture, before any scaling."""

    def strips(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield the stored rows from the top, a few at a time.

        Yields:
            Number of the first row, and pixels of shape (rows, width, 3) for colour or
            (rows, width, 1) for brightness, on white where the picture is transparent.
        """
        width, height = self.image.size
        rows = max(1, STRIP_PIXELS // width)
        for top in range(0, height, rows):
            with _typed_errors(PictureTruncated("the picture is damaged")):
                pixels = _pixels(self.image.crop((0, top, width, min(height, top + rows))))
            yield top, pixels


def open_picture(
    source: bytes | os.PathLike[str], *, fast: bool = True, shrink: bool = False
) -> Picture:
    """Decode a picture.

    Args:
        source: the file's bytes, or where it lies.
        fast: decode only the brightness of a large JPEG.
        shrink: let a JPEG be scaled down while it is decoded, to no less than 512 pixels.

    Raises:
        NotAPicture: no file, not a file of a known format, or empty.
        PictureTooLarge: more bytes or pixels than are safe to decode.
        PictureTruncated: the file is damaged or ends early.
    """
    data = _read(source)
    image = _open(data)
    _check_size(image.size)
    turn = _turn(image)
    width, height = turn.size(*image.size)
    path = _draft(image, fast=fast, shrink=shrink)
    with _typed_errors(PictureTruncated("the file is damaged or ends before the picture does")):
        image.load()
    _check_size(image.size)
    return Picture(image, turn, path, width, height)


def upright_pixels(source: bytes | os.PathLike[str]) -> NDArray[np.uint8]:
    """Decode a whole picture at full size and in colour, turned upright.

    Returns:
        Shape (height, width, 3), 0-255; grey pictures have three equal channels.

    Raises:
        NotAPicture: as :func:`open_picture`.
    """
    picture = open_picture(source, fast=False)
    upright = picture.turn.pixels(np.concatenate([strip for _, strip in picture.strips()]))
    return np.ascontiguousarray(np.broadcast_to(upright, (*upright.shape[:2], 3)))


def _read(source: bytes | os.PathLike[str]) -> bytes:
    data = source if isinstance(source, bytes) else _read_file(source)
    if not data:
        raise NotAPicture("the file is empty")
    if len(data) > MAXIMUM_BYTES:
        raise PictureTooLarge(f"the file has more than {MAXIMUM_BYTES} bytes")
    return data


def _read_file(path: os.PathLike[str]) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe or device could block or never end
            raise NotAPicture("not a file")
        with open(path, "rb") as file:
            return file.read(MAXIMUM_BYTES + 1)
    except (OSError, ValueError) as error:  # the error itself would name the file
        reason = getattr(error, "strerror", None) or "not a path"
    raise NotAPicture(f"the file can't be read: {reason}")


@contextmanager
def _typed_errors(damaged: NotAPicture) -> Iterator[None]:
    try:
        yield
    except _TOO_LARGE as error:
        raise PictureTooLarge("the picture needs more memory than is safe") from error
    except _DECODER_FAILURES as error:
        raise damaged from error


def _open(data: bytes) -> Image.Image:
    _check_size(_webp_size(data))
    with _typed_errors(_unreadable(data)):
        try:
            return Image.open(io.BytesIO(data), formats=FORMATS)
        except UnidentifiedImageError:
            if data[4:8] != b"ftyp" or data[8:12] not in _HEIF_BRANDS:
                raise
            return _open_heif(data)


def _open_heif(data: bytes) -> Image.Image:
    image: Image.Image = pillow_heif.HeifImageFile(io.BytesIO(data))  # type: ignore[no-untyped-call]
    return image


def _unreadable(data: bytes) -> NotAPicture:
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    boxes = data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS + _AVIF_BRANDS
    if webp or boxes or data.startswith(_BEGINNINGS):
        return PictureTruncated("the file is damaged or ends before the picture does")
    return NotAPicture("not a JPEG, PNG, WebP, GIF, AVIF or HEIC file")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return the canvas size of a WebP file, whose decoder takes memory when it is opened.

    Source: RFC 9649, sections 2.5 to 2.7.
    """
    kind, body = data[12:16], data[20:30].ljust(10, b"\0")
    if data[:4] != b"RIFF":
        return 1, 1
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return tuple(side & 0x3FFF for side in struct.unpack("<HH", body[6:10]))


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAXIMUM_PIXELS or max(size) > MAXIMUM_SIDE:
        raise PictureTooLarge(
            f"the picture has more than {MAXIMUM_PIXELS} pixels "
            f"or a side longer than {MAXIMUM_SIDE}"
        )


def _turn(image: Image.Image) -> Turn:
    """Read the turn from EXIF alone, as browsers do; what can't be read counts as upright."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        orientation = exif.get(ExifTags.Base.Orientation)
    except _DECODER_FAILURES:
        return AS_STORED
    return TURNS.get(orientation, AS_STORED) if isinstance(orientation, int) else AS_STORED


def _draft(image: Image.Image, *, fast: bool, shrink: bool) -> Path:
    """Tell Pillow's JPEG decoder what may be left out."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return "full"
    full = image.size
    if shrink and min(full) >= 2 * SCALED_SIDE:
        image.draft("L", (SCALED_SIDE, SCALED_SIDE))
        return "scaled"
    if fast and image.mode == "RGB" and full[0] * full[1] >= LUMINANCE_PIXELS:
        image.draft("L", full)
        return "luminance"
    return "full"


def _pixels(strip: Image.Image) -> NDArray[np.uint8]:
    deep = strip.mode.startswith("I;16")
    pixels = _eight_bits(strip) if deep else np.asarray(_plain(strip))
    return pixels.reshape(strip.height, strip.width, -1)


def _eight_bits(strip: Image.Image) -> NDArray[np.uint8]:
    """Keep the upper byte, as Pillow does for 16-bit colour; transparent grey becomes white."""
    values = np.asarray(strip)
    pixels = (values >> 8).astype(np.uint8)
    pixels[values == strip.info.get("transparency", -1)] = 255
    return pixels


def _plain(strip: Image.Image) -> Image.Image:
    """Return the strip as grey (``L``) or colour (``RGB``), on white."""
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        white = Image.new("RGBA", strip.size, "white")
        return Image.alpha_composite(white, strip).convert("RGB")
    if strip.mode in {"L", "RGB"}:
        return strip
    return strip.convert("L" if strip.mode == "1" else "RGB")
