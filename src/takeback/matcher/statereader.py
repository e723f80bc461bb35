"""The state file as every process sees it: what is held, and what goes into the outbox.

Any number of processes read it at once. One of them, the keeper, also writes down what the
feeds say (``state.py``); the others write only what a platform's programs hand to them. A
back-scan writes nothing.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from takeback.errors import IntegrityFailure, NotReady
from takeback.exchange.follow import Position
from takeback.exchange.wire import Ask, BankName
from takeback.matcher.reading import Arrivals
from takeback.matcher.schema import INSTANCE, VERSION, of_types

FILE_NAME: Final = "matcher.db"

LOAD_ROWS: Final = 250_000
"""Most entries loaded in one piece …"""

LOAD_BYTES: Final = 256 * 1024 * 1024
"""… and about as many bytes of signals."""

FETCH_ROWS: Final = 5_000
"""Rows taken from the file at once while loading; no reading of the file lasts longer."""

HELD_ROWS: Final = 5_000
"""Entries asked for in one statement."""

BUSY_SECONDS: Final = 10.0
"""How long another process may hold the file before a write is refused."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of one entry beside its signal."""

    id: int
    """The entry's number in this matcher's state file and indexes; never used twice."""

    source: int
    number: str
    view: str
    bank: BankName
    ask: Ask

    @property
    def vouched(self) -> bool:
        """Whether the hub asks for removal, as it does only of what was vouched for."""
        return self.ask == "remove"


class StateReader:
    """The open state file. Safe to use from several threads of one process."""

    only_read: bool = False
    """Whether nothing may be written, see :meth:`__init__`."""

    def __init__(self, directory: Path, *, only_read: bool = False) -> None:
        """Open ``matcher.db`` in *directory*, which a keeper made.

        Args:
            directory: the matcher's data.
            only_read: leave the file as it is, so that every writing is refused. SQLite still
                needs the two files beside it by which readers and a writer keep clear of each
                other; where no matcher runs it makes them.

        Raises:
            NotReady: there is no such file yet, or it waits to be upgraded.
            IntegrityFailure: the file is no state file, or one of a later release.
        """
        self._path, self.only_read = directory / FILE_NAME, only_read
        self._writing, self._reading = threading.RLock(), threading.Lock()
        if not self._path.exists():
            raise NotReady("there is no state file yet")
        with opening():
            self._open()

    def _open(self) -> None:
        connected = only_reading if self.only_read else connect
        self._reader = connected(self._path)
        (version,) = self._reader.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            self._reader.close()
            if version > VERSION:
                raise IntegrityFailure("the matcher's state file is of another release")
            raise NotReady("the state file waits to be upgraded")
        self._writer = connected(self._path)

    def close(self) -> None:
        """Close the file."""
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()

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

    def version(self) -> int:
        """Return a number that is another one whenever something was written to the file."""
        return int(self.read("PRAGMA data_version")[0][0])

    # Sources

    def source(self, url: str) -> int:
        """Return the number of the source at *url*, new or known."""
        rows = self.read("SELECT id FROM sources WHERE url = ?", (url,))
        if rows:
            return int(rows[0][0])
        with self.transaction() as db:
            db.execute("INSERT OR IGNORE INTO sources (url) VALUES (?)", (url,))
            (number,) = db.execute("SELECT id FROM sources WHERE url = ?", (url,)).fetchone()
        return int(number)

    def sources(self) -> dict[int, str]:
        """Return the address of every source, by its number."""
        return dict(self.read("SELECT id, url FROM sources ORDER BY id"))

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

    def instance(self) -> str:
        """Return what tells this file from every other: ids of one mean nothing in another.

        Raises:
            NotReady: no matcher of this release has opened the file yet.
        """
        rows = self.read("SELECT lower(hex(value)) FROM secrets WHERE name = ?", (INSTANCE,))
        if not rows:
            raise NotReady("the state file waits to be upgraded; start the matcher once")
        return str(rows[0][0])

    # Entries

    def changes(self) -> int:
        """Return how many pages changed the entries so far."""
        return int(self.read("SELECT changes FROM progress")[0][0])

    def newest(self) -> int:
        """Return the highest id that an entry ever had."""
        rows = self.read("SELECT seq FROM sqlite_sequence WHERE name = 'entries'")
        return int(rows[0][0]) if rows else 0

    def departed(self, since: int) -> list[int]:
        """Return the entries held in memory that left after a change, by its number."""
        rows = self.read("SELECT id FROM departed WHERE change > ?", (since,))
        return [row[0] for row in rows]

    def load(self, kinds: Sequence[str] = (), after: int = 0) -> Iterator[Arrivals]:
        """Read the id, type and payload of entries, by their ids, in large pieces.

        Args:
            kinds: of these types of signal only; all where it is empty.
            after: with a larger id only.
        """
        piece, count, size = Arrivals(), 0, 0
        while rows := self._rows(kinds, after):
            for entry, kind, payload in rows:
                piece.setdefault(kind, []).append((entry, payload))
                size += len(payload)
            after = rows[-1][0]
            count += len(rows)
            if count >= LOAD_ROWS or size >= LOAD_BYTES:
                yield piece
                piece, count, size = Arrivals(), 0, 0
        if piece:
            yield piece

    def still_held(self, ids: Sequence[int]) -> Iterator[Arrivals]:
        """Read the id, type and payload of those entries that are not gone, in small pieces."""
        for begin in range(0, len(ids), FETCH_ROWS):
            piece = Arrivals()
            for entry, kind, payload in self.read(
                "SELECT id, type, payload FROM entries"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(ids[begin : begin + FETCH_ROWS]),),
            ):
                piece.setdefault(kind, []).append((entry, payload))
            yield piece

    def _rows(self, kinds: Sequence[str], after: int) -> list[tuple[Any, ...]]:
        only = f" AND {of_types(kinds)}" if kinds else ""
        return self.read(
            f"SELECT id, type, payload FROM entries WHERE id > ?{only} ORDER BY id LIMIT ?",  # noqa: S608 - our own words
            (after, FETCH_ROWS),
        )

    def size(self, kinds: Sequence[str] = ()) -> int:
        """Count the entries, of some types or all."""
        only = f" WHERE {of_types(kinds)}" if kinds else ""
        return int(self.read(f"SELECT count(*) FROM entries{only}")[0][0])  # noqa: S608 - our own words

    def held(self, ids: Sequence[int]) -> dict[int, Held]:
        """Return what is known of the entries; one that is gone is left out."""
        rows = self._among(
            ids,
            "SELECT id, source, lower(hex(number)), view, bank, ask FROM entries"
            " WHERE id IN (SELECT value FROM json_each(?))",
        )
        return {row[0]: Held(*row) for row in rows}

    def vouched(self, ids: Sequence[int]) -> list[int]:
        """Return the entries that are vouched for, ten times as fast as all that is known."""
        rows = self._among(
            ids,
            "SELECT id FROM entries"
            " WHERE id IN (SELECT value FROM json_each(?)) AND ask = 'remove'",
        )
        return [entry for (entry,) in rows]

    def _among(self, ids: Sequence[int], query: str) -> Iterator[Any]:
        for begin in range(0, len(ids), HELD_ROWS):
            yield from self.read(query, (json.dumps(ids[begin : begin + HELD_ROWS]),))

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


@contextmanager
def opening() -> Iterator[None]:
    """Say in our words why the state file can't be opened."""
    try:
        yield
    except sqlite3.OperationalError as problem:
        raise NotReady(f"the state file can't be opened now: {problem}") from None
    except OSError as problem:
        raise NotReady(f"the state file can't be opened now: {problem.strerror}") from None
    except sqlite3.DatabaseError:
        raise IntegrityFailure("the matcher's state file is damaged") from None


def connect(path: Path) -> sqlite3.Connection:
    """Open the file at *path*, readable by its user only."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def only_reading(path: Path) -> sqlite3.Connection:
    """Open the file at *path* so that nothing can be written to it."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_SECONDS,
    )
