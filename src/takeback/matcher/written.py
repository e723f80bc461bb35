"""The banks as the keeper writes them: on the disk, with every page, before it is committed."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from takeback.errors import IntegrityFailure
from takeback.hashing.signal_types import SignalType
from takeback.matcher.banks import DAMAGED, unpacked
from takeback.matcher.log import log
from takeback.matcher.reading import Arrivals, Change
from takeback.matcher.state import State
from takeback.matcher.unfinished import Note
from takeback.matching.lookup.indexes import (
    KEYPOINTS,
    SIGNALS,
    Identity,
    Indexes,
    Piece,
    build,
    identity,
)

ON_DISK: Final = (SignalType.PDQ, SignalType.KEYPOINTS)

LARGEST_PAGE: Final = 100_000
"""No page has more entries."""

WITHDRAWN: Final = "index.withdrawn"
"""File that notes what the last page withdrew."""


@dataclass(slots=True)
class WrittenBanks:
    """The indexes in the hands of the one process that writes them.

    Each change has a number, which is the indexes' mark: the state file's count of changes is
    never above it, and one below it where a page was written here and not committed.
    """

    directory: Path
    state: State
    indexes: Indexes
    _last: int
    """Number of the last change that was begun and not taken back."""

    _note: Note
    _made: Identity
    """Of the indexes that are written."""

    _damaged: bool = False

    @classmethod
    def open(cls, directory: Path, state: State) -> "WrittenBanks":
        """Open the indexes, or make them anew from the state file where they don't go with it.

        Raises:
            IntegrityFailure: they are damaged, and made anew by whoever opens them next.
            NotReady: the disk is full.
        """
        indexes = _opened(directory, state)
        if indexes is None:
            indexes = _made_anew(directory, state)
        note = Note(directory / WITHDRAWN)
        banks = cls(directory, state, indexes, _highest_mark(indexes), note, identity(directory))
        try:
            banks._take_back_unfinished()
        except BaseException:
            banks.close()
            raise
        return banks

    @property
    def lost(self) -> bool:
        """Whether some process found them damaged, or others lie in their place."""
        damaged = self._damaged or (self.directory / DAMAGED).exists()
        return damaged or identity(self.directory) != self._made

    def apply(self, change: Change) -> None:
        """Withdraw what is gone, and add what is new; on the disk when this returns.

        Raises:
            IntegrityFailure: the indexes are damaged.
            NotReady: the disk is full.
        """
        self._take_back_unfinished()
        if not change.number:
            return
        if change.gone:
            self._note.write(change.number, change.gone)
        self._last = change.number
        self._change(change.gone, change.new, change.number)

    def _take_back_unfinished(self) -> None:
        """Undo the last change if it was not committed.

        What came with it leaves, because its ids are given again. What it withdrew and the state
        file still holds comes back: the page may be another when it is read again.
        """
        committed = self.state.changes()
        if committed == self._last:
            return
        first = self.state.newest() + 1
        self._change(list(range(first, first + LARGEST_PAGE)), {}, self._last)
        for piece in self.state.still_held(self._noted()):
            self._change([], piece, self._last)
        self._last = committed

    def _noted(self) -> list[int]:
        with self._seeing_damage():
            return self._note.gone(self._last)

    def _change(self, gone: list[int], new: Arrivals, number: int) -> None:
        pieces: Mapping[str, Piece] = {kind: unpacked(kind, new.get(kind, [])) for kind in ON_DISK}
        with self._seeing_damage():
            self.indexes.change(gone, pieces, number)

    @contextmanager
    def _seeing_damage(self) -> Iterator[None]:
        try:
            yield
        except IntegrityFailure:
            self._damaged = True
            raise

    def close(self) -> None:
        """Let another process write them."""
        self.indexes.close()
        if self._damaged:
            (self.directory / DAMAGED).touch(0o600)


def remove(directory: Path) -> None:
    """Remove the indexes: nothing is followed any more."""
    for name in (SIGNALS, KEYPOINTS):
        shutil.rmtree(directory / name, ignore_errors=True)
    (directory / WITHDRAWN).unlink(missing_ok=True)


def _opened(directory: Path, state: State) -> Indexes | None:
    """Open the indexes if they are whole and go with the state file."""
    if (directory / DAMAGED).exists():
        return None
    try:
        indexes = Indexes.open(directory)
    except IntegrityFailure:
        log().error("index.damaged")
        return None
    changes = state.changes()
    if changes <= indexes.mark and _highest_mark(indexes) <= changes + 1:
        return indexes
    indexes.close()
    return None


def _made_anew(directory: Path, state: State) -> Indexes:
    log().warning("index.building")
    pieces: Mapping[str, Iterator[Piece]] = {kind: _pieces(state, kind) for kind in ON_DISK}
    build(directory, pieces, state.changes())
    (directory / DAMAGED).unlink(missing_ok=True)
    log().warning("index.built")
    return Indexes.open(directory)


def _pieces(state: State, kind: SignalType) -> Iterator[Piece]:
    """Return all entries of one type, and say how far it is."""
    written = 0
    for piece in state.load([kind]):
        yield unpacked(kind, piece[kind])
        written += len(piece[kind])
        log().info("bank.loading", type=kind, entries=written)


def _highest_mark(indexes: Indexes) -> int:
    return max(indexes.signals.mark, indexes.keypoints.mark)
