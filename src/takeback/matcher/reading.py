"""Writing one page of a feed into the state file, inside an open transaction."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from takeback.exchange.wire import FeedEntry, FeedPage
from takeback.matcher.payloads import payload_of

Arrivals = dict[str, list[tuple[int, bytes]]]
"""Entries by the type of their signal: id and payload of each."""


@dataclass(slots=True)
class Change:
    """What a page does to the indexes: ids that leave them, then entries that come."""

    gone: list[int] = field(default_factory=list)
    new: Arrivals = field(default_factory=dict)
    skipped: int = 0
    """Records that can't be used."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of one source's feed that is going on, or was last."""

    db: sqlite3.Connection
    source: int
    generation: int
    complete: int
    """The last reading that reached the end."""

    @classmethod
    def of(cls, db: sqlite3.Connection, source: int) -> Self:
        """Return the source's."""
        generation, complete = db.execute(
            "SELECT generation, complete_generation FROM sources WHERE id = ?", (source,)
        ).fetchone()
        return cls(db, source, generation, complete)

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
            change.gone.extend(self._sweep())
        return change

    def _record(self, entry: FeedEntry, change: Change) -> None:
        payload = payload_of(entry) if entry.state == "active" else None
        if payload is None:
            change.gone.extend(self._delete(entry))
            change.skipped += entry.state == "active"
            return
        kept = self._put(entry, payload)
        while kept is None:  # it is there with another type: it goes, and comes under a new id
            change.gone.extend(self._delete(entry))
            kept = self._put(entry, payload)
        change.new.setdefault(entry.type, []).append((kept, payload))

    def _put(self, entry: FeedEntry, payload: bytes) -> int | None:
        """Insert or replace one entry and return its id; None if it has another type there."""
        row = self.db.execute(
            "INSERT INTO entries (source, number, type, view, bank, ask, generation, payload)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, number) DO UPDATE SET"
            " payload = excluded.payload, view = excluded.view, bank = excluded.bank,"
            " ask = excluded.ask, generation = excluded.generation"
            " WHERE type = excluded.type RETURNING id",
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

    def _delete(self, entry: FeedEntry) -> list[int]:
        rows = self.db.execute(
            "DELETE FROM entries WHERE source = ? AND number = ? RETURNING id",
            (self.source, bytes.fromhex(entry.number)),
        )
        return [int(row[0]) for row in rows.fetchall()]

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

    def _sweep(self) -> list[int]:
        """Delete what the reading that just ended did not see."""
        rows = self.db.execute(
            "DELETE FROM entries WHERE source = ? AND generation < ? RETURNING id",
            (self.source, self.generation),
        )
        return [int(row[0]) for row in rows.fetchall()]
