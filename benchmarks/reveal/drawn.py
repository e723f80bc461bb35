"""Pictures that the study draws itself: the only ones whose reconstructions are published.

A still life, a room, a toy bear and pages of letters; and heaps of random shapes with random
grain, which have about the statistics of photographs, to fit the inverse on.
"""

import math
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from benchmarks.reveal.paint import HEIGHT, WIDTH, Grey, Mask, Sheet
from numpy.random import Generator

LETTER_SIZES: Final = (96, 64, 40, 24, 14)
"""Heights of letters, in 512ths of the picture's width."""


FUR: Final = (
    *((196, 62, 30, 30, 0, 105), (316, 62, 30, 30, 0, 105)),
    *((196, 64, 16, 16, 0, 150), (316, 64, 16, 16, 0, 150)),
    *((170, 232, 30, 66, 0.5, 105), (342, 232, 30, 66, -0.5, 105)),
    *((256, 258, 82, 92, 0, 105), (256, 272, 48, 56, 0, 155)),
    *((192, 338, 44, 36, 0.2, 105), (320, 338, 44, 36, -0.2, 105)),
    *((186, 344, 22, 20, 0, 160), (326, 344, 22, 20, 0, 160)),
    *((256, 118, 82, 76, 0, 105), (256, 146, 40, 30, 0, 165)),
)
"""The bear's parts, back to front: middle, half axes, turn in radians, grey."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A picture drawn here, and where the outlines of its figures are."""

    name: str
    picture: Grey
    outlines: Mask


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter on a page: what it is, and the box it stands in, in pixels."""

    letter: str
    left: int
    top: int
    size: int


def drawings() -> list[Drawing]:
    """Draw the still life, the room and the bear; always the same ones."""
    found = []
    for number, (name, draw) in enumerate(
        (("still life", still_life), ("room", room), ("toy bear", bear))
    ):
        sheet = Sheet(np.random.default_rng(number))
        draw(sheet)
        found.append(Drawing(name, sheet.picture(), sheet.outlines()))
    return found


def still_life(sheet: Sheet) -> None:
    """Draw a jug, a bowl, fruit and a book on a table."""
    sheet.paint(sheet.box(0, 0, 512, 260), 150, rough=9, roughness=1.4, light=(40, -10))
    sheet.paint(
        sheet.polygon([(0, 250), (512, 232), (512, 384), (0, 384)]), 95, rough=14, light=(25, 15)
    )
    for row in range(6):
        sheet.shadow(sheet.box(0, 262 + 22 * row, 512, 264 + 22 * row), 0.35, 1)
    sheet.shadow(sheet.ellipse(175, 318, 95, 22), 0.5, 9)
    sheet.paint(
        sheet.polygon([(125, 120), (195, 120), (215, 200), (205, 312), (110, 312), (102, 200)]),
        188,
        rough=7,
        light=(-70, -8),
    )
    sheet.paint(sheet.ellipse(160, 122, 36, 10), 70, rough=5)
    sheet.paint(sheet.ellipse(228, 190, 26, 42), 165, rough=5, light=(-40, 0))
    sheet.paint(sheet.ellipse(226, 190, 14, 29), 140, rough=6, roughness=1.4)
    sheet.paint(sheet.polygon([(112, 205), (209, 205), (212, 232), (106, 232)]), 60, rough=8)
    for stripe in range(7):
        sheet.paint(sheet.ellipse(119 + 14 * stripe, 218, 5, 8), 210, rough=4)
    sheet.shadow(sheet.ellipse(345, 330, 100, 20), 0.5, 8)
    for x, y, size, grey in (
        (305, 252, 34, 90),
        (362, 244, 38, 170),
        (335, 226, 30, 120),
        (398, 262, 26, 75),
    ):
        sheet.paint(sheet.ellipse(x, y, size, size * 0.95), grey, rough=9, light=(-30, -30))
        sheet.paint(sheet.ellipse(x - size / 3, y - size / 3, size / 6, size / 8), 235, rough=3)
        sheet.paint(sheet.ellipse(x + 3, y - size, 2.5, 8, 0.4), 40, rough=3)
    sheet.paint(
        sheet.polygon([(255, 258), (445, 258), (405, 336), (295, 336)]),
        205,
        rough=6,
        light=(-45, -25),
    )
    for wave in range(9):
        sheet.paint(sheet.ellipse(276 + 18 * wave, 282, 7, 10, 0.5), 80, rough=5)
    sheet.paint(
        sheet.polygon([(20, 300), (95, 286), (128, 356), (48, 372)]), 55, rough=8, light=(15, 10)
    )
    sheet.paint(sheet.letters(46, 306, "TEA", 26), 225, rough=3)


def room(sheet: Sheet) -> None:
    """Draw a bedroom: window, lamp, bed, rug, a picture on the wall."""
    sheet.paint(sheet.box(0, 0, 512, 240), 165, rough=7, roughness=1.5, light=(-35, 10))
    for stripe in range(16):
        sheet.paint(
            sheet.box(10 + 33 * stripe, 0, 14 + 33 * stripe, 240), 150 - 2 * stripe, rough=6
        )
    sheet.paint(
        sheet.polygon([(0, 236), (512, 236), (512, 384), (0, 384)]), 105, rough=12, light=(-15, 20)
    )
    for board in range(-6, 14):
        x = 256 + 46 * (board - 4)
        sheet.shadow(
            sheet.polygon(
                [
                    (256 + 20 * (board - 4), 236),
                    (258 + 20 * (board - 4), 236),
                    (x + 3, 384),
                    (x, 384),
                ]
            ),
            0.4,
            1,
        )
    sheet.paint(sheet.box(40, 28, 170, 170), 225, rough=4)
    for column in range(2):
        for row in range(2):
            left, top = 48 + 60 * column, 36 + 66 * row
            sheet.paint(
                sheet.box(left, top, left + 54, top + 60),
                200,
                rough=18,
                roughness=1.8,
                light=(0, -20),
            )
    sheet.paint(
        sheet.polygon([(22, 18), (50, 18), (40, 190), (16, 190)]), 120, rough=10, light=(25, 0)
    )
    sheet.paint(
        sheet.polygon([(160, 18), (190, 18), (196, 190), (172, 190)]), 120, rough=10, light=(-25, 0)
    )
    sheet.paint(sheet.box(262, 40, 352, 112), 60, rough=5)
    sheet.paint(sheet.box(270, 48, 344, 104), 190, rough=25, roughness=1.7, light=(0, -35))
    sheet.paint(
        sheet.polygon(
            [(270, 92), (296, 66), (314, 84), (328, 74), (344, 92), (344, 104), (270, 104)]
        ),
        80,
        rough=10,
    )
    sheet.shadow(sheet.box(190, 340, 510, 366), 0.5, 10)
    sheet.paint(sheet.box(470, 150, 492, 350), 70, rough=8, light=(20, 0))
    sheet.paint(
        sheet.polygon([(190, 256), (480, 232), (486, 330), (206, 356)]),
        205,
        rough=8,
        light=(15, -15),
    )
    for fold in range(9):
        x = 215 + 26 * fold
        sheet.paint(
            sheet.polygon([(x, 262), (x + 9, 258), (x + 18, 346), (x + 6, 350)]),
            150 + 8 * (fold % 3),
            rough=9,
        )
    sheet.paint(sheet.ellipse(446, 226, 42, 22, -0.1), 235, rough=6, light=(-25, -20))
    sheet.paint(sheet.ellipse(398, 234, 36, 19, -0.1), 215, rough=6, light=(-25, -20))
    sheet.paint(sheet.ellipse(90, 330, 84, 34), 140, rough=12)
    for ring in range(14):
        angle = ring * math.tau / 14
        sheet.paint(
            sheet.ellipse(90 + 62 * np.cos(angle), 330 + 24 * np.sin(angle), 8, 4, angle),
            60,
            rough=6,
        )
    sheet.paint(sheet.box(226, 150, 232, 250), 50, rough=4)
    sheet.paint(
        sheet.polygon([(212, 118), (246, 118), (262, 160), (196, 160)]),
        240,
        rough=5,
        light=(-20, 20),
    )


def bear(sheet: Sheet) -> None:
    """Draw a toy bear with a scarf on a checked blanket, with a ball and a building block."""
    sheet.paint(sheet.box(0, 0, 512, 384), 178, rough=10, roughness=1.3, light=(-25, -25))
    for row in range(5):
        for column in range(11):
            corner = (48 * column + 24 * (row % 2), 250 + 30 * row)
            sheet.paint(sheet.box(*corner, corner[0] + 24, corner[1] + 30), 120, rough=9)
    sheet.shadow(sheet.ellipse(256, 352, 150, 24), 0.5, 10)
    for x, y, wide, high, turn, grey in FUR:
        where = sheet.ellipse(x, y, wide, high, turn)
        sheet.paint(where, grey, rough=17, roughness=0.8, light=(-22, -22))
    for x in (226, 286):
        sheet.paint(sheet.ellipse(x, 104, 9, 11), 15, rough=3)
        sheet.paint(sheet.ellipse(x - 3, 100, 2.5, 3), 245, rough=1)
    sheet.paint(sheet.ellipse(256, 132, 14, 10), 25, rough=4)
    sheet.paint(sheet.box(254, 140, 258, 158), 35, rough=3)
    sheet.paint(sheet.ellipse(256, 160, 18, 5), 35, rough=3)
    sheet.paint(
        sheet.polygon([(188, 182), (324, 182), (316, 208), (196, 208)]),
        215,
        rough=8,
        light=(-20, -15),
    )
    for stripe in range(6):
        sheet.paint(sheet.box(200 + 20 * stripe, 182, 208 + 20 * stripe, 208), 70, rough=6)
    sheet.paint(sheet.ellipse(76, 318, 44, 44), 200, rough=7, light=(-40, -35))
    sheet.paint(sheet.ellipse(76, 318, 14, 44), 60, rough=6)
    sheet.paint(
        sheet.polygon([(404, 286), (476, 276), (486, 346), (414, 358)]),
        222,
        rough=6,
        light=(-15, -15),
    )
    sheet.paint(sheet.letters(424, 282, "B", 60), 45, rough=4)


def page(seed: int) -> tuple[Grey, list[Letter]]:
    """Write random letters of every size on paper; say which stands where."""
    random = np.random.default_rng([7, seed])
    sheet, letters = Sheet(random), []
    sheet.paint(sheet.box(0, 0, WIDTH, HEIGHT), 205, rough=7, roughness=1.2, light=(-20, 15))
    top = 6
    for size in LETTER_SIZES:
        for left in range(10, WIDTH - size, round(size * 1.15)):
            letter = str(random.choice(list(string.ascii_uppercase)))
            sheet.paint(sheet.letters(left, top, letter, size), 45, rough=6)
            letters.append(Letter(letter, left, top, size))
        top += round(size * 1.35)
    return sheet.picture(), letters


def heaps(count: int, seed: int = 0) -> Iterator[Grey]:
    """Draw pictures of shapes upon shapes, many small and few large, each with its grain."""
    for number in range(count):
        random = np.random.default_rng([11, seed, number])
        sheet = Sheet(random)
        sheet.paint(
            sheet.box(0, 0, WIDTH, HEIGHT), random.uniform(40, 215), rough=12, roughness=1.5
        )
        for _ in range(int(random.integers(60, 260))):
            _throw(sheet, random)
        yield sheet.picture()


def _throw(sheet: Sheet, random: Generator) -> None:
    size = float(np.clip(6 / random.uniform(0.02, 1) ** 0.75, 4, 150))
    x, y = random.uniform(0, WIDTH), random.uniform(0, HEIGHT)
    turn = random.uniform(0, np.pi)
    if random.random() < 0.5:
        where = sheet.ellipse(x, y, size, size * random.uniform(0.3, 1), turn)
    else:
        angles = turn + np.sort(random.uniform(0, math.tau, 4))
        where = sheet.polygon([(x + size * np.cos(a), y + size * np.sin(a)) for a in angles])
    light = tuple(random.normal(0, 18, 2))
    sheet.paint(
        where,
        random.uniform(15, 240),
        rough=random.uniform(2, 16),
        roughness=random.uniform(0.6, 1.8),
        light=(light[0], light[1]),
    )
