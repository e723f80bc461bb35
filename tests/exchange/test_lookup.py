"""Look-up: a distance, within a quota, from the banks the platform may see."""

import pytest

from takeback import db
from takeback.accounts.model import Canary, Platform
from takeback.errors import MalformedSignal, NotAllowed, QuotaSpent
from takeback.exchange.wire import LookupRequest
from takeback.settings import Settings
from tests.conftest import FakeClock
from tests.exchange.partners import Partners, make_partners
from tests.matching.banking import signal, turned


@pytest.mark.parametrize("feed", [False, True])
def test_both_tiers_may_look_up(partners: Partners, feed: bool) -> None:
    """A matcher that lost its index asks the hub meanwhile."""
    platform = partners.platform(feed=feed)
    partners.register(1)

    [match] = partners.matches(platform, 1)

    assert (match.distance, match.view, match.bank, match.ask) == (0, "whole", "adult", "review")


def test_answers_come_in_the_order_asked_and_nearest_first(partners: Partners) -> None:
    """With the distance, and a word when there is more than the limit."""
    platform = partners.platform(feed=False)
    partners.register(1)
    near = turned(signal(1), 9)

    answer = partners.exchange.lookup(
        platform, LookupRequest([str(signal(2)), str(near), str(signal(1))], 1)
    )

    distances = [[match.distance for match in result.matches] for result in answer.results]
    assert distances == [[], [9], [0]]
    assert [result.more for result in answer.results] == [False, False, False]


def test_an_unmarked_platform_finds_adult_signals_only(partners: Partners) -> None:
    """The same picture in the under-18 bank is not there for it, not even as a count."""
    unmarked, marked = partners.platform(feed=False), partners.platform(feed=False, under_18=True)
    partners.register(1, to="under_18")
    partners.register(2, to="not_said")

    assert [partners.matches(unmarked, number) for number in (1, 2)] == [[], []]
    assert [len(partners.matches(marked, number)) for number in (1, 2)] == [1, 1]


def test_a_retired_platform_is_answered_nothing(partners: Partners) -> None:
    """However it got through the door."""
    platform = partners.platform(feed=False)
    partners.platforms.retire(platform.id, partners.lead)

    with pytest.raises(NotAllowed):
        partners.matches(platform, 1)


def test_the_quota_is_counted_in_signals(
    clock: FakeClock, database: db.Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A batch that does not fit is refused whole, and nothing of it is answered."""
    settings = Settings(lookup_quota_per_day=3)
    partners = make_partners(database, clock, tmp_path_factory.mktemp("hub"), settings)
    platform = partners.platform(feed=False)
    partners.matches(platform, 1)
    partners.matches(platform, 2)

    with pytest.raises(QuotaSpent):
        partners.exchange.lookup(platform, LookupRequest([str(signal(1))] * 2))

    assert partners.matches(platform, 1) == []


def test_a_bad_signal_spends_nothing(partners: Partners) -> None:
    """And is not repeated in the error."""
    platform = partners.platform(feed=False)

    with pytest.raises(MalformedSignal) as refusal:
        partners.exchange.lookup(platform, LookupRequest(["G" * 64]))

    assert "G" not in str(refusal.value)


def test_a_looked_up_signal_is_stored_nowhere(partners: Partners, database: db.Database) -> None:
    """They are all uploads of a small server."""
    platform = partners.platform(feed=False)

    partners.matches(platform, 99)

    sought = {signal(99).bits, str(signal(99))}
    with database.reading():
        for table in db.metadata.tables.values():
            assert not any(sought.intersection(row) for row in database.execute(table.select()))


def _pictures(partners: Partners, platform: Platform) -> list[Canary]:
    """Return a platform's canaries that can be looked up."""
    return [each for each in partners.platforms.canaries_for(platform.id) if each.type == "pdq"]


def test_a_canary_matches_whoever_asks_and_is_noted_at_others(partners: Partners) -> None:
    """It looks like any match, so asking does not sort canaries from entries."""
    owner, thief = partners.platform(), partners.platform(feed=False)
    partners.exchange.plant_canaries(owner.id, 1, partners.lead)
    canary, *_ = _pictures(partners, owner)
    request = LookupRequest([canary.signal.hex()])

    answers = [partners.exchange.lookup(each, request).results[0] for each in (owner, thief)]

    assert [[match.distance for match in answer.matches] for answer in answers] == [[0], [0]]
    assert _pictures(partners, owner)[0].seen_at == (thief.id,)


def test_a_canary_called_not_intimate_goes_as_an_entry_goes(partners: Partners) -> None:
    """From the look-ups and the feed of whoever said so, and comes back with a change of mind."""
    platform = partners.platform()
    partners.exchange.plant_canaries(platform.id, 1, partners.lead)
    [page] = partners.pages(platform)
    number = page.entries[0].number
    request = LookupRequest([str(page.entries[0].signal)])

    accepted = partners.opine(platform, number, "negative", "not_intimate")
    gone = partners.exchange.lookup(platform, request).results[0].matches
    states = [entry.state for entry in partners.entries(platform, page.cursor)]
    partners.opine(platform, number, "positive")

    assert accepted == 1
    assert gone == []
    assert states == ["gone"]
    assert [entry.state for entry in partners.entries(platform, page.cursor)] == ["active"]
    assert len(partners.exchange.lookup(platform, request).results[0].matches) == 1


def test_a_positive_opinion_does_not_sort_canaries_from_entries(partners: Partners) -> None:
    """Neither moves in the feed, for neither was kept back."""
    platform = partners.platform()
    partners.register(1)
    partners.exchange.plant_canaries(platform.id, 1, partners.lead)
    [page] = partners.pages(platform)

    for entry in page.entries:
        partners.opine(platform, entry.number, "positive")

    assert len(page.entries) > 6
    assert partners.entries(platform, page.cursor) == []
