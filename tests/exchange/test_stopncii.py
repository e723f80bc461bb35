"""What the StopNCII partner API gives out, read by the stock client's own classes."""

from datetime import timedelta

import pytest
from threatexchange.exchanges.clients.stopncii import api as stock
from threatexchange.exchanges.impl.stop_ncii_api import StopNCIISignalMetadata

from takeback.errors import MalformedBody, MalformedCursor, NotAllowed
from takeback.exchange.deliveries import Deliveries
from tests.exchange.partners import Partners, meanwhile
from tests.exchange.stockclient import StockClient, records, values
from tests.matching.banking import signal


def test_the_stock_client_reads_every_page(partners: Partners) -> None:
    """None is lost, none comes twice, and each is a PDQ record that it understands."""
    platform = partners.platform()
    partners.register(*range(20), partners=True)
    client = StockClient(partners, platform)

    pages = list(client.fetch_hashes_iter())
    small = [client.fetch_hashes(page_size=7)]
    while small[-1].hasMoreRecords:
        small.append(client.fetch_hashes(page_size=7, next_page=small[-1].nextPageToken or ""))

    expected = {str(signal(number)) for number in range(20)}
    for read in (pages, small):
        found = [record.hashValue for page in read for record in page.hashRecords]
        assert len(found) == 20
        assert set(found) == expected
    assert {r.signalType for r in pages[0].hashRecords} == {stock.StopNCIISignalType.ImagePDQ}


def test_only_signals_whose_reporter_allowed_it_are_given(partners: Partners) -> None:
    """The default is no, and saying no later withdraws it."""
    platform = partners.platform()
    partners.register(1)
    allowed = partners.register(2, partners=True)
    first = partners.fetched(platform)
    partners.clock.advance(timedelta(seconds=5))

    partners.bank.set_partners(allowed, False)
    later = partners.fetched(platform, first[-1].next_set_timestamp)

    assert values(first) == [str(signal(2))]
    assert [record.hash_status for record in records(later)] == ["Withdrawn"]


def test_a_withdrawn_signal_shows_as_disputed_in_the_stock_client(partners: Partners) -> None:
    """It goes on matching there, so it is sent with the feedback that client understands."""
    platform = partners.platform()
    item_id = partners.register(1, partners=True)
    client = StockClient(partners, platform)
    client.fetch_hashes()

    partners.withdraw(item_id)
    [record] = client.fetch_hashes().hashRecords

    assert record.hashStatus is stock.StopNCIICaseStatus.Withdrawn
    assert "DISPUTED" in str(StopNCIISignalMetadata(record.CSPFeedbacks))


def test_a_purged_signal_is_sent_no_more(partners: Partners) -> None:
    """Tombstones hold the signal, so they end with the purge."""
    platform = partners.platform()
    item_id = partners.register(1, partners=True)
    partners.fetched(platform)
    partners.withdraw(item_id)
    withdrawn = values(partners.fetched(platform))

    partners.bank.purge(item_id)

    assert withdrawn == [str(signal(1))]
    assert values(partners.fetched(platform)) == []


def test_who_never_had_a_signal_is_never_sent_its_withdrawal(partners: Partners) -> None:
    """A withdrawn signal is not spread by saying that it was withdrawn."""
    partners.withdraw(partners.register(1, partners=True))

    assert values(partners.fetched(partners.platform())) == []


def test_one_of_two_holders_withdraws_and_nothing_shows(partners: Partners) -> None:
    """As long as one who allowed it remains."""
    platform = partners.platform()
    mine = partners.register(1, partners=True)
    partners.register(1, partners=True)
    before = partners.fetched(platform)

    partners.withdraw(mine)

    assert records(partners.fetched(platform)) == records(before)


def test_two_cases_of_one_picture_are_one_case_number(partners: Partners) -> None:
    """Opaque, with its status, and another at each platform."""
    here, there = partners.platform(), partners.platform()
    partners.register(1, partners=True)
    partners.register(1, partners=True)

    [mine], [theirs] = records(partners.fetched(here)), records(partners.fetched(there))

    assert list(mine.case_numbers.values()) == ["Active"]
    assert set(mine.case_numbers) != set(theirs.case_numbers)


def test_an_unmarked_platform_fetches_adult_signals_only(partners: Partners) -> None:
    """The same marks as everywhere."""
    unmarked, marked = partners.platform(), partners.platform(under_18=True)
    for number, bank in enumerate(["adult", "under_18", "not_said"]):
        partners.register(number, to=bank, partners=True)

    assert values(partners.fetched(unmarked)) == [str(signal(0))]
    assert len(values(partners.fetched(marked))) == 3


def test_a_list_is_for_the_feed_tier(partners: Partners) -> None:
    """Whoever may only look up fetches nothing."""
    with pytest.raises(NotAllowed):
        partners.fetched(partners.platform(feed=False))


def test_records_that_change_while_a_client_pages_are_neither_lost_nor_doubled(
    partners: Partners,
) -> None:
    """What moved comes again at the end; what did not comes once."""
    platform = partners.platform()
    items = [partners.register(number, partners=True) for number in range(6)]
    first = partners.exchange.stopncii.fetch(platform, 10, 2)
    partners.withdraw(items[0])
    partners.withdraw(items[5])
    partners.register(6, partners=True)

    rest = []
    token = first.next_page_token
    while token:
        rest.append(partners.exchange.stopncii.fetch(platform, 10, 2, token))
        token = rest[-1].next_page_token

    newest = {record.hash_value: record.hash_status for record in records([first, *rest])}
    active = {value for value, status in newest.items() if status == "Active"}
    assert active == {str(signal(number)) for number in (1, 2, 3, 4, 6)}
    assert len(records([first, *rest])) == len(newest) + 1


def test_the_next_fetch_brings_what_changed_in_the_same_second(partners: Partners) -> None:
    """The checkpoint is in seconds, and two changes may share one."""
    platform = partners.platform()
    partners.register(1, partners=True)
    first = partners.fetched(platform)

    partners.register(2, partners=True)
    later = partners.fetched(platform, first[-1].next_set_timestamp)

    assert str(signal(2)) in values(later)


def test_once_the_second_is_over_nothing_is_sent_twice(partners: Partners) -> None:
    """A client that polls an idle hub reads empty pages, whatever canaries it was given."""
    platform = partners.platform()
    partners.register(1, partners=True)
    partners.exchange.plant_canaries(platform.id, 2, partners.lead)
    partners.clock.advance(timedelta(hours=1))
    first = partners.fetched(platform)
    partners.clock.advance(timedelta(seconds=1))
    second = partners.fetched(platform, first[-1].next_set_timestamp)

    third = partners.fetched(platform, second[-1].next_set_timestamp)

    planted = len(partners.platforms.canaries_for(platform.id))
    assert len(values(first)) == planted + 1
    assert values(third) == []
    assert third[-1].next_set_timestamp >= second[-1].next_set_timestamp


def test_a_clock_that_is_set_back_hides_nothing(partners: Partners) -> None:
    """Times given to partners never run backwards."""
    platform = partners.platform()
    partners.register(1, partners=True)
    partners.clock.advance(timedelta(hours=2))
    first = partners.fetched(platform)
    partners.clock.advance(timedelta(hours=-2))

    partners.register(2, partners=True)
    later = partners.fetched(platform, first[-1].next_set_timestamp)

    assert values(later) == [str(signal(2))]
    assert later[-1].next_set_timestamp >= first[-1].next_set_timestamp


def test_a_client_whose_checkpoint_is_in_the_future_is_led_back(partners: Partners) -> None:
    """It would otherwise miss all that happens until then."""
    platform = partners.platform()
    partners.register(1, partners=True)

    [answer] = partners.fetched(platform, 10**11)

    assert answer.next_set_timestamp <= int(partners.clock().timestamp())


def test_an_empty_page_tells_nothing_of_when_a_bank_changed(partners: Partners) -> None:
    """Least of all of a bank that the platform may not see."""
    unmarked = partners.platform()
    partners.clock.advance(timedelta(minutes=1))
    before = partners.fetched(unmarked, 10**11)

    partners.register(1, to="under_18", partners=True)
    after = partners.fetched(unmarked, 10**11)

    assert after == before


@pytest.mark.parametrize(("start", "size"), [(-1, 800), (10, 0), (10, -5)])
def test_impossible_pages_are_refused(partners: Partners, start: int, size: int) -> None:
    """In a typed error."""
    with pytest.raises(MalformedBody):
        partners.exchange.stopncii.fetch(partners.platform(), start, size)


def test_a_foreign_token_is_refused(partners: Partners) -> None:
    """As is one that nobody made."""
    here, there = partners.platform(), partners.platform()
    partners.register(1, 2, partners=True)
    foreign = partners.exchange.stopncii.fetch(here, 10, 1).next_page_token

    for token in (foreign, "0" * 80, "next"):
        with pytest.raises(MalformedCursor):
            partners.exchange.stopncii.fetch(there, 10, 1, token)


def test_what_a_platform_called_not_intimate_is_withdrawn_there_only(partners: Partners) -> None:
    """A quarantine looks like a withdrawal on this route too."""
    here, there = partners.platform(), partners.platform()
    partners.register(1, partners=True)
    partners.fetched(here)
    number = partners.matches(here, 1)[0].number

    partners.opine(here, number, "negative", "not_intimate")

    assert [each.hash_status for each in records(partners.fetched(here))] == ["Withdrawn"]
    assert [each.hash_status for each in records(partners.fetched(there))] == ["Active"]


def test_partners_are_remembered_as_unable_to_confirm(partners: Partners) -> None:
    """Receipts name those that were served since the reporter allowed it."""
    platform = partners.platform()
    partners.register(1, partners=True)
    today = partners.clock().date()

    partners.fetched(platform)

    deliveries = Deliveries(partners.exchange.db)
    assert deliveries.partners_past(today, "adult") == [platform.id]
    assert deliveries.partners_past(today + timedelta(days=1), "adult") == []
    assert deliveries.partners_past(today, "under_18") == []
    assert deliveries.platforms_past(0, "adult") == []


@pytest.mark.parametrize("there_before", [False, True])
def test_which_partners_are_remembered_tells_nothing_of_another_case(
    partners: Partners, there_before: bool
) -> None:
    """A signal that comes no second time was with the partner all the same."""
    platform = partners.platform()
    if there_before:
        partners.register(1, partners=True)
    start = partners.fetched(platform)[-1].next_set_timestamp
    partners.clock.advance(timedelta(days=1))

    partners.register(1, partners=True)
    for _ in range(2):
        start = partners.fetched(platform, start)[-1].next_set_timestamp

    today = partners.clock().date()
    assert Deliveries(partners.exchange.db).partners_past(today, "adult") == [platform.id]


def test_a_withdrawal_while_a_page_is_read_leaves_no_partner_off_its_list(
    partners: Partners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds the partner not served yet, so the signal is not sent any more."""
    platform = partners.platform()
    item_id = partners.register(1, partners=True)
    today = partners.clock().date()
    told: list[object] = []

    def withdraw() -> None:
        """Take the item back as cases does: first ask whom the receipt must name."""
        told.extend(Deliveries(partners.exchange.db).partners_past(today, "adult"))
        partners.withdraw(item_id)

    meanwhile(monkeypatch, withdraw)

    assert values(partners.fetched(platform)) == []
    assert told == []
