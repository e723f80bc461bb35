"""Hard edits for ``benchmarks/keypoints.py``: what whole-picture signals do not survive.

Every edit takes an RGB picture and a seeded generator and returns an RGB picture. They are
one or two of each hard family, not the whole list.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from benchmarks.keypoint_pictures import jpeg_of, opened
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from PIL.Image import Resampling, Transform

Picture = Image.Image
Edit = Callable[[Picture, Generator], Picture]


def crop(share: float) -> Edit:
    """Cut out a rectangle of *share* of the area, anywhere."""

    def edit(picture: Picture, random: Generator) -> Picture:
        width, height = (int(side * share**0.5) for side in picture.size)
        left = int(random.integers(0, picture.width - width + 1))
        top = int(random.integers(0, picture.height - height + 1))
        return picture.crop((left, top, left + width, top + height))

    return edit


def jpeg(quality: int) -> Edit:
    """Compress and decompress."""
    return lambda picture, _: opened(jpeg_of(picture, quality))


def turned(degrees: float) -> Edit:
    """Turn on black."""
    return lambda picture, _: picture.rotate(degrees, Resampling.BICUBIC)


def blurred(sigma: float) -> Edit:
    """Blur, by so many 512ths of the longest side."""
    return lambda picture, _: picture.filter(
        ImageFilter.GaussianBlur(sigma * max(picture.size) / 512)
    )


def filling_screenshot(picture: Picture, _: Generator) -> Picture:
    """Cut to a phone's screen, with bars of its interface."""
    screen = Image.new("RGB", (540, 1170), (18, 18, 18))
    screen.paste(ImageOps.fit(picture, (540, 960)), (0, 90))
    draw = ImageDraw.Draw(screen)
    for x in range(40, 540, 130):
        draw.ellipse((x, 1080, x + 50, 1130), fill=(200, 200, 200))
    draw.text((30, 30), "12:41", fill="white", font_size=30)
    return screen


def sticker(picture: Picture, random: Generator) -> Picture:
    """Cover a quarter of the area with a face, anywhere."""
    picture = picture.copy()
    side = int((0.25 * picture.width * picture.height) ** 0.5)
    left = int(random.integers(0, max(1, picture.width - side)))
    top = int(random.integers(0, max(1, picture.height - side)))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((left, top, left + side, top + side), fill=(255, 205, 60))
    for eye in (0.3, 0.62):
        x, y, size = left + eye * side, top + 0.3 * side, 0.09 * side
        draw.ellipse((x, y, x + size, y + 2 * size), fill=(70, 40, 10))
    mouth = (left + 0.25 * side, top + 0.45 * side, left + 0.75 * side, top + 0.8 * side)
    draw.arc(mouth, 0, 180, fill=(70, 40, 10), width=max(2, side // 30))
    return picture


def large_text(picture: Picture, _: Generator) -> Picture:
    """Write three lines over the whole width."""
    picture = picture.copy()
    draw = ImageDraw.Draw(picture)
    size = picture.width / 6
    for line, text in enumerate(("ORDINARY", "LANDSCAPE", "PICTURES")):
        place = (0.04 * picture.width, (0.1 + 0.28 * line) * picture.height)
        draw.text(place, text, "white", font_size=size, stroke_width=4, stroke_fill="black")
    return picture


def photo_of_screen(picture: Picture, random: Generator) -> Picture:
    """Photograph a screen at an angle: perspective, stripes, glare, noise, soft focus."""
    width, height = picture.size
    shift = random.uniform(0.02, 0.09, 8) * np.tile((width, height), 4)
    x, y = shift[0::2], shift[1::2]
    corners = (-x[0], -y[0], -x[1], height + y[1], width + x[2], height + y[2], width + x[3], -y[3])
    picture = picture.transform(picture.size, Transform.QUAD, corners, Resampling.BICUBIC)
    pixels = np.asarray(picture, np.float64)
    down, across = np.mgrid[0:height, 0:width]
    stripes = 8 * np.sin(0.9 * across + 0.35 * down) + 5 * np.sin(0.11 * down)
    glare = 60 * np.exp(-((across / width - 0.7) ** 2 + (down / height - 0.3) ** 2) / 0.05)
    noisy = 0.85 * pixels + (stripes + glare)[..., None] + random.normal(0, 8, pixels.shape)
    return blurred(0.8)(Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)), random)


def inside(share: float) -> Edit:
    """Lay the picture, so much of its width, upon another."""

    def edit(picture: Picture, random: Generator) -> Picture:
        small = picture.resize((int(picture.width * share), int(picture.height * share)))
        noise = random.integers(0, 255, (12, 16, 3), np.uint8)
        large = Image.fromarray(noise).resize(picture.size, Resampling.BICUBIC)
        large.paste(small, (int(0.6 * (1 - share) * picture.width), int(0.1 * picture.height)))
        return large

    return edit


def tiles(picture: Picture, random: Generator) -> Picture:
    """Put the picture, cut square, into one of four tiles."""
    page = Image.new("RGB", (1010, 1010), "white")
    for place in ((5, 5), (510, 5), (5, 510)):
        noise = random.integers(0, 255, (9, 9, 3), np.uint8)
        page.paste(Image.fromarray(noise).resize((495, 495), Resampling.BICUBIC), place)
    page.paste(ImageOps.fit(picture, (495, 495)), (510, 510))
    return page


def noisy(sigma: float) -> Edit:
    """Add grain."""

    def edit(picture: Picture, random: Generator) -> Picture:
        pixels = np.asarray(picture) + random.normal(0, sigma, (picture.height, picture.width, 3))
        return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))

    return edit


def stretched(factor: float) -> Edit:
    """Make so many times as wide."""
    return lambda picture, _: picture.resize((int(picture.width * factor), picture.height))


def bordered(picture: Picture, _: Generator) -> Picture:
    """Put a caption above and a border around."""
    framed = ImageOps.expand(picture, picture.width // 12, "black")
    page = Image.new("RGB", (framed.width, framed.height * 6 // 5), "white")
    page.paste(framed, (0, framed.height // 5))
    return page


def mirrored(picture: Picture, _: Generator) -> Picture:
    """Exchange left and right."""
    return ImageOps.mirror(picture)


def chain(*edits: Edit) -> Edit:
    """Apply one edit after the other."""

    def edit(picture: Picture, random: Generator) -> Picture:
        for each in edits:
            picture = each(picture, random)
        return picture

    return edit


EDITS: Final[Mapping[str, Edit]] = {
    "crop to 25 %": crop(0.25),
    "crop to 50 %": crop(0.5),
    "turn by 7°": turned(7),
    "screenshot, filling": filling_screenshot,
    "sticker, 25 %": sticker,
    "large text": large_text,
    "blur, 5/512": blurred(5),
    "photo of a screen": photo_of_screen,
    "inside another, 20 %": inside(0.2),
    "2 x 2 tiles, cut square": tiles,
    "noise, 30": noisy(30),
    "invert": lambda picture, _: ImageOps.invert(picture),
    "equalise": lambda picture, _: ImageOps.equalize(picture),
    "mirror, crop, JPEG 50": chain(mirrored, crop(0.8), jpeg(50)),
    "caption, border, JPEG 50": chain(bordered, jpeg(50)),
    "screenshot of a crop, JPEG 40": chain(crop(0.75), filling_screenshot, jpeg(40)),
}
"""Where nothing but keypoints helps."""

STRETCH: Final[Mapping[str, Edit]] = {
    "stretch to 70 %": stretched(0.7),
    "stretch to 115 %": stretched(1.15),
    "stretch to 125 %": stretched(1.25),
    "stretch to 135 %": stretched(1.35),
    "stretch to 150 %": stretched(1.5),
    "stretch to 125 %, crop to 60 %": chain(stretched(1.25), crop(0.6)),
}
"""What keypoint signals survive only if the upload is squeezed as well."""
