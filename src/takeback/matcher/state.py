"""What a matcher remembers across restarts, in one SQLite file: the keeper's side of it.

Entries of every bank that is followed, and how far each feed was read; ``outbox.py`` keeps
in the same file what must still be said to a hub. A page's records, its cursor and the
confirmations it asks for are one transaction, written through to the disk. What is deleted
is overwritten with zeros.

Holds signals: the file is readable by its user only and belongs on an encrypted disk.
"""

import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Final

from takeback.errors import BadSettings, Conflict
from takeback.exchange.wire import FeedPage
from takeback.matcher.payloads import UNDERSTOOD
from takeback.matcher.reading import Change, Reading, numbered
from takeback.matcher.schema import prepare
from takeback.matcher.statereader import (
    BUSY_SECONDS,
    FILE_NAME,
    Held,
    StateReader,
    connect,
    opening,
)

__all__ = ["Held", "State"]

LEAVE_ROWS: Final = 50_000
"""Entries of a source that is left out, deleted at once."""

WIPE_SECONDS: Final = 0.2
"""How long overwriting beside the file waits for readers; it is tried again later."""


class State(StateReader):
    """The open state file in the hands of the one process that keeps it."""

    def __init__(self, directory: Path) -> None:
        """Open or create ``matcher.db`` in *directory*.

        Raises:
            Conflict: another process keeps the directory.
            IntegrityFailure: the file is no state file, or one of a later release.
            NotReady: it can't be opened now, for example because the disk is full.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock_file = _lock(directory / "matcher.lock")
        self._path = directory / FILE_NAME
        self._unwiped = False
        self._writing, self._reading = threading.RLock(), threading.Lock()
        try:
            with opening():
                self._writer = connect(self._path)
                prepare(self._writer)
                self._reader = connect(self._path)
        except BaseException:
            os.close(self._lock_file)
            raise

    def close(self, *others: Callable[[], None]) -> None:
        """Close the file, then *others*, and let another process keep the directory."""
        with ExitStack() as stack:
            stack.callback(os.close, self._lock_file)
            for close in (*reversed(others), super().close):
                stack.callback(close)

    def secret(self, name: str) -> bytes:
        """Return 32 random bytes, made once for this file."""
        with self.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO secrets (name, value) VALUES (?, randomblob(32))", (name,)
            )
            (value,) = db.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
        return bytes(value)

    # Sources

    def keep_entries_of(
        self, sources: Iterable[int], apply: Callable[[Change], None] = lambda _: None
    ) -> None:
        """Delete the entries of every other source; what is to be sent to it stays.

        Args:
            sources: those that are followed.
            apply: changes the index, before anything commits.
        """
        kept = json.dumps(list(sources))
        others = self.read(
            "SELECT id FROM sources WHERE id NOT IN (SELECT value FROM json_each(?))", (kept,)
        )
        for (source,) in others:
            self._forget_reading(source)
            while self._leave(source, apply):
                pass
        self.wipe()

    def _forget_reading(self, source: int) -> None:
        """Have a source read from the start if it is followed again, first of all.

        A crash may leave some of its entries and not others.
        """
        with self.transaction() as db:
            db.execute(
                "UPDATE sources SET cursor = NULL, epoch = NULL, fresh_at = NULL,"
                " generation = generation + 1, complete_generation = 0 WHERE id = ?",
                (source,),
            )

    def _leave(self, source: int, apply: Callable[[Change], None]) -> bool:
        """Delete some entries of a source; tell whether there were any."""
        change = Change()
        with self.transaction() as db:
            rows = db.execute(
                "DELETE FROM entries WHERE id IN"
                " (SELECT id FROM entries WHERE source = ? LIMIT ?) RETURNING id, type",
                (source, LEAVE_ROWS),
            )
            change.leave(rows.fetchall())
            apply(numbered(db, change))
        return bool(change.gone)

    def restart(self, source: int) -> None:
        """Begin a new reading from the start, over the entries that are held."""
        with self.transaction() as db:
            db.execute(
                "UPDATE sources SET cursor = NULL, epoch = NULL, generation = generation + 1,"
                " types = ? WHERE id = ?",
                (UNDERSTOOD, source),
            )

    def reread(self, source: int) -> bool:
        """Begin a new reading if this release understands other types than the last did.

        What an earlier release skipped is in no later page of the feed.
        """
        ((types,),) = self.read("SELECT types FROM sources WHERE id = ?", (source,))
        if types != UNDERSTOOD:
            self.restart(source)
        return bool(types != UNDERSTOOD)

    # Entries

    def take(
        self, source: int, page: FeedPage, now: datetime, apply: Callable[[Change], None]
    ) -> None:
        """Apply a page whole or not at all.

        Args:
            source: whose page it is.
            page: what was read.
            now: when; remembered as fresh when the page is the last.
            apply: changes the index, before anything commits: nobody can be told of a
                withdrawal that the index does not know yet, and where the index fails the
                page is read again. What it learns too early is found by nobody, because
                :meth:`held` knows only what is committed.
        """
        with self.transaction() as db:
            change = Reading.of(db, source).apply(page, now)
            apply(change)
        if change.gone or self._unwiped:
            self.wipe()

    def wipe(self) -> None:
        """Overwrite deleted rows beside the file too; later if a reader is in the way."""
        with self._writing:
            self._writer.execute(f"PRAGMA busy_timeout = {int(WIPE_SECONDS * 1000)}")
            (busy, _, _) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._writer.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
            self._unwiped = bool(busy)

    def wipe_again(self) -> None:
        """Overwrite what a reader was in the way of, if anything."""
        if self._unwiped:
            self.wipe()


def _lock(path: Path) -> int:
    """Hold *path* locked until the process ends, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Conflict("another matcher uses this data directory") from None
    except OSError as problem:
        os.close(descriptor)
        raise BadSettings(f"keep the data directory on a local disk: {problem.strerror}") from None
    return descriptor
