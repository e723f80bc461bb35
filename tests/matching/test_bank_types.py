"""Signals of several types in one bank: apart, counted, found where they should be, erased."""

import pytest

from takeback.db import Database
from takeback.hashing.signal_types import SignalType
from takeback.ids import CaseId, ItemId, new_id
from takeback.matching.model import (
    ADULT,
    BANKS,
    PAGE_BYTES,
    BankSignal,
    Change,
    Changes,
    pictures,
    record_bytes,
)
from takeback.matching.service import Bank
from takeback.matching.store import entries
from tests.conftest import FakeClock
from tests.matching.banking import (
    Follower,
    banked,
    described,
    digest,
    filmed,
    make_bank,
    register_all,
)

ALL = (banked(1), described(1), filmed(1, keypoints=True), digest(1))


@pytest.fixture
def bank(database: Database, clock: FakeClock) -> Bank:
    """An empty bank, on each of the two databases in turn."""
    return make_bank(database, clock)


def held(bank: Bank) -> set[tuple[SignalType, bytes]]:
    """Return type and content of what a new follower holds."""
    follower = Follower(bank)
    follower.catch_up()
    return {(each.type, each.content or b"") for each in follower.held.values()}


def of(*signals: BankSignal) -> set[tuple[SignalType, bytes]]:
    """Return these signals as :func:`held` does."""
    return {(each.type, each.content) for each in signals}


def test_a_signal_is_one_entry_in_each_type(bank: Bank) -> None:
    """The same 32 bytes as PDQ signal and as the key of something packed are two entries."""
    packed = described(1)
    pretender = BankSignal(packed.key, 90)

    for _ in range(2):
        register_all(bank, [packed, pretender])

    assert held(bank) == of(packed, pretender)
    assert bank.counts().active[ADULT] == 2


def test_withdrawn_and_brought_back_whole(bank: Bank) -> None:
    """Every type goes and comes with its item."""
    item_id = register_all(bank, ALL)

    bank.withdraw(item_id)
    gone = held(bank)
    bank.reinstate(item_id)

    assert gone == set()
    assert held(bank) == of(*ALL)


def test_purged_from_every_column(bank: Bank) -> None:
    """What was shown stays as a stone without a signal."""
    item_id = register_all(bank, ALL)
    bank.withdraw(item_id)

    bank.purge(item_id)

    with bank.db.reading():
        rows = bank.db.execute(entries.select()).all()
    assert len(rows) == 4
    assert all(row.signal is None and row.payload is None for row in rows)


def test_many_waiting_packed_signals_leave_no_row(database: Database, clock: FakeClock) -> None:
    """What nobody was ever shown is deleted."""
    bank = make_bank(database, clock, unvouched_pictures_per_day=0)
    item_id = register_all(bank, ALL)

    bank.purge(item_id)

    with database.reading():
        assert database.execute(entries.select()).all() == []


def test_keypoints_go_and_a_video_stays_without_them(bank: Bank) -> None:
    """Withdrawn first, then erased; what has none is not touched."""
    item_id = register_all(bank, ALL)
    none = register_all(bank, [banked(2), filmed(2)])

    first = bank.withdraw_keypoints(item_id)
    again = bank.withdraw_keypoints(item_id)

    assert first == bank.head_seq()
    assert again is None
    assert bank.withdraw_keypoints(none) is None
    rest = of(banked(1), filmed(1), digest(1), banked(2), filmed(2))
    assert held(bank) == rest
    assert bank.purge_keypoints(item_id) == 1
    assert bank.purge_keypoints(none) == 0
    assert held(bank) == rest


def test_a_video_without_its_keypoints_waits_if_it_waited(
    database: Database, clock: FakeClock
) -> None:
    """Giving keypoints up is no way round the day's number."""
    bank = make_bank(database, clock, unvouched_pictures_per_day=0)
    item_id = register_all(bank, ALL)

    bank.withdraw_keypoints(item_id)

    assert held(bank) == set()
    bank.vouch([item_id])
    assert held(bank) == of(banked(1), filmed(1), digest(1))


@pytest.mark.parametrize(
    ("signals", "count"),
    [
        ([banked(1)], 1),
        ([banked(number) for number in range(11)] + [described(1)], 1),
        ([banked(number) for number in range(17)], 2),
        ([digest(1), filmed(1, frames=60)], 1),
        ([filmed(1, frames=3_600)], 33),
    ],
    ids=["one signal", "a picture", "a flood", "a clip", "a film"],
)
def test_the_days_number_counts_pictures(signals: list[BankSignal], count: int) -> None:
    """A picture with all its views is one; what is larger counts as several."""
    assert pictures(signals) == count


def test_a_long_video_uses_the_day_up_sooner(database: Database, clock: FakeClock) -> None:
    """Or the cap would not bound what strangers can store."""
    bank = make_bank(database, clock, unvouched_pictures_per_day=33)
    film = filmed(1, frames=3_600)

    answers = [
        bank.register(
            CaseId(new_id("case")),
            ItemId(new_id("item")),
            ADULT,
            [each],
            partners=False,
            vouched=False,
        )
        for each in (film, banked(1))
    ]

    assert answers == [True, False]


def test_the_share_of_pictures_with_keypoints(bank: Bank) -> None:
    """Of the active ones; an empty bank has none."""
    empty = bank.keypoint_share()
    register_all(bank, [banked(1), described(1)])
    for number in (2, 3, 4):
        gone = register_all(bank, [banked(number)])
    bank.withdraw(gone)

    assert empty == 0
    assert bank.keypoint_share() == pytest.approx(1 / 3)


def change(size: int, seq: int) -> Change:
    """Return a change with so many bytes of content."""
    return Change(seq, seq, True, ADULT, bytes(size), 0, "whole", False)  # type: ignore[arg-type]


def test_a_page_is_cut_where_its_bytes_or_its_number_end() -> None:
    """One record always fits, and the place is that of the last one kept."""
    third = PAGE_BYTES // 3 // 2
    page = Changes([change(third, seq) for seq in range(1, 6)], 9, more=False)
    large = Changes([change(PAGE_BYTES, 1), change(1, 2)], 9, more=False)

    assert (len(page.cut(5).entries), page.cut(5).to_seq, page.cut(5).more) == (2, 2, True)
    assert len(page.cut(1).entries) == 1
    assert (len(large.cut(5).entries), large.cut(5).more) == (1, True)
    assert Changes([change(9, 1)], 9, more=False).cut(1) == Changes([change(9, 1)], 9, more=False)
    assert record_bytes(300_000) < PAGE_BYTES


def test_pages_of_packed_signals_skip_nothing(bank: Bank) -> None:
    """Read two by two or as many as fit, each comes once and in order."""
    films = [filmed(number, frames=3_600) for number in range(20)]
    for each in films:
        register_all(bank, [each], vouched=True)
    small, whole = Follower(bank), Follower(bank)

    small.catch_up(2)
    whole.page(5_000)
    read_at_once = len(whole.read)
    whole.catch_up(5_000)

    assert [each.content for each in small.read] == [each.content for each in whole.read]
    assert len(small.read) == 20
    assert 1 < read_at_once < 20
    assert sum(each.size for each in whole.read[:read_at_once]) <= PAGE_BYTES
    assert whole.banks == BANKS
