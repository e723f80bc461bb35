"""The StopNCII partner API, read by the stock client's own classes."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection
from threatexchange.exchanges.clients.stopncii import api as stock
from threatexchange.exchanges.impl.stop_ncii_api import StopNCIISignalMetadata

from takeback.accounts.model import Platform
from takeback.db import Database
from takeback.errors import MalformedBody, MalformedCursor, MalformedSignal, NotAllowed, QuotaSpent
from takeback.exchange.deliveries import Deliveries
from takeback.exchange.stopncii import (
    FeedbackRequest,
    FetchAnswer,
    HashFeedback,
    HashRecord,
    StopNcii,
    SubmitRequest,
    SubmittedRecord,
)
from takeback.ids import PlatformId
from takeback.matching.model import BankSignal
from takeback.matching.service import Bank
from takeback.settings import Settings
from tests.conftest import FakeClock
from tests.exchange.partners import Partners, make_partners, meanwhile
from tests.matching.banking import signal


class StockClient(stock.StopNCIIAPI):
    """The stock client with its HTTP session taken out: the same JSON, handed over directly."""

    def __init__(self, partners: Partners, platform: Platform) -> None:
        """Speak to this exchange as this platform."""
        super().__init__("subscription", "fetch")
        self.partners = partners
        self.platform = platform

    def _get(self, endpoint: stock.StopNCIIEndpoint, **params: Any) -> Any:  # noqa: ANN401
        answer = self.partners.exchange.stopncii.fetch(
            self.platform, params["startTimestamp"], params["pageSize"], params.get("nextPageToken")
        )
        return msgspec.json.decode(msgspec.json.encode(answer))

    def _post(self, endpoint: stock.StopNCIIEndpoint, *, json: Any = None) -> Any:  # noqa: ANN401
        stopncii, body = self.partners.exchange.stopncii, msgspec.json.encode(json)
        if endpoint is stock.StopNCIIEndpoint.SubmitHashes:
            return stopncii.submit(self.platform, msgspec.json.decode(body, type=SubmitRequest))
        return stopncii.feedback(self.platform, msgspec.json.decode(body, type=FeedbackRequest))


def records(answers: Sequence[FetchAnswer]) -> list[HashRecord]:
    """Return the records of all pages."""
    return [record for answer in answers for record in answer.hash_records]


def values(answers: Sequence[FetchAnswer]) -> list[str]:
    """Return the signals of all pages."""
    return [record.hash_value for record in records(answers)]


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


def test_the_stock_client_submits(partners: Partners) -> None:
    """Its spelling of the type included; age not said, and asking for review only."""
    partner, marked = partners.platform(), partners.platform(under_18=True)
    client = StockClient(partners, partner)
    client._function_keys[stock.StopNCIIEndpoint.SubmitHashes] = "submit"

    client.submit_hash(stock.StopNCIISignalType.ImagePDQ, str(signal(1)))

    [match] = partners.matches(marked, 1)
    assert (match.bank, match.ask) == ("not_said", "review")
    assert partners.matches(partner, 1) == []


def test_a_submission_answers_alike_whether_or_not_the_signal_was_there(
    partners: Partners,
) -> None:
    """And sending it again changes nothing."""
    partner, marked = partners.platform(), partners.platform(under_18=True)
    partners.register(1, to="not_said")
    request = [
        SubmitRequest([SubmittedRecord("ImagePDQ", str(signal(number)))]) for number in (1, 2, 1)
    ]

    answers = [partners.exchange.stopncii.submit(partner, each) for each in request]

    assert {answer.count for answer in answers} == {1}
    assert len(partners.matches(marked, 1)) == 1


def test_submissions_of_other_types_are_left_out(partners: Partners) -> None:
    """They are not what this hub matches."""
    request = SubmitRequest(
        [SubmittedRecord("VideoTMK", "0" * 32), SubmittedRecord("ImagePDQ", str(signal(1)))]
    )

    assert partners.exchange.stopncii.submit(partners.platform(), request).count == 1


@pytest.mark.parametrize("value", ["", "0" * 63, "G" * 64, str(signal(1)).upper()])
def test_one_bad_signal_refuses_the_submission(partners: Partners, value: str) -> None:
    """Nothing of it is registered, and the error does not repeat it."""
    marked = partners.platform(under_18=True)
    request = SubmitRequest(
        [SubmittedRecord("ImagePDQ", str(signal(2))), SubmittedRecord("ImagePDQ", value)]
    )

    with pytest.raises(MalformedSignal) as refusal:
        partners.exchange.stopncii.submit(marked, request)

    assert not value or value not in str(refusal.value)
    assert partners.matches(marked, 2) == []


def test_submissions_have_a_quota(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """A partner can't fill the bank in a day."""
    partners = make_partners(database, clock, tmp_path, Settings(submit_quota_per_day=1))
    partner = partners.platform(under_18=True)
    one = SubmitRequest([SubmittedRecord("ImagePDQ", str(signal(1)))])
    partners.exchange.stopncii.submit(partner, one)

    with pytest.raises(QuotaSpent):
        partners.exchange.stopncii.submit(partner, one)


def test_feedback_spends_the_quota_of_reports(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """And leaves the one of submissions alone; a body that does not fit is refused whole."""
    settings = Settings(submit_quota_per_day=1, report_quota_per_day=2)
    partners = make_partners(database, clock, tmp_path, settings)
    partner = partners.platform(under_18=True)
    partners.register(1)
    one = HashFeedback(str(signal(1)), "NotBlocked", ["not_intimate"])

    with pytest.raises(QuotaSpent):
        partners.exchange.stopncii.feedback(partner, FeedbackRequest([one] * 3))
    before = len(partners.matches(partner, 1))
    partners.exchange.stopncii.feedback(partner, FeedbackRequest([one] * 2))
    submitted = SubmitRequest([SubmittedRecord("ImagePDQ", str(signal(2)))])
    partners.exchange.stopncii.submit(partner, submitted)

    assert [before, len(partners.matches(partner, 1))] == [1, 0]


def test_a_long_submission_is_taken_a_hundred_at_a_time(
    partners: Partners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a crash leaves out, sending the body again brings in."""
    partner = partners.platform(under_18=True)
    request = SubmitRequest([SubmittedRecord("ImagePDQ", str(signal(n))) for n in range(250)])
    sizes: list[int] = []
    submit = Bank.submit

    def failing(
        bank: Bank, platform_id: PlatformId, to: str, signals: Sequence[BankSignal]
    ) -> None:
        """Take the first piece, and lose power at the second."""
        sizes.append(len(signals))
        submit(bank, platform_id, to, signals)
        if len(sizes) == 2:
            raise OSError("power")

    monkeypatch.setattr(Bank, "submit", failing)

    with pytest.raises(OSError, match="power"):
        partners.exchange.stopncii.submit(partner, request)
    after_the_crash = [len(partners.matches(partner, n)) for n in (99, 100, 249)]
    monkeypatch.setattr(Bank, "submit", submit)
    partners.exchange.stopncii.submit(partner, request)

    assert sizes == [100, 100]
    assert after_the_crash == [1, 0, 0]
    assert [len(partners.matches(partner, n)) for n in (99, 100, 249)] == [1, 1, 1]


def test_long_feedback_is_taken_a_hundred_at_a_time(
    partners: Partners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two hundreds nobody's write has to wait."""
    partner = partners.platform()
    said = [HashFeedback(str(signal(n)), "Withdrawn") for n in range(250)]
    taken: list[Connection] = []
    db = partners.exchange.db
    monkeypatch.setattr(StopNcii, "_take", lambda *_: taken.append(db.connection))

    partners.exchange.stopncii.feedback(partner, FeedbackRequest(said))

    assert [len(list(group)) for _, group in groupby(taken, key=id)] == [100, 100, 50]


def test_a_partner_takes_its_submission_back(partners: Partners) -> None:
    """Its own only: what a reporter registered of the same picture stays."""
    partner = partners.platform(under_18=True)
    partners.register(2, to="not_said")
    for number in (1, 2):
        record = SubmittedRecord("ImagePDQ", str(signal(number)))
        partners.exchange.stopncii.submit(partner, SubmitRequest([record]))
    before = [len(partners.matches(partner, number)) for number in (1, 2)]

    request = FeedbackRequest([HashFeedback(str(signal(n)), "Withdrawn") for n in (1, 2)])
    partners.exchange.stopncii.feedback(partner, request)

    assert before == [1, 1]
    assert [len(partners.matches(partner, number)) for number in (1, 2)] == [0, 1]


def test_the_stock_clients_feedback_is_an_opinion(partners: Partners) -> None:
    """Resolved by value, for it has no type; not intimate is said with a tag."""
    partner = partners.platform()
    partners.register(1)
    partners.register(2)
    client = StockClient(partners, partner)
    client._function_keys[stock.StopNCIIEndpoint.SubmitFeedback] = "feedback"
    pdq, values_of = stock.StopNCIISignalType.ImagePDQ, stock.StopNCIICSPFeedbackValue

    client.submit_feedback(pdq, str(signal(1)), values_of.NotBlocked, {"not_intimate"})
    client.submit_feedback(pdq, str(signal(2)), values_of.NotBlocked)

    assert [len(partners.matches(partner, number)) for number in (1, 2)] == [0, 1]
    client.submit_feedback(pdq, str(signal(1)), values_of.Blocked)
    assert len(partners.matches(partner, 1)) == 1


def test_feedback_answers_alike_whether_or_not_the_signal_is_known(partners: Partners) -> None:
    """Or it would be a way to ask who is in the bank; the under-18 bank is not even touched."""
    partner, marked = partners.platform(), partners.platform(under_18=True)
    partners.register(1)
    partners.register(2, to="under_18")

    answers = [
        partners.exchange.stopncii.feedback(
            partner, FeedbackRequest([HashFeedback(str(signal(n)), "NotBlocked", ["not_intimate"])])
        )
        for n in (1, 2, 3)
    ]

    assert {answer.count for answer in answers} == {1}
    assert len(partners.matches(marked, 2)) == 1
    assert partners.bank.quarantined()[0].bank == "adult"
    assert len(partners.bank.quarantined()) == 1


def test_feedback_does_not_sort_canaries_from_entries(partners: Partners) -> None:
    """Both are withdrawn for whoever calls them not intimate, and both come back."""
    platform = partners.platform()
    partners.register(1, partners=True)
    partners.exchange.plant_canaries(platform.id, 1, partners.lead)
    fetched = values(partners.fetched(platform))

    statuses = []
    for value in ("NotBlocked", "Blocked"):
        said = [HashFeedback(each, value, ["not_intimate"]) for each in fetched]
        partners.exchange.stopncii.feedback(platform, FeedbackRequest(said))
        statuses.append({each.hash_status for each in records(partners.fetched(platform))})

    assert len(fetched) > 6
    assert statuses == [{"Withdrawn"}, {"Active"}]


def test_a_canary_in_another_platforms_feedback_is_noted(partners: Partners) -> None:
    """It has the signal from the platform that the canary was given to."""
    owner, thief = partners.platform(), partners.platform()
    partners.exchange.plant_canaries(owner.id, 1, partners.lead)
    canary, *_ = partners.platforms.canaries_for(owner.id)
    request = FeedbackRequest([HashFeedback(canary.signal.hex(), "PendingReview")])

    partners.exchange.stopncii.feedback(thief, request)

    assert partners.platforms.canaries()[0].seen_at == (thief.id,)


@pytest.mark.parametrize("value", ["None", "Unknown", "QualityUnknown", "Anything"])
def test_feedback_that_says_nothing_changes_nothing(partners: Partners, value: str) -> None:
    """Unknown words are read over, as the stock client does with ours."""
    partner = partners.platform()
    partners.register(1)
    request = FeedbackRequest([HashFeedback(str(signal(1)), value)])

    assert partners.exchange.stopncii.feedback(partner, request).count == 1
    assert len(partners.matches(partner, 1)) == 1
