"""Cases on both databases: what is put in comes out, and nothing that was not asked for."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from takeback.cases.codes import Credentials
from takeback.cases.model import (
    Case,
    CaseStatus,
    Confirmation,
    Item,
    ItemStatus,
    RemovalRecord,
    Withdrawal,
)
from takeback.cases.records import RecordStore
from takeback.cases.store import CaseStore
from takeback.db import Database
from takeback.errors import NotFound
from takeback.ids import CaseId, ItemId, PlatformId, WithdrawalId
from tests.conftest import NOON

CASE = Case(
    id=CaseId("case_1"),
    kind="threatened",
    age_band="not_said",
    language="ko",
    authority="parent",
    opened_on=date(2030, 3, 5),
    status=CaseStatus.WITHDRAWING,
    before=CaseStatus.CLOSED,
    held=True,
    hold_reason="court_order",
    partners=True,
    partners_since=date(2030, 3, 6),
    lock=True,
    unlocks_at=datetime(2030, 3, 7, 1, 2, 3, 4, tzinfo=UTC),
    ends_on=date(9999, 12, 31),
    closed_on=date(2030, 3, 6),
    erased=True,
    effect_at=NOON,
    undo_until=NOON,
)
ITEM = Item(
    id=ItemId("item_1"),
    case_id=CASE.id,
    position=3,
    added_on=date(2030, 3, 5),
    signals=7,
    status=ItemStatus.WITHDRAWING,
    waiting=True,
    vouched=True,
    seq=2**40,
    with_case=True,
    effect_at=NOON,
    undo_until=NOON,
)
KEYS = Credentials(b"c" * 32, b"p" * 32, b"s" * 32)
PLATFORM = PlatformId("platform_1")


@pytest.fixture
def store(database: Database) -> CaseStore:
    """An empty store, on each of the two databases in turn."""
    return CaseStore(database)


def fill(database: Database) -> None:
    """Store the case with its item."""
    store = CaseStore(database)
    with database.transaction():
        store.insert(CASE, KEYS)
        store.insert_item(ITEM)


def test_a_stored_case_comes_back_equal(database: Database, store: CaseStore) -> None:
    """Every field, instants to the microsecond."""
    fill(database)

    with database.reading():
        assert store.get(CASE.id) == CASE
        assert store.items(CASE.id) == [ITEM]
        assert store.item(CASE.id, ITEM.id) == ITEM
        assert store.case_of(ITEM.id) == CASE.id


def test_replacing_replaces_every_field(database: Database, store: CaseStore) -> None:
    """A bare case put over a full one is a bare case."""
    fill(database)
    bare = replace(
        Case(
            id=CASE.id,
            kind="sweep",
            age_band="adult",
            language="en",
            authority="self",
            opened_on=NOON.date(),
        )
    )
    bare_item = Item(id=ITEM.id, case_id=CASE.id, position=0, added_on=NOON.date())

    with database.transaction():
        store.put(bare)
        store.put_item(bare_item)

    with database.reading():
        assert store.get(CASE.id) == bare
        assert store.items(CASE.id) == [bare_item]


def test_what_is_unknown_is_not_found(database: Database, store: CaseStore) -> None:
    """Nothing answers None for a record that should be there."""
    fill(database)

    with database.reading():
        for missing in (
            lambda: store.get(CaseId("case_0")),
            lambda: store.item(CaseId("case_0"), ITEM.id),
            lambda: store.item(CASE.id, ItemId("item_0")),
            lambda: store.case_of(ItemId("item_0")),
            lambda: RecordStore(database).case_of(WithdrawalId("withdrawal_0")),
        ):
            with pytest.raises(NotFound):
                missing()
        assert store.by_slip(b"?" * 32) is None


def test_texts_come_back_in_order_and_by_kind(database: Database, store: CaseStore) -> None:
    """Empty texts are not stored."""
    fill(database)
    with database.transaction():
        store.add_texts(CASE.id, None, "locator", ["b", "a"])
        store.add_texts(CASE.id, ITEM.id, "locator", ["c"])
        store.add_texts(CASE.id, ITEM.id, "note", ["", "n"])

    with database.reading():
        assert store.texts(CASE.id, "locator") == ("b", "a", "c")
        assert store.texts(CASE.id, "note") == ("n",)
    with database.transaction():
        store.erase_item_texts(ITEM.id)
        assert store.texts(CASE.id, "locator") == ("b", "a")
        store.erase_texts(CASE.id)
        assert store.texts(CASE.id, "locator") == ()


def test_new_credentials_replace_the_old(database: Database, store: CaseStore) -> None:
    """Only the new slip finds the case."""
    fill(database)
    with database.transaction():
        store.replace_credentials(CASE.id, Credentials(b"1" * 32, b"2" * 32, b"3" * 32))

    with database.reading():
        assert store.by_slip(b"3" * 32) == CASE.id
        assert store.by_slip(KEYS.slip_mac) is None


def test_a_deleted_case_takes_everything_along(database: Database, store: CaseStore) -> None:
    """Items, texts, withdrawals, confirmations and removals, in an order that is allowed."""
    fill(database)
    records = RecordStore(database)
    withdrawal = Withdrawal(
        id=WithdrawalId("withdrawal_1"),
        case_id=CASE.id,
        item_id=ITEM.id,
        bank="adult",
        seq=5,
        on=NOON.date(),
    )
    with database.transaction():
        store.add_texts(CASE.id, ITEM.id, "note", ["n"])
        records.insert_withdrawal(withdrawal, [Confirmation(withdrawal.id, PLATFORM, able=True)])
        records.insert_removal(RemovalRecord(ITEM.id, PLATFORM, NOON.date(), NOON))
        assert records.withdrawals(CASE.id) == [withdrawal]
        assert records.confirmations(CASE.id) == [
            Confirmation(withdrawal.id, PLATFORM, able=True, confirmed_on=None)
        ]

    with database.transaction():
        store.delete(CASE.id)

    with database.reading():
        assert records.withdrawals(CASE.id) == []
        assert records.confirmations(CASE.id) == []
        assert records.removals(CASE.id, NOON) == []
        with pytest.raises(NotFound):
            store.get(CASE.id)


def test_a_removal_is_kept_once_a_day(database: Database) -> None:
    """The first midnight drawn stands; another day or platform is another removal."""
    fill(database)
    records = RecordStore(database)
    first = RemovalRecord(ITEM.id, PLATFORM, NOON.date(), NOON)
    with database.transaction():
        assert records.insert_removal(first)
        assert not records.insert_removal(replace(first, release_at=NOON - timedelta(days=9)))
        assert records.insert_removal(replace(first, day=date(2030, 3, 6)))
        assert records.insert_removal(replace(first, platform_id=PlatformId("platform_2")))

    with database.reading():
        assert first in records.removals(CASE.id, NOON)
        assert len(records.removals(CASE.id, NOON)) == 3
        assert records.removals(CASE.id, NOON - timedelta(microseconds=1)) == []
