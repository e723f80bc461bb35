"""Quarantines in the database: entries kept back from one platform, or from everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from takeback.db import Database
from takeback.ids import EntryId, PlatformId
from takeback.matching.model import Quarantine, Stamp
from takeback.matching.store import BankStore, entries, parts, quarantines

EVERYWHERE: Final = ""
"""Stands in the column ``platform_id`` for every platform."""


@dataclass(frozen=True, slots=True)
class QuarantineStore:
    """Which entries are kept back from whom. Never commits."""

    db: Database

    def place(
        self, entry_id: EntryId, platform_id: PlatformId | None, reason: str, stamp: Stamp
    ) -> None:
        """Keep the entry back from one platform, or with None from everybody."""
        row = {"entry_id": entry_id, "platform_id": platform_id or EVERYWHERE}
        drawn = {"active": True, "reason": reason, "seq": stamp.seq, "at": stamp.at}
        BankStore(self.db).insert_new(quarantines, [row | drawn])
        self.db.execute(quarantines.update().where(_key(entry_id, platform_id)).values(**drawn))

    def lift(self, entry_id: EntryId, platform_id: PlatformId | None, stamp: Stamp) -> None:
        """Stop keeping it back."""
        lifted = quarantines.update().where(_key(entry_id, platform_id))
        self.db.execute(lifted.values(active=False, seq=stamp.seq, at=stamp.at))

    def holds(self, entry_id: EntryId, platform_id: PlatformId | None) -> bool:
        """Whether this very quarantine is in force."""
        found = sa.select(quarantines.c.active).where(_key(entry_id, platform_id))
        return bool(self.db.execute(found).scalar())

    def close_lifted(self, entry_ids: Sequence[EntryId]) -> None:
        """Close the quarantines everywhere of entries that a vouch has freed."""
        for part in parts(entry_ids):
            free = sa.select(entries.c.id).where(
                entries.c.id.in_(part), sa.not_(entries.c.quarantined)
            )
            everywhere = quarantines.c.platform_id == EVERYWHERE
            closed = quarantines.update().where(quarantines.c.entry_id.in_(free), everywhere)
            self.db.execute(closed.values(active=False))

    def count_for(self, platform_id: PlatformId) -> int:
        """Return how many entries are kept back from the platform alone."""
        mine = sa.and_(quarantines.c.platform_id == platform_id, quarantines.c.active)
        counted = sa.select(sa.func.count()).select_from(quarantines).where(mine)
        return int(self.db.execute(counted).scalar_one())

    def in_force(self) -> list[Quarantine]:
        """Return every quarantine in force on an entry that has a signal, oldest first."""
        rows = self.db.execute(
            sa.select(quarantines, entries.c.bank, entries.c.vouched)
            .join(entries, entries.c.id == quarantines.c.entry_id)
            .where(quarantines.c.active, entries.c.signal.is_not(None))
            .order_by(quarantines.c.seq)
        )
        return [_quarantine(row) for row in rows]


def _key(entry_id: EntryId, platform_id: PlatformId | None) -> sa.ColumnElement[bool]:
    return sa.and_(
        quarantines.c.entry_id == entry_id,
        quarantines.c.platform_id == (platform_id or EVERYWHERE),
    )


def _quarantine(row: sa.Row[Any]) -> Quarantine:
    platform = PlatformId(row.platform_id) if row.platform_id else None
    return Quarantine(EntryId(row.entry_id), platform, row.reason, row.at, row.bank, row.vouched)
