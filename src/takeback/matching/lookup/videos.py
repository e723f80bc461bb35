"""Comparing a video with everything registered: cheapest first, up to the first match."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic

import numpy as np

from takeback.hashing.place import EVERYWHERE
from takeback.hashing.signal import MATCH_DISTANCE
from takeback.hashing.video_signals import FrameView, VideoSignals
from takeback.matching.evidence import (
    Evidence,
    Quad,
    judge_distance,
    judge_frame,
    judge_keypoints,
    same_file,
)
from takeback.matching.lookup.found import Found, Held, Register, first_of, known, of_run
from takeback.matching.lookup.indexes import Indexes
from takeback.matching.lookup.pictures import CANDIDATES
from takeback.matching.lookup.turns import quad_of
from takeback.matching.videos.index import FrameQuery, frames_as_queries

_MIRRORED: Final = 5
"""Number of the signal mirrored left to right among the eight of a picture."""


@dataclass(slots=True)
class _Shown:
    """A registered picture in the frames of a video."""

    evidence: Evidence
    """Of the frame that shows it best, as a picture."""

    times: list[float] = field(default_factory=list)
    """Seconds at which frames that show it are shown."""


@dataclass(frozen=True, slots=True)
class VideoSearch(Generic[Held]):
    """Compares with what is in the indexes."""

    indexes: Indexes
    register: Register[Held]

    def video(self, upload: VideoSignals, limit: int) -> Found[Held]:
        """Compare as a file, by runs of frames, then every frame as a picture."""
        queries = frames_as_queries(upload)
        stages: Sequence[Callable[[], Found[Held]]] = (
            lambda: self._file(upload),
            lambda: self._runs(upload),
            lambda: self._shown(queries, self._near(upload, queries)),
            lambda: self._shown(queries, self._inside(queries)),
        )
        return first_of(stage() for stage in stages).cut(limit)

    def _file(self, upload: VideoSignals) -> Found[Held]:
        """Find the very file."""
        return known(
            self.register, dict.fromkeys(self.indexes.digests.find(upload.md5), same_file())
        )

    def _runs(self, upload: VideoSignals) -> Found[Held]:
        """Find the videos of which it shows a part."""
        matches = self.indexes.videos.match_video(upload, CANDIDATES)
        return known(self.register, {match.id: of_run(match) for match in matches})

    def _shown(
        self, queries: Sequence[FrameQuery], seen: Iterator[tuple[int, int, Evidence | None]]
    ) -> Found[Held]:
        """Judge the registered pictures that frames show.

        Args:
            queries: every frame that was looked up.
            seen: entry, milliseconds and evidence of each sight of one.
        """
        shown: dict[int, _Shown] = {}
        for entry, time, evidence in seen:
            if evidence:
                picture = shown.setdefault(entry, _Shown(evidence))
                picture.times.append(time / 1000)
                if evidence.score > picture.evidence.score:
                    picture.evidence = evidence
        return known(
            self.register,
            {
                entry: judge_frame(
                    picture.evidence, len(queries), (min(picture.times), max(picture.times))
                )
                for entry, picture in shown.items()
            },
        )

    def _near(
        self, upload: VideoSignals, queries: Sequence[FrameQuery]
    ) -> Iterator[tuple[int, int, Evidence | None]]:
        """Look frames up by their whole-picture signals."""
        if not queries:
            return
        views = list(upload.views)
        rows = np.concatenate([query.signals for query in queries])
        answer = self.indexes.signals.search(rows, MATCH_DISTANCE, limit=CANDIDATES)
        held = self.register.held(list({entry for _, entry, _ in answer}))
        for row, entry, distance in answer:
            number, view = row // len(views), views[row % len(views)]
            if entry in held:
                evidence = judge_distance(distance, _seen(view), held[entry].view, _quad(view))
                yield entry, queries[number].time, evidence

    def _inside(self, queries: Sequence[FrameQuery]) -> Iterator[tuple[int, int, Evidence | None]]:
        """Look chosen frames up by their keypoints."""
        for query in queries:
            for match in self.indexes.keypoints.search(query.looks, limit=CANDIDATES):
                yield match.id, query.time, judge_keypoints(match)


def _seen(view: FrameView) -> str:
    """Return what a frame's view is called of a picture, where mirroring goes without saying."""
    return "trimmed" if view in {FrameView.TRIMMED, FrameView.TRIMMED_MIRRORED} else "whole"


def _quad(view: FrameView) -> Quad | None:
    """Return where the registered picture lies; without its border, only the signals know."""
    if _seen(view) != "whole":
        return None
    return quad_of(EVERYWHERE, _MIRRORED if view.mirrored else 0)
