"""What partners send by the StopNCII API: signals, and what they say of them."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pytest
from sqlalchemy import Connection
from threatexchange.exchanges.clients.stopncii import api as stock

from takeback.db import Database
from takeback.errors import MalformedSignal, QuotaSpent
from takeback.exchange.stopncii import (
    FeedbackRequest,
    HashFeedback,
    StopNcii,
    SubmitRequest,
    SubmittedRecord,
)
from takeback.ids import PlatformId
from takeback.matching.model import BankSignal
from takeback.matching.service import Bank
from takeback.settings import Settings
from tests.conftest import FakeClock
from tests.exchange.partners import Partners, make_partners
from tests.exchange.stockclient import StockClient, records, values
from tests.matching.banking import signal


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
