"""Views and places in words, as pages and the command line say them."""

from collections.abc import Mapping, Sequence
from typing import Final

from takeback.hashing.place import Place

VIEWS: Final[Mapping[str, str]] = {
    "whole": "the whole picture",
    "mirror": "its mirror image",
    "mirrored": "its mirror image",
    "inverted": "its negative",
    "mirrored_inverted": "the mirror image of its negative",
    "stored": "the picture as the camera stored it, not turned upright",
    "centre_1x1": "cut to 1:1 around the middle",
    "centre_4x5": "cut to 4:5 around the middle",
    "centre_3x4": "cut to 3:4 around the middle",
    "centre_9x16": "cut to 9:16 around the middle",
    "centre_16x9": "cut to 16:9 around the middle",
    "trimmed": "without its flat border",
    "uncaptioned": "without bars that hold text or an app's controls",
    "levelled": "tilted back",
    "panel": "a part between long straight lines",
    "squeezed_across": "squeezed to four fifths of its width",
    "squeezed_down": "squeezed to four fifths of its height",
}
"""What each view and look is."""

PRIVATE: Final = (
    "This page shows what is in the file. It was written on this device, readable by its owner "
    "alone; nothing was sent anywhere."
)
"""At the end of a page that was made here alone."""

ASKED: Final = (
    "This page shows what is in the file. It was written on this device, readable by its owner "
    "alone; the picture was sent to the matcher that was asked, and nowhere else."
)
"""At the end of a page about a matcher's answer."""

Corner = tuple[float, float]


def view_in_words(view: str) -> str:
    """Say what a view is; one that is not known here by its own name."""
    return VIEWS.get(view, view.replace("_", " "))


def place_in_words(place: Place) -> str:
    """Say where a rectangle is."""
    return (
        f"{_stretch(place.left, place.right)} across and {_stretch(place.top, place.bottom)} down"
    )


def surrounding(corners: Sequence[Corner]) -> Place:
    """Return the smallest upright rectangle around *corners*."""
    across, down = zip(*corners, strict=True)
    return Place(min(across), min(down), max(across), max(down))


def _stretch(start: float, end: float) -> str:
    first, last = round(100 * start), round(100 * end)
    return "all" if (first, last) == (0, 100) else f"{first}% to {last}%"
