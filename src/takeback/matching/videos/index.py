"""The video index: of which registered videos an upload shows a part.

It knows ids and video signals and nothing else: no bank, no case, no person. Single frames
are looked up in an ``Index``, and those of one video that follow each other are a run. Where
no run is found, chosen frames are looked up by their keypoints: those of a cropped copy.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.arrays import signals_to_array
from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.signal import MATCH_DISTANCE
from takeback.hashing.video_signals import FrameView, KeypointFrame, VideoSignals
from takeback.matching.exact.index import LARGEST_DISTANCE, Index
from takeback.matching.keypoints.index import KeypointIndex
from takeback.matching.videos.frame_queries import FrameQuery, frames_as_queries
from takeback.matching.videos.keypoint_runs import (
    KeypointHit,
    keypoint_run,
    keypoint_score,
    telling,
)
from takeback.matching.videos.match import SURE, VideoMatch, apart, best_of_each, suffices
from takeback.matching.videos.registered import (
    CHOSEN_BITS,
    Keys,
    RegisteredVideo,
    slot_of,
    strip,
    view_of,
)
from takeback.matching.videos.run_kernels import JITTER
from takeback.matching.videos.runs import Run, Strip, follow, lone_run, propose, score

if TYPE_CHECKING:
    from takeback.hashing.picture import PictureSignals

__all__ = ["FrameQuery", "VideoIndex", "frames_as_queries"]

MOST_LOOKED_AT: Final = 64
"""Registered videos that are looked at closely for one upload, those with most near frames."""

MOST_RUNS: Final = 8
"""Runs that are looked for in one registered video."""

FRAME_LIMIT: Final = 200
"""Near frames that one frame of an upload may have …"""

CROWDED: Final = 2_000_000
"""… and all of them together where nothing matched and some had more: otherwise one video that
repeats the frames of another would hide it."""

ABOUT_AS_NEAR: Final = 4
"""Bits by which a frame's partner may be farther than its nearest in the same video."""

KEYPOINT_LIMIT: Final = 64
"""Registered frames that may lie in one chosen frame of an upload."""


@dataclass(frozen=True, slots=True, eq=False)
class _Hits:
    """Frames of an upload in one view that are near frames of one registered video in one view."""

    video: RegisteredVideo
    view: FrameView
    registered: Strip
    numbers: NDArray[np.int64]
    """Shape (n,), of the upload's frames, nearest first."""

    partners: NDArray[np.int64]
    """Shape (n,), of the registered video's."""


class VideoIndex:
    """A set of entries, each an id and a video. Safe to share by threads.

    An entry can be found once ``add`` has returned and cannot once ``withdraw`` has; its signals
    are then overwritten in memory too.
    """

    def __init__(self) -> None:
        self._frames = Index()
        self._keypoints = KeypointIndex()
        self._videos: Mapping[int, RegisteredVideo] = {}
        self._slots: Mapping[int, RegisteredVideo] = {}
        self._next_slot = count()
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return len(self._videos)

    def __contains__(self, entry_id: int) -> bool:
        return entry_id in self._videos

    def add(self, ids: Sequence[int], videos: Sequence[VideoSignals]) -> None:
        """Add entries. One whose id is there already gets the new video in place of the old.

        Args:
            ids: of the entries.
            videos: with at least one frame each.

        Raises:
            ValueError: *ids* are not as many different numbers as *videos*, or one has no frame.
        """
        if len(set(ids)) != len(ids) or len(ids) != len(videos) or not all(map(len, videos)):
            raise ValueError("ids must be different, and each have a video with frames")
        with self._writing:
            replaced = [self._videos[number] for number in ids if number in self._videos]
            added = [self._added(*pair) for pair in zip(ids, videos, strict=True)]
            self._show({**self._videos, **{video.id: video for video in added}})
            self._forget(replaced)

    def withdraw(self, ids: Sequence[int]) -> None:
        """Withdraw entries; ids that are not there are left alone."""
        with self._writing:
            going = set(ids) & self._videos.keys()
            if not going:
                return
            gone = [self._videos[number] for number in going]
            self._show({k: v for k, v in self._videos.items() if k not in going})
            self._forget(gone)

    def match_video(self, upload: VideoSignals, limit: int = 10) -> list[VideoMatch]:
        """Find the registered videos of which the upload shows a part, surest first.

        Args:
            upload: hashed with ``role="query"``.
            limit: most matches.
        """
        found = self._by_frames(upload) or list(self._by_keypoints(upload))
        return best_of_each(found)[:limit]

    def match_picture(self, upload: "PictureSignals", limit: int = 10) -> list[VideoMatch]:
        """Find the registered videos from which a picture was taken, surest first.

        Args:
            upload: hashed with ``role="query"``.
            limit: most matches.
        """
        found = list(self._like(upload)) or list(self._in(upload.keypoints))
        return best_of_each(found)[:limit]

    def _added(self, entry_id: int, signals: VideoSignals) -> RegisteredVideo:
        """Add a video's frames; searches see it once it is shown."""
        video = RegisteredVideo.of(entry_id, next(self._next_slot), signals)
        looks = [frame.look.plain for frame in signals.keypoints]
        self._keypoints.add(video.keypoint_keys(), looks)
        self._frames.add(video.keys(), video.rows())
        return video

    def _show(self, videos: Mapping[int, RegisteredVideo]) -> None:
        self._videos = videos
        self._slots = {video.slot: video for video in videos.values()}

    def _forget(self, videos: Sequence[RegisteredVideo]) -> None:
        for video in videos:
            self._frames.withdraw(video.keys())
            self._keypoints.withdraw(video.keypoint_keys())
            video.overwrite()

    def _by_frames(self, upload: VideoSignals) -> list[VideoMatch]:
        """Return what matches by whole frames; asks for more where others crowd in."""
        if not len(upload):
            return []
        found, crowded = self._in_order(upload, FRAME_LIMIT)
        if found or not crowded:
            return found
        signals = len(upload) * len(upload.views)
        return self._in_order(upload, max(FRAME_LIMIT, CROWDED // signals))[0]

    def _in_order(self, upload: VideoSignals, limit: int) -> tuple[list[VideoMatch], bool]:
        """Return what matches, and whether some frame has more near ones than *limit*."""
        strips = {view: strip(upload, view) for view in upload.views}
        gathered, crowded = self._hits(upload, limit)
        found = []
        for hits in gathered:
            runs = apart(_runs(strips[hits.view], hits))
            if suffices(runs, upload.duration, hits.video.duration, len(hits.registered.times)):
                found.append(VideoMatch(id=hits.video.id, view=hits.view, runs=runs))
        return found, crowded

    def _hits(self, upload: VideoSignals, limit: int) -> tuple[list[_Hits], bool]:
        """Look up every frame in every view, and gather what is near by video and view."""
        slots, views = self._slots, list(upload.views)
        rows = np.concatenate([upload.views[view] for view in views])
        answer = self._frames.search(rows, MATCH_DISTANCE, limit=limit)
        found = answer.rows
        view, number = np.divmod(found["query"], len(upload))
        keys = Keys.read(found["id"])
        gathered = []
        for part in _grouped(keys.strips * len(views) + view, found["distance"]):
            strip_number = int(keys.strips[part[0]])
            if video := slots.get(slot_of(strip_number)):
                registered = video.strips[view_of(strip_number)]
                part = part[_nearly_nearest(number[part], found["distance"][part])]
                pairs = number[part], keys.frames[part]
                gathered.append(_Hits(video, views[view[part[0]]], registered, *pairs))
        return sorted(gathered, key=_most_first)[:MOST_LOOKED_AT], bool(answer.more.any())

    def _by_keypoints(self, upload: VideoSignals) -> Iterator[VideoMatch]:
        """Yield what matches by the keypoints of chosen frames."""
        slots, hits = self._slots, self._keypoint_hits(upload.keypoints)
        times = np.array([frame.time for frame in upload.keypoints], np.float64)
        for (slot, mirrored), those in hits.items():
            if video := slots.get(slot):
                run = keypoint_run(those, (times, float(upload.duration)), video.chosen)
                if suffices([run], upload.duration, video.duration, len(video.chosen)):
                    view = FrameView.MIRRORED if mirrored else FrameView.WHOLE
                    yield VideoMatch(id=video.id, view=view, runs=(run,))

    def _keypoint_hits(
        self, frames: Sequence[KeypointFrame]
    ) -> dict[tuple[int, bool], list[KeypointHit]]:
        hits: dict[tuple[int, bool], list[KeypointHit]] = {}
        for number, frame in enumerate(frames):
            for match in self._keypoints.search([frame.look], limit=KEYPOINT_LIMIT):
                slot, partner = divmod(match.id, 1 << CHOSEN_BITS)
                hit = KeypointHit.of(number, partner, match)
                hits.setdefault((slot, match.agreement.view.mirrored), []).append(hit)
        return hits

    def _like(self, picture: "PictureSignals") -> Iterator[VideoMatch]:
        """Yield the videos of which a frame is near the picture, whole or in a view."""
        looks = {"whole": picture.dihedral, **{v.view: v.dihedral for v in picture.views}}
        names = [name for name, signals in looks.items() for _ in signals]
        rows = signals_to_array(signal for signals in looks.values() for signal in signals)
        slots = self._slots
        found = self._frames.search(rows, MATCH_DISTANCE, limit=FRAME_LIMIT).rows
        keys = Keys.read(found["id"])
        for query, distance, number, frame in zip(
            found["query"], found["distance"].tolist(), *map(np.ndarray.tolist, keys), strict=True
        ):
            if video := slots.get(slot_of(number)):
                time = video.strips[view_of(number)].times[frame]
                run = lone_run(time, score([distance], len(rows)), distance=distance)
                yield VideoMatch(id=video.id, view=names[query], runs=(run,))

    def _in(self, looks: Sequence[KeypointLook]) -> Iterator[VideoMatch]:
        """Yield the videos of which a frame lies in the picture, by keypoints."""
        slots = self._slots
        for match in self._keypoints.search(looks, limit=KEYPOINT_LIMIT):
            slot, partner = divmod(match.id, 1 << CHOSEN_BITS)
            video = slots.get(slot)
            if video and telling(match):
                votes = match.agreement.votes
                run = lone_run(
                    video.chosen[partner], keypoint_score([votes], len(looks)), votes=votes
                )
                if run.score >= SURE:
                    yield VideoMatch(id=video.id, view=match.look, runs=(run,))


def _runs(upload: Strip, hits: _Hits) -> Iterator[Run]:
    """Yield one run after the other, each from the near frames that no run has explained."""
    theirs, ours = upload.times[hits.numbers], hits.registered.times[hits.partners]
    for _ in range(MOST_RUNS):
        if not theirs.size:
            return
        line = propose(theirs, ours)
        left = np.abs(line.speed * theirs + line.offset - ours) > 2 * JITTER
        for run in follow(upload, hits.registered, line):
            yield run
            left &= (theirs < run.begin) | (theirs > run.end)
        theirs, ours = theirs[left], ours[left]


def _grouped(groups: NDArray[np.int64], distances: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Return the rows of each group, nearest first."""
    order = np.lexsort((distances, groups))
    parts = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    return [part for part in parts if len(part)]


def _nearly_nearest(numbers: NDArray[np.int64], distances: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the partners of each frame that are about as near as its nearest.

    Neighbours in a slow scene are near as well, and would blur the line.
    """
    nearest = np.full(numbers.max() + 1, LARGEST_DISTANCE)
    np.minimum.at(nearest, numbers, distances)
    return np.asarray(distances <= nearest[numbers] + ABOUT_AS_NEAR)


def _most_first(hits: _Hits) -> int:
    return -len(np.unique(hits.numbers))
