"""When a keypoint index changes its ways: the sizes, and what is merged when."""

from collections.abc import Sequence
from dataclasses import dataclass

from takeback.matching.exact.merge import run_of_small
from takeback.matching.keypoints.segment import KeypointSegment
from takeback.matching.keypoints.tables import LAYOUTS, Layouts


@dataclass(frozen=True, slots=True)
class KeypointPolicy:
    """Sizes at which a keypoint index changes its ways; the defaults are measured."""

    tail_rows: int = 1280
    """Rows of the segment that is compared as a whole, and copied with each addition."""

    ratio: int = 8
    """A segment is merged with a run of smaller ones once they hold one in so many of its pictures.
    Every search costs half a millisecond for each segment, every merge rewrites it."""

    most_ended: float = 0.25
    """A segment with a larger share of ended pictures is rewritten without them."""

    erase_after: float = 24 * 3600.0
    """Seconds after which what has ended is to leave the disk, at latest."""

    layouts: Layouts = LAYOUTS
    """From how many rows on which layout is used, largest first."""

    def due(self, segments: Sequence[KeypointSegment]) -> list[KeypointSegment]:
        """Choose the segments to merge next; none if the index is settled."""
        if len(run := run_of_small(segments, self.ratio)) > 1:
            return run
        return next(([segment] for segment in segments if self._is_outdated(segment)), [])

    def _is_outdated(self, segment: KeypointSegment) -> bool:
        return len(segment.ids) - segment.lasting > self.most_ended * len(segment.ids)
