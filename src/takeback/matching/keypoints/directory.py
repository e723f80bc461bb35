"""A keypoint index in a directory: one process writes it, any number follow.

The files, and what is done when, are those of every index on disk, see ``matching/disk``.
"""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from takeback.errors import IntegrityFailure, NotReady
from takeback.matching.disk.copying import Copying
from takeback.matching.disk.files import DAMAGED
from takeback.matching.disk.follower import Follower, Loading
from takeback.matching.disk.log import Record
from takeback.matching.disk.shared import SharedFile, counted
from takeback.matching.disk.store import Store
from takeback.matching.exact.segment import Ids, Positions
from takeback.matching.keypoints.keeping import Change, without
from takeback.matching.keypoints.policy import KeypointPolicy
from takeback.matching.keypoints.rows import KeypointRows
from takeback.matching.keypoints.segment import KeypointSegment, segment_of
from takeback.matching.keypoints.tail import KeypointTail

KIND: Final = "keypoints"


class OnDisk:
    """In a directory, which this process alone writes.

    Args:
        store: just opened.
        tail_rows: of its tail.
        erase_after: seconds after which what has ended is to leave the disk.

    Raises:
        NotReady: the disk is full.
    """

    def __init__(self, store: Store[KeypointSegment], tail_rows: int, erase_after: float) -> None:
        self.store, self._rows, self._erase_after = store, tail_rows, erase_after
        self._upto = store.seq
        self.replacements = 0
        pending = tail_of(store.pending)
        self._shared = self._new_tail(len(pending.ids))
        self.tail = KeypointTail.of(self._shared.arrays)
        shown = pending.shown()
        kept = shown.remaining()
        self.tail.append(shown.ids[kept], shown.rows.take(kept))
        self._shared.show(self.tail.count)
        store.swap(store.places, self._shared)
        store.show()

    @classmethod
    def open(cls, directory: Path, tail_rows: int, erase_after: float) -> "OnDisk":
        """Open a directory, or make it.

        Raises:
            Conflict: another process writes it, or it holds something else.
            IntegrityFailure: something in it is damaged.
            NotReady: the disk is full.
        """
        store = Store.open(directory, KIND, KeypointSegment.of)
        try:
            return cls(store, tail_rows, erase_after)
        except BaseException:
            store.close()
            raise

    @property
    def segments(self) -> tuple[KeypointSegment, ...]:
        """Return the segments that are the index."""
        return tuple(self.store.places)

    @property
    def mark(self) -> int:
        """Return the mark of the last change."""
        return self.store.mark

    def must_flush(self) -> bool:
        """Tell whether the log has become long, or old."""
        return self.store.log_is_long or self.store.log_is_old(self._erase_after)

    def append(self, change: Change) -> None:
        """Add what comes to the log, then to the tail."""
        self.store.log(change.mark, change.gone, change.ids, change.rows.pack())
        self.tail.append(change.ids, change.rows)
        self._shared.show(self.tail.count)

    def flush(self, fresh: Sequence[KeypointSegment], change: Change) -> None:
        """Begin an empty tail, and add segments that hold what it held and what comes."""
        record = self.store.next_record(change.mark, change.gone, change.ids)
        stowed: list[KeypointSegment] = []
        tail = self._new_tail()
        try:
            for segment in fresh:
                stowed.append(self._stowed(segment, record.seq))
            self.store.swap([*self.segments, *stowed], tail, record)
        except NotReady:
            self._discard(stowed, tail)
            raise
        self._shared, self.tail = tail, KeypointTail.of(tail.arrays)

    def show_replacing(self) -> None:
        """Tell every process that pictures will end which can be found anew already."""
        self.replacements += 1
        self.store.show_replacing()

    def end(self, segment: KeypointSegment, positions: Positions) -> None:
        """End pictures, for every process at once; those of the tail are overwritten too."""
        if segment.tabled:
            self.store.end(segment, positions)
        else:
            segment.end(positions)
            segment.overwrite(positions)

    def forget(self, ids: Ids) -> None:
        """Leave it to merges: nobody writes to segments."""

    def show_mark(self, mark: int) -> None:
        """Tell every process that all of the last change can be seen.

        Raises:
            NotReady: the disk is full, and what is shown might not last.
        """
        self.store.show()
        self.store.confirm()

    def begin_merge(self) -> None:
        """Note the last change that a merge contains."""
        self._upto = self.store.seq

    def overdue(self) -> list[KeypointSegment]:
        """Return the segments in which something ended too long ago."""
        return self.store.overdue(self._erase_after)

    def stow(self, merged: KeypointSegment) -> KeypointSegment:
        """Write a merged segment; nobody sees it yet."""
        return self._stowed(merged, self._upto) if len(merged.ids) else merged

    def swap(self, sources: Sequence[KeypointSegment], merged: KeypointSegment | None) -> None:
        """Put a merged segment, or nothing, in the place of its sources."""
        try:
            self.store.swap(without(self.segments, sources, merged), self._shared)
        finally:
            self.store.discard_fresh()

    def tidying(self, writing: threading.Lock) -> Copying[KeypointSegment]:
        """Return what copies the marks of what has ended, so that old logs can go."""
        return Copying(self.store, writing, self._erase_after)

    def close(self) -> None:
        """Let go of the directory."""
        self.store.close()

    def _new_tail(self, least: int = 0) -> SharedFile:
        return self.store.tail(KeypointTail.columns(max(self._rows, least)), {})

    def _stowed(self, segment: KeypointSegment, upto: int) -> KeypointSegment:
        return self.store.stow(segment.attributes, segment.arrays, len(segment.ids), upto)

    def _discard(self, stowed: Sequence[KeypointSegment], tail: SharedFile) -> None:
        for segment in stowed:
            self.store.discard(segment)
        self.store.discard_tail(tail)


class FollowedTail:
    """The tail that another process adds to."""

    def __init__(self, file: SharedFile) -> None:
        self._file = file
        self._tail = KeypointTail.of(file.arrays)
        self._shown = self._tail.shown(0)

    def shown(self) -> KeypointSegment:
        """Return the pictures that are there now.

        Raises:
            IntegrityFailure: they can't lie where the file says.
        """
        count = counted(self._file.cell, len(self._tail.ids))
        if len(self._shown.ids) != count:
            if not self._tail.holds(count):
                raise IntegrityFailure(DAMAGED.format("the tail"))
            self._shown = self._tail.shown(count)
        return self._shown


def tail_of(records: Sequence[Record]) -> KeypointTail:
    """Return what changes leave, in memory."""
    every = [(each, KeypointRows.unpack(each.payload, len(each.ids))) for each in records]
    tail = KeypointTail.of_size(sum(max(len(rows), len(rows.words)) for _, rows in every))
    for record, rows in every:
        shown = tail.shown()
        _, positions = shown.find(np.union1d(record.gone, record.ids))
        shown.end(positions)
        tail.append(record.ids, rows)
    return tail


Followed = Follower[KeypointSegment, FollowedTail | KeypointTail]


def followed(directory: Path, *, noting: bool = True) -> Followed:
    """Open a directory for reading; see ``FollowedIndex.open``.

    Raises:
        NotReady: there is nothing whole there yet.
        IntegrityFailure: something is damaged.
        Conflict: it holds something else.
    """
    loading = Loading[KeypointSegment, FollowedTail | KeypointTail](
        KeypointSegment.of, FollowedTail, tail_of
    )
    return Follower(directory, KIND, loading, noting=noting)


def build(
    directory: Path, pieces: Iterable[tuple[Ids, KeypointRows]], policy: KeypointPolicy, mark: int
) -> None:
    """Write segments of *pieces*, in place of what is in a directory; see ``index.build``."""
    store: Store[KeypointSegment] = Store.anew(directory, KIND, KeypointSegment.of)
    try:
        stowed = []
        for ids, rows in ((ids, rows) for ids, rows in pieces if len(ids)):
            segment = segment_of(ids, rows, policy.layouts)
            stowed.append(store.stow(segment.attributes, segment.arrays, len(ids), store.seq))
        store.mark = mark
        store.swap(stowed, store.tail(KeypointTail.columns(policy.tail_rows), {}))
        store.show()
        store.confirm()
    finally:
        store.close()
