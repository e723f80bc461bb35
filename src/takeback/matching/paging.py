"""Reading the bank's changes in order: by feed readers, by partners, and by our own index.

An entry that is kept back from one platform moves in that platform's order only: there its
number is the later of the entry's own and the quarantine's. Both are drawn from the same
head, so a reader who has read up to a number misses nothing and reads nothing twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

import sqlalchemy as sa

from takeback.db import Database
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.signal_types import SignalType
from takeback.ids import EntryId, PlatformId
from takeback.matching.model import (
    PAGE_BYTES,
    Change,
    Shared,
    SharedRecord,
    State,
    record_bytes,
)
from takeback.matching.store import entries, parts, quarantines

_LOAD = 20_000

PARTNER_TYPES: Final = (SignalType.PDQ.value, SignalType.MD5.value)
"""Types that partners' programs know; they are sent no other."""


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

    def feed(self, reader: Reader, after: int, limit: int) -> tuple[list[Change], bool]:
        """Return changes after number *after*, oldest first, and whether there are more.

        They are at most *limit*, and no more than a page has room for, but at least one.
        """
        rows = self._merged(_pages(_FEED, reader, after, limit + 1), limit + 1)
        fitting = rows[: min(limit, _room(rows))]
        return self._changes(fitting), len(rows) > len(fitting)

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
        """Yield (entry, bank, PDQ signal or None) of all that changed after *after*, in order.

        The signal is None where the entry is no longer active.
        """
        signal = sa.case((entries.c.state == State.ACTIVE.value, entries.c.signal), else_=None)
        changed = sa.select(entries.c.id, entries.c.bank, signal.label("signal"))
        changed = changed.where(entries.c.seq > after, entries.c.type == SignalType.PDQ.value)
        changed = changed.order_by(entries.c.seq)
        rows = self.db.execute(changed.execution_options(yield_per=_LOAD))
        for row in rows:
            yield EntryId(row.id), row.bank, row.signal

    def active(self, entry_ids: Sequence[EntryId], reader: Reader) -> dict[EntryId, Change]:
        """Return those of the entries that *reader* may see and that are active for it."""
        found: dict[EntryId, Change] = {}
        for part in parts(entry_ids):
            seen = sa.and_(entries.c.id.in_(part), entries.c.bank.in_(reader.banks), _FEED.visible)
            rows = self.db.execute(_columns(_FEED, reader).where(seen))
            found |= {change.entry_id: change for change in self._changes(rows.all())}
        return found

    def _changes(self, rows: Sequence[sa.Row[Any]]) -> list[Change]:
        """Return rows as changes, with what was packed in those that are shown."""
        wanted = [EntryId(row.id) for row in rows if row.payload_bytes and row.visible]
        packed: dict[int, bytes] = {}
        for part in parts(wanted):
            chosen = sa.select(entries.c.id, entries.c.payload).where(entries.c.id.in_(part))
            packed |= {row.id: row.payload for row in self.db.execute(chosen)}
        return [_change(row, packed.get(row.id)) for row in rows]

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
    """Whether entries of this kind are read in this order at all."""

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
    shown=sa.and_(entries.c.shared != Shared.NEVER.value, entries.c.type.in_(PARTNER_TYPES)),
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
        entries.c.type,
        entries.c.signal,
        sa.func.coalesce(sa.func.length(entries.c.payload), 0).label("payload_bytes"),
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


def _room(rows: Sequence[sa.Row[Any]]) -> int:
    """Return how many rows a page has room for, at least one; known before they are read."""
    sizes = (record_bytes(row.payload_bytes or SIGNAL_BYTES) for row in rows)
    return max(1, sum(total <= PAGE_BYTES for total in accumulate(sizes)))


def _change(row: sa.Row[Any], packed: bytes | None) -> Change:
    kind = SignalType(row.type)
    return Change(
        entry_id=EntryId(row.id),
        seq=row.moved,
        active=bool(row.visible),
        bank=row.bank,
        content=packed if kind.packed else row.signal,
        quality=row.quality,
        view=row.view,
        vouched=row.vouched,
        type=kind,
    )


def _shared(row: sa.Row[Any]) -> SharedRecord:
    return SharedRecord(
        EntryId(row.id),
        row.moved,
        row.at,
        bool(row.visible),
        row.signal,
        row.vouched,
        SignalType(row.type),
    )
