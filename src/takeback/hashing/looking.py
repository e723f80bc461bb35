"""Which parts and forms of a picture are described by keypoints: its looks.

What people and apps put around a picture has keypoints too, the same ones around every
picture. So a reporter's device describes what is inside the frame, if it finds one, and
an upload is looked at inside its frame, in its small panels, and squeezed, besides whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import KeypointLook, KeypointView
from takeback.hashing.keypoints import (
    MOST_REGISTERED,
    describe,
    squeezed,
    to_describe,
)
from takeback.hashing.normalise import uncaptioned
from takeback.hashing.place import EVERYWHERE, Place
from takeback.hashing.signal import MINIMUM_QUALITY
from takeback.hashing.views import Box, Look, hash_look

FRAMES: Final = ("uncaptioned", "trimmed")
"""Views inside which a picture is described, the innermost first. A tilt needs none: keypoints
turn with the picture."""

SMALL: Final = 0.3
"""A part of no more than this share of the area shows the whole look too few keypoints."""

MOST_PANELS: Final = 4
"""Small parts of an upload that are looked at; each costs as little as it has keypoints."""

SAME_PART: Final = 0.5
"""Parts are one if so much of what either shows is shown by both."""

WHOLE: Final = {
    KeypointView.PLAIN: 450,
    KeypointView.MIRRORED: 450,
    KeypointView.INVERTED: 200,
    KeypointView.MIRRORED_INVERTED: 200,
}
"""How many keypoints of the whole upload are looked up in each view. Large text has hundreds of
its own; negatives are rare, and seldom edited further."""

FURTHER: Final = {KeypointView.PLAIN: 200, KeypointView.MIRRORED: 200}
"""The same of every other look."""

Grey = NDArray[np.float32]


def inside(grey: Grey, seen: Sequence[Look]) -> Look | None:
    """Return what is inside all frames: everything, where there are none.

    Bars that leave nothing are a frame around a flat picture, if straight seams say that
    something was put there, and else part of a picture that is mostly flat.

    Args:
        grey: the picture fitted to 1024 pixels.
        seen: the views that were found in it.

    Returns:
        None, if nothing is inside.
    """
    everything = Look.at("whole", grey, Box.of(grey))
    if uncaptioned(grey) is None:
        return None if any(look.view == "panel" for look in seen) else everything
    return next((each for name in FRAMES for each in seen if each.view == name), everything)


def quality_inside(quality: int, look: Look | None) -> int:
    """Return the quality of a picture of which this is inside its frame.

    A frame has detail of its own, the same around every picture; it doesn't make up for a
    picture that has too little.
    """
    if look is None:
        return 0
    held = quality if look.place == EVERYWHERE else hash_look(look).quality
    return quality if held >= MINIMUM_QUALITY else min(quality, held)


def registered_looks(whole: Grey, look: Look | None) -> tuple[KeypointLook, ...]:
    """Describe what a reporter's device registers, if she chooses so.

    Args:
        whole: the grey picture, fitted to 512 pixels.
        look: what is inside its frame, of the one fitted to 1024.

    Returns:
        One look with one plain view, or none where nothing in the picture stands out.
    """
    if look is None:
        return ()
    described = whole if look.place == EVERYWHERE else to_describe(look.grey)
    found = describe(described).registered(MOST_REGISTERED)
    views = {KeypointView.PLAIN: found}
    return (KeypointLook(look.view, look.place, views),) if len(found) else ()


def query_looks(grey: Grey, seen: Sequence[Look]) -> tuple[KeypointLook, ...]:
    """Describe an upload in every way that it is to be searched, likeliest first."""
    return tuple(look for look in _looks(grey, seen) if len(look.plain))


def _looks(grey: Grey, seen: Sequence[Look]) -> Iterator[KeypointLook]:
    whole = to_describe(grey)
    yield _described("whole", EVERYWHERE, whole, WHOLE)
    for look in islice(_small(seen), MOST_PANELS):
        yield _described(look.view, look.place, to_describe(look.grey), FURTHER)
    for name, across in (("squeezed_across", True), ("squeezed_down", False)):
        yield _described(name, EVERYWHERE, squeezed(whole, across=across), FURTHER)


def _small(seen: Sequence[Look]) -> Iterator[Look]:
    """Yield small parts of the picture, no two of nearly the same."""
    kept: list[Place] = []
    for look in seen:
        small = look.view != "levelled" and look.place.area <= SMALL
        if small and all(look.place.overlap(other) < SAME_PART for other in kept):
            kept.append(look.place)
            yield look


def _described(
    name: str, place: Place, grey: Grey, views: Mapping[KeypointView, int]
) -> KeypointLook:
    found = describe(grey, most=max(views.values()))
    return KeypointLook(
        name, place, {view: found.first(most).signals(view) for view, most in views.items()}
    )
