"""Comparing a picture with everything registered: cheapest first, up to the first match.

What suffices for a match is ``matching/evidence.py``'s to say; here is the order of asking.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Final, Generic

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.arrays import signals_to_array
from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.picture import PictureSignals
from takeback.hashing.place import EVERYWHERE, Place
from takeback.hashing.signal import MATCH_DISTANCE, MINIMUM_QUALITY, Signal
from takeback.hashing.views import ViewSignals
from takeback.matching.evidence import judge_distance, judge_keypoints
from takeback.matching.exact.index import Answer
from takeback.matching.lookup.found import Found, Held, Register, first_of, found_of, known, of_run
from takeback.matching.lookup.indexes import Indexes
from takeback.matching.lookup.turns import WAYS, quad_of

CANDIDATES: Final = 100
"""Entries near one signal that are judged, however few are asked for …"""

CROWDED: Final = 1_000_000
"""… and near all signals together where none of those is vouched for and suffices: otherwise a
hundred entries that anybody may make would hide the one that somebody gave their word for."""

CROWD: Final = 4_000
"""Of them, those that are judged for a signal that is looked up as it is: a process answers
thousands of these in a second, and none may keep it from the others for long."""

Nearest = dict[int, tuple[int, int]]
"""Of each entry that is near a view: its least distance, and in which of the eight ways."""


MOSTLY_FRAME: Final = 0.55
"""An upload of which so little lies inside bars is looked up by that alone: two screenshots of
one app are near each other, whatever they show."""

BESIDE: Final = 0.02
"""How far a view may reach out of the frame, in shares of the upload."""


def views_of(upload: PictureSignals) -> list[ViewSignals]:
    """Return the views to look up, the whole picture first if it has enough detail.

    Of an upload that is mostly frame only what is inside; of one that holds a flat picture in
    a frame, nothing.
    """
    if upload.quality == 0:
        return []
    whole = ViewSignals(
        view="whole", place=EVERYWHERE, quality=upload.quality, dihedral=upload.dihedral
    )
    views = [*([whole] if upload.quality >= MINIMUM_QUALITY else []), *upload.views]
    for inside in upload.views:
        if inside.view == "uncaptioned" and inside.place.area <= MOSTLY_FRAME:
            return [view for view in views if _lies_in(view.place, inside.place)]
    return views


def _as_they_are(answer: Answer, held: Mapping[int, Held]) -> Iterator[tuple[int, Found[Held]]]:
    """Judge what is near each query that has rows."""
    for query, rows in groupby(answer, key=itemgetter(0)):
        judged = {
            entry: judge_distance(distance, "whole", held[entry].view, None)
            for _, entry, distance in rows
            if entry in held
        }
        yield query, found_of(held, judged, more=bool(answer.more[query]))


def _lies_in(part: Place, frame: Place) -> bool:
    return (
        part.left >= frame.left - BESIDE
        and part.top >= frame.top - BESIDE
        and part.right <= frame.right + BESIDE
        and part.bottom <= frame.bottom + BESIDE
    )


@dataclass(frozen=True, slots=True)
class PictureSearch(Generic[Held]):
    """Compares with what is in the indexes."""

    indexes: Indexes
    register: Register[Held]

    def signals(
        self, signals: NDArray[np.uint8], limit: int, radius: int = MATCH_DISTANCE
    ) -> list[Found[Held]]:
        """Compare signals, each by itself and as it is; of what is not known.

        Args:
            signals: shape (n, 32).
            limit: most matches of each.
            radius: largest distance, at most ``MATCH_DISTANCE``: beyond it nothing is a match.
        """
        most = max(CANDIDATES, limit)
        answer = self.indexes.signals.search(signals, radius, limit=most)
        found: list[Found[Held]] = [Found()] * len(signals)
        if not len(answer):
            return found
        held = self.register.held(np.unique(answer.rows["id"]).tolist())
        for query, near in _as_they_are(answer, held):
            found[query] = near.cut(limit)
        cut = np.flatnonzero(answer.more).tolist()
        if crowds := [query for query in cut if not found[query].vouched]:
            for number, behind in self._behind(signals[crowds], radius, most):
                query = crowds[number]
                found[query] = Found(behind.matches + found[query].matches, more=True).cut(limit)
        return found

    def _behind(
        self, crowded: NDArray[np.uint8], radius: int, most: int
    ) -> Iterable[tuple[int, Found[Held]]]:
        """Find the vouched entries near signals that have *most* others nearer."""
        limit = min(CROWD, CROWDED // len(crowded))
        if limit <= most:
            return ()
        answer = self.indexes.signals.search(crowded, radius, limit=limit)
        vouched = self.register.vouched(np.unique(answer.rows["id"]).tolist())
        rows = answer.rows[np.isin(answer.rows["id"], vouched)]
        return _as_they_are(Answer(rows, answer.more), self.register.held(vouched))

    def picture(self, upload: PictureSignals, limit: int) -> Found[Held]:
        """Compare a picture: whole, then in views, by keypoints, and as part of a video."""
        views = views_of(upload)
        stages: Sequence[Callable[[], Found[Held]]] = (
            lambda: self._views(views[:1]),
            lambda: self._views(views[1:]),
            lambda: self._keypoints(upload),
            lambda: self._taken_from_video(upload),
        )
        return first_of(stage() for stage in stages).cut(limit)

    def _views(self, views: Sequence[ViewSignals]) -> Found[Held]:
        """Compare several views at once; answer with the first that matches."""
        if not views:
            return Found()
        found, crowded = self._first(views, CANDIDATES)
        if not crowded or found.vouched:
            return found
        return self._first(views, max(CANDIDATES, CROWDED // (WAYS * len(views))))[0]

    def _first(self, views: Sequence[ViewSignals], limit: int) -> tuple[Found[Held], bool]:
        """Return what the first view that matches does, and whether any has more near entries."""
        nearest, cut = self._nearest([view.dihedral for view in views], limit)
        found = first_of(
            self._judged(near, view.view, view.place, more=more)
            for view, near, more in zip(views, nearest, cut, strict=True)
        )
        return found, any(cut)

    def _nearest(
        self, dihedrals: Sequence[Sequence[Signal]], limit: int
    ) -> tuple[list[Nearest], list[bool]]:
        """Find what is near any of the eight signals of each view."""
        rows = signals_to_array([signal for dihedral in dihedrals for signal in dihedral])
        answer = self.indexes.signals.search(rows, MATCH_DISTANCE, limit=limit)
        nearest: list[Nearest] = [{} for _ in dihedrals]
        for query, entry, distance in answer:
            near, way = nearest[query // WAYS], query % WAYS
            near[entry] = min((distance, way), near.get(entry, (distance, way)))
        return nearest, [any(eight) for eight in answer.more.reshape(-1, WAYS).tolist()]

    def _judged(self, near: Nearest, view: str, place: Place, *, more: bool) -> Found[Held]:
        held = self.register.held(list(near)) if near else {}
        judged = {
            entry: judge_distance(near[entry][0], view, known.view, quad_of(place, near[entry][1]))
            for entry, known in held.items()
        }
        return found_of(held, judged, more=more)

    def _keypoints(self, upload: PictureSignals) -> Found[Held]:
        """Search look after look until one matches."""
        return first_of(map(self._look, upload.keypoints))

    def _look(self, look: KeypointLook) -> Found[Held]:
        matches = self.indexes.keypoints.search([look], limit=CANDIDATES)
        return known(self.register, {match.id: judge_keypoints(match) for match in matches})

    def _taken_from_video(self, upload: PictureSignals) -> Found[Held]:
        matches = self.indexes.videos.match_picture(upload, CANDIDATES)
        return known(
            self.register, {match.id: replace(of_run(match), seconds=None) for match in matches}
        )
