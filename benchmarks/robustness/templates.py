"""Different pictures inside the same frame: none of them may match another.

Screenshots of one app, memes with one saying, copies with one watermark and pictures under one
sticker have much in common, and none of it is the picture. Everything that an app or a joke
brings along is drawn in the same words, in the same place.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.robustness.corpus import Subject
from benchmarks.robustness.edit import Picture, Scene, jpeg
from benchmarks.robustness.families.frames import captioned
from benchmarks.robustness.families.lettering import BLACK, WHITE, face, font, words
from benchmarks.robustness.families.overlays import large_text, sticker, watermark
from benchmarks.robustness.families.phone import filled_screenshot, screenshot
from PIL import Image, ImageDraw, ImageOps

SIDE: Final = 768
"""Longest side of each picture, in pixels."""

SHAPE: Final = (4, 3)
"""Width and height of each picture: equal, so that frames around them are equal too."""


def _as_seen(apply: Callable[..., Picture], **parameters: object) -> Callable[[Picture], Picture]:
    """Return an edit that makes the same of every picture: its chance begins anew each time."""

    def frame(picture: Picture) -> Picture:
        return apply(Scene(picture, (), np.random.default_rng(7)), **parameters)

    return frame


def meme(picture: Picture) -> Picture:
    """Put a black frame around it, and a saying in large letters below."""
    border = ImageOps.expand(picture, 12, WHITE)
    canvas = Image.new("RGB", (border.width + 120, border.height + 220), BLACK)
    canvas.paste(border, (60, 40))
    draw = ImageDraw.Draw(canvas)
    saying = words(np.random.default_rng(7), 3).upper()
    middle = canvas.width / 2
    draw.text((middle, border.height + 90), saying, WHITE, font(60), "mm")
    draw.text(
        (middle, border.height + 160), words(np.random.default_rng(8), 6), WHITE, font(28), "mm"
    )
    return canvas


def logo(picture: Picture) -> Picture:
    """Put an app's sign and its user's name into two corners."""
    marked = picture.copy()
    draw = ImageDraw.Draw(marked)
    sign = face(round(0.11 * marked.width), np.random.default_rng(7))
    marked.paste(sign, (20, 20), sign)
    for shift, ink in ((2, BLACK), (0, WHITE)):
        draw.text((30 + sign.width + shift, 30 + shift), "Example", ink, font(44))
        place = (marked.width - 24 + shift, marked.height - 24 + shift)
        draw.text(place, "@somebody_there", ink, font(32), "rd")
    return marked


TEMPLATES: Final[dict[str, Callable[[Picture], Picture]]] = {
    "phone interface, dark": _as_seen(screenshot, dark=True),
    "phone interface, light": _as_seen(screenshot, dark=False),
    "phone controls on the picture": _as_seen(filled_screenshot),
    "meme frame": meme,
    "caption": _as_seen(captioned, top=0.2, bottom=0.2, colour=WHITE),
    "tiled watermark": _as_seen(watermark, opacity=0.35),
    "sticker, 12 %": _as_seen(sticker, area=0.12),
    "sticker, 25 %": _as_seen(sticker, area=0.25),
    "large text": _as_seen(large_text, lines=3),
    "app logo": logo,
}
"""What is put around or over different pictures, by name."""


def pictures(subjects: Sequence[Subject], count: int) -> Iterator[Picture]:
    """Yield different pictures of one shape: quarters of the corpus, in no order."""
    quarters = [(each.path, corner) for each in subjects for corner in range(4)]
    for path, corner in sorted(quarters, key=_chance)[:count]:
        yield quarter(path, corner)


def quarter(path: Path, corner: int) -> Picture:
    """Cut a quarter out of a picture and bring it to the common shape."""
    with Image.open(path) as whole:
        picture = whole.convert("RGB")
    width, height = picture.width // 2, picture.height // 2
    left, top = corner % 2 * width, corner // 2 * height
    part = picture.crop((left, top, left + width, top + height))
    size = (SIDE, SIDE * SHAPE[1] // SHAPE[0])
    return ImageOps.fit(part, size, Image.Resampling.LANCZOS)


def _chance(part: tuple[Path, int]) -> bytes:
    return hashlib.sha256(f"{part[0].name}|{part[1]}".encode()).digest()


def upload(template: str, picture: Picture) -> bytes:
    """Return the file of a picture in a template."""
    return jpeg(TEMPLATES[template](picture), 90)
