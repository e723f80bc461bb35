"""Eight app screens, drawn by code, with a place for a picture in each."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

WIDTH: Final = 540
SAMPLES: Final = 64


@dataclass(frozen=True, slots=True)
class Screen:
    """What one app looks like around a picture."""

    samples: NDArray[np.float32]
    """Shape (64, 64): its area means."""

    place: tuple[float, float, float, float]
    """Top, left, bottom, right of the picture, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Design:
    """The parts of a screen, in shares of its height or width."""

    height: int
    paper: int
    ink: int
    header: float
    top: float
    bottom: float
    margin: float = 0.0
    bubbles: int = 0
    lines: int = 3
    buttons: int = 4


DESIGNS: Final = (
    Design(1170, 255, 20, header=0.07, top=0.1, bottom=0.76, lines=2),
    Design(1170, 18, 235, header=0.08, top=0.13, bottom=0.72, lines=2, buttons=5),
    Design(1200, 236, 30, header=0.1, top=0.22, bottom=0.76, margin=0.08, bubbles=2, lines=0),
    Design(1200, 12, 210, header=0.1, top=0.2, bottom=0.76, margin=0.12, bubbles=2, lines=0),
    Design(960, 250, 60, header=0.0, top=0.05, bottom=0.75, margin=0.04, lines=4, buttons=3),
    Design(1170, 0, 255, header=0.06, top=0.06, bottom=0.86, lines=1, buttons=3),
    Design(720, 244, 40, header=0.12, top=0.14, bottom=0.82, margin=0.13, lines=1, buttons=6),
    Design(1300, 255, 90, header=0.07, top=0.1, bottom=0.66, margin=0.03, lines=5, buttons=4),
)


def app_screens() -> list[Screen]:
    """Draw them all."""
    return [drawn(design) for design in DESIGNS]


def drawn(design: Design) -> Screen:
    """Draw one."""
    page = Image.new("L", (WIDTH, design.height), design.paper)
    pen = ImageDraw.Draw(page)
    _header(pen, design)
    _bubbles(pen, design)
    _lines(pen, design)
    _buttons(pen, design)
    small = page.resize((SAMPLES, SAMPLES), Image.Resampling.BOX)
    place = (design.top, design.margin, design.bottom, 1 - design.margin)
    return Screen(np.asarray(small, np.float32), place)


def _header(pen: ImageDraw.ImageDraw, design: Design) -> None:
    """A bar with a round portrait, a name and a menu."""
    end = int(design.header * design.height)
    if not end:
        return
    shade = (design.paper * 3 + design.ink) // 4
    pen.rectangle((0, 0, WIDTH, end), fill=shade)
    size = end // 2
    pen.ellipse((20, end // 4, 20 + size, end // 4 + size), fill=design.ink)
    pen.rectangle((40 + size, end // 3, 240, end // 3 + 18), fill=design.ink)
    pen.rectangle((WIDTH - 50, end // 3, WIDTH - 30, end * 2 // 3), fill=design.ink)


def _bubbles(pen: ImageDraw.ImageDraw, design: Design) -> None:
    """Messages between header and picture, left and right in turn."""
    shade = (design.paper + design.ink) // 2
    step = (design.top - design.header) * design.height / (design.bubbles + 1)
    for number in range(design.bubbles):
        top = int(design.header * design.height + step * (number + 0.5))
        left = 20 if number % 2 else WIDTH // 2 - 40 * number
        pen.rounded_rectangle((left, top, left + 220, top + int(step * 0.7)), 16, fill=shade)


def _lines(pen: ImageDraw.ImageDraw, design: Design) -> None:
    """Words below the picture."""
    for number in range(design.lines):
        top = int(design.bottom * design.height) + 80 + 34 * number
        right = WIDTH - 60 - 53 * (number * 3 % 5)
        for left in range(30, right, 70):
            pen.rectangle((left, top, left + 40 + left % 23, top + 14), fill=design.ink)


def _buttons(pen: ImageDraw.ImageDraw, design: Design) -> None:
    """A bar of round buttons at the foot."""
    top = design.height - 70
    pen.line((0, top - 12, WIDTH, top - 12), fill=design.ink, width=2)
    for number in range(design.buttons):
        middle = int((number + 0.5) * WIDTH / design.buttons)
        pen.ellipse((middle - 18, top, middle + 18, top + 36), outline=design.ink, width=6)
