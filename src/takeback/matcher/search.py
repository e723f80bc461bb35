"""Comparing one upload with every bank that is held: cheapest first, up to the first match.

What suffices for a match is ``matching/evidence.py``'s to say; here is the order of asking.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.arrays import signals_to_array
from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.picture import PictureSignals
from takeback.hashing.place import EVERYWHERE, Place
from takeback.hashing.signal import MATCH_DISTANCE, MINIMUM_QUALITY, Signal
from takeback.hashing.video_signals import VideoSignals
from takeback.hashing.views import ViewSignals
from takeback.matcher.banks import Banks
from takeback.matcher.state import Held, State
from takeback.matcher.turns import WAYS, quad_of
from takeback.matching.evidence import (
    Evidence,
    Ground,
    judge_distance,
    judge_keypoints,
    same_file,
)
from takeback.matching.video_match import VideoMatch

CANDIDATES: Final = 100
"""Entries near one signal that are judged, however few are asked for."""

Nearest = dict[int, tuple[int, int]]
"""Of each entry that is near a view: its least distance, and in which of the eight ways."""


@dataclass(slots=True)
class Found:
    """What one upload matches."""

    matches: list[tuple[Held, Evidence]] = field(default_factory=list)
    """Surest first."""

    more: bool = False
    """Whether there are others."""

    def cut(self, limit: int) -> "Found":
        """Return the surest."""
        return Found(self.matches[:limit], self.more or len(self.matches) > limit)


def views_of(upload: PictureSignals) -> list[ViewSignals]:
    """Return the views to look up, the whole picture first if it has enough detail."""
    whole = ViewSignals(
        view="whole", place=EVERYWHERE, quality=upload.quality, dihedral=upload.dihedral
    )
    return [*([whole] if upload.quality >= MINIMUM_QUALITY else []), *upload.views]


@dataclass(frozen=True, slots=True)
class Search:
    """Compares with the banks in memory; what is known of an entry is in the state file."""

    banks: Banks
    state: State

    def signals(self, signals: NDArray[np.uint8], limit: int) -> list[Found]:
        """Compare signals, shape (n, 32), each by itself and as it is; of what is not known."""
        answer = self.banks.signals.search(signals, MATCH_DISTANCE, limit=CANDIDATES)
        held = self.state.held(list({entry for _, entry, _ in answer}))
        judged: list[dict[int, Evidence | None]] = [{} for _ in signals]
        for query, entry, distance in answer:
            if entry in held:
                judged[query][entry] = judge_distance(distance, "whole", held[entry].view, None)
        return [
            _found(held, each, more=more).cut(limit)
            for each, more in zip(judged, answer.more.tolist(), strict=True)
        ]

    def picture(self, upload: PictureSignals, limit: int) -> Found:
        """Compare a picture: whole, then in views, by keypoints, and as part of a video."""
        views = views_of(upload)
        stages: Sequence[Callable[[], Found]] = (
            lambda: self._views(views[:1]),
            lambda: self._views(views[1:]),
            lambda: self._keypoints(upload),
            lambda: self._known(
                {match.id: _of_run(match) for match in self.banks.videos.match_picture(upload)}
            ),
        )
        return _first(stage() for stage in stages).cut(limit)

    def video(self, upload: VideoSignals, limit: int) -> Found:
        """Compare a video: as a file, by runs of frames, then each frame as a picture."""
        stages: Sequence[Callable[[], Found]] = (
            lambda: self._file(upload),
            lambda: self._known(
                {match.id: _of_run(match) for match in self.banks.videos.match_video(upload)}
            ),
        )
        return _first(stage() for stage in stages).cut(limit)

    def _views(self, views: Sequence[ViewSignals]) -> Found:
        """Compare several views at once; answer with the first that matches."""
        if not views:
            return Found()
        nearest, cut = self._nearest([view.dihedral for view in views])
        return _first(
            self._judged(near, view.view, view.place, more=more)
            for view, near, more in zip(views, nearest, cut, strict=True)
        )

    def _nearest(self, dihedrals: Sequence[Sequence[Signal]]) -> tuple[list[Nearest], list[bool]]:
        """Find what is near any of the eight signals of each view."""
        rows = signals_to_array([signal for dihedral in dihedrals for signal in dihedral])
        answer = self.banks.signals.search(rows, MATCH_DISTANCE, limit=CANDIDATES)
        nearest: list[Nearest] = [{} for _ in dihedrals]
        for query, entry, distance in answer:
            near, way = nearest[query // WAYS], query % WAYS
            near[entry] = min((distance, way), near.get(entry, (distance, way)))
        return nearest, answer.more.reshape(-1, WAYS).any(axis=1).tolist()

    def _judged(self, near: Nearest, view: str, place: Place, *, more: bool) -> Found:
        held = self.state.held(list(near)) if near else {}
        judged = {
            entry: judge_distance(near[entry][0], view, known.view, quad_of(place, near[entry][1]))
            for entry, known in held.items()
        }
        return _found(held, judged, more=more)

    def _keypoints(self, upload: PictureSignals) -> Found:
        """Search look after look until one matches."""
        return _first(map(self._look, upload.keypoints))

    def _look(self, look: KeypointLook) -> Found:
        matches = self.banks.keypoints.search([look], limit=CANDIDATES)
        return self._known({match.id: judge_keypoints(match) for match in matches})

    def _file(self, upload: VideoSignals) -> Found:
        """Find the very file."""
        return self._known(dict.fromkeys(self.banks.digests.find(upload.md5), same_file()))

    def _known(self, judged: Mapping[int, Evidence | None]) -> Found:
        return _found(self.state.held(list(judged)) if judged else {}, judged)


def _of_run(match: VideoMatch) -> Evidence:
    """Return the evidence of the surest run."""
    return Evidence(
        ground=Ground.VIDEO,
        score=match.score,
        place=None,
        upload_view=match.view,
        votes=match.frames,
        seconds=match.seconds,
        registered_seconds=match.registered_seconds,
    )


def _found(
    held: Mapping[int, Held], judged: Mapping[int, Evidence | None], *, more: bool = False
) -> Found:
    """Leave out what does not suffice, and what was withdrawn meanwhile; surest first."""
    sure = [(entry, evidence) for entry, evidence in judged.items() if evidence and entry in held]
    sure.sort(key=lambda pair: (-pair[1].score, pair[0]))
    return Found([(held[entry], evidence) for entry, evidence in sure], more)


def _first(stages: Iterable[Found]) -> Found:
    """Return the first that matches; the rest is not even looked at."""
    return next((found for found in stages if found.matches), Found())
