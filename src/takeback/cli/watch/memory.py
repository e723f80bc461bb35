"""What was asked about, and which matches are still to be told: a SQLite file.

An object and what was found in it are written in one transaction, before anybody is told. So
after a crash nothing is asked about again that was written, and nothing stays untold that was
found. The file holds no names but those of matches that are not told yet.
"""

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, Self

from takeback.cli.watch.places import Object
from takeback.errors import Conflict, IntegrityFailure, NotReady

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS place (digest BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS asked (object BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS untold (id TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT;
"""

AT_A_TIME: Final = 500
"""Objects compared with the file in one query."""


def digest_of(found: Object) -> bytes:
    """Return what stands for one version of one object, 16 bytes."""
    content = "\0".join((found.name, found.version)).encode("utf-8", "surrogateescape")
    return hashlib.sha256(content).digest()[:16]


@dataclass(frozen=True, slots=True)
class Memory:
    """An open file. One process at a time has it."""

    db: sqlite3.Connection
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Objects are compared with the file in a thread of their own."""

    @classmethod
    @contextmanager
    def open(cls, path: Path, place: str) -> Iterator[Self]:
        """Open or make the file at *path*, which belongs to *place* for good.

        Raises:
            Conflict: another process has it, or it belongs to another place.
            IntegrityFailure: it is something else, or damaged.
        """
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(
            sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        ) as db:
            try:
                _prepare(db, hashlib.sha256(place.rstrip("/").encode()).digest())
            except sqlite3.OperationalError:
                raise Conflict("another process watches with this state file") from None
            except sqlite3.DatabaseError:
                raise IntegrityFailure("the state file can't be read") from None
            yield cls(db)

    def new(self, objects: Iterable[Object]) -> Iterator[Object]:
        """Leave out what was asked about."""
        remaining = iter(objects)
        while some := {digest_of(each): each for each in islice(remaining, AT_A_TIME)}:
            marks = ",".join("?" * len(some))
            query = f"SELECT object FROM asked WHERE object IN ({marks})"  # noqa: S608 - marks only
            with self.lock:
                known = self.db.execute(query, list(some)).fetchall()
            for (digest,) in known:
                del some[digest]
            yield from some.values()

    def keep(self, asked: Object, told_as: bytes | None) -> None:
        """Remember that an object was asked about, and what is to be told of it, if anything.

        Raises:
            NotReady: the file can't be written now; nothing is remembered then.
        """
        digest = digest_of(asked)
        with self._writing():
            self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("INSERT OR IGNORE INTO asked VALUES (?)", (digest,))
            if told_as is not None:
                row = (digest.hex(), told_as)
                self.db.execute("INSERT OR IGNORE INTO untold VALUES (?, ?)", row)
            self.db.execute("COMMIT")

    def untold(self) -> list[tuple[str, bytes]]:
        """Return the id and the text of what is still to be told."""
        with self.lock:
            return self.db.execute("SELECT id, body FROM untold ORDER BY rowid").fetchall()

    def told(self, match_id: str) -> None:
        """Forget the text of what was told."""
        with self._writing():
            self.db.execute("DELETE FROM untold WHERE id = ?", (match_id,))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write, or nothing.

        Raises:
            NotReady: the file can't be written now, for example because the disk is full.
        """
        with self.lock:
            try:
                yield
            except sqlite3.OperationalError:
                raise NotReady("the state file can't be written") from None
            finally:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")


def _prepare(db: sqlite3.Connection, place: bytes) -> None:
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")
    db.executescript(SCHEMA)
    db.execute("BEGIN IMMEDIATE")
    if not db.execute("SELECT 1 FROM place").fetchone():
        db.execute("INSERT INTO place VALUES (?)", (place,))
    [(known,)] = db.execute("SELECT digest FROM place").fetchall()
    db.execute("COMMIT")
    if known != place:
        error = Conflict("the state file belongs to another place")
        error.hint = "Give each place that is watched a --state of its own."
        raise error
