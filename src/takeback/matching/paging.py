"""Reading the bank's changes in order: by feed readers, by partners, and by our own index.

An entry that is kept back from one platform moves in that platform's order only: there its
number is the later of the entry's own and the quarantine's. Both are drawn from the same
head, so a reader who has read up to a number misses nothing and reads nothing twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from takeback.db import Database
from takeback.ids import EntryId, PlatformId
from takeback.matching.model import Change, Shared, SharedRecord, State
from takeback.matching.store import entries, parts, quarantines

_LOAD = 20_000


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and what may be shown."""

    platform_id: PlatformId
    banks: frozenset[str]
    served: Mapping[str, int] = field(default_factory=dict)
    """Newest number ever served to this reader of each bank. An entry that went before it was
    served is never spoken of."""

    def unserved(self, to_seq: int) -> dict[str, int]:
        """Return *to_seq* for each bank of which this reader was not served as much before."""
        return {bank: to_seq for bank in self.banks if self.served.get(bank, 0) < to_seq}


@dataclass(frozen=True, slots=True)
class Paging:
    """Pages of changes. Never commits."""

    db: Database

    def feed(self, reader: Reader, after: int, limit: int) -> list[Change]:
        """Return up to *limit* changes after number *after*, oldest first."""
        rows = self._merged(_pages(_FEED, reader, after, limit), limit)
        return [_change(row) for row in rows]

    def shared(self, reader: Reader, after: int, limit: int) -> list[SharedRecord]:
        """Return up to *limit* shared entries after number *after*, oldest first."""
        rows = self._merged(_pages(_SHARED, reader, after, limit), limit)
        return [_shared(row) for row in rows]

    def shared_before(self, at: int) -> int:
        """Return the newest number a partner was given for a time before *at*, or 0."""
        newest = [
            sa.select(sa.func.max(entries.c.shared_seq)).where(
                entries.c.shared_at == _latest(entries.c.shared_at, at)
            ),
            sa.select(sa.func.max(quarantines.c.seq)).where(
                quarantines.c.at == _latest(quarantines.c.at, at)
            ),
        ]
        return max(self.db.execute(each).scalar() or 0 for each in newest)

    def since(self, after: int) -> Iterator[tuple[EntryId, str, bytes | None]]:
        """Yield (entry, bank, signal or None) of all that changed after *after*, oldest first.

        The signal is None where the entry is no longer active.
        """
        signal = sa.case((entries.c.state == State.ACTIVE.value, entries.c.signal), else_=None)
        changed = sa.select(entries.c.id, entries.c.bank, signal.label("signal"))
        changed = changed.where(entries.c.seq > after).order_by(entries.c.seq)
        rows = self.db.execute(changed.execution_options(yield_per=_LOAD))
        for row in rows:
            yield EntryId(row.id), row.bank, row.signal

    def active(self, entry_ids: Sequence[EntryId], reader: Reader) -> dict[EntryId, Change]:
        """Return those of the entries that *reader* may see and that are active for it."""
        found: dict[EntryId, Change] = {}
        for part in parts(entry_ids):
            seen = sa.and_(entries.c.id.in_(part), entries.c.bank.in_(reader.banks), _FEED.visible)
            rows = self.db.execute(_columns(_FEED, reader).where(seen))
            found |= {EntryId(row.id): _change(row) for row in rows}
        return found

    def _merged(self, pages: Sequence[sa.Select[Any]], limit: int) -> list[sa.Row[Any]]:
        rows = [row for page in pages for row in self.db.execute(page)]
        return sorted(rows, key=lambda row: int(row.moved))[:limit]


@dataclass(frozen=True, slots=True)
class _Order:
    """One of the two orders in which entries are read."""

    seq: sa.ColumnElement[int]
    first_seq: sa.ColumnElement[int]
    active: sa.ColumnElement[bool]
    shown: sa.ColumnElement[bool]

    @property
    def visible(self) -> sa.ColumnElement[bool]:
        """Active, and not kept back from this platform."""
        kept_back = sa.func.coalesce(quarantines.c.active, sa.false())
        return sa.and_(self.active, sa.not_(kept_back))


_FEED = _Order(
    seq=entries.c.seq,
    first_seq=entries.c.first_seq,
    active=entries.c.state == State.ACTIVE.value,
    shown=entries.c.seq.is_not(None),
)
_SHARED = _Order(
    seq=entries.c.shared_seq,
    first_seq=entries.c.shared_first_seq,
    active=entries.c.shared == Shared.ACTIVE.value,
    shown=entries.c.shared != Shared.NEVER.value,
)


def _columns(order: _Order, reader: Reader) -> sa.Select[Any]:
    """Select every entry with what this reader's own quarantine makes of it."""
    own = sa.and_(
        quarantines.c.entry_id == entries.c.id, quarantines.c.platform_id == reader.platform_id
    )
    later = sa.and_(quarantines.c.seq.is_not(None), quarantines.c.seq > order.seq)
    return sa.select(
        entries.c.id,
        entries.c.bank,
        entries.c.signal,
        entries.c.quality,
        entries.c.view,
        entries.c.vouched,
        order.visible.label("visible"),
        sa.case((later, quarantines.c.seq), else_=order.seq).label("moved"),
        sa.case((later, quarantines.c.at), else_=entries.c.shared_at).label("at"),
    ).select_from(entries.outerjoin(quarantines, own))


def _pages(order: _Order, reader: Reader, after: int, limit: int) -> list[sa.Select[Any]]:
    """Return two statements for each bank: entries that moved, and what is kept back of them.

    Each follows an index and stops at *limit*, however many entries other banks hold.
    """
    pages = []
    for bank in sorted(reader.banks):
        known = order.first_seq <= reader.served.get(bank, 0)
        worth_saying = sa.and_(entries.c.bank == bank, order.shown, sa.or_(order.visible, known))
        pages += [
            page.where(worth_saying).limit(limit)
            for page in (_moved(order, reader, after), _kept_back(order, reader, after))
        ]
    return pages


def _moved(order: _Order, reader: Reader, after: int) -> sa.Select[Any]:
    """Select entries that moved later than this reader's quarantine of them, if there is one."""
    newest = sa.or_(quarantines.c.seq.is_(None), quarantines.c.seq < order.seq)
    return _columns(order, reader).where(order.seq > after, newest).order_by(order.seq)


def _kept_back(order: _Order, reader: Reader, after: int) -> sa.Select[Any]:
    """Select entries whose quarantine for this reader, placed or lifted, is the newest move."""
    return (
        _columns(order, reader)
        .where(
            quarantines.c.platform_id == reader.platform_id,
            quarantines.c.seq > after,
            quarantines.c.seq > order.seq,
        )
        .order_by(quarantines.c.seq)
    )


def _latest(column: sa.ColumnElement[int], before: int) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.max(column)).where(column < before).scalar_subquery()


def _change(row: sa.Row[Any]) -> Change:
    return Change(
        entry_id=EntryId(row.id),
        seq=row.moved,
        active=bool(row.visible),
        bank=row.bank,
        signal=row.signal,
        quality=row.quality,
        view=row.view,
        vouched=row.vouched,
    )


def _shared(row: sa.Row[Any]) -> SharedRecord:
    return SharedRecord(
        EntryId(row.id), row.moved, row.at, bool(row.visible), row.signal, row.vouched
    )
