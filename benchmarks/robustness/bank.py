"""The bank that uploads are looked up in: both indexes, and the rule that says what suffices.

As a platform's matcher has it, but filled at once: registering a million pictures one by one
would take hours.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from takeback.hashing import MATCH_DISTANCE, MINIMUM_QUALITY, PictureSignals, signals_to_array
from takeback.hashing.bundle import FRAMED, SHAPES
from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.matching import Index
from takeback.matching.evidence import Evidence, judge_distance, judge_keypoints
from takeback.matching.keypoints.index import KeypointIndex
from takeback.matching.lookup.pictures import views_of
from takeback.matching.lookup.turns import WAYS

VIEWS: Final = ("whole", "mirror", "stored", *SHAPES, *FRAMED)
"""Views that are registered; an entry of ``Index`` says by its number which one it is."""

MOST: Final = 1000
"""Entries that one look of an upload is answered with: more than show one picture."""


Number = TypeVar("Number", int, NDArray[np.int64])


class Hit(NamedTuple):
    """One entry that an upload matched."""

    entry: int
    evidence: Evidence


class Bank:
    """Registered pictures, looked up by all that an upload is hashed to."""

    def __init__(self) -> None:
        self.index = Index()
        self.keypoints = KeypointIndex()

    def register(self, pictures: Mapping[int, PictureSignals]) -> None:
        """Add entries, each with the signals of its picture in the role *reporter*."""
        rows = [row for entry, picture in pictures.items() for row in whole_rows(entry, picture)]
        if rows:
            self.index.add([number for number, _ in rows], np.stack([bits for _, bits in rows]))
        keypoints = {entry: own for entry, each in pictures.items() if (own := registered(each))}
        self.keypoints.add(list(keypoints), list(keypoints.values()))

    def withdraw(self, pictures: Mapping[int, PictureSignals]) -> None:
        """Take entries out again."""
        self.index.withdraw(
            [n for entry, each in pictures.items() for n, _ in whole_rows(entry, each)]
        )
        self.keypoints.withdraw(list(pictures))

    def settle(self) -> None:
        """Wait until nothing is being merged, so that this process may be forked."""
        self.index.settle()
        self.keypoints.settle()

    def look_up(
        self, upload: PictureSignals, enough: Callable[[Hit], bool] = lambda _: False
    ) -> Iterator[Hit]:
        """Yield what matches: the whole and every view first, then look by look of keypoints.

        Args:
            upload: hashed in the role *query*.
            enough: tells of a match that no further look is needed.
        """
        hits = list(self.near(upload))
        yield from hits
        for look in upload.keypoints:
            if any(map(enough, hits)):
                return
            found = self.keypoints.search_look(look, limit=MOST)
            judged = ((match.id, judge_keypoints(match)) for match in found)
            hits = [Hit(entry, evidence) for entry, evidence in judged if evidence]
            yield from hits

    def near(self, upload: PictureSignals) -> Iterator[Hit]:
        """Yield what the whole upload or one of its views is near to."""
        views = views_of(upload)
        if not views:
            return
        signals = signals_to_array([each for view in views for each in view.dihedral])
        for query, row, distance in self.index.search(signals, MATCH_DISTANCE, limit=None):
            view = views[query // WAYS]
            evidence = judge_distance(distance, view.view, VIEWS[row & 15], None)
            if evidence:
                yield Hit(row >> 8, evidence)


def registered(picture: PictureSignals) -> KeypointSignals | None:
    """Return the keypoints that a picture is registered with: of a poor one, many or none."""
    poor = picture.quality < MINIMUM_QUALITY and not picture.keypoints_alone
    return None if poor or not picture.keypoints else picture.keypoints[0].plain


def whole_rows(entry: int, picture: PictureSignals) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield number and signal of each view that is registered; none of a poor picture."""
    if picture.quality < MINIMUM_QUALITY:
        return
    views = [("whole", picture.whole), *((v.view, v.dihedral[0]) for v in picture.views)]
    for place, (view, signal) in enumerate(views):
        yield row_number(entry, place, VIEWS.index(view)), np.frombuffer(signal.bits, np.uint8)


def row_number(entry: Number, place: Number, view: Number) -> Number:
    """Return the number in ``Index`` of an entry's so-manyeth view, 0-15, of a kind."""
    return entry << 8 | place << 4 | view
