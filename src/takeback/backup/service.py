"""Make a backup while the hub serves; restore one without reviving what was taken back.

A restored database is older than the world. The journal, on storage of its own, says what
was withdrawn, purged and revoked since; it is replayed before the hub may start. Without a
journal every entry starts suspended, until staff or the reporter decide, and no platform
keeps a key, the feed or its under-18 mark.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from takeback import migrations
from takeback.accounts.model import TakenAway
from takeback.audit.store import AuditLog
from takeback.backup import archive, tables
from takeback.backup.archive import Line
from takeback.clock import Clock, utc_now
from takeback.db import Database
from takeback.errors import Conflict, IntegrityFailure, NotFound
from takeback.hubkeys import HubKeys
from takeback.journal import Journal

OVERLAP = timedelta(minutes=10)
"""How far before the backup the replay begins: a journal line is written before its commit."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says of itself."""

    made_at: datetime
    schema: str
    key_check: str


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup."""

    path: Path
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Restored:
    """A finished restore."""

    made_at: datetime
    rows: int
    replayed: int
    taken_away: TakenAway | None
    """What platforms lost for want of a journal; None if there was one."""

    @property
    def with_journal(self) -> bool:
        """False: there was no journal, so every entry is suspended."""
        return self.taken_away is None


@dataclass(frozen=True, slots=True)
class Backups:
    """Make backups of a hub that goes on serving."""

    db: Database
    keys: HubKeys
    audit: AuditLog
    now: Clock

    def make(self, target: Path, recipient: str, actor: str) -> Made:
        """Write a backup to *target*, encrypted to *recipient*; the file appears whole or not.

        Raises:
            BadBackupKey: *recipient* is no age recipient.
            Conflict: *target* exists.
        """
        if target.exists():
            raise Conflict("there is a file at the backup's place already")
        with self.db.transaction():
            self.audit.append("backup.made", actor)
        part = target.with_name(target.name + ".part")
        counter = _Counter()
        try:
            with os.fdopen(
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
            ) as file:
                archive.write(file, recipient, counter.count(self._lines()))
                file.flush()
                os.fsync(file.fileno())
            part.rename(target)
        finally:
            part.unlink(missing_ok=True)
        return Made(target, counter.rows, target.stat().st_size)

    def _lines(self) -> Iterator[Line]:
        with self.db.reading():
            yield {
                "format": archive.FORMAT,
                "made_at": self.now().isoformat(),
                "schema": migrations.revision(self.db),
                "key_check": self.keys.check_value(),
            }
            yield from tables.rows(self.db)


@dataclass(slots=True)
class _Counter:
    """Counts rows on their way and ends the file with their number."""

    rows: int = 0

    def count(self, lines: Iterable[Line]) -> Iterator[Line]:
        for line in lines:
            self.rows += "row" in line
            yield line
        yield {"end": self.rows}


@dataclass(slots=True)
class Reader:
    """Follows a backup's lines; refuses one that is not whole."""

    add: Callable[[str, dict[str, object]], None] = lambda table, row: None
    header: Header | None = None
    rows: int = 0
    ended: bool = False

    def take(self, line: Line) -> None:
        """Take the next line of the file."""
        if self.header is None:
            self.header = _header(line)
        elif "end" in line:
            self.ended = line["end"] == self.rows
        else:
            self._row(line)

    def finish(self) -> Header:
        """Return the header once everything was read.

        Raises:
            IntegrityFailure: rows are missing.
        """
        if self.header is None or not self.ended:
            raise IntegrityFailure("the backup is cut off")
        return self.header

    def _row(self, line: Line) -> None:
        table, row = line.get("table"), line.get("row")
        if not isinstance(table, str) or not isinstance(row, dict):
            raise IntegrityFailure("the backup is damaged")
        self.add(table, row)
        self.rows += 1


def _header(line: Line) -> Header:
    if line.get("format") != archive.FORMAT:
        raise IntegrityFailure("this is no backup that this program knows")
    made_at = datetime.fromisoformat(str(line["made_at"]))
    return Header(made_at, str(line["schema"]), str(line["key_check"]))


def check(path: Path, identity: str) -> Header:
    """Read the whole backup without changing anything and return its header.

    Raises:
        BadBackupKey: *identity* does not open it.
        IntegrityFailure: it is damaged or cut off.
    """
    reader = Reader()
    with path.open("rb") as file:
        archive.read(file, identity, reader.take)
    return reader.finish()


def fill(db: Database, path: Path, identity: str, header: Header) -> int:
    """Put every row of the backup into the empty *db* and bring it up to date.

    Returns:
        The number of rows.

    Raises:
        Conflict: *db* is not empty.
    """
    migrations.migrate(db, header.schema)
    with db.transaction():
        known = tables.described(db)
        tables.clear_defaults(db, known)
        filler = tables.Filler(db, known)
        with path.open("rb") as file:
            reader = Reader(filler.add)
            archive.read(file, identity, reader.take)
            reader.finish()
        filler.finish()
    migrations.migrate(db)
    return filler.count


class Replays(Protocol):
    """A domain that can take back again what a restored backup brought back."""

    def replay(self, kind: str, record_id: str, day: date | None = None) -> None:
        """Do again what the journal says; harmless when it is done or the record is unknown."""


class Bank(Protocol):
    """What a restore needs of the bank."""

    def suspend_all(self) -> None:
        """Suspend every entry, until staff or the reporter decide."""

    def new_epoch(self) -> object:
        """Make every follower read everything again."""


class Platforms(Protocol):
    """What a restore needs of the platforms."""

    def take_everything_away(self) -> TakenAway:
        """Take every under-18 mark, the feed and every key away, until staff give them again."""


@dataclass(frozen=True, slots=True)
class Restoration:
    """The steps between filling the database and letting the hub start."""

    db: Database
    audit: AuditLog
    bank: Bank
    platforms: Platforms
    replays: Mapping[str, Replays]
    """The domain for each journal kind's noun: ``item``, ``case``, ``key``, ``platform``,
    ``staff``."""

    def finish(self, header: Header, journal: Path | None) -> tuple[int, TakenAway | None]:
        """Replay the journal; without one suspend every entry and trust no platform.

        All or nothing.

        Returns:
            How many lines of the journal were replayed, and what was taken away without one.
        """
        with self.db.transaction():
            lost = self.audit.accept_restored()
            self.bank.new_epoch()
            if journal is None:
                self.bank.suspend_all()
                replayed, taken = 0, self.platforms.take_everything_away()
            else:
                replayed, taken = self._replay(header.made_at - OVERLAP, journal), None
            self.audit.append(
                "backup.restored",
                "operator",
                events_lost=lost,
                with_journal=journal is not None,
            )
        return replayed, taken

    def _replay(self, since: datetime, journal: Path) -> int:
        if not journal.exists():
            raise NotFound("there is no journal at that place")
        later = [line for line in Journal(journal, utc_now).lines() if line.at >= since]
        for line in later:
            self.replays[line.kind.split(".")[0]].replay(line.kind, line.id, line.day)
        return len(later)
