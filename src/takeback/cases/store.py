"""Cases, items and locators in the database. Never commits; knows no rule.

The tables of this domain all stand here; ``records.py`` reads and writes the ones about
withdrawals and removals, ``access.py`` the trials.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from takeback.cases.codes import Attempt, Credentials
from takeback.cases.model import Case, CaseStatus, Item, ItemStatus
from takeback.db import Big, Database, Day, Flag, Instant, metadata
from takeback.errors import NotFound
from takeback.ids import CaseId, ItemId

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("age_band", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("opened_on", Day, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("held", Flag, nullable=False),
    sa.Column("hold_reason", sa.Text, nullable=False),
    sa.Column("partners", Flag, nullable=False),
    sa.Column("partners_since", Day),
    sa.Column("keypoints", Flag, nullable=False),
    sa.Column("keypoints_end", Instant),
    sa.Column("keypoints_kept", Flag, nullable=False),
    sa.Column("lock", Flag, nullable=False),
    sa.Column("unlocks_at", Instant),
    sa.Column("ends_on", Day),
    sa.Column("closed_on", Day),
    sa.Column("erased", Flag, nullable=False),
    sa.Column("effect_at", Instant),
    sa.Column("undo_until", Instant),
    sqlite_strict=True,
)

credentials = sa.Table(
    "case_credentials",
    metadata,
    sa.Column("case_id", sa.Text, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("code_mac", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("pin_digest", sa.LargeBinary, nullable=False),
    sa.Column("slip_mac", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("attempt_mac", sa.LargeBinary, unique=True),
    sa.Column("attempted_on", Day),
    sqlite_strict=True,
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("case_id", sa.Text, sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("added_on", Day, nullable=False),
    sa.Column("signals", sa.Integer, nullable=False),
    sa.Column("keypoints", Flag, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("waiting", Flag, nullable=False),
    sa.Column("vouched", Flag, nullable=False),
    sa.Column("seq", Big, nullable=False),
    sa.Column("with_case", Flag, nullable=False),
    sa.Column("effect_at", Instant),
    sa.Column("undo_until", Instant),
    sa.UniqueConstraint("case_id", "position"),
    sqlite_strict=True,
)

texts = sa.Table(
    "case_texts",
    metadata,
    sa.Column("id", Big, primary_key=True),
    sa.Column("case_id", sa.Text, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("item_id", sa.Text, sa.ForeignKey("items.id"), index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sqlite_strict=True,
)
"""Everything that retention erases: *kind* is ``text``, ``note`` or ``locator``."""

trials = sa.Table(
    "case_trials",
    metadata,
    sa.Column("subject", sa.LargeBinary, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sqlite_strict=True,
)
"""Wrong PINs of the last 24 hours; see ``access.py`` for the form."""

withdrawals = sa.Table(
    "withdrawals",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("case_id", sa.Text, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("item_id", sa.Text, sa.ForeignKey("items.id"), nullable=False),
    sa.Column("bank", sa.Text, nullable=False),
    sa.Column("seq", Big, nullable=False, index=True),
    sa.Column("on", Day, nullable=False),
    sa.Column("undone", Flag, nullable=False),
    sa.Column("keypoints", Flag, nullable=False),
    sqlite_strict=True,
)

confirmations = sa.Table(
    "withdrawal_confirmations",
    metadata,
    sa.Column(
        "withdrawal_id", sa.Text, sa.ForeignKey("withdrawals.id"), primary_key=True, nullable=False
    ),
    sa.Column("platform_id", sa.Text, primary_key=True, nullable=False),
    sa.Column("able", Flag, nullable=False),
    sa.Column("confirmed_on", Day),
    sqlite_strict=True,
)

removals = sa.Table(
    "removals",
    metadata,
    sa.Column("item_id", sa.Text, sa.ForeignKey("items.id"), primary_key=True, nullable=False),
    sa.Column("platform_id", sa.Text, primary_key=True, nullable=False),
    sa.Column("day", Day, primary_key=True, nullable=False),
    sa.Column("release_at", Instant, nullable=False),
    sqlite_strict=True,
)


def columns(value: Case | Item) -> dict[str, Any]:
    """Return a value's fields as a row."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _case(row: sa.Row[Any]) -> Case:
    values = dict(row._mapping)
    values |= {"status": CaseStatus(row.status), "before": CaseStatus(row.before)}
    return Case(**values)


def _item(row: sa.Row[Any]) -> Item:
    return Item(**dict(row._mapping) | {"status": ItemStatus(row.status)})


@dataclass(frozen=True, slots=True)
class CaseStore:
    """Cases with their items, credentials and texts, on the open transaction."""

    db: Database

    def insert(self, case: Case, made: Credentials) -> None:
        """Store a new case."""
        self.db.execute(cases.insert().values(columns(case)))
        self.db.execute(credentials.insert().values(case_id=case.id, **_kept(made)))

    def get(self, case_id: CaseId) -> Case:
        """Return the case.

        Raises:
            NotFound: there is none with this id.
        """
        row = self.db.execute(cases.select().where(cases.c.id == case_id)).one_or_none()
        if row is None:
            raise NotFound("there is no such case")
        return _case(row)

    def put(self, case: Case) -> None:
        """Replace the case."""
        self.db.execute(cases.update().where(cases.c.id == case.id).values(columns(case)))

    def with_unvouched_items(self) -> list[Case]:
        """Return cases that wait for a caseworker, oldest first.

        Running ones with an item that nobody has vouched for; and open ones without any
        signal, a threat or an account, which nobody would find otherwise until they are closed.
        """
        unvouched = sa.select(items.c.case_id).where(
            items.c.status == ItemStatus.ACTIVE,
            items.c.vouched.is_(sa.false()),
            items.c.signals > 0,
        )
        running = cases.c.status.in_([CaseStatus.OPEN, CaseStatus.CLOSED])
        with_signals = sa.select(items.c.case_id).where(items.c.signals > 0)
        without = sa.and_(cases.c.status == CaseStatus.OPEN, cases.c.id.not_in(with_signals))
        waiting = sa.or_(sa.and_(running, cases.c.id.in_(unvouched)), without)
        query = cases.select().where(waiting)
        return [
            _case(row) for row in self.db.execute(query.order_by(cases.c.opened_on, cases.c.id))
        ]

    def insert_item(self, item: Item) -> None:
        """Store a new item."""
        self.db.execute(items.insert().values(columns(item)))

    def put_item(self, item: Item) -> None:
        """Replace the item."""
        self.db.execute(items.update().where(items.c.id == item.id).values(columns(item)))

    def items(self, case_id: CaseId) -> list[Item]:
        """Return the items of a case, in the order they were added."""
        query = items.select().where(items.c.case_id == case_id).order_by(items.c.position)
        return [_item(row) for row in self.db.execute(query)]

    def item(self, case_id: CaseId, item_id: ItemId) -> Item:
        """Return one item of this case.

        Raises:
            NotFound: the case has no such item, whoever else may.
        """
        query = items.select().where(items.c.id == item_id, items.c.case_id == case_id)
        row = self.db.execute(query).one_or_none()
        if row is None:
            raise NotFound("the case has no such item")
        return _item(row)

    def case_of(self, item_id: ItemId) -> CaseId:
        """Return the case that an item belongs to.

        Raises:
            NotFound: there is no such item.
        """
        found = self.db.execute(sa.select(items.c.case_id).where(items.c.id == item_id)).scalar()
        if found is None:
            raise NotFound("there is no such item")
        return CaseId(found)

    def add_texts(
        self, case_id: CaseId, item_id: ItemId | None, kind: str, written: Iterable[str]
    ) -> None:
        """Keep what the reporter wrote, until retention or a purge."""
        rows = [
            {"case_id": case_id, "item_id": item_id, "kind": kind, "text": text}
            for text in written
            if text
        ]
        if rows:
            self.db.execute(texts.insert(), rows)

    def texts(self, case_id: CaseId, kind: str) -> tuple[str, ...]:
        """Return what the reporter wrote of one kind, in the order it came."""
        query = sa.select(texts.c.text).where(texts.c.case_id == case_id, texts.c.kind == kind)
        return tuple(self.db.execute(query.order_by(texts.c.id)).scalars())

    def erase_texts(self, case_id: CaseId) -> None:
        """Delete all texts and locators of a case."""
        self.db.execute(texts.delete().where(texts.c.case_id == case_id))

    def erase_item_texts(self, item_id: ItemId) -> None:
        """Delete all texts and locators of one item."""
        self.db.execute(texts.delete().where(texts.c.item_id == item_id))

    def replace_credentials(self, case_id: CaseId, made: Credentials) -> None:
        """Give the case new credentials; the old ones find nothing from here on."""
        self.forget_trials(case_id)
        self.db.execute(
            credentials.update().where(credentials.c.case_id == case_id).values(**_kept(made))
        )

    def forget_trials(self, case_id: CaseId) -> None:
        """Delete the trials counted against this case's code."""
        code = sa.select(credentials.c.code_mac).where(credentials.c.case_id == case_id)
        self.db.execute(trials.delete().where(trials.c.subject.in_(code)))

    def by_slip(self, slip_mac: bytes) -> CaseId | None:
        """Return the case that a recovery slip belongs to, if any does."""
        query = sa.select(credentials.c.case_id).where(credentials.c.slip_mac == slip_mac)
        found = self.db.execute(query).scalar()
        return None if found is None else CaseId(found)

    def by_attempt(self, attempt: Attempt | None) -> CaseId | None:
        """Return the case that the same try opened or recovered, that day or the day before.

        Older tries are forgotten.
        """
        if attempt is None:
            return None
        self.db.execute(
            credentials.update()
            .where(credentials.c.attempted_on < attempt.on - timedelta(days=1))
            .values(attempt_mac=None, attempted_on=None)
        )
        query = sa.select(credentials.c.case_id).where(credentials.c.attempt_mac == attempt.mac)
        found = self.db.execute(query).scalar()
        return None if found is None else CaseId(found)

    def delete(self, case_id: CaseId) -> None:
        """Delete every row about the case."""
        self.forget_trials(case_id)
        of_items = sa.select(items.c.id).where(items.c.case_id == case_id)
        of_withdrawals = sa.select(withdrawals.c.id).where(withdrawals.c.case_id == case_id)
        for statement in (
            confirmations.delete().where(confirmations.c.withdrawal_id.in_(of_withdrawals)),
            withdrawals.delete().where(withdrawals.c.case_id == case_id),
            removals.delete().where(removals.c.item_id.in_(of_items)),
            texts.delete().where(texts.c.case_id == case_id),
            items.delete().where(items.c.case_id == case_id),
            credentials.delete().where(credentials.c.case_id == case_id),
            cases.delete().where(cases.c.id == case_id),
        ):
            self.db.execute(statement)


def _kept(made: Credentials) -> dict[str, object]:
    """Return credentials as their columns."""
    return {
        "code_mac": made.code_mac,
        "pin_digest": made.pin_digest,
        "slip_mac": made.slip_mac,
        "attempt_mac": made.attempt.mac if made.attempt else None,
        "attempted_on": made.attempt.on if made.attempt else None,
    }
