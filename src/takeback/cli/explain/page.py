"""A page: one or more pictures beside each other, and words below."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from takeback.cli.explain.ink import DARK, DETAIL, LIGHT, Point, Sheet, letters

MARGIN: Final = 16
NARROWEST: Final = 720
LETTER_HEIGHT: Final = 17
LINE: Final = 25


@dataclass(frozen=True, slots=True)
class Spread:
    """Sheets side by side, which lines can join."""

    sheet: Sheet
    lefts: Sequence[int]
    """Where each begins; all begin ``MARGIN`` below the top."""

    def joined(self, first: Point, second: Point) -> tuple[Point, Point]:
        """Return a point of the first sheet and one of the second as points of the spread."""
        left, right = self.lefts
        return (first[0] + left, first[1] + MARGIN), (second[0] + right, second[1] + MARGIN)

    def with_words(self, words: Sequence[str]) -> Image.Image:
        """Return the page in its own pixels, with *words* below, a paragraph each."""
        upper = self.sheet.image.reduce(DETAIL)
        lines = [part for text in words for part in wrapped(text, upper.width - 2 * MARGIN)]
        page = Image.new("RGB", (upper.width, upper.height + LINE * len(lines) + MARGIN), LIGHT)
        page.paste(upper)
        draw = ImageDraw.Draw(page)
        for number, text in enumerate(lines):
            draw.text((MARGIN, upper.height + LINE * number), text, DARK, letters(LETTER_HEIGHT))
        return page


def side_by_side(sheets: Sequence[Sheet]) -> Spread:
    """Lay sheets beside each other on white, with a margin around each."""
    lefts = [MARGIN]
    for sheet in sheets:
        lefts.append(lefts[-1] + sheet.width + MARGIN)
    height = 2 * MARGIN + max(sheet.height for sheet in sheets)
    whole = Sheet.blank(max(lefts[-1], NARROWEST), height)
    for sheet, left in zip(sheets, lefts, strict=False):
        whole.paste(sheet, left, MARGIN)
    return Spread(whole, lefts[:-1])


def in_rows(sheets: Sequence[Sheet], columns: int) -> Spread:
    """Lay many sheets in rows from the upper left; nothing joins them."""
    starts = range(0, len(sheets), columns)
    rows = [side_by_side(sheets[start : start + columns]).sheet for start in starts]
    height = sum(row.height - MARGIN for row in rows) + MARGIN
    whole, top = Sheet.blank(max([NARROWEST, *(row.width for row in rows)]), height), 0
    for row in rows:
        whole.paste(row, 0, top)
        top += row.height - MARGIN
    return Spread(whole, ())


def wrapped(text: str, width: int) -> list[str]:
    """Break a paragraph into lines of at most *width* pixels, the later ones indented."""
    lines, font = [""], letters(LETTER_HEIGHT)
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".lstrip() if len(lines) == 1 else f"{lines[-1]} {word}"
        if font.getlength(longer) <= width or not lines[-1].strip():
            lines[-1] = longer
        else:
            lines.append(f"    {word}")
    return lines


def encoded(page: Image.Image) -> bytes:
    """Return a page as a PNG file, without metadata."""
    file = io.BytesIO()
    page.save(file, "PNG")
    return file.getvalue()
