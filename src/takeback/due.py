"""Everything that must happen at a time: one table, one lease, each effect exactly once.

A row says what is due and when. A worker leases a row, which raises its attempt number;
the effect and the row's removal commit in one transaction that checks that number, so a
slow worker whose lease ran out changes nothing. Knows no kind of work.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from takeback.clock import Clock
from takeback.db import Big, Database, Instant, metadata

due_table = sa.Table(
    "due",
    metadata,
    sa.Column("id", Big, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("leased_until", Instant),
    sa.UniqueConstraint("kind", "subject"),
    sa.Index("ix_due_due_at", "due_at"),
    sqlite_strict=True,
)

LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Lease:
    """One row, leased to this worker for a while."""

    id: int
    kind: str
    subject: str
    attempts: int


class LeaseLost(Exception):
    """The lease ran out and somebody else has the row; what was done is rolled back."""


Handler = Callable[[str], None]
"""Does what is due for a subject, inside the transaction that also removes the row."""


@dataclass(frozen=True, slots=True)
class DueTable:
    """Put work in, take it out when its time has come."""

    db: Database
    now: Clock

    def put(self, kind: str, subject: str, due_at: datetime) -> None:
        """Make *kind* due for *subject* at *due_at*, replacing an earlier time."""
        with self.db.transaction():
            self.drop(kind, subject)
            self.db.execute(
                due_table.insert().values(kind=kind, subject=subject, due_at=due_at, attempts=0)
            )

    def drop(self, kind: str, subject: str) -> None:
        """Forget *kind* for *subject*; harmless when it is not there."""
        with self.db.transaction():
            self.db.execute(
                due_table.delete().where(due_table.c.kind == kind, due_table.c.subject == subject)
            )

    def due_at(self, kind: str, subject: str) -> datetime | None:
        """Return when *kind* is due for *subject*, or None when it is not."""
        with self.db.reading():
            found: datetime | None = self.db.execute(
                sa.select(due_table.c.due_at).where(
                    due_table.c.kind == kind, due_table.c.subject == subject
                )
            ).scalar()
        return found

    def lease(self, limit: int = 20) -> list[Lease]:
        """Lease up to *limit* rows whose time has come, oldest first."""
        now = self.now()
        ready = sa.and_(
            due_table.c.due_at <= now,
            sa.or_(due_table.c.leased_until.is_(None), due_table.c.leased_until <= now),
        )
        chosen = (
            sa.select(due_table.c.id)
            .where(ready)
            .order_by(due_table.c.due_at, due_table.c.id)
            .limit(limit)
        )
        with self.db.transaction():
            ids = list(self.db.execute(chosen).scalars())
            self.db.execute(
                due_table.update()
                .where(due_table.c.id.in_(ids))
                .values(attempts=due_table.c.attempts + 1, leased_until=now + LEASE)
            )
            rows = self.db.execute(due_table.select().where(due_table.c.id.in_(ids)))
            return [Lease(row.id, row.kind, row.subject, row.attempts) for row in rows]

    def finish(self, lease: Lease, handler: Handler) -> None:
        """Do what is due and remove the row, together or not at all.

        The handler may put the same kind and subject again; that new row stays.

        Raises:
            LeaseLost: the row was leased again or removed meanwhile; nothing was changed.
        """
        with self.db.transaction():
            removed = self.db.execute(
                due_table.delete().where(
                    due_table.c.id == lease.id, due_table.c.attempts == lease.attempts
                )
            )
            if removed.rowcount != 1:
                raise LeaseLost(lease.kind)
            handler(lease.subject)

    def run(self, handlers: Mapping[str, Handler], limit: int = 20) -> int:
        """Lease and finish what is due now; return how many were done.

        A row without a handler here stays for a worker that knows it. A row that an earlier
        one has dropped meanwhile is passed over.
        """
        done = 0
        for row in self.lease(limit):
            if row.kind in handlers:
                with suppress(LeaseLost):
                    self.finish(row, handlers[row.kind])
                    done += 1
        return done
