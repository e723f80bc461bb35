"""The feed: who may read it, what it shows, and what nobody can read out of it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from takeback.errors import EpochChanged, MalformedCursor, NotAllowed, NotFound
from takeback.exchange.deliveries import Deliveries
from takeback.exchange.wire import FeedEntry, LookupRequest
from tests.exchange.partners import Partners, meanwhile
from tests.matching.banking import signal


def test_a_registered_signal_is_in_the_feed(partners: Partners) -> None:
    """With its signal, quality, view and bank, and asking for review only."""
    platform = partners.platform()
    partners.register(1)

    [entry] = partners.entries(platform)

    assert entry == FeedEntry(
        number=entry.number,
        state="active",
        signal=str(signal(1)),
        quality=90,
        view="whole",
        bank="adult",
        ask="review",
    )


def test_a_vouched_entry_asks_for_removal(partners: Partners) -> None:
    """A caseworker's word changes what is asked."""
    platform = partners.platform()
    partners.register(1, vouched=True)

    assert [entry.ask for entry in partners.entries(platform)] == ["remove"]


def test_the_feed_is_for_the_feed_tier(partners: Partners) -> None:
    """A look-up platform receives no list, nor does one that was demoted."""
    demoted = partners.platform()
    partners.platforms.demote(demoted.id, partners.lead)

    for platform in (partners.platform(feed=False), demoted):
        with pytest.raises(NotAllowed):
            partners.exchange.feed_page(platform, None, 10)


def test_two_platforms_have_no_number_in_common(partners: Partners) -> None:
    """So they can't find out together what one of them holds."""
    here, there = partners.platform(), partners.platform()
    partners.register(1)

    assert partners.entries(here)[0].number != partners.entries(there)[0].number


def test_reading_on_brings_only_what_is_new(partners: Partners) -> None:
    """A cursor is a place, and reading from it again gives the same."""
    platform = partners.platform()
    partners.register(1)
    cursor = partners.pages(platform)[-1].cursor
    partners.register(2)

    first, again = partners.entries(platform, cursor), partners.entries(platform, cursor)

    assert [entry.signal for entry in first] == [str(signal(2))]
    assert again == first


def test_a_withdrawn_entry_is_gone_without_its_signal(partners: Partners) -> None:
    """A tombstone says the number and nothing else."""
    platform = partners.platform()
    item_id = partners.register(1)
    [page] = partners.pages(platform)

    partners.withdraw(item_id)
    [gone] = partners.entries(platform, page.cursor)

    assert gone == FeedEntry(number=page.entries[0].number, state="gone")


def test_every_withdrawal_has_a_marker_even_where_nothing_shows(partners: Partners) -> None:
    """One of two holders withdraws: the platform confirms it as it confirms any other."""
    platform = partners.platform()
    mine = partners.register(1)
    partners.register(1)
    [before] = partners.pages(platform)

    withdrawal_id = partners.withdraw(mine)
    [page] = partners.pages(platform, before.cursor)
    partners.exchange.confirm_withdrawal(platform, page.withdrawals[0].id)

    assert page.entries == []
    assert partners.notebook.confirmed == [(withdrawal_id, platform.id)]


def test_a_marker_never_comes_before_what_it_took_away(partners: Partners) -> None:
    """However small the pages are."""
    platform = partners.platform()
    item_id = partners.register(1, 2, 3)
    cursor = partners.pages(platform)[-1].cursor
    partners.withdraw(item_id)

    pages = partners.pages(platform, cursor, limit=1)

    assert [(len(page.entries), len(page.withdrawals)) for page in pages] == [
        (1, 0),
        (1, 0),
        (1, 1),
    ]


def test_a_marker_of_another_platform_confirms_nothing(partners: Partners) -> None:
    """Nor does a made-up one."""
    here, there = partners.platform(), partners.platform()
    partners.withdraw(partners.register(1))
    [page] = partners.pages(here)

    for marker in (page.withdrawals[0].id, "0" * 32, "no marker"):
        with pytest.raises(NotFound):
            partners.exchange.confirm_withdrawal(there, marker)


def test_an_unmarked_platform_reads_the_adult_bank_only(partners: Partners) -> None:
    """Nor does it learn of withdrawals in the other two."""
    unmarked, marked = partners.platform(), partners.platform(under_18=True)
    items = {bank: partners.register(1, to=bank) for bank in ("adult", "under_18", "not_said")}
    for bank, item_id in items.items():
        if bank != "adult":
            partners.withdraw(item_id, bank)
            partners.bank.reinstate(item_id)

    [plain], [full] = partners.pages(unmarked), partners.pages(marked)

    assert {entry.bank for entry in plain.entries} == {"adult"}
    assert len(plain.withdrawals) == 0
    assert {entry.bank for entry in full.entries} == {"adult", "under_18", "not_said"}
    assert len(full.withdrawals) == 2


def test_a_mark_makes_the_platform_read_everything_again(partners: Partners) -> None:
    """Its cursor ends with the epoch, whichever way the mark went."""
    platform = partners.platform()
    partners.register(1, to="under_18")
    partners.register(2)
    cursor = partners.pages(platform)[-1].cursor

    marked = partners.platforms.mark(platform.id, partners.lead, handles_under_18=True)
    with pytest.raises(EpochChanged):
        partners.exchange.feed_page(marked, cursor, 10)
    seen = partners.entries(marked)
    cursor = partners.pages(marked)[-1].cursor
    unmarked = partners.platforms.mark(platform.id, partners.lead, handles_under_18=False)
    with pytest.raises(EpochChanged):
        partners.exchange.feed_page(unmarked, cursor, 10)

    assert {entry.bank for entry in seen} == {"adult", "under_18"}
    assert {entry.bank for entry in partners.entries(unmarked)} == {"adult"}


def test_a_mark_taken_away_counts_for_whoever_is_already_waiting(partners: Partners) -> None:
    """The platform is read again at every page, however long the caller has waited."""
    as_it_was = partners.platform(under_18=True)
    partners.register(1, to="under_18")
    partners.platforms.mark(as_it_was.id, partners.lead, handles_under_18=False)

    assert partners.entries(as_it_was) == []
    assert partners.matches(as_it_was, 1) == []


def test_a_new_epoch_ends_every_cursor(partners: Partners) -> None:
    """After a restore each follower starts again, and the epoch it reads is another."""
    platform = partners.platform()
    partners.register(1)
    [before] = partners.pages(platform)

    partners.bank.new_epoch()

    with pytest.raises(EpochChanged):
        partners.exchange.feed_page(platform, before.cursor, 10)
    [after] = partners.pages(platform)
    assert after.epoch != before.epoch
    assert after.entries == before.entries


def test_a_cursor_of_another_platform_is_malformed(partners: Partners) -> None:
    """As is anything that is no cursor."""
    here, there = partners.platform(), partners.platform()
    foreign = partners.pages(here)[-1].cursor

    for cursor in (foreign, "", "0" * 32, "\N{SNOWMAN}"):
        with pytest.raises(MalformedCursor):
            partners.exchange.feed_page(there, cursor, 10)


def test_a_replayed_cursor_gives_the_newest_state(partners: Partners) -> None:
    """An old cursor brings no signal back that has gone since."""
    platform = partners.platform()
    old = partners.pages(platform)[-1].cursor
    item_id = partners.register(1)
    partners.entries(platform, old)

    partners.withdraw(item_id)

    assert [entry.state for entry in partners.entries(platform, old)] == ["gone"]


def test_rows_that_move_while_a_reader_pages_are_neither_lost_nor_doubled(
    partners: Partners,
) -> None:
    """What changes behind the reader comes again later; what does not comes once."""
    platform = partners.platform()
    items = [partners.register(number) for number in range(6)]
    first = partners.exchange.feed_page(platform, None, 2)
    partners.withdraw(items[0])
    partners.withdraw(items[5])
    partners.register(6)

    rest = partners.entries(platform, first.cursor)

    held = {entry.number: entry.signal for entry in [*first.entries, *rest]}
    active = {str(signal(number)) for number in (1, 2, 3, 4, 6)}
    assert {text for text in held.values() if text} == active
    assert len(first.entries) + len(rest) == len(held) + 1


def test_a_page_is_noted_as_served_before_it_is_answered(partners: Partners) -> None:
    """A withdrawal then waits for exactly the platforms that had the signals."""
    served, later = partners.platform(), partners.platform()
    deliveries = Deliveries(partners.exchange.db)
    partners.register(1)
    place = partners.bank.head_seq()
    before = deliveries.platforms_past(place, "adult")

    partners.pages(served)
    partners.register(2)

    assert before == []
    assert deliveries.platforms_past(place, "adult") == [served.id]
    assert deliveries.platforms_past(place, "under_18") == []
    partners.pages(later)
    assert set(deliveries.platforms_past(place, "adult")) == {served.id, later.id}


def test_a_withdrawal_while_a_page_is_read_leaves_nobody_off_its_list(
    partners: Partners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds the platform not served yet, so the platform is not served any more."""
    platform = partners.platform()
    item_id = partners.register(1)
    place = partners.bank.head_seq()
    told: list[object] = []

    def withdraw() -> None:
        """Take the item back as cases does: first ask who must confirm."""
        told.extend(Deliveries(partners.exchange.db).platforms_past(place, "adult"))
        partners.withdraw(item_id)

    meanwhile(monkeypatch, withdraw)
    [page] = partners.pages(platform)

    assert told == []
    assert page.entries == []
    assert len(page.withdrawals) == 1


@pytest.mark.parametrize("there_before", [False, True])
def test_who_must_confirm_tells_nothing_of_another_case(
    partners: Partners, there_before: bool
) -> None:
    """Registering and withdrawing at once names the same platforms either way."""
    platform = partners.platform()
    if there_before:
        partners.register(1)
    partners.pages(platform)

    partners.register(1)
    place = partners.bank.head_seq()

    assert Deliveries(partners.exchange.db).platforms_past(place, "adult") == []


def test_canaries_stand_in_one_platforms_feed_as_ordinary_entries(partners: Partners) -> None:
    """Nobody else receives them, and they come once."""
    here, there = partners.platform(), partners.platform()
    partners.register(1)
    partners.exchange.plant_canaries(here.id, 3, partners.lead)
    partners.clock.advance(timedelta(hours=2))
    planted = {canary.signal.hex() for canary in partners.platforms.canaries_for(here.id)}

    pages = partners.pages(here, limit=2)

    signals = [entry.signal for page in pages for entry in page.entries]
    assert len(signals) == len(planted) + 1
    assert planted < set(signals)
    assert partners.entries(here, pages[-1].cursor) == []
    assert [entry.signal for entry in partners.entries(there)] == [str(signal(1))]


def test_the_canaries_of_a_picture_read_as_a_registered_picture_does(partners: Partners) -> None:
    """One behind the other, in any order, alike in bank and in what is asked."""
    platform = partners.platform()
    partners.exchange.plant_canaries(platform.id, 1, partners.lead)

    entries = partners.entries(platform)

    views = [entry.view for entry in entries]
    assert {"whole", "mirror"} < set(views)
    assert len(set(views)) == len(views) > 5
    assert len({(entry.bank, entry.ask) for entry in entries}) == 1
    request = LookupRequest([str(entry.signal) for entry in entries])
    found = partners.exchange.lookup(platform, request).results
    assert [result.matches[0].view for result in found] == views


def test_pictures_whose_canaries_are_planted_together_come_apart(partners: Partners) -> None:
    """As registrations do: one, and some time later another."""
    platform = partners.platform()
    partners.exchange.plant_canaries(platform.id, 3, partners.lead)
    planted = partners.platforms.canaries_for(platform.id)
    cursor, told = None, []

    for _ in range(4):
        [page] = partners.pages(platform, cursor)
        cursor = page.cursor
        told.append(len(page.entries))
        partners.clock.advance(timedelta(minutes=30))

    assert 0 < told[0] < len(planted)
    assert sum(told) <= len(planted)
    partners.clock.advance(timedelta(hours=2))
    assert sum(told) + len(partners.entries(platform, cursor)) == len(planted)


@pytest.mark.parametrize("described", [False, True])
def test_canaries_have_keypoints_as_often_as_pictures_have(
    partners: Partners, described: bool
) -> None:
    """In a bank where all or none has them, so do the canaries."""
    platform = partners.platform()
    partners.register(1, keypoints=described)
    start = partners.pages(platform)[-1].cursor
    partners.exchange.plant_canaries(platform.id, 2, partners.lead)
    partners.clock.advance(timedelta(hours=1))

    entries = partners.entries(platform, start)

    assert [entry.type for entry in entries].count("kp1") == 2 * described
    assert all(len(entry.content) == 32 for entry in entries if entry.type == "pdq")


def test_nothing_of_time_is_in_the_feed(partners: Partners) -> None:
    """The same bank reads the same a year later."""
    platform = partners.platform()
    partners.register(1)
    [before] = partners.pages(platform)

    partners.clock.advance(timedelta(days=400))

    [after] = partners.pages(platform)
    assert replace(after, cursor="") == replace(before, cursor="")


@pytest.mark.parametrize("elsewhere", [0, 1])
def test_a_cursor_does_not_show_that_a_hidden_bank_changed(
    partners: Partners, elsewhere: int
) -> None:
    """It is another one each time, whether or not somebody registered where we may not look."""
    platform = partners.platform()
    partners.register(1)
    first = partners.pages(platform)[-1].cursor

    for number in range(elsewhere):
        partners.register(2 + number, to="under_18")
    [page] = partners.pages(platform, first)

    assert page.entries == []
    assert page.cursor != first
    assert len(page.cursor) == len(first)
