"""The receipt rule: a removal, confirmed, days later; and nothing else of any platform."""

import re
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from takeback.cases.receipt import draw_release
from takeback.cases.wire import Choices, Opened
from takeback.ids import CaseId, PlatformId
from takeback.matching.model import Holder
from tests.cases.world import World, access, item, without_ids
from tests.conftest import NOON

instants = st.integers(0, 100 * 365 * 24 * 3600).map(
    lambda second: NOON + timedelta(seconds=second)
)


def holder(world: World, opened: Opened) -> Holder:
    """Return the case's first item as the bank names it."""
    return Holder(CaseId(opened.case_id), world.item_id(opened))


@given(instants)
def test_every_release_is_a_midnight_one_to_three_days_later(removed_at: datetime) -> None:
    """Whichever is drawn, earliest or latest, keeps to the rule."""
    for draw in (min, max):
        release_at = draw_release(removed_at, draw)

        assert release_at.astimezone(UTC).time() == datetime.min.time()
        assert timedelta(days=1) <= release_at - removed_at <= timedelta(days=3)


@given(instants)
def test_there_is_always_more_than_one_midnight_to_draw_from(removed_at: datetime) -> None:
    """So the day of release tells no one the hour of the removal."""
    assert draw_release(removed_at, min) < draw_release(removed_at, max)


def test_which_midnight_is_left_to_chance() -> None:
    """Both possible nights are drawn in a hundred tries."""
    drawn = {draw_release(NOON) for _ in range(100)}

    assert drawn == {
        datetime(2030, 3, 7, tzinfo=UTC),
        datetime(2030, 3, 8, tzinfo=UTC),
    }


def test_a_confirmed_removal_appears_with_name_and_day(world: World) -> None:
    """Not before one day, not after three, and never with an hour."""
    opened = world.open()
    platform = world.platforms.add("Example Pictures", delivered=0)
    world.cases.record_removal([holder(world, opened)], platform, world.clock())

    world.clock.advance(timedelta(days=1) - timedelta(seconds=1))
    before = world.receipt(opened)
    world.clock.advance(timedelta(days=2, seconds=1))
    after = world.receipt(opened)

    assert before.items[0].removals == []
    assert [(one.platform, one.day) for one in after.items[0].removals] == [
        ("Example Pictures", "2030-03-05")
    ]


def test_the_midnight_is_drawn_once(world: World) -> None:
    """Reading again and again finds one step from hidden to shown, at a midnight."""
    opened = world.open()
    platform = world.platforms.add("Example Pictures", delivered=0)
    world.cases.record_removal([holder(world, opened)], platform, world.clock())

    shown = []
    for _ in range(80):
        shown.append(bool(world.receipt(opened).items[0].removals))
        world.clock.advance(timedelta(hours=1))

    first = shown.index(True)
    assert all(shown[first:])
    assert (world.clock.instant - timedelta(hours=80 - first)).hour == 0


def test_many_removals_of_a_day_are_one_line(world: World) -> None:
    """A count of removals would tell how often the picture is uploaded, and when."""
    opened = world.open()
    platform = world.platforms.add("Example Pictures", delivered=0)
    one = holder(world, opened)
    world.cases.record_removal([one, one], platform, world.clock())
    world.clock.advance(timedelta(hours=3))
    world.cases.record_removal([one], platform, world.clock())

    world.clock.advance(timedelta(days=4))

    assert len(world.receipt(opened).items[0].removals) == 1
    assert world.audit.actions().count("removal.recorded") == 1


def test_two_who_hold_the_same_picture_both_learn_of_its_removal(quick: World) -> None:
    """Each on her own receipt, drawn for each by itself."""
    first, second = quick.open(item("same")), quick.open(item("same"))
    platform = quick.platforms.add("Example Pictures", delivered=0)
    holders = [holder(quick, first), holder(quick, second)]
    quick.cases.record_removal(holders, platform, quick.clock())

    quick.clock.advance(timedelta(days=3))

    assert quick.receipt(first).items[0].removals == quick.receipt(second).items[0].removals != []


def test_without_a_confirmed_removal_all_receipts_are_the_same(quick: World) -> None:
    """Cases has no other door for what a platform says: seen, kept or in doubt ends elsewhere."""
    opened, other = quick.open(item("a")), quick.open(item("b"))
    quick.clock.advance(timedelta(days=30))

    assert without_ids(quick.receipt(opened)) == without_ids(quick.receipt(other))


def test_neither_of_two_holders_can_tell_of_the_other(quick: World) -> None:
    """One withdraws a picture that another holds, one a picture that nobody else does."""
    platform = quick.platforms.add("Example Pictures", delivered=1_000)
    shared, stays, alone = (quick.open(item(name)) for name in ("same", "same", "other"))
    before = without_ids(quick.receipt(stays))

    for one in (shared, alone):
        quick.cases.withdraw(access(one))
    waiting = [without_ids(quick.receipt(one)) for one in (shared, alone)]
    for marker in quick.cases.withdrawal_markers(0, 1_000, {"adult"}):
        quick.cases.confirm_withdrawal(marker.withdrawal_id, platform)
    confirmed = [without_ids(quick.receipt(one)) for one in (shared, alone)]

    assert waiting[0] == waiting[1]
    assert confirmed[0] == confirmed[1] != waiting[0]
    assert without_ids(quick.receipt(stays)) == before


def test_a_receipt_shows_days_only(quick: World) -> None:
    """No field holds an hour, whatever was done at half past one."""
    quick.clock.advance(timedelta(hours=1, minutes=37))
    opened = quick.open(choices=Choices(lock=True, end_date="2030-06-01"))
    platform = quick.platforms.add("Example Pictures", delivered=1_000)
    quick.cases.record_removal([holder(quick, opened)], platform, quick.clock())
    locked = quick.cases.withdraw(access(opened))
    quick.later(days=3)

    for receipt in (locked, quick.receipt(opened)):
        assert b"37" not in re.sub(rb"(case|item)_\w+", b"", msgspec.json.encode(receipt))


def test_an_item_with_locators_only_is_recorded_and_nothing_more(quick: World) -> None:
    """The receipt never calls protected what no signal protects."""
    opened = quick.open(item(locators=["t.me/SomeRoom"]), item("a"))

    states = [one.state for one in quick.receipt(opened).items]

    assert states == ["recorded", "protected"]


def test_a_platform_that_left_has_no_name(quick: World) -> None:
    """Its id is never shown instead."""
    opened = quick.open()
    gone = PlatformId("platform_0000000000000000")
    quick.cases.record_removal([holder(quick, opened)], gone, quick.clock())
    quick.clock.advance(timedelta(days=3))

    [removal] = quick.receipt(opened).items[0].removals

    assert removal.platform == "a platform that has left"
