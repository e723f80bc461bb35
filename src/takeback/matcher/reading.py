"""Writing one page of a feed into the state file, inside an open transaction."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from takeback.exchange.wire import FeedEntry, FeedPage
from takeback.matcher.payloads import payload_of
from takeback.matcher.schema import IN_MEMORY

Arrivals = dict[str, list[tuple[int, bytes]]]
"""Entries by the type of their signal: id and payload of each."""

REMEMBERED_CHANGES: Final = 100_000
"""Changes for which is remembered what left with them; a process that slept longer loads anew."""


@dataclass(slots=True)
class Change:
    """What a page does to the indexes: ids that leave them, then entries that come.

    An id stands for one signal for ever: an entry that comes with another signal leaves, and
    comes under a new id.
    """

    gone: list[int] = field(default_factory=list)
    new: Arrivals = field(default_factory=dict)
    skipped: int = 0
    """Records that can't be used."""

    number: int = 0
    """Counts the changes of this file, from 1; 0 where nothing changes."""

    departed: list[int] = field(default_factory=list)
    """Those of *gone* that processes hold in memory."""

    def leave(self, rows: Iterable[tuple[int, str]]) -> None:
        """Take note of entries that are gone: id and type of each."""
        for entry, kind in rows:
            self.gone.append(entry)
            if kind in IN_MEMORY:
                self.departed.append(entry)


def numbered(db: sqlite3.Connection, change: Change) -> Change:
    """Count a change that changes anything, and remember what left with it."""
    if not (change.gone or change.new):
        return change
    ((change.number,),) = db.execute(
        "UPDATE progress SET changes = changes + 1 RETURNING changes"
    ).fetchall()
    db.executemany(
        "INSERT INTO departed (id, change) VALUES (?, ?)",
        [(entry, change.number) for entry in change.departed],
    )
    db.execute("DELETE FROM departed WHERE change <= ?", (change.number - REMEMBERED_CHANGES,))
    return change


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of one source's feed that is going on, or was last."""

    db: sqlite3.Connection
    source: int
    generation: int
    complete: int
    """The last reading that reached the end."""

    newest: int
    """The highest id ever given."""

    @classmethod
    def of(cls, db: sqlite3.Connection, source: int) -> Self:
        """Return the source's."""
        generation, complete = db.execute(
            "SELECT generation, complete_generation FROM sources WHERE id = ?", (source,)
        ).fetchone()
        newest = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
        return cls(db, source, generation, complete, newest[0] if newest else 0)

    def apply(self, page: FeedPage, now: datetime) -> Change:
        """Write the page's records, the confirmations it asks for, and its cursor.

        Of two records for one number only the later counts. The page that ends a reading also
        deletes what that reading did not see.
        """
        change = Change()
        for entry in {entry.number: entry for entry in page.entries}.values():
            self._record(entry, change)
        self.db.executemany(
            "INSERT OR IGNORE INTO confirmations (source, marker) VALUES (?, ?)",
            [(self.source, marker.id) for marker in page.withdrawals],
        )
        self._move(page, now)
        if not page.more and self.complete < self.generation:
            change.leave(self._sweep())
        return numbered(self.db, change)

    def _record(self, entry: FeedEntry, change: Change) -> None:
        payload = payload_of(entry) if entry.state == "active" else None
        if payload is None:
            change.leave(self._delete(entry))
            change.skipped += entry.state == "active"
            return
        kept = self._put(entry, payload)
        while kept is None:  # it is there with another signal: it goes, and comes under a new id
            change.leave(self._delete(entry))
            kept = self._put(entry, payload)
        if kept > self.newest:
            change.new.setdefault(entry.type, []).append((kept, payload))

    def _put(self, entry: FeedEntry, payload: bytes) -> int | None:
        """Insert or renew one entry and return its id; None if it has another signal there."""
        row = self.db.execute(
            "INSERT INTO entries (source, number, type, view, bank, ask, generation, payload)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, number) DO UPDATE SET"
            " view = excluded.view, bank = excluded.bank,"
            " ask = excluded.ask, generation = excluded.generation"
            " WHERE type = excluded.type AND payload = excluded.payload RETURNING id",
            (
                self.source,
                bytes.fromhex(entry.number),
                entry.type,
                entry.view,
                entry.bank,
                entry.ask,
                self.generation,
                payload,
            ),
        ).fetchone()
        return None if row is None else int(row[0])

    def _delete(self, entry: FeedEntry) -> list[tuple[int, str]]:
        """Delete one entry; return its id and type."""
        return self.db.execute(
            "DELETE FROM entries WHERE source = ? AND number = ? RETURNING id, type",
            (self.source, bytes.fromhex(entry.number)),
        ).fetchall()

    def _move(self, page: FeedPage, now: datetime) -> None:
        """Move the cursor; the last page also completes the reading."""
        self.db.execute(
            "UPDATE sources SET cursor = ?, epoch = ? WHERE id = ?",
            (page.cursor, page.epoch, self.source),
        )
        if not page.more:
            self.db.execute(
                "UPDATE sources SET complete_generation = generation, fresh_at = ? WHERE id = ?",
                (int(now.timestamp()), self.source),
            )

    def _sweep(self) -> list[tuple[int, str]]:
        """Delete what the reading that just ended did not see; return ids and types."""
        return self.db.execute(
            "DELETE FROM entries WHERE source = ? AND generation < ? RETURNING id, type",
            (self.source, self.generation),
        ).fetchall()
