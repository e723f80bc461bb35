"""The video index: of which registered videos an upload shows a part.

It knows ids and video signals and nothing else: no bank, no case, no person. Single frames
are looked up in an ``Index``, and those of one video that follow each other are a run. Where
no run is found, chosen frames are looked up by their keypoints: those of a cropped copy.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.signal import MATCH_DISTANCE
from takeback.hashing.video_signals import REGISTERED_VIEWS, FrameView, VideoSignals
from takeback.matching.index import Index
from takeback.matching.runs import JITTER, Run, Strip, follow, propose

INTRO: Final = 4000.0
"""Milliseconds. A shorter run is an intro or a title that others may share: it is a match only
where it is half of the upload or of the registered video."""

HALF: Final = 0.5

SURE: Final = 2.0
"""Least score of a match: fewer than one upload in a hundred matches a million strangers."""

MOST_VIDEOS: Final = 64
"""Registered videos that are looked at closely for one upload, those with most near frames."""

MOST_RUNS: Final = 8
"""Runs that are looked for in one registered video."""

FRAME_LIMIT: Final = 200
"""Near frames that one frame of an upload may have."""

_FRAMES_BITS: Final = 12
_SLOT_BITS: Final = _FRAMES_BITS + 1
"""A frame's number in the index: the video's slot, one bit for the view, twelve for the frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoMatch:
    """A registered video of which an upload shows a part."""

    id: int
    """The entry's."""

    view: FrameView
    """How the upload had to be looked at."""

    runs: tuple[Run, ...]
    """What agrees, surest first; more than one if parts were left out or put in another order."""

    @property
    def score(self) -> float:
        """How sure; see ``Evidence.score``. That of the surest run alone."""
        return self.runs[0].score

    @property
    def frames(self) -> int:
        """How many frames of the upload agree in the surest run."""
        return self.runs[0].frames

    @property
    def speed(self) -> float:
        """Seconds of the registered video in one of the upload."""
        return self.runs[0].line.speed

    @property
    def seconds(self) -> tuple[float, float]:
        """When in the upload the surest run begins and ends."""
        return self.runs[0].begin / 1000, self.runs[0].end / 1000

    @property
    def registered_seconds(self) -> tuple[float, float]:
        """When in the registered video it does."""
        begin, end = self.runs[0].registered
        return begin / 1000, end / 1000


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """One registered video."""

    id: int
    slot: int
    strips: Mapping[FrameView, Strip]

    def keys(self) -> NDArray[np.int64]:
        """Return the numbers of its frames in the index, view after view."""
        return np.concatenate(
            [
                (self.slot << _SLOT_BITS | REGISTERED_VIEWS.index(view) << _FRAMES_BITS)
                + np.arange(len(strip.times))
                for view, strip in self.strips.items()
            ]
        )

    def overwrite(self) -> None:
        """Put random bits in place of the signals, so that they are gone from memory."""
        for strip in self.strips.values():
            noise = np.frombuffer(os.urandom(strip.words.nbytes), np.uint64)
            strip.words[:] = noise.reshape(-1, 4)


@dataclass(frozen=True, slots=True, eq=False)
class _Hits:
    """Frames of an upload in one view that are near frames of one registered video in one view."""

    entry: _Entry
    view: FrameView
    registered_view: FrameView
    frames: NDArray[np.int64]
    """Shape (n,), of the upload, nearest first."""

    partners: NDArray[np.int64]
    """Shape (n,), of the registered video."""


class VideoIndex:
    """A set of entries, each an id and a video. Safe to share by threads.

    An entry can be found once ``add`` has returned and cannot once ``withdraw`` has; its signals
    are then overwritten in memory too.
    """

    def __init__(self) -> None:
        self._frames = Index()
        self._entries: Mapping[int, _Entry] = {}
        self._slots: Mapping[int, _Entry] = {}
        self._next_slot = count()
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, entry_id: int) -> bool:
        return entry_id in self._entries

    def add(self, ids: Sequence[int], videos: Sequence[VideoSignals]) -> None:
        """Add entries. One whose id is there already gets the new video in place of the old.

        Raises:
            ValueError: *ids* are not as many different numbers as *videos*.
        """
        if len(set(ids)) != len(ids) or len(ids) != len(videos):
            raise ValueError("ids must be different, and as many as the videos")
        with self._writing:
            added = [self._entry(*pair) for pair in zip(ids, videos, strict=True) if len(pair[1])]
            replaced = [self._entries[number] for number in ids if number in self._entries]
            self._show([*self._entries.values(), *added], without=replaced)
            for entry in added:
                rows = np.concatenate([strip.words for strip in entry.strips.values()])
                self._frames.add(entry.keys(), rows.view(np.uint8))
            self._forget(replaced)

    def withdraw(self, ids: Sequence[int]) -> None:
        """Withdraw entries; ids that are not there are left alone."""
        with self._writing:
            gone = [self._entries[number] for number in set(ids) & self._entries.keys()]
            self._show(list(self._entries.values()), without=gone)
            self._forget(gone)

    def match_video(self, upload: VideoSignals, limit: int = 10) -> list[VideoMatch]:
        """Find the registered videos of which the upload shows a part, surest first.

        Args:
            upload: hashed with ``role="query"``.
            limit: most matches.
        """
        if not len(upload):
            return []
        strips = {view: _strip(upload, view) for view in upload.views}
        best: dict[int, VideoMatch] = {}
        for hits in self._near(upload):
            match = _match(strips[hits.view], hits)
            if match and (match.id not in best or match.score > best[match.id].score):
                best[match.id] = match
        return sorted(best.values(), key=_surest_first)[:limit]

    def _near(self, upload: VideoSignals) -> list[_Hits]:
        """Look up every frame, and gather what is near by registered video and by view."""
        views = list(upload.views)
        rows = np.concatenate([upload.views[view] for view in views])
        slots = self._slots
        found = self._frames.search(rows, MATCH_DISTANCE, limit=FRAME_LIMIT).rows
        found = found[np.argsort(found["distance"], kind="stable")]
        view, frame = np.divmod(found["query"], len(upload))
        strip, partner = found["id"] >> _FRAMES_BITS, found["id"] & ((1 << _FRAMES_BITS) - 1)
        group = strip * len(FrameView) + view
        gathered = []
        for number in np.unique(group):
            mine = group == number
            entry = slots.get(int(number) // len(FrameView) >> 1)
            if entry:
                registered_view = REGISTERED_VIEWS[int(number) // len(FrameView) & 1]
                looked = views[int(number) % len(FrameView)]
                gathered.append(_Hits(entry, looked, registered_view, frame[mine], partner[mine]))
        return sorted(gathered, key=_most_first)[:MOST_VIDEOS]

    def _entry(self, entry_id: int, video: VideoSignals) -> _Entry:
        views = (view for view in REGISTERED_VIEWS if view in video.views)
        return _Entry(entry_id, next(self._next_slot), {v: _strip(video, v) for v in views})

    def _show(self, entries: Sequence[_Entry], without: Sequence[_Entry]) -> None:
        """Let searches see these entries from now on; writers hold the lock."""
        hidden = {entry.slot for entry in without}
        shown = [entry for entry in entries if entry.slot not in hidden]
        self._entries, self._slots = {e.id: e for e in shown}, {e.slot: e for e in shown}

    def _forget(self, entries: Sequence[_Entry]) -> None:
        for entry in entries:
            self._frames.withdraw(entry.keys())
            entry.overwrite()


def _strip(video: VideoSignals, view: FrameView) -> Strip:
    return Strip.of(video.times, video.views[view], video.duration)


def _match(upload: Strip, hits: _Hits) -> VideoMatch | None:
    """Return what agrees, if it suffices."""
    registered = hits.entry.strips[hits.registered_view]
    runs = tuple(sorted(_runs(upload, registered, hits), key=lambda run: -run.score))
    if not runs or not suffices(runs, upload.duration, registered.duration):
        return None
    return VideoMatch(id=hits.entry.id, view=hits.view, runs=runs)


def _runs(upload: Strip, registered: Strip, hits: _Hits) -> Iterator[Run]:
    """Yield one run after the other, each from the near frames that no run has explained."""
    theirs, ours = upload.times[hits.frames], registered.times[hits.partners]
    for _ in range(MOST_RUNS):
        if not theirs.size:
            return
        line = propose(theirs, ours)
        left = np.abs(line.speed * theirs + line.offset - ours) > 2 * JITTER
        for run in follow(upload, registered, line):
            if run.distance <= MATCH_DISTANCE:
                yield run
                left &= (theirs < run.begin) | (theirs > run.end)
        theirs, ours = theirs[left], ours[left]


def suffices(runs: Sequence[Run], duration: float, registered_duration: float) -> bool:
    """Say whether runs in one registered video are a match.

    Either one run is longer than an intro and has two moments, or all of them together are half
    of what was uploaded or half of what is registered.

    Args:
        runs: what agrees, surest first.
        duration: of the upload in milliseconds.
        registered_duration: of the registered video.
    """
    sure = [run for run in runs if run.score >= SURE]
    if any(run.length >= INTRO and run.moments >= 2 for run in sure):
        return True
    agreeing = sum(run.agreeing for run in sure)
    ours = sum(run.agreeing * run.line.speed for run in sure)
    return bool(sure) and (agreeing >= HALF * duration or ours >= HALF * registered_duration)


def _most_first(hits: _Hits) -> int:
    return -len(np.unique(hits.frames))


def _surest_first(match: VideoMatch) -> tuple[float, int]:
    return -match.score, match.id
