"""Where an index keeps its rows: in memory alone, or in a directory that other processes map."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from takeback.errors import NotReady
from takeback.matching.disk.log import NO_IDS, Record
from takeback.matching.disk.shared import Columns, SharedFile
from takeback.matching.disk.store import Store
from takeback.matching.exact.layout import Rows
from takeback.matching.exact.merge import Policy
from takeback.matching.exact.segment import Bitmap, Ids, Positions, Segment, Tail

KIND: Final = "signals"


class Change(NamedTuple):
    """One change of an index."""

    gone: Ids
    """Entries that are there and end."""

    ids: Ids
    """Entries that come, or get another signal; ascending."""

    rows: Rows
    mark: int


class Keeping(Protocol):
    """What an index asks of where it keeps its rows."""

    @property
    def mark(self) -> int:
        """Return the mark of the last change."""

    def first(self) -> tuple[list[Segment], Tail]:
        """Return what is there at first."""

    def must_flush(self) -> bool:
        """Tell whether the tail must become a segment though it has room."""

    def keep(self, change: Change) -> None:
        """Make a change lasting, before it is shown, whose rows go to the tail."""

    def flush(
        self, segments: Sequence[Segment], fresh: Segment | None, change: Change, ended: Ids
    ) -> tuple[list[Segment], Tail]:
        """Make *fresh* one of the segments, with a new tail; it has the tail's rows and *change*'s.

        *ended* are the ids of rows in older segments that the change ends.
        """

    def end(self, place: Tail | Segment, positions: Positions) -> None:
        """Hide rows from every search that begins from now on."""

    def show_tail(self, tail: Tail) -> None:
        """Let everyone see the rows that came to the tail."""

    def show_replacing(self) -> None:
        """Tell every search that rows will end whose ids can be found anew already."""

    def show_mark(self) -> None:
        """Tell everyone that all of the change can be seen."""

    def begin_merge(self) -> None:
        """Note that a merge of what is there now may begin."""

    def stow(self, merged: Segment) -> Segment:
        """Put a merged segment where it stays."""

    def swap(self, segments: Sequence[Segment]) -> None:
        """Let *segments* be those that are searched."""

    def overdue(self) -> list[Segment]:
        """Return segments whose ended rows have been kept long enough."""

    def close(self) -> None:
        """Keep no more."""


class InMemory:
    """Rows of one process. What ends is overwritten at once."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.mark = 0

    def first(self) -> tuple[list[Segment], Tail]:
        """Begin with nothing."""
        return [], Tail.empty(self._policy.tail_rows)

    def must_flush(self) -> bool:
        """Never."""
        return False

    def keep(self, change: Change) -> None:
        """Note the mark."""
        self.mark = change.mark

    def flush(
        self, segments: Sequence[Segment], fresh: Segment | None, change: Change, ended: Ids
    ) -> tuple[list[Segment], Tail]:
        """Take *fresh* as it is."""
        self.mark = change.mark
        return [*segments, *([fresh] if fresh else [])], Tail.empty(self._policy.tail_rows)

    def end(self, place: Tail | Segment, positions: Positions) -> None:
        """Hide rows, and put random bits in their place."""
        place.end(positions)
        place.overwrite(positions, _noise(len(positions)))

    def show_tail(self, tail: Tail) -> None:
        """Do nothing: the index's snapshot shows them."""

    def show_replacing(self) -> None:
        """Do nothing: the index counts by itself."""

    def show_mark(self) -> None:
        """Do nothing: nobody else looks."""

    def begin_merge(self) -> None:
        """Do nothing."""

    def stow(self, merged: Segment) -> Segment:
        """Return it."""
        return merged

    def swap(self, segments: Sequence[Segment]) -> None:
        """Do nothing: the index's snapshot shows them."""

    def overdue(self) -> list[Segment]:
        """Return nothing: it was overwritten."""
        return []

    def close(self) -> None:
        """Do nothing."""


class OnDisk:
    """Rows in a directory, of which this is the one writer.

    Raises:
        Conflict: another process writes it.
        IntegrityFailure: something in it is damaged.
        NotReady: the disk is full.
    """

    def __init__(self, directory: Path, policy: Policy) -> None:
        self._policy = policy
        self.store: Store[Segment] = Store.open(directory, KIND, load)
        self._merged_upto = 0
        self._file: SharedFile

    @property
    def mark(self) -> int:
        """Return the mark of the last change."""
        return self.store.mark

    def first(self) -> tuple[list[Segment], Tail]:
        """Put what was found on the disk where every process sees it."""
        pending = self.store.pending
        rows = max(self._policy.tail_rows, sum(len(record.ids) for record in pending))
        self._file, tail = self._new_tail(rows)
        replay(tail, pending)
        self._file.show(tail.size)
        self.store.swap(self.store.places, self._file)
        self.store.show()
        return self.store.places, tail

    def must_flush(self) -> bool:
        """Tell whether the log has become long, or old."""
        return self.store.log_is_long or self.store.log_is_old(self._policy.erase_after)

    def keep(self, change: Change) -> None:
        """Write the change to the log.

        Raises:
            NotReady: the disk is full; nothing has changed.
        """
        self.store.log(change.mark, change.gone, change.ids, change.rows.tobytes())

    def flush(
        self, segments: Sequence[Segment], fresh: Segment | None, change: Change, ended: Ids
    ) -> tuple[list[Segment], Tail]:
        """Write *fresh* and begin a new log with what the change ends.

        Raises:
            NotReady: the disk is full; nothing has changed.
        """
        record = self.store.next_record(change.mark, ended, NO_IDS)
        file, tail = self._new_tail(self._policy.tail_rows)
        stowed: list[Segment] = []
        try:
            stowed += [self._stow(fresh, record.seq)] if fresh else []
            self.store.swap([*segments, *stowed], file, record)
        except NotReady:
            for segment in stowed:
                self.store.discard(segment)
            self.store.discard_tail(file)
            raise
        self._file = file
        return [*segments, *stowed], tail

    def end(self, place: Tail | Segment, positions: Positions) -> None:
        """Hide rows from every process; those of the tail are overwritten too."""
        if isinstance(place, Segment):
            self.store.end(place, positions)
        else:
            place.end(positions)
            place.overwrite(positions, _noise(len(positions)))

    def show_tail(self, tail: Tail) -> None:
        """Let every process see the rows, all at once."""
        self._file.show(tail.size)

    def show_replacing(self) -> None:
        """Tell every process."""
        self.store.show_replacing()

    def show_mark(self) -> None:
        """Let every process see the mark.

        Raises:
            NotReady: the disk is full, and what is shown might not last.
        """
        self.store.show()
        self.store.confirm()

    def begin_merge(self) -> None:
        """Note the last change that a merge will contain."""
        self._merged_upto = self.store.seq

    def stow(self, merged: Segment) -> Segment:
        """Write a segment and map it.

        Raises:
            NotReady: the disk is full.
        """
        return self._stow(merged, self._merged_upto)

    def swap(self, segments: Sequence[Segment]) -> None:
        """Send every process to *segments*.

        Raises:
            NotReady: the disk is full; nothing has changed.
        """
        try:
            self.store.swap(segments, self._file)
        finally:
            self.store.discard_fresh()

    def overdue(self) -> list[Segment]:
        """Return segments whose ended rows should leave the disk."""
        return self.store.overdue(self._policy.erase_after)

    def close(self) -> None:
        """Let go of the directory."""
        self.store.close()

    def _stow(self, segment: Segment, upto: int) -> Segment:
        attributes, arrays = segment.arrays()
        return self.store.stow(attributes, arrays, len(segment), upto)

    def _new_tail(self, rows: int) -> tuple[SharedFile, Tail]:
        file = self.store.tail(tail_columns(rows), {})
        return file, Tail(file.arrays["ids"], file.arrays["rows"], file.arrays["ended"])


def load(attributes: Any, arrays: Any, words: Bitmap) -> Segment:  # noqa: ANN401
    """Make a segment from its file."""
    return Segment.of(attributes, arrays, words)


def tail_columns(rows: int) -> Columns:
    """Return the arrays of a tail's file."""
    words = -(-rows // 64)
    return {
        "ids": (np.int64, (rows,)),
        "rows": (np.uint64, (rows, 4)),
        "ended": (np.uint64, (words,)),
    }


def replay(tail: Tail, records: Sequence[Record]) -> None:
    """Do to a tail what *records* say."""
    for record in records:
        _, positions = tail.find(np.concatenate([record.gone, record.ids]))
        tail.end(positions)
        rows = np.frombuffer(record.payload, "<u8").astype(np.uint64).reshape(-1, 4)
        tail.append(record.ids, rows)


def _noise(rows: int) -> NDArray[np.uint64]:
    return np.frombuffer(os.urandom(32 * rows), np.uint64).reshape(-1, 4)
