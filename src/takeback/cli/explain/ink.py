"""Lines, boxes, circles and letters that can be seen on any picture, in grey too.

Every line is light with a dark edge. Boxes differ by letter and by how their line is broken,
never by colour alone.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]

DETAIL: Final = 2
"""Everything is drawn so many times larger and then reduced, which makes lines smooth."""

LIGHT: Final = (255, 255, 255)
DARK: Final = (0, 0, 0)
GREY: Final = (150, 150, 150)
BRIGHT: Final = (255, 214, 10)
"""For keypoints and what joins them: nearly as light as white, and told from it by shape."""

SOLID: Final[Sequence[float]] = ()
STROKES: Final[Sequence[Sequence[float]]] = (SOLID, (14, 8), (3, 7), (16, 6, 3, 6))
"""How the light part of a line is broken: lengths of what is drawn and of what is left out."""

EDGE: Final = 1.5
"""How far the dark edge of a line reaches beyond it."""

RING: Final = 1.6
"""Width of the bright part of a circle."""

LETTER_SIDE: Final = 22.0
HATCH_STEP: Final = 12


@dataclass(frozen=True, slots=True)
class Sheet:
    """Something to draw on, in its own pixels."""

    image: Image.Image
    """``DETAIL`` times as wide and high as the sheet."""

    @classmethod
    def of(cls, picture: Image.Image) -> Self:
        """Return a sheet that shows *picture*."""
        large = (DETAIL * picture.width, DETAIL * picture.height)
        return cls(picture.resize(large, Image.Resampling.BICUBIC))

    @classmethod
    def blank(cls, width: int, height: int) -> Self:
        """Return an empty sheet."""
        return cls(Image.new("RGB", (DETAIL * width, DETAIL * height), LIGHT))

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.image.width // DETAIL

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.image.height // DETAIL

    def at(self, x: float, y: float) -> Point:
        """Return the pixel at shares of width and height."""
        return x * self.width, y * self.height

    def line(
        self,
        points: Sequence[Point],
        *,
        stroke: Sequence[float] = SOLID,
        width: float = 2.5,
        light: tuple[int, int, int] = LIGHT,
    ) -> None:
        """Draw a line: dark all along, and light on top where it is not broken."""
        draw = ImageDraw.Draw(self.image)
        draw.line(_large(points), DARK, _pixels(width + 2 * EDGE), joint="curve")
        for part in _broken(points, stroke) if stroke else [points]:
            draw.line(_large(part), light, _pixels(width), joint="curve")

    def outline(self, points: Sequence[Point], stroke: Sequence[float] = SOLID) -> None:
        """Draw a closed line, a little inside where it would run along the border."""
        inside = [self._inside(point, 2 * EDGE) for point in points]
        self.line([*inside, inside[0]], stroke=stroke)

    def circle(self, middle: Point, radius: float, radians: float) -> None:
        """Draw a circle and, from its middle, a line in the direction it faces."""
        draw = ImageDraw.Draw(self.image)
        end = (middle[0] + radius * math.cos(radians), middle[1] + radius * math.sin(radians))
        for colour, beyond in ((DARK, RING / 2 + 1), (BRIGHT, RING / 2)):
            around = _large(_square(middle, radius + beyond))
            draw.ellipse(around, outline=colour, width=_pixels(2 * beyond))
            draw.line(_large([middle, end]), colour, _pixels(2 * beyond))

    def letter(self, text: str, middle: Point) -> None:
        """Write a light letter on a dark square, wholly on the sheet."""
        draw = ImageDraw.Draw(self.image)
        half = LETTER_SIDE / 2
        place = self._inside(middle, half)
        draw.rectangle(_large(_square(place, half)), DARK, LIGHT, _pixels(1))
        draw.text(_large([place])[0], text, LIGHT, letters(DETAIL * 15), anchor="mm")

    def hatch(self, kept: Sequence[Point]) -> None:
        """Darken and hatch everything outside the polygon *kept*."""
        outside = Image.new("L", self.image.size, 255)
        ImageDraw.Draw(outside).polygon(_large(kept), 0)
        covered = Image.blend(self.image, Image.new("RGB", self.image.size, DARK), 0.55)
        draw = ImageDraw.Draw(covered)
        width, height = self.image.size
        for start in range(-height, width, HATCH_STEP * DETAIL):
            draw.line([(start, height), (start + height, 0)], GREY, DETAIL)
        self.image.paste(covered, mask=outside)

    def paste(self, other: "Sheet", left: int, top: int) -> None:
        """Lay another sheet on this one."""
        self.image.paste(other.image, (DETAIL * left, DETAIL * top))

    def _inside(self, point: Point, margin: float) -> Point:
        """Return the nearest point that is at least *margin* away from every side."""
        x = min(max(point[0], margin), self.width - margin)
        y = min(max(point[1], margin), self.height - margin)
        return x, y


def letters(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the letters that come with Pillow; they are Latin only."""
    return ImageFont.load_default(size)


def _broken(points: Sequence[Point], stroke: Sequence[float]) -> Iterator[Sequence[Point]]:
    """Yield the drawn parts of a line through *points*, each side anew."""
    for start, end in pairwise(points):
        length, at, number = math.dist(start, end), 0.0, 0
        while at < length:
            until = min(length, at + stroke[number % len(stroke)])
            if number % 2 == 0:
                yield [_between(start, end, at / length), _between(start, end, until / length)]
            at, number = until, number + 1


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _square(middle: Point, half: float) -> list[Point]:
    """Return two corners of a square."""
    x, y = middle
    return [(x - half, y - half), (x + half, y + half)]


def _large(points: Sequence[Point]) -> list[Point]:
    return [(DETAIL * x, DETAIL * y) for x, y in points]


def _pixels(width: float) -> int:
    return max(1, round(DETAIL * width))
