"""The page of ``takeback hash``: what was found in one picture, drawn on it twice.

On the left its views as boxes, and hatched what was found to be a frame; on the right its
keypoints.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from PIL import Image

from takeback.cli.explain.dots import draw_keypoints
from takeback.cli.explain.geometry import corners
from takeback.cli.explain.ink import LETTER_SIDE, STROKES, Point, Sheet
from takeback.cli.explain.page import side_by_side
from takeback.cli.explain.pixels import small_picture
from takeback.cli.explain.words import PRIVATE, place_in_words, view_in_words
from takeback.hashing import MINIMUM_QUALITY
from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.picture import PictureSignals, Role
from takeback.hashing.place import EVERYWHERE, Place
from takeback.hashing.views import ViewSignals

FRAMELESS: Final = ("uncaptioned", "trimmed")
"""Views that leave a frame away, the one that leaves most away first."""


@dataclass(frozen=True, slots=True)
class Box:
    """One view that is a part of the picture."""

    letter: str
    view: ViewSignals


def explain_hashed(
    source: bytes | os.PathLike[str], name: str, signals: PictureSignals, role: Role
) -> Image.Image:
    """Draw what was found in a picture that was hashed for *role*.

    Args:
        source: the picture.
        name: what to call it.
        signals: of the picture, with its views and keypoints.
        role: whose picture it is.

    Raises:
        NotAPicture: *source* can't be decoded.
    """
    picture = small_picture(source)
    boxes = _boxes(signals.views)
    spread = side_by_side([_views(picture, signals, boxes), _keypoints(picture, signals)])
    return spread.with_words([*_words(name, signals, boxes, role), PRIVATE])


def _boxes(views: Sequence[ViewSignals]) -> list[Box]:
    parts = [view for view in views if view.place != EVERYWHERE]
    return [Box(letter, view) for letter, view in zip(ascii_uppercase, parts, strict=False)]


def _views(picture: Image.Image, signals: PictureSignals, boxes: Sequence[Box]) -> Sheet:
    sheet = Sheet.of(picture)
    inside = _inside_frames(signals.views)
    if inside != EVERYWHERE:
        sheet.hatch([sheet.at(*corner) for corner in corners(inside)])
    for number, box in enumerate(boxes):
        points = [sheet.at(*corner) for corner in corners(box.view.place)]
        sheet.outline(points, STROKES[number % len(STROKES)])
    for box, place in zip(boxes, _letter_places(sheet, boxes), strict=True):
        sheet.letter(box.letter, place)
    return sheet


def _letter_places(sheet: Sheet, boxes: Sequence[Box]) -> list[Point]:
    """Return a place on the left side of each box, where no other letter is."""
    places: list[Point] = []
    for number, box in enumerate(boxes):
        part, share = box.view.place, (number + 1) / (len(boxes) + 1)
        x, y = sheet.at(part.left, part.top + share * (part.bottom - part.top))
        while any(abs(x - a) < LETTER_SIDE and abs(y - b) < LETTER_SIDE for a, b in places):
            y += LETTER_SIDE
        places.append((x, y))
    return places


def _inside_frames(views: Sequence[ViewSignals]) -> Place:
    """Return what is left when every frame that was found is cut away."""
    places = {view.view: view.place for view in views}
    return next((places[name] for name in FRAMELESS if name in places), EVERYWHERE)


def _keypoints(picture: Image.Image, signals: PictureSignals) -> Sheet:
    sheet = Sheet.of(picture)
    for look in signals.keypoints[:1]:
        if look.place != EVERYWHERE:
            sheet.hatch([sheet.at(*corner) for corner in corners(look.place)])
        draw_keypoints(sheet, look.plain, look.place)
    return sheet


def _words(name: str, signals: PictureSignals, boxes: Sequence[Box], role: Role) -> Iterator[str]:
    size = f"{signals.width} x {signals.height} pixels, quality {signals.quality} of 100"
    yield f"{name}: {size}"
    if role == "reporter" and signals.keypoints_alone:
        yield "Too little detail to be told apart as a whole: only keypoints can be registered."
        yield from _keypoint_words(signals.keypoints, role)
        return
    if signals.quality < MINIMUM_QUALITY:
        yield "Too little detail to be told apart from other pictures: a hub takes no such picture."
        return
    done = "registered" if role == "reporter" else "looked up"
    everywhere = [view.view for view in signals.views if view.place == EVERYWHERE]
    forms = [view_in_words(view) for view in ("whole", *everywhere)]
    listed = f"{_listed([*forms, 'each box'])}:" if boxes else f"{_listed(forms)}."
    yield f"Left: whole-picture signals (pdq) are {done} of {listed}"
    for box in boxes:
        yield f"  {box.letter}  {_box_in_words(box.view)}"
    if _inside_frames(signals.views) != EVERYWHERE:
        yield f"Hatched: taken for a frame; what is inside it is {done} by itself too."
    yield from _keypoint_words(signals.keypoints, role)


def _listed(parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def _box_in_words(view: ViewSignals) -> str:
    return f"{view_in_words(view.view)}, {place_in_words(view.place)}, quality {view.quality}"


def _keypoint_words(looks: Sequence[KeypointLook], role: Role) -> Iterator[str]:
    if not looks:
        yield "Right: nothing in the picture stands out, so it has no keypoints (kp1)."
        return
    count = len(looks[0].plain)
    yield (
        f"Right: {count} keypoints (kp1). A circle is as large as what stands out there; the line "
        "in it is its direction. Of each, 256 signs and a coarse place are kept."
    )
    if role == "reporter":
        yield (
            f"Keypoints are registered only if she says so, and are then "
            f"{len(looks[0].plain.pack())} bytes."
        )
    elif more := Counter(view_in_words(look.look) for look in looks[1:]):
        named = (f"{name} ({count} times)" if count > 1 else name for name, count in more.items())
        yield f"Keypoints are also looked up in: {'; '.join(named)}."
