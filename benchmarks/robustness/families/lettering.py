"""Text and simple shapes on pictures, for the families that need them."""

from typing import Literal

from benchmarks.robustness.edit import Chance, Picture
from PIL import Image, ImageDraw, ImageFont

SAYINGS = """when you see it so this just happened today look who is back again the best part
of my week nobody asked but here we are tell me why no way wait for it share save"""
WORDS = tuple(SAYINGS.split())

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
Anchor = Literal["mm", "lm", "lt"]


def font(height: float) -> ImageFont.FreeTypeFont:
    """Return Pillow's own typeface at a height in pixels."""
    found = ImageFont.load_default(max(6.0, height))
    if not isinstance(found, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType")
    return found


def words(chance: Chance, count: int) -> str:
    """Return so many words at random."""
    return " ".join(chance.choice(WORDS, count))


def fitted(draw: ImageDraw.ImageDraw, text: str, width: float, height: float) -> float:
    """Return the largest height of type, at most *height*, at which *text* is *width* wide."""
    wide = draw.textlength(text, font=font(height))
    return height * min(1.0, width / max(1.0, wide))


def line(
    picture: Picture, text: str, place: tuple[float, float], height: float, fill: Colour
) -> None:
    """Write one line centred on *place*, no wider than 94 % of the picture."""
    draw = ImageDraw.Draw(picture)
    size = fitted(draw, text, 0.94 * picture.width, height)
    draw.text(place, text, fill=fill, font=font(size), anchor="mm")


def face(diameter: int, chance: Chance) -> Picture:
    """Draw a round yellow face with transparent surroundings."""
    large = 4 * diameter
    emoji = Image.new("RGBA", (large, large), (0, 0, 0, 0))
    draw = ImageDraw.Draw(emoji)
    edge = large // 40
    draw.ellipse((0, 0, large - 1, large - 1), (255, 204, 50), (200, 140, 20), edge)
    for centre in (0.34, 0.66):
        eye = (large * (centre - 0.07), large * 0.3, large * (centre + 0.07), large * 0.48)
        draw.ellipse(eye, (70, 45, 20))
    smile = (large * 0.25, large * 0.3, large * 0.75, large * 0.8)
    draw.chord(smile, 20, 160, (120, 40, 30), (70, 45, 20), edge)
    turned = emoji.rotate(float(chance.uniform(-20, 20)), Image.Resampling.BICUBIC)
    return turned.resize((diameter, diameter), Image.Resampling.LANCZOS)
