"""What must still be said to a hub: confirmations of withdrawals, responses and opinions.

Rows of the state file. What is accepted here is on the disk before the caller hears so, and
stays until the hub acknowledged it. A report the hub will never take (for example because
the entry's number is not its own) is kept as refused and never sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from takeback.clock import Clock
from takeback.exchange.wire import MAX_REPORTS
from takeback.matcher.statereader import StateReader

Kind = Literal["response", "opinion"]

REMEMBER_DAYS: Final = 30
"""Days for which the id of a report that was sent is remembered, so that it is not sent twice …"""

REMEMBER_REPORTS: Final = 100_000
"""… and reports after it; whoever sets the clock makes nothing forgotten early."""

BATCH: Final = MAX_REPORTS
"""Most reports sent in one call: as many as a hub takes."""


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
        """Keep reports, each for a source, all or none; return how many were new."""
        today = _day(self.now())
        with self.state.transaction() as db:
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO reports (source, kind, id, state, day, body)"
                " VALUES (?, ?, ?, 'waiting', ?, ?)",
                [(source, one.kind, one.id, today, one.body) for source, one in reports],
            )
            return db.total_changes - before

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
        """Mark reports as sent, which erases their body, or as refused."""
        today = _day(self.now())
        body = "NULL" if state == "sent" else "body"
        with self.state.transaction() as db:
            db.executemany(
                f"UPDATE reports SET state = ?, day = ?, body = {body} WHERE seq = ?",  # noqa: S608 - two fixed words
                [(state, today, number) for number in numbers],
            )
            db.execute(
                "DELETE FROM reports WHERE state = 'sent' AND day < ?"
                " AND seq <= (SELECT max(seq) FROM reports) - ?",
                (today - REMEMBER_DAYS, REMEMBER_REPORTS),
            )

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


def _day(instant: datetime) -> int:
    """Count the days since 1970."""
    return int(instant.timestamp()) // 86_400
