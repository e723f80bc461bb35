"""The forms in which a picture comes back: a phone's screenshot, a crop, under a sticker."""

from collections.abc import Mapping
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from takeback.cli.demo.pictures import Photograph, jpeg

PHONE: Final = (1080, 2340)
"""Pixels of the phone's screen."""

HIGHEST: Final = 1400
"""Most lines that the app gives to a picture."""

TOP: Final = 420
CROP: Final = (0.12, 0.34, 0.62, 0.84)
"""Left, top, right and bottom of the crop, in shares of the picture."""

INK: Final = (25, 25, 30)
PALE: Final = (246, 246, 244)
YELLOW: Final = (255, 214, 60)


def forms(picture: Photograph) -> Mapping[str, bytes]:
    """Return *picture* in each form, by what it is."""
    upright = picture.upright()
    return {
        "a phone's screenshot": jpeg(screenshot(upright), 80),
        "cropped, off-centre": jpeg(cropped(upright), 80),
        "under a sticker": jpeg(stickered(upright), 80),
    }


def screenshot(image: Image.Image) -> Image.Image:
    """Show a picture in an app on a phone: clock, name, buttons, words."""
    screen = Image.new("RGB", PHONE, PALE)
    scale = min(PHONE[0] / image.width, HIGHEST / image.height)
    shown = image.resize((round(image.width * scale), round(image.height * scale)))
    screen.paste(shown, ((PHONE[0] - shown.width) // 2, TOP))
    draw, bottom = ImageDraw.Draw(screen), TOP + shown.height
    for text, x, y, size in (
        ("12:41", 70, 40, 46),
        ("86%", 910, 40, 46),
        ("somebody", 200, 300, 48),
        ("Liked by 1,204 others", 60, bottom + 160, 44),
        ("somebody  look at this …", 60, bottom + 230, 44),
    ):
        draw.text((x, y), text, INK, ImageFont.load_default(size))
    draw.ellipse((60, 270, 170, 380), fill=(205, 80, 90))
    for x in (60, 190, 320):
        draw.rounded_rectangle((x, bottom + 50, x + 80, bottom + 120), 24, outline=INK, width=8)
    for x in range(90, 1000, 210):
        draw.rounded_rectangle((x, 2210, x + 70, 2280), 18, outline=INK, width=8)
    return screen


def cropped(image: Image.Image) -> Image.Image:
    """Cut out a quarter of a picture, away from its middle."""
    left, top, right, bottom = CROP
    width, height = image.size
    box = (round(left * width), round(top * height), round(right * width), round(bottom * height))
    return image.crop(box)


def stickered(image: Image.Image) -> Image.Image:
    """Put a large yellow face on a picture."""
    covered = image.copy()
    draw, (width, height) = ImageDraw.Draw(covered), image.size
    radius = 0.28 * min(width, height)
    x, y = 0.52 * width, 0.46 * height
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), YELLOW, INK, 6)
    for side in (-0.4, 0.4):
        eye = (x + side * radius, y - 0.3 * radius)
        draw.ellipse(_around(eye, 0.12 * radius), INK)
    draw.arc(_around((x, y + 0.1 * radius), 0.5 * radius), 20, 160, INK, 8)
    return covered


def _around(middle: tuple[float, float], radius: float) -> tuple[float, float, float, float]:
    x, y = middle
    return x - radius, y - radius, x + radius, y + radius
