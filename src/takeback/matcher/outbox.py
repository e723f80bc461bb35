"""What must still be said to a hub: confirmations of withdrawals, responses and opinions.

Rows of the state file. What is accepted here is on the disk before the caller hears so, and
stays until the hub acknowledged it. A report the hub will never take (for example because
the entry's number is not its own) is counted as refused and never sent again. Whether it will
be taken is not known here: a hub takes reports on what it withdrew or keeps back by now.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from takeback.clock import Clock
from takeback.errors import TooBusy
from takeback.exchange.wire import MAX_REPORTS
from takeback.matcher.statereader import StateReader

Kind = Literal["response", "opinion"]

BATCH: Final = MAX_REPORTS
"""Most reports sent in one call: as many as a hub takes."""

REMEMBER_DAYS: Final = 30
"""Days for which the id of a report that was sent is remembered, so that it is not sent twice …"""

REMEMBER_REPORTS: Final = 100_000
"""… and reports after it; whoever sets the clock makes nothing forgotten early."""

REMEMBER_AT_MOST: Final = 1_000_000
"""Reports after which it is forgotten whatever the day."""

FORGET_ROWS: Final = 10 * BATCH
"""Reports forgotten at once, more than are settled at once."""

WAIT_AT_MOST: Final = 100_000
"""Reports that may wait for one source; beyond that they are refused until it took some."""

FULL_SECONDS: Final = 60.0
"""When to come back where too many wait."""


@dataclass(frozen=True, slots=True)
class Report:
    """One response or opinion, as the JSON that goes to the hub."""

    kind: Kind
    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Outbox:
    """Reports and confirmations that wait in the state file."""

    state: StateReader
    now: Clock

    def put(self, reports: Sequence[tuple[int, Report]]) -> int:
        """Keep reports, each for a source, all or none; return how many were new.

        Raises:
            TooBusy: too many wait already.
            NotReady: they can't be written now.
        """
        today = _day(self.now())
        with self.state.transaction() as db:
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO reports (source, kind, id, state, day, body)"
                " VALUES (?, ?, ?, 'waiting', ?, ?)",
                [(source, one.kind, one.id, today, one.body) for source, one in reports],
            )
            new = db.total_changes - before
            if new:
                _require_room(db, {source for source, _ in reports})
        return new

    def next(self, source: int) -> list[tuple[int, Report]]:
        """Return the oldest reports that wait and are of one kind, in order."""
        rows = self.state.read(
            "SELECT seq, kind, id, body FROM reports WHERE source = ? AND state = 'waiting'"
            " ORDER BY seq LIMIT ?",
            (source, BATCH),
        )
        same = [row for row in rows if row[1] == rows[0][1]]
        return [(row[0], Report(row[1], row[2], row[3])) for row in same]

    def settle(self, numbers: Sequence[int], state: Literal["sent", "refused"]) -> None:
        """Mark reports as sent or as refused, which erases what they said."""
        today = _day(self.now())
        with self.state.transaction() as db:
            db.executemany(
                "UPDATE reports SET state = ?, day = ?, body = NULL WHERE seq = ?",
                [(state, today, number) for number in numbers],
            )
            _forget(db, today - REMEMBER_DAYS)

    def confirmations(self, source: int) -> list[str]:
        """Return the markers to confirm now.

        None while a rewritten history is still being read: what it no longer holds matches
        until the end of that reading, so nothing may be confirmed before.
        """
        rows = self.state.read(
            "SELECT marker FROM confirmations JOIN sources ON sources.id = source"
            " WHERE source = ? AND generation = complete_generation ORDER BY marker",
            (source,),
        )
        return [row[0] for row in rows]

    def confirmed(self, source: int, marker: str) -> None:
        """Forget a marker: the hub knows."""
        with self.state.transaction() as db:
            db.execute(
                "DELETE FROM confirmations WHERE source = ? AND marker = ?", (source, marker)
            )

    def waiting(self) -> int:
        """Count what waits to be sent, confirmations included."""
        rows = self.state.read(
            "SELECT (SELECT count(*) FROM reports WHERE state = 'waiting')"
            " + (SELECT count(*) FROM confirmations)"
        )
        return int(rows[0][0])

    def refused(self) -> int:
        """Count the reports that a hub refused for good."""
        return int(self.state.read("SELECT count(*) FROM reports WHERE state = 'refused'")[0][0])


def _require_room(db: sqlite3.Connection, sources: Iterable[int]) -> None:
    """Do nothing unless more reports wait for a source than may."""
    for source in sources:
        (waiting,) = db.execute(
            "SELECT count(*) FROM reports WHERE source = ? AND state = 'waiting'", (source,)
        ).fetchone()
        if waiting > WAIT_AT_MOST:
            full = TooBusy("too many reports wait for the hub")
            full.retry_after = FULL_SECONDS
            raise full


def _forget(db: sqlite3.Connection, before: int) -> None:
    """Delete some of the oldest that are settled, if their ids will not come again."""
    (newest,) = db.execute("SELECT max(seq) FROM reports").fetchone()
    db.execute(
        "DELETE FROM reports WHERE seq IN"
        " (SELECT seq FROM reports WHERE state != 'waiting' ORDER BY seq LIMIT ?)"
        " AND seq <= ? AND (day < ? OR seq <= ?)",
        (FORGET_ROWS, newest - REMEMBER_REPORTS, before, newest - REMEMBER_AT_MOST),
    )


def _day(instant: datetime) -> int:
    """Count the days since 1970."""
    return int(instant.timestamp()) // 86_400
