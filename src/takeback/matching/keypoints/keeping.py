"""Where a keypoint index keeps its segments and its tail: here, in memory.

``directory.py`` keeps them in a directory.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from takeback.matching.exact.segment import Ids, Positions
from takeback.matching.keypoints.rows import KeypointRows
from takeback.matching.keypoints.segment import KeypointSegment
from takeback.matching.keypoints.tail import KeypointTail
from takeback.matching.merger import Tidying


class Change(NamedTuple):
    """One step: entries that leave, then entries that come."""

    gone: Ids
    """Ascending."""

    ids: Ids
    """Ascending."""

    rows: KeypointRows
    mark: int


class Keeping(Protocol):
    """What an index asks of the place where it is kept. Its lock is held all the while."""

    @property
    def tail(self) -> KeypointTail:
        """Return the newest pictures."""

    @property
    def segments(self) -> tuple[KeypointSegment, ...]:
        """Return all others."""

    @property
    def mark(self) -> int:
        """Return the mark of the last change."""

    @property
    def replacements(self) -> int:
        """Return how often ``show_replacing`` was called."""

    def must_flush(self) -> bool:
        """Tell whether the tail must become a segment though it has room."""

    def append(self, change: Change) -> None:
        """Add what comes to the tail."""

    def flush(self, fresh: Sequence[KeypointSegment], change: Change) -> None:
        """Begin an empty tail, and add segments that hold what it held and what comes."""

    def show_replacing(self) -> None:
        """Tell searches that pictures will end which can be found anew already."""

    def end(self, segment: KeypointSegment, positions: Positions) -> None:
        """End pictures."""

    def forget(self, ids: Ids) -> None:
        """Let go of the keypoints of pictures that have ended."""

    def show_mark(self, mark: int) -> None:
        """Tell everyone that all of a change can be seen."""

    def begin_merge(self) -> None:
        """Note that a merge of what is there now may begin."""

    def overdue(self) -> list[KeypointSegment]:
        """Return segments in which something ended long enough ago."""

    def stow(self, merged: KeypointSegment) -> KeypointSegment:
        """Bring a merged segment here; nobody sees it yet. The lock is not held."""

    def swap(self, sources: Sequence[KeypointSegment], merged: KeypointSegment | None) -> None:
        """Put a merged segment, or nothing, in the place of its sources."""

    def tidying(self, writing: threading.Lock) -> Tidying | None:
        """Return what else is to be done in the background."""

    def close(self) -> None:
        """Let go of it."""


class InMemory:
    """In the memory of one process."""

    def __init__(self, tail_rows: int) -> None:
        self._rows = tail_rows
        self.tail = KeypointTail.of_size(tail_rows)
        self.segments: tuple[KeypointSegment, ...] = ()
        self.mark = 0
        self.replacements = 0

    def must_flush(self) -> bool:
        """Never."""
        return False

    def append(self, change: Change) -> None:
        """Add what comes to the tail."""
        self.tail.append(change.ids, change.rows)

    def flush(self, fresh: Sequence[KeypointSegment], change: Change) -> None:
        """Begin an empty tail, and add segments that hold what it held and what comes."""
        self.segments = (*self.segments, *fresh)
        self.tail = KeypointTail.of_size(self._rows)

    def show_replacing(self) -> None:
        """Count it."""
        self.replacements += 1

    def end(self, segment: KeypointSegment, positions: Positions) -> None:
        """End pictures."""
        segment.end(positions)

    def forget(self, ids: Ids) -> None:
        """Overwrite the keypoints of pictures that have ended, also of those they replaced."""
        for segment in (self.tail.shown(), *self.segments):
            segment.overwrite(segment.ended_among(ids))

    def show_mark(self, mark: int) -> None:
        """Note the mark."""
        self.mark = mark

    def begin_merge(self) -> None:
        """Do nothing."""

    def overdue(self) -> list[KeypointSegment]:
        """Return nothing: what ended was overwritten."""
        return []

    def stow(self, merged: KeypointSegment) -> KeypointSegment:
        """Return it as it is."""
        return merged

    def swap(self, sources: Sequence[KeypointSegment], merged: KeypointSegment | None) -> None:
        """Put a merged segment, or nothing, in the place of its sources."""
        self.segments = without(self.segments, sources, merged)

    def tidying(self, writing: threading.Lock) -> None:
        """Return nothing."""

    def close(self) -> None:
        """Do nothing: it is gone with the index."""


def without(
    segments: Sequence[KeypointSegment],
    sources: Sequence[KeypointSegment],
    merged: KeypointSegment | None,
) -> tuple[KeypointSegment, ...]:
    """Return *segments* with a merged one, if there is one, in the place of its sources."""
    others = tuple(segment for segment in segments if segment not in sources)
    return others if merged is None else (*others, merged)
