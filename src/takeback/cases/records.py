"""Withdrawals with their confirmations, and removals, in the database. Never commits."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from takeback.cases.model import Confirmation, Marker, RemovalRecord, Withdrawal
from takeback.cases.store import confirmations, items, removals, withdrawals
from takeback.db import Database
from takeback.errors import NotFound
from takeback.ids import CaseId, ItemId, PlatformId, WithdrawalId


@dataclass(frozen=True, slots=True)
class RecordStore:
    """What happened to items after they were registered, on the open transaction."""

    db: Database

    def insert_withdrawal(self, withdrawal: Withdrawal, told: Iterable[Confirmation]) -> None:
        """Store a withdrawal and the platforms that were sent its signals."""
        self.db.execute(
            withdrawals.insert().values(
                id=withdrawal.id,
                case_id=withdrawal.case_id,
                item_id=withdrawal.item_id,
                bank=withdrawal.bank,
                seq=withdrawal.seq,
                on=withdrawal.on,
                undone=withdrawal.undone,
                keypoints=withdrawal.keypoints,
            )
        )
        rows = [
            {"withdrawal_id": withdrawal.id, "platform_id": one.platform_id, "able": one.able}
            for one in told
        ]
        if rows:
            self.db.execute(confirmations.insert(), rows)

    def withdrawals(self, case_id: CaseId) -> list[Withdrawal]:
        """Return a case's withdrawals that were not undone, oldest first."""
        query = (
            withdrawals.select()
            .where(withdrawals.c.case_id == case_id, withdrawals.c.undone.is_(sa.false()))
            .order_by(withdrawals.c.seq, withdrawals.c.id)
        )
        return [Withdrawal(**row._mapping) for row in self.db.execute(query)]

    def undo_withdrawal(self, item_id: ItemId) -> None:
        """Mark an item's withdrawal as undone; its marker leaves the feed.

        That of its keypoint signals alone stays: nothing undoes it.
        """
        whole = sa.and_(withdrawals.c.item_id == item_id, sa.not_(withdrawals.c.keypoints))
        self.db.execute(withdrawals.update().where(whole).values(undone=True))

    def markers(self, after_seq: int, to_seq: int, banks: Collection[str]) -> list[Marker]:
        """Return the markers of *banks* after one place in the feed, up to another, in order."""
        query = (
            sa.select(withdrawals.c.id, withdrawals.c.seq)
            .where(
                withdrawals.c.seq > after_seq,
                withdrawals.c.seq <= to_seq,
                withdrawals.c.bank.in_(banks),
                withdrawals.c.undone.is_(sa.false()),
            )
            .order_by(withdrawals.c.seq)
        )
        return [Marker(WithdrawalId(row.id), row.seq) for row in self.db.execute(query)]

    def case_of(self, withdrawal_id: WithdrawalId) -> tuple[CaseId, ItemId]:
        """Return whose withdrawal this is.

        Raises:
            NotFound: there is no such withdrawal, or none any more.
        """
        query = sa.select(withdrawals.c.case_id, withdrawals.c.item_id).where(
            withdrawals.c.id == withdrawal_id
        )
        row = self.db.execute(query).one_or_none()
        if row is None:
            raise NotFound("there is no such withdrawal")
        return CaseId(row.case_id), ItemId(row.item_id)

    def confirm(self, withdrawal_id: WithdrawalId, platform_id: PlatformId, on: date) -> bool:
        """Note a platform's confirmation; return whether it was awaited and new."""
        changed = self.db.execute(
            confirmations.update()
            .where(
                confirmations.c.withdrawal_id == withdrawal_id,
                confirmations.c.platform_id == platform_id,
                confirmations.c.confirmed_on.is_(None),
            )
            .values(confirmed_on=on)
        )
        return changed.rowcount == 1

    def confirmations(self, case_id: CaseId) -> list[Confirmation]:
        """Return who was told of a case's withdrawals and who confirmed."""
        query = (
            confirmations.select()
            .join(withdrawals, withdrawals.c.id == confirmations.c.withdrawal_id)
            .where(withdrawals.c.case_id == case_id)
            .order_by(confirmations.c.platform_id)
        )
        return [Confirmation(**row._mapping) for row in self.db.execute(query)]

    def insert_removal(self, removal: RemovalRecord) -> bool:
        """Store a removal; return whether it is the first of this item, platform and day."""
        same = (
            removals.c.item_id == removal.item_id,
            removals.c.platform_id == removal.platform_id,
            removals.c.day == removal.day,
        )
        if self.db.execute(sa.select(removals.c.day).where(*same)).first() is not None:
            return False
        self.db.execute(
            removals.insert().values(
                item_id=removal.item_id,
                platform_id=removal.platform_id,
                day=removal.day,
                release_at=removal.release_at,
            )
        )
        return True

    def removals(self, case_id: CaseId, now: datetime) -> list[RemovalRecord]:
        """Return a case's removals whose midnight has come, oldest day first."""
        query = (
            removals.select()
            .join(items, items.c.id == removals.c.item_id)
            .where(items.c.case_id == case_id, removals.c.release_at <= now)
            .order_by(removals.c.day, removals.c.platform_id)
        )
        return [RemovalRecord(**row._mapping) for row in self.db.execute(query)]
