"""Every format, colour mode and way up, decoded as people see it."""

import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from takeback.hashing import PictureSignals, hash_picture
from takeback.hashing.decode import FORMATS, LUMINANCE_PIXELS, open_picture, upright_pixels
from tests.hashing.drawn import hash_pixels
from tests.hashing.files import (
    FILES,
    ORIENTATION,
    heic,
    photograph,
    pixels_of,
    png,
    save,
    turned,
)

EXIF_WITH_TEXT = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x02u\0\0\0\0\0\0\0"
"""The orientation is a letter."""

LOSSY = 6
"""Bits that one careful re-encoding may move a signal of this photograph."""


def hash_image(image: Image.Image) -> PictureSignals:
    """Hash *image* without loss, as the measure for other files."""
    return hash_picture(save(image, "PNG"))


def on_white(image: Image.Image) -> Image.Image:
    """Show *image* on white, by other means than the code under test."""
    colour, alpha = image.convert("RGBA"), image.convert("RGBA").getchannel("A")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(colour.convert("RGB"), mask=alpha)
    return paper


@pytest.mark.parametrize("kind", FILES)
def test_every_kind_of_file_gives_the_signal_of_the_photograph(kind: str) -> None:
    """A re-upload in another format is the same picture."""
    expected = hash_image(photograph())

    found = hash_picture(FILES[kind]())

    assert found.whole.distance(expected.whole) <= LOSSY
    assert (found.width, found.height) == (160, 120)


def test_no_other_format_is_ever_opened() -> None:
    """The list is short on purpose: each parser is a way in."""
    assert set(FORMATS) == {"JPEG", "PNG", "WEBP", "GIF", "AVIF"}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright_by_exif(orientation: int) -> None:
    """The same photograph stored in eight ways has one signal, bit for bit."""
    expected = hash_image(photograph())

    assert hash_picture(turned(orientation)) == expected


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF"])
def test_every_format_that_carries_exif_is_turned(format: str, orientation: int) -> None:
    """Phones write them all."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    file = save(photograph(), format, exif=exif, quality=95)
    plain = upright_pixels(save(photograph(), format, quality=95))

    found = upright_pixels(file)

    turn = open_picture(file).turn
    assert np.array_equal(found, turn.pixels(plain))


def test_heic_is_turned_once_only() -> None:
    """Its decoder turns the picture itself; turning it again would lay it on its side."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    stored = photograph().transpose(Image.Transpose.ROTATE_90)

    found = hash_picture(heic(stored, exif=exif.tobytes()))

    assert (found.width, found.height) == (160, 120)
    assert found.whole.distance(hash_image(photograph()).whole) <= LOSSY


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_means_nothing_is_ignored(orientation: int) -> None:
    """Odd metadata never costs a person her protection."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation

    assert hash_picture(save(photograph(), "PNG", exif=exif)) == hash_image(photograph())


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", EXIF_WITH_TEXT, b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0nonsense"]
)
def test_damaged_exif_counts_as_none(exif: bytes) -> None:
    """As in browsers, where the same picture must get the same signal."""
    plain = hash_picture(save(photograph(), "JPEG"))

    assert hash_picture(save(photograph(), "JPEG", exif=exif)) == plain


def test_stripping_metadata_leaves_the_signal_unchanged() -> None:
    """Comments, profiles and camera data are no part of the picture."""
    exif = Image.Exif()
    exif[0x010E] = "a description"
    laden = save(
        photograph(),
        "JPEG",
        exif=exif,
        icc_profile=b"\0" * 500,
        comment=b"a comment",
        dpi=(300, 300),
    )

    assert hash_picture(laden) == hash_picture(save(photograph(), "JPEG"))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_transparency_is_shown_on_white(mode: str, format: str) -> None:
    """What lies hidden under transparent pixels does not count; what people see does."""
    alpha = Image.linear_gradient("L").resize((160, 120))
    image = photograph().convert(mode)
    image.putalpha(alpha)
    file = save(image, format, **({"lossless": True, "exact": True} if format == "WEBP" else {}))

    found = upright_pixels(file).astype(int)

    assert np.abs(found - pixels_of(on_white(image))).max() <= 1


def test_a_transparent_palette_is_shown_on_white() -> None:
    """Also when each colour has its own transparency, as PNG allows."""
    image = photograph().quantize(64)
    image.info["transparency"] = bytes(range(0, 256, 4))

    found = upright_pixels(save(image, "PNG")).astype(int)

    assert np.abs(found - pixels_of(on_white(image))).max() <= 1
    assert hash_picture(save(image, "PNG")).whole != hash_image(photograph()).whole


def test_a_transparent_colour_of_a_gif_is_white() -> None:
    """GIF has one such colour."""
    image = photograph().quantize(16)
    image.info["transparency"] = 3

    found = upright_pixels(save(image, "GIF"))

    assert (found[np.asarray(image) == 3] == 255).all()


@pytest.mark.parametrize(
    ("depth", "kind", "transparent", "pixels", "expected"),
    [
        (8, 0, b"\0\x40", b"\x40\x41", [255, 0x41]),
        (16, 0, b"\x40\x01", b"\x40\x01\x40\x02", [255, 0x40]),
        (8, 2, b"\0\1\0\2\0\3", b"\1\2\3\1\2\4", [255, (1, 2, 4)]),
        (1, 0, b"\0\0", b"\x40", [255, 255]),
    ],
    ids=["grey", "16-bit grey", "colour", "two-tone"],
)
def test_one_transparent_colour_of_a_png_is_white(
    depth: int,
    kind: int,
    transparent: bytes,
    pixels: bytes,
    expected: list[int | tuple[int, int, int]],
) -> None:
    """The oldest kind of transparency, which decoders leave to whoever asks."""
    data = zlib.compress(b"\0" + pixels)

    found = upright_pixels(png(2, 1, depth, kind, (b"tRNS", transparent), (b"IDAT", data)))

    assert np.array_equal(found[0], [np.broadcast_to(colour, 3) for colour in expected])


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    """A 16-bit picture clipped to 255 would be nearly white everywhere."""
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None, :]

    found = upright_pixels(save(Image.fromarray(ramp), "PNG"))

    assert np.abs(found[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_two_tones_are_black_and_white() -> None:
    """Scanned pages have one bit a pixel."""
    page = photograph().convert("1")

    assert np.array_equal(upright_pixels(save(page, "PNG")), pixels_of(page))


def test_an_inverted_cmyk_jpeg_is_not_a_negative() -> None:
    """Print shops' files show what they show on a screen."""
    found = upright_pixels(FILES["cmyk jpeg"]()).astype(int)

    assert np.abs(found - pixels_of(photograph())).mean() < 4


def test_the_first_frame_of_an_animation_counts() -> None:
    """Later frames change nothing."""
    assert hash_picture(FILES["animated gif"]()) == hash_picture(
        save(photograph().quantize(), "GIF")
    )


@pytest.mark.parametrize(
    ("height", "path"),
    [(LUMINANCE_PIXELS // 2000 - 1, "full"), (LUMINANCE_PIXELS // 2000, "luminance")],
)
def test_only_large_jpegs_are_read_without_colour(height: int, path: str) -> None:
    """Small ones could move further, and gain little."""
    assert open_picture(save(photograph(2000, height), "JPEG")).path == path


def test_other_formats_are_always_read_in_full() -> None:
    """They have no brightness of their own."""
    assert open_picture(save(photograph(2000, 1200), "WEBP")).path == "full"


@pytest.mark.parametrize(
    ("size", "path", "shortest"),
    [
        ((2048, 1024), "scaled", 512),
        ((4000, 3000), "scaled", 750),
        ((2000, 1023), "luminance", 1023),
    ],
)
def test_scaling_leaves_512_pixels(size: tuple[int, int], path: str, shortest: int) -> None:
    """Below that some signals move past the threshold."""
    picture = open_picture(save(photograph(*size), "JPEG"), shrink=True)

    assert (picture.path, min(picture.image.size)) == (path, shortest)
    assert (picture.width, picture.height) == size


def test_a_cmyk_jpeg_can_be_scaled_too() -> None:
    """The fast path keeps colours right."""
    file = save(photograph(2000, 1500).convert("CMYK"), "JPEG", quality=95)

    scaled, full = hash_picture(file, shrink=True), hash_picture(file)

    assert (scaled.path, full.path) == ("scaled", "full")
    assert scaled.whole.distance(full.whole) <= 12


def test_half_pictures_stay_refused() -> None:
    """Pillow's switch for truncated pictures is off, and nothing here turns it on."""
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_upright_pixels_are_those_that_are_hashed() -> None:
    """Whoever compares with another implementation compares the same pixels."""
    file = turned(6)

    dihedral, quality = hash_pixels(upright_pixels(file))

    found = hash_picture(file)
    assert (found.dihedral, found.quality) == (dihedral, quality)
