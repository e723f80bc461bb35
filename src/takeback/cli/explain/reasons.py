"""Why an upload matched, in words: the ground, how sure, and where in the upload."""

from collections.abc import Iterator
from typing import Final

from takeback.cli.explain.geometry import seen_part, turned_about
from takeback.cli.explain.words import place_in_words, surrounding, view_in_words
from takeback.hashing.place import Place
from takeback.hashing.signal import SIGNAL_BITS
from takeback.matching.evidence import Evidence, Ground, Quad

ALL_OF_IT: Final = 0.97
"""From this share of both sides on, a part is the whole."""

ALIKE: Final = ("whole", "mirror")
"""Forms that are told from each other by nothing: an upload is looked up in all turns."""


def reason(evidence: Evidence) -> str:
    """Say in one line what matched and how sure that is."""
    return f"{ground_in_words(evidence)}; score {evidence.score:.1f}"


def ground_in_words(evidence: Evidence) -> str:
    """Say what matched, and by how much."""
    if evidence.ground is Ground.KEYPOINTS:
        return f"keypoints, {_counted(evidence, 'place')}"
    if evidence.ground is Ground.VIDEO:
        return f"video, {_counted(evidence, 'frame')}"
    if evidence.ground is Ground.FILE:
        return "the file, byte for byte"
    what = "the whole picture" if evidence.ground is Ground.WHOLE else "a view"
    return f"{what}, {evidence.distance} of {SIGNAL_BITS} bits differ"


def _counted(evidence: Evidence, what: str) -> str:
    return f"1 {what} agrees" if evidence.votes == 1 else f"{evidence.votes} {what}s agree"


def circumstances(evidence: Evidence) -> Iterator[str]:
    """Say what else is known, a sentence each: how both were looked at, when and where."""
    if evidence.ground is Ground.FILE:
        yield "It is the very file that was registered."
    if evidence.upload_view != "whole":
        yield f"Seen in the upload: {view_in_words(evidence.upload_view)}."
    if evidence.registered_view not in ALIKE:
        yield f"Near to what is registered: {view_in_words(evidence.registered_view)}."
    if evidence.seconds:
        yield f"In the upload {_seconds(evidence.seconds)}."
    if evidence.registered_seconds:
        yield f"In the registered video {_seconds(evidence.registered_seconds)}."
    if evidence.place:
        yield from _where(evidence.place)


def _where(place: Quad) -> Iterator[str]:
    """Say where in the upload it lies, and which part of it, if not all, that is."""
    seen = seen_part(place)
    shown = seen_part(turned_about(place)) if seen else []
    if not shown:
        return
    here, part = surrounding(seen), surrounding(shown)
    yield (
        "It fills the upload." if _all(here) else f"In the upload it is at {place_in_words(here)}."
    )
    if not _all(part):
        yield f"The upload shows this part of it: {place_in_words(part)}."


def _all(part: Place) -> bool:
    return min(part.right - part.left, part.bottom - part.top) >= ALL_OF_IT


def _seconds(span: tuple[float, float]) -> str:
    begin, end = (f"{max(0.0, second):.1f}" for second in span)
    return f"at second {begin}" if begin == end else f"from second {begin} to {end}"
