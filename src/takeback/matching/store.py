"""Banks in the database. The only file that knows the shape of these tables.

A signal is in ``entries.signal``, or packed in ``entries.payload`` with its digest as the
signal, and nowhere else; purging sets both to NULL. Entry ids are random, so that a hub
restored from a backup never gives an old number to a new entry. The statements that page
through changes are in ``paging.py``, those that keep an entry back in ``quarantines.py``.
"""

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from takeback.db import Big, Database, Day, Flag, metadata
from takeback.hashing.signal_types import SignalType
from takeback.ids import CaseId, EntryId, ItemId
from takeback.matching.model import (
    BANKS,
    BankSignal,
    Counts,
    Head,
    Held,
    Holder,
    Shared,
    Standing,
    State,
)

feed_head = sa.Table(
    "feed_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", Big, nullable=False),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("shared_at", Big, nullable=False),
    sqlite_strict=True,
)
"""One row: the newest change, the epoch, and the newest time given to a partner."""

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("id", Big, primary_key=True, autoincrement=False),
    sa.Column("bank", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("signal", sa.LargeBinary),
    sa.Column("payload", sa.LargeBinary),
    sa.Column("quality", sa.Integer, nullable=False),
    sa.Column("view", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("vouched", Flag, nullable=False),
    sa.Column("quarantined", Flag, nullable=False),
    sa.Column("first_seq", Big),
    sa.Column("seq", Big),
    sa.Column("shared", sa.Text, nullable=False),
    sa.Column("shared_first_seq", Big),
    sa.Column("shared_seq", Big),
    sa.Column("shared_at", Big),
    sa.UniqueConstraint("bank", "type", "signal"),
    sa.Index("ix_entries_bank_seq", "bank", "seq"),
    sa.Index("ix_entries_bank_shared_seq", "bank", "shared_seq"),
    sa.Index("ix_entries_shared_at", "shared_at"),
    sqlite_strict=True,
)

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("id", Big, primary_key=True),
    sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("case_id", sa.Text),
    sa.Column("entry_id", Big, sa.ForeignKey("entries.id"), nullable=False),
    sa.Column("partners", Flag, nullable=False),
    sa.Column("vouched", Flag, nullable=False),
    sa.Column("waiting", Flag, nullable=False),
    sa.Column("withdrawn", Flag, nullable=False),
    sa.Column("suspended", Flag, nullable=False),
    sa.UniqueConstraint("item_id", "entry_id"),
    sa.Index("ix_holds_entry_id", "entry_id"),
    sqlite_strict=True,
)
"""A hold without a case is a partner's submission. A hold is active when it neither waits nor
is withdrawn nor suspended; each of the three can be undone by itself."""

quarantines = sa.Table(
    "quarantines",
    metadata,
    sa.Column("entry_id", Big, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("platform_id", sa.Text, primary_key=True),
    sa.Column("active", Flag, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("seq", Big, nullable=False),
    sa.Column("at", Big, nullable=False),
    sa.Index("ix_quarantines_platform_id_seq", "platform_id", "seq"),
    sqlite_strict=True,
)
"""An empty ``platform_id`` is everywhere. A lifted row stays while the entry has a signal: its
number tells that platform's readers that the entry is back."""

unvouched_days = sa.Table(
    "unvouched_days",
    metadata,
    sa.Column("day", Day, primary_key=True),
    sa.Column("pictures", sa.Integer, nullable=False),
    sqlite_strict=True,
)

ENTRY_ID_BITS: Final = 53
"""Every JSON reader can hold such a number."""

T = TypeVar("T")

_Key = tuple[SignalType, bytes]
"""What tells an entry of one bank from every other."""

_CHUNK = 500
_ACTIVE = sa.and_(sa.not_(holds.c.waiting), sa.not_(holds.c.withdrawn), sa.not_(holds.c.suspended))


def _active_where(condition: sa.ColumnElement[bool] | None = None) -> sa.ColumnElement[int]:
    """Return 1 if any hold of the group is active (and fulfils *condition*), else 0."""
    meant = _ACTIVE if condition is None else sa.and_(_ACTIVE, condition)
    return sa.func.coalesce(sa.func.max(sa.case((meant, 1), else_=0)), 0)


@dataclass(frozen=True, slots=True)
class Moved:
    """An entry's new standing, with the numbers it draws; 0 for one that it does not draw."""

    entry_id: EntryId
    standing: Standing
    seq: int
    shared_seq: int
    shared_at: int


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry that an item holds."""

    entry_id: EntryId
    bank: str
    type: SignalType
    payload: bytes | None
    quality: int
    view: str
    withdrawn: bool
    """Whether the item's hold on it is."""


@dataclass(frozen=True, slots=True)
class BankStore:
    """Entries, holds and quarantines. Never commits."""

    db: Database

    def insert_new(self, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert *rows*, leaving out any that is there already."""
        dialect = sqlite if self.db.dialect == "sqlite" else postgresql
        if rows:
            self.db.execute(dialect.insert(table).on_conflict_do_nothing(), rows)

    def head(self) -> Head:
        """Return where the bank's history stands."""
        row = self.db.execute(sa.select(feed_head.c.seq, feed_head.c.epoch)).one_or_none()
        return Head(row.seq, row.epoch) if row else Head()

    def draw(self, count: int = 1) -> int:
        """Draw *count* numbers in commit order and return the last."""
        self._make_head()
        statement = feed_head.update().values(seq=feed_head.c.seq + count)
        seq: int = self.db.execute(statement.returning(feed_head.c.seq)).scalar_one()
        return seq

    def shared_time(self, now: int) -> int:
        """Return *now* in seconds, or the newest time given before if that is later."""
        self._make_head()
        later = sa.case((feed_head.c.shared_at > now, feed_head.c.shared_at), else_=now)
        statement = feed_head.update().values(shared_at=later)
        at: int = self.db.execute(statement.returning(feed_head.c.shared_at)).scalar_one()
        return at

    def set_epoch(self, epoch: str) -> None:
        """Write the epoch down."""
        self._make_head()
        self.db.execute(feed_head.update().values(epoch=epoch))

    def _make_head(self) -> None:
        self.insert_new(feed_head, [{"id": 1, "seq": 0, "epoch": "", "shared_at": 0}])

    def unvouched_on(self, day: date) -> int:
        """Return how many pictures were registered without a vouch on *day*."""
        counted = sa.select(unvouched_days.c.pictures).where(unvouched_days.c.day == day)
        return self.db.execute(counted).scalar() or 0

    def count_unvouched(self, day: date, count: int) -> None:
        """Add *count* to that day's number."""
        self.insert_new(unvouched_days, [{"day": day, "pictures": 0}])
        more = unvouched_days.update().where(unvouched_days.c.day == day)
        self.db.execute(more.values(pictures=unvouched_days.c.pictures + count))

    def place(self, bank: str, signals: Sequence[BankSignal]) -> list[EntryId]:
        """Return the entry of each different signal, making those that are not there.

        What is there already keeps its quality and view: a second registration changes nothing.
        """
        wanted = {(each.type, each.key): each for each in signals}
        found: dict[_Key, EntryId] = {}
        while len(found) < len(wanted):
            new = [_new_entry(bank, key, each) for (_, key), each in wanted.items()]
            self.insert_new(entries, new)
            found = self._entry_ids(bank, wanted)
        return list(found.values())

    def _entry_ids(self, bank: str, wanted: Collection["_Key"]) -> dict["_Key", EntryId]:
        """Return which entries of the bank have these types and keys."""
        types, keys = zip(*wanted, strict=True)
        rows = self.db.execute(
            sa.select(entries.c.type, entries.c.signal, entries.c.id).where(
                entries.c.bank == bank,
                entries.c.type.in_({kind.value for kind in types}),
                entries.c.signal.in_(keys),
            )
        )
        found = {(SignalType(row.type), row.signal): EntryId(row.id) for row in rows}
        return {key: entry_id for key, entry_id in found.items() if key in wanted}

    def holding(self, kind: SignalType, key: bytes, banks: Iterable[str]) -> list[EntryId]:
        """Return the entries of exactly this signal in *banks* that anybody was ever shown."""
        rows = self.db.execute(
            sa.select(entries.c.id).where(
                entries.c.type == kind.value,
                entries.c.signal == key,
                entries.c.bank.in_(list(banks)),
                entries.c.first_seq.is_not(None),
            )
        )
        return [EntryId(each) for each in rows.scalars()]

    def hold(
        self, entry_ids: Sequence[EntryId], item_id: ItemId, case_id: CaseId | None, **flags: bool
    ) -> None:
        """Let the item hold each entry; one that it holds already stays as it is."""
        rest = {"withdrawn": False, "suspended": False, **flags}
        self.insert_new(
            holds,
            [{"item_id": item_id, "case_id": case_id, "entry_id": e, **rest} for e in entry_ids],
        )

    def mark(self, item_ids: Sequence[ItemId], **flags: bool) -> None:
        """Set *flags* on every hold of the items."""
        for part in parts(item_ids):
            self.db.execute(holds.update().where(holds.c.item_id.in_(part)).values(**flags))

    def suspended(self, case_id: CaseId) -> set[ItemId]:
        """Return the case's items with a suspended hold."""
        chosen = sa.select(holds.c.item_id).where(holds.c.case_id == case_id, holds.c.suspended)
        return {ItemId(each) for each in self.db.execute(chosen).scalars()}

    def suspend_holds(self) -> int:
        """Suspend every hold that is not withdrawn; return how many were not suspended yet."""
        chosen = sa.and_(sa.not_(holds.c.withdrawn), sa.not_(holds.c.suspended))
        return self.db.execute(holds.update().where(chosen).values(suspended=True)).rowcount

    def entries_of(self, item_ids: Sequence[ItemId]) -> list[EntryId]:
        """Return every entry that the items hold, in whatever way, each once."""
        found: set[EntryId] = set()
        for part in parts(item_ids):
            held = sa.select(holds.c.entry_id).where(holds.c.item_id.in_(part))
            found.update(self.db.execute(held).scalars())
        return sorted(found)

    def all_entries(self) -> list[EntryId]:
        """Return every entry that still has a signal."""
        alive = sa.select(entries.c.id).where(entries.c.signal.is_not(None))
        return list(self.db.execute(alive.order_by(entries.c.id)).scalars())

    def holders(self, entry_id: EntryId) -> list[Holder]:
        """Return the items of cases whose hold on the entry is active."""
        rows = self.db.execute(
            sa.select(holds.c.case_id, holds.c.item_id)
            .where(holds.c.entry_id == entry_id, holds.c.case_id.is_not(None), _ACTIVE)
            .order_by(holds.c.id)
        )
        return [Holder(CaseId(row.case_id), ItemId(row.item_id)) for row in rows]

    def standings(self, entry_ids: Sequence[EntryId]) -> Iterator[tuple[EntryId, Standing, Held]]:
        """Return how each entry stands, and what its holds say now."""
        for part in parts(entry_ids):
            for row in self.db.execute(_STANDINGS, {"ids": part}):
                yield EntryId(row.id), _standing(row), _held(row)

    def save(self, moved: Sequence[Moved]) -> None:
        """Write new standings down. Every row is written, moved or not, in the same time."""
        if moved:
            self.db.execute(_SAVE, [_save_row(each) for each in moved])

    def held_by(
        self, item_id: ItemId, kinds: Iterable[SignalType], key: bytes | None = None
    ) -> list[Kept]:
        """Return the entries of some types that the item holds, or of them this very signal's."""
        held = sa.select(entries, holds.c.withdrawn).join(holds, entries.c.id == holds.c.entry_id)
        of_types = entries.c.type.in_([kind.value for kind in kinds])
        mine = held.where(holds.c.item_id == item_id, of_types)
        if key is not None:
            mine = mine.where(entries.c.signal == key)
        return [_kept(row) for row in self.db.execute(mine.order_by(entries.c.id))]

    def copy_hold(self, item_id: ItemId, entry_id: EntryId, onto: EntryId) -> None:
        """Let the item hold another entry in the way it holds *entry_id*."""
        names = [column.name for column in holds.c if column.name not in {"id", "entry_id"}]
        mine = holds.select().where(holds.c.item_id == item_id, holds.c.entry_id == entry_id)
        for row in self.db.execute(mine).mappings().all():
            same = {name: row[name] for name in names}
            self.insert_new(holds, [{**same, "entry_id": onto}])

    def mark_held(self, item_id: ItemId, entry_ids: Sequence[EntryId], **flags: bool) -> None:
        """Set *flags* on the item's holds on these entries alone."""
        for part in parts(entry_ids):
            mine = sa.and_(holds.c.item_id == item_id, holds.c.entry_id.in_(part))
            self.db.execute(holds.update().where(mine).values(**flags))

    def release(self, item_id: ItemId, entry_ids: Sequence[EntryId]) -> None:
        """Delete the item's holds on the entries."""
        for part in parts(entry_ids):
            mine = sa.and_(holds.c.item_id == item_id, holds.c.entry_id.in_(part))
            self.db.execute(holds.delete().where(mine))

    def bury(self, entry_ids: Sequence[EntryId]) -> None:
        """Erase the signal of each entry that nothing holds; what was shown stays as a stone."""
        for part in parts(entry_ids):
            dead = sa.and_(
                entries.c.id.in_(part),
                ~sa.exists().where(holds.c.entry_id == entries.c.id),
            )
            ids = list(self.db.execute(sa.select(entries.c.id).where(dead)).scalars())
            self.db.execute(quarantines.delete().where(quarantines.c.entry_id.in_(ids)))
            unseen = sa.and_(entries.c.id.in_(ids), entries.c.first_seq.is_(None))
            self.db.execute(entries.delete().where(unseen))
            erased = entries.update().where(entries.c.id.in_(ids))
            self.db.execute(erased.values(signal=None, payload=None, shared=Shared.NEVER.value))

    def bank_of(self, entry_id: EntryId) -> str | None:
        """Return the bank of an entry that anybody was ever shown, or None."""
        shown = sa.and_(entries.c.id == entry_id, entries.c.first_seq.is_not(None))
        bank: str | None = self.db.execute(sa.select(entries.c.bank).where(shown)).scalar()
        return bank

    def keypoint_share(self) -> float:
        """Return the share of active pictures that have keypoint signals, 0 to 1."""
        active = entries.c.state == State.ACTIVE.value
        whole = sa.and_(entries.c.type == SignalType.PDQ.value, entries.c.view == "whole")
        pictures = self._count(entries, sa.and_(active, whole))
        described = sa.and_(active, entries.c.type == SignalType.KEYPOINTS.value)
        return min(1.0, self._count(entries, described) / max(1, pictures))

    def counts(self) -> Counts:
        """Return the state of the banks in numbers."""
        return Counts(
            active={bank: self._count(entries, _active_in(bank)) for bank in sorted(BANKS)},
            waiting=self._count(holds, sa.and_(holds.c.waiting, sa.not_(holds.c.withdrawn))),
            suspended=self._count(holds, holds.c.suspended),
            quarantined=self._count(entries, entries.c.quarantined),
        )

    def _count(self, table: sa.Table, condition: sa.ColumnElement[bool]) -> int:
        counted = sa.select(sa.func.count()).select_from(table).where(condition)
        return int(self.db.execute(counted).scalar_one())


_STANDINGS = (
    sa.select(
        entries.c.id,
        entries.c.state,
        entries.c.vouched,
        entries.c.quarantined,
        entries.c.shared,
        _active_where().label("held"),
        _active_where(holds.c.vouched).label("held_vouched"),
        _active_where(holds.c.partners).label("held_partners"),
    )
    .select_from(entries.outerjoin(holds, holds.c.entry_id == entries.c.id))
    .where(entries.c.id.in_(sa.bindparam("ids", expanding=True)))
    .group_by(entries.c.id)
    .order_by(entries.c.id)
)

_SAVE = (
    entries.update()
    .where(entries.c.id == sa.bindparam("entry_id"))
    .values(
        state=sa.bindparam("new_state"),
        vouched=sa.bindparam("new_vouched"),
        quarantined=sa.bindparam("new_quarantined"),
        shared=sa.bindparam("new_shared"),
        seq=sa.func.coalesce(sa.bindparam("new_seq", type_=Big), entries.c.seq),
        first_seq=sa.func.coalesce(entries.c.first_seq, sa.bindparam("new_seq", type_=Big)),
        shared_seq=sa.func.coalesce(
            sa.bindparam("new_shared_seq", type_=Big), entries.c.shared_seq
        ),
        shared_first_seq=sa.func.coalesce(
            entries.c.shared_first_seq, sa.bindparam("new_shared_seq", type_=Big)
        ),
        shared_at=sa.func.coalesce(sa.bindparam("new_shared_at", type_=Big), entries.c.shared_at),
    )
)


def _active_in(bank: str) -> sa.ColumnElement[bool]:
    return sa.and_(entries.c.bank == bank, entries.c.state == State.ACTIVE.value)


def _save_row(moved: Moved) -> dict[str, object]:
    standing = moved.standing
    return {
        "entry_id": moved.entry_id,
        "new_state": standing.state.value,
        "new_vouched": standing.vouched,
        "new_quarantined": standing.quarantined,
        "new_shared": standing.shared.value,
        "new_seq": moved.seq or None,
        "new_shared_seq": moved.shared_seq or None,
        "new_shared_at": moved.shared_at or None,
    }


def _new_entry(bank: str, key: bytes, signal: BankSignal) -> dict[str, object]:
    start = Standing()
    return {
        "id": secrets.randbits(ENTRY_ID_BITS),
        "bank": bank,
        "type": signal.type.value,
        "signal": key,
        "payload": signal.payload,
        "quality": signal.quality,
        "view": signal.view,
        "state": start.state.value,
        "vouched": start.vouched,
        "quarantined": start.quarantined,
        "shared": start.shared.value,
    }


def _kept(row: sa.Row[Any]) -> Kept:
    return Kept(
        entry_id=EntryId(row.id),
        bank=row.bank,
        type=SignalType(row.type),
        payload=row.payload,
        quality=row.quality,
        view=row.view,
        withdrawn=bool(row.withdrawn),
    )


def parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut *values* so that each part fits one statement."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _standing(row: sa.Row[Any]) -> Standing:
    return Standing(State(row.state), row.vouched, row.quarantined, Shared(row.shared))


def _held(row: sa.Row[Any]) -> Held:
    return Held(bool(row.held), bool(row.held_vouched), bool(row.held_partners))
