"""What a matcher remembers across restarts, in one SQLite file.

Entries of every bank that is followed, and how far each feed was read; ``outbox.py`` keeps
in the same file what must still be said to a hub. A page's records, its cursor and the
confirmations it asks for are one transaction, written through to the disk. What is deleted
is overwritten with zeros.

Holds signals: the file is readable by its user only and belongs on an encrypted disk.
"""

import fcntl
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from takeback.errors import Conflict, IntegrityFailure, NotReady
from takeback.exchange.follow import Position
from takeback.exchange.wire import Ask, BankName, FeedPage
from takeback.matcher.payloads import UNDERSTOOD
from takeback.matcher.reading import Arrivals, Change, Reading
from takeback.matcher.schema import prepare

LOAD_ROWS: Final = 250_000
"""Most entries loaded in one piece at start …"""

LOAD_BYTES: Final = 256 * 1024 * 1024
"""… and about as many bytes of signals."""

FETCH_ROWS: Final = 5_000
"""Rows taken from the file at once while loading."""

HELD_ROWS: Final = 5_000
"""Entries asked for in one statement."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of one entry beside its signal."""

    id: int
    """Ours, for as long as the state file lives; the indexes know it by that."""

    source: int
    number: str
    view: str
    bank: BankName
    ask: Ask

    @property
    def vouched(self) -> bool:
        """Whether the hub asks for removal, as it does only of what was vouched for."""
        return self.ask == "remove"


class State:
    """The open state file. Safe to use from several threads of one process."""

    def __init__(self, directory: Path) -> None:
        """Open or create ``matcher.db`` in *directory*.

        Raises:
            Conflict: another matcher uses the directory.
            IntegrityFailure: the file is no state file, or one of a later release.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock_file = _lock(directory / "matcher.lock")
        self._path = directory / "matcher.db"
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        self._unwiped = False
        self._writing, self._reading = threading.RLock(), threading.Lock()
        try:
            self._writer = _connect(self._path)
            prepare(self._writer)
            self._reader = _connect(self._path)
        except sqlite3.DatabaseError:
            raise IntegrityFailure("the matcher's state file is damaged") from None

    def close(self) -> None:
        """Close the file and let another matcher use the directory."""
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()
            os.close(self._lock_file)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write everything inside or nothing; on the disk when this returns.

        Raises:
            NotReady: the file can't be written now, for example because the disk is full.
        """
        with self._writing:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except sqlite3.OperationalError as problem:
                raise NotReady(f"the state file can't be written: {problem}") from None
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return what *sql* selects; sees only what is committed."""
        with self._reading:
            return self._reader.execute(sql, parameters).fetchall()

    # Sources

    def source(self, url: str) -> int:
        """Return the number of the source at *url*, new or known."""
        with self.transaction() as db:
            db.execute("INSERT OR IGNORE INTO sources (url) VALUES (?)", (url,))
            (number,) = db.execute("SELECT id FROM sources WHERE url = ?", (url,)).fetchone()
        return int(number)

    def keep_entries_of(self, sources: Iterable[int]) -> None:
        """Delete the entries of every other source; what is to be sent to it stays."""
        kept = json.dumps(list(sources))
        with self.transaction() as db:
            db.execute(
                "DELETE FROM entries WHERE source NOT IN (SELECT value FROM json_each(?))", (kept,)
            )
            db.execute(
                "UPDATE sources SET cursor = NULL, epoch = NULL, fresh_at = NULL,"
                " complete_generation = 0 WHERE id NOT IN (SELECT value FROM json_each(?))",
                (kept,),
            )
        self.wipe()

    def secret(self, name: str) -> bytes:
        """Return 32 random bytes, made once for this file."""
        with self.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO secrets (name, value) VALUES (?, randomblob(32))", (name,)
            )
            (value,) = db.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
        return bytes(value)

    def position(self, source: int) -> Position:
        """Return how far the source's feed was read."""
        cursor, epoch, complete = self.read(
            "SELECT cursor, epoch, generation = complete_generation FROM sources WHERE id = ?",
            (source,),
        )[0]
        return Position(cursor, epoch, bool(complete))

    def ever_complete(self, source: int) -> bool:
        """Tell whether the source's bank was read to its end at least once."""
        rows = self.read("SELECT complete_generation FROM sources WHERE id = ?", (source,))
        return bool(rows[0][0])

    def fresh_at(self, source: int) -> datetime | None:
        """Return when the source was last up to date, as far as is remembered."""
        ((seconds,),) = self.read("SELECT fresh_at FROM sources WHERE id = ?", (source,))
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

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
            (busy, _, _) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._unwiped = bool(busy)

    def load(self) -> Iterator[Arrivals]:
        """Read the id, type and payload of every entry, in large pieces."""
        with self._reading:
            rows = self._reader.execute("SELECT id, type, payload FROM entries ORDER BY id")
            piece, count, size = Arrivals(), 0, 0
            while some := rows.fetchmany(FETCH_ROWS):
                for entry, kind, payload in some:
                    piece.setdefault(kind, []).append((entry, payload))
                    size += len(payload)
                count += len(some)
                if count >= LOAD_ROWS or size >= LOAD_BYTES:
                    yield piece
                    piece, count, size = Arrivals(), 0, 0
            if piece:
                yield piece

    def size(self) -> int:
        """Count the entries."""
        return int(self.read("SELECT count(*) FROM entries")[0][0])

    def held(self, ids: Sequence[int]) -> dict[int, Held]:
        """Return what is known of the entries; one that is gone is left out."""
        found: dict[int, Held] = {}
        for begin in range(0, len(ids), HELD_ROWS):
            wanted = json.dumps(ids[begin : begin + HELD_ROWS])
            rows = self.read(
                "SELECT id, source, lower(hex(number)), view, bank, ask FROM entries"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (wanted,),
            )
            found |= {row[0]: Held(*row) for row in rows}
        return found

    def sources_of(self, number: str) -> list[int]:
        """Return the sources that hold an entry of this number."""
        rows = self.read("SELECT source FROM entries WHERE number = ?", (bytes.fromhex(number),))
        return [row[0] for row in rows]

    def signal_of(self, source: int, number: str) -> str | None:
        """Return an entry's signal in hexadecimal, or None when it is gone."""
        rows = self.read(
            "SELECT lower(hex(payload)) FROM entries WHERE source = ? AND number = ?",
            (source, bytes.fromhex(number)),
        )
        return rows[0][0] if rows else None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _lock(path: Path) -> int:
    """Hold *path* locked until the process ends, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise Conflict("another matcher uses this data directory") from None
    return descriptor
