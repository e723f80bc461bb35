"""Opinions and responses: what keeps an entry back, from whom, and what a receipt may learn."""

from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from takeback.accounts.model import Platform, Role
from takeback.accounts.staff import StaffAccounts
from takeback.db import Database
from takeback.errors import MalformedBody, NotAllowed, NotFound, QuotaSpent
from takeback.exchange.wire import Opinion, OpinionsRequest, Response
from takeback.settings import Settings
from tests.conftest import FakeClock
from tests.exchange.partners import Partners, make_partners


def number_of(partners: Partners, platform: Platform, number: int = 1) -> str:
    """Return the platform's number of the made-up signal, by looking it up."""
    return partners.matches(platform, number)[0].number


def response(number: str, **said: object) -> Response:
    """Return a response; by default the one that reaches a receipt."""
    usual = {"response": "removed", "confirmed_by_person": True, "ground": "intimate"}
    return Response("0" * 32, number, **(usual | said))  # type: ignore[arg-type]


def negatives(partners: Partners, *platforms: Platform) -> None:
    """Let each platform say that the first made-up signal is not intimate."""
    for platform in platforms:
        partners.opine(platform, number_of(partners, platform), "negative", "not_intimate")


def test_not_intimate_keeps_the_entry_back_from_that_platform_only(partners: Partners) -> None:
    """It is gone from its feed and look-ups at once; others keep it."""
    here, there = partners.platform(), partners.platform()
    partners.register(1)
    [page] = partners.pages(here)

    partners.opine(here, page.entries[0].number, "negative", "not_intimate")

    assert [entry.state for entry in partners.entries(here, page.cursor)] == ["gone"]
    assert partners.matches(here, 1) == []
    assert [entry.state for entry in partners.entries(there)] == ["active"]
    assert len(partners.matches(there, 1)) == 1


def test_not_intimate_reaches_the_caseworkers_queue(partners: Partners) -> None:
    """With the entry, the platform and the reason; no signal."""
    platform = partners.platform()
    partners.register(1)
    number = number_of(partners, platform)

    partners.opine(platform, number, "negative", "not_intimate")

    [row] = partners.exchange.quarantined(partners.lead)
    assert row.entry_id == partners.entry_of(platform, number)
    assert (row.platform_id, row.reason) == (platform.id, "not_intimate")


@pytest.mark.parametrize(
    ("opinion", "reason"),
    [("negative", "consented"), ("negative", "other"), ("investigate", ""), ("positive", "")],
)
def test_no_other_opinion_keeps_anything_back(
    partners: Partners, opinion: str, reason: str
) -> None:
    """It is kept for the centre and changes nothing."""
    platform = partners.platform()
    partners.register(1)
    number = number_of(partners, platform)

    accepted = partners.opine(platform, number, opinion, reason)

    assert accepted == 1
    assert len(partners.matches(platform, 1)) == 1
    assert partners.exchange.quarantined(partners.lead) == []


def test_a_later_positive_opinion_brings_the_entry_back(partners: Partners) -> None:
    """A platform may change its mind."""
    platform = partners.platform()
    partners.register(1)
    [page] = partners.pages(platform)
    number = page.entries[0].number
    partners.opine(platform, number, "negative", "not_intimate")

    partners.opine(platform, number, "positive")

    assert [entry.number for entry in partners.entries(platform, page.cursor)] == [number]
    assert partners.exchange.quarantined(partners.lead) == []


def test_staff_can_lift_a_quarantine(partners: Partners) -> None:
    """And the same opinion sent again does not bring it back."""
    platform = partners.platform()
    partners.register(1)
    number = number_of(partners, platform)
    partners.opine(platform, number, "negative", "not_intimate")

    entry_id = partners.entry_of(platform, number)
    partners.exchange.lift_quarantine(entry_id, platform.id, partners.lead)
    again = partners.opine(platform, number, "negative", "not_intimate")

    assert again == 0
    assert len(partners.matches(platform, 1)) == 1


def test_an_operator_may_neither_see_nor_lift_quarantines(partners: Partners) -> None:
    """Only who handles cases decides."""
    accounts = StaffAccounts(
        partners.exchange.db, partners.audit, partners.platforms.journal, partners.clock
    )
    operator, _ = accounts.add("operator", Role.OPERATOR, partners.lead)
    platform = partners.platform()
    partners.register(1)
    number = number_of(partners, platform)
    partners.opine(platform, number, "negative", "not_intimate")

    with pytest.raises(NotAllowed):
        partners.exchange.quarantined(operator)
    with pytest.raises(NotAllowed):
        partners.exchange.lift_quarantine(
            partners.entry_of(platform, number), platform.id, operator
        )
    assert partners.matches(platform, 1) == []


def test_three_counting_platforms_quarantine_everywhere(partners: Partners) -> None:
    """The third one stops it for all, pending a person."""
    counting = [partners.platform(counting=True) for _ in range(3)]
    other = partners.platform()
    partners.register(1)
    negatives(partners, *counting[:2])
    two = len(partners.matches(other, 1))

    negatives(partners, counting[2])

    assert [two, len(partners.matches(other, 1))] == [1, 0]
    everywhere = [
        row for row in partners.exchange.quarantined(partners.lead) if row.platform_id is None
    ]
    assert len(everywhere) == 1


def test_platforms_that_do_not_count_quarantine_nothing_everywhere(partners: Partners) -> None:
    """Neither unmarked ones, nor marked ones without the feed, nor one platform many times."""
    others = [partners.platform() for _ in range(2)]
    others += [partners.platform(feed=False, counting=True) for _ in range(2)]
    loud = partners.platform(counting=True)
    partners.register(1)
    witness = partners.platform()
    negatives(partners, *others)
    number = number_of(partners, loud)
    for _ in range(4):
        partners.opine(loud, number, "negative", "not_intimate")
        partners.opine(loud, number, "positive")

    assert len(partners.matches(witness, 1)) == 1


def test_a_vouched_entry_is_never_quarantined_everywhere(partners: Partners) -> None:
    """Three platforms can keep it back from themselves and from nobody else."""
    counting = [partners.platform(counting=True) for _ in range(3)]
    other = partners.platform()
    partners.register(1, vouched=True)

    negatives(partners, *counting)

    assert [len(partners.matches(each, 1)) for each in (*counting, other)] == [0, 0, 0, 1]


def test_a_vouch_lifts_the_quarantine_everywhere(partners: Partners) -> None:
    """The caseworker's word stands against all three."""
    counting = [partners.platform(counting=True) for _ in range(3)]
    other = partners.platform()
    item_id = partners.register(1)
    negatives(partners, *counting)

    partners.bank.vouch([item_id])

    assert len(partners.matches(other, 1)) == 1


def test_after_a_person_lifted_it_the_old_opinions_count_no_more(partners: Partners) -> None:
    """A fourth platform does not tip it over again; three new ones would."""
    counting = [partners.platform(counting=True) for _ in range(6)]
    other = partners.platform()
    partners.register(1)
    entry_id = partners.entry_of(counting[0], number_of(partners, counting[0]))
    negatives(partners, *counting[:3])
    partners.exchange.lift_quarantine(entry_id, None, partners.lead)

    negatives(partners, counting[3])
    fourth = len(partners.matches(other, 1))
    negatives(partners, *counting[4:])

    assert [fourth, len(partners.matches(other, 1))] == [1, 0]


def test_opinions_are_taken_together_or_not_at_all(partners: Partners) -> None:
    """One unknown number refuses them all."""
    platform = partners.platform()
    partners.register(1)
    number = number_of(partners, platform)
    request = OpinionsRequest(
        [Opinion(number, "negative", "not_intimate"), Opinion("0" * 32, "positive")]
    )

    with pytest.raises(NotFound):
        partners.exchange.opinions(platform, request)

    assert len(partners.matches(platform, 1)) == 1


def test_opinions_and_responses_share_a_daily_quota(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """Of its own, and a refused report counts: it held everybody's writes up as well."""
    partners = make_partners(database, clock, tmp_path, Settings(report_quota_per_day=3))
    platform = partners.platform()
    partners.register(1)
    number = number_of(partners, platform)
    with pytest.raises(NotFound):
        partners.opine(platform, "0" * 32, "positive")
    partners.opine(platform, number, "positive")
    partners.respond(platform, response(number))

    with pytest.raises(QuotaSpent):
        partners.opine(platform, number, "negative", "not_intimate")
    with pytest.raises(QuotaSpent):
        partners.respond(platform, response(number))

    assert len(partners.matches(platform, 1)) == 1


def test_one_call_takes_a_hundred_reports_and_no_more() -> None:
    """They are one transaction, for which every other write waits."""
    opinions = [{"number": "0" * 32, "opinion": "positive"}] * 101
    bodies = [msgspec.json.encode({"opinions": opinions[:count]}) for count in (100, 101)]

    taken = msgspec.json.decode(bodies[0], type=OpinionsRequest)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(bodies[1], type=OpinionsRequest)

    assert len(taken.opinions) == 100


def test_a_negative_opinion_needs_a_reason(partners: Partners) -> None:
    """The message names the place."""
    platform = partners.platform()
    partners.register(1)

    with pytest.raises(MalformedBody, match=r"opinions\[0\]\.reason"):
        partners.opine(platform, number_of(partners, platform), "negative")


def test_an_opinion_on_what_one_may_not_see_is_not_found(partners: Partners) -> None:
    """In the same words as a number that stands for nothing."""
    platform = partners.platform(under_18=True)
    partners.register(1, to="under_18")
    number = number_of(partners, platform)
    partners.platforms.mark(platform.id, partners.lead, handles_under_18=False)

    with pytest.raises(NotFound):
        partners.opine(platform, number, "positive")


def test_a_confirmed_removal_of_an_intimate_picture_is_recorded(partners: Partners) -> None:
    """For every item that holds the entry now."""
    platform = partners.platform()
    items = {partners.register(1), partners.register(1)}
    left = partners.register(1)
    partners.withdraw(left)

    partners.respond(platform, response(number_of(partners, platform)))

    assert set(partners.notebook.removals) == {(item_id, platform.id) for item_id in items}


@pytest.mark.parametrize(
    "said",
    [
        {"confirmed_by_person": False},
        {"ground": "other"},
        {"response": "seen", "ground": UNSET},
        {"response": "under_review", "ground": UNSET},
        {"response": "kept", "ground": UNSET, "reason": "not_intimate"},
        {"response": "kept", "reason": "gone_already"},
        {"response": "seen"},
    ],
)
def test_anything_less_never_reaches_a_receipt(partners: Partners, said: dict[str, object]) -> None:
    """Or an ordinary photograph could be used to follow its reader around."""
    platform = partners.platform()
    partners.register(1)

    accepted = partners.respond(platform, response(number_of(partners, platform), **said))

    assert accepted == 1
    assert partners.notebook.removals == []


def test_a_response_sent_twice_changes_nothing(partners: Partners) -> None:
    """A courier that lost the answer sends it again."""
    platform = partners.platform()
    partners.register(1)
    sent = response(number_of(partners, platform))

    accepted = [partners.respond(platform, sent) for _ in range(2)]

    assert accepted == [1, 0]
    assert len(partners.notebook.removals) == 1


def test_two_platforms_may_use_the_same_response_id(partners: Partners) -> None:
    """The id is the platform's own."""
    platforms = [partners.platform(), partners.platform()]
    partners.register(1)

    accepted = [partners.respond(each, response(number_of(partners, each))) for each in platforms]

    assert accepted == [1, 1]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"ground": UNSET}, r"responses\[0\]\.ground"),
        ({"response": "kept", "ground": UNSET}, r"responses\[0\]\.reason"),
    ],
)
def test_a_response_that_says_too_little_is_refused(
    partners: Partners, said: dict[str, object], place: str
) -> None:
    """A removal needs a ground and a picture kept a reason; the message names the place."""
    platform = partners.platform()
    partners.register(1)

    with pytest.raises(MalformedBody, match=place):
        partners.respond(platform, response(number_of(partners, platform), **said))


def test_a_response_to_a_canary_is_taken_and_recorded_for_nobody(partners: Partners) -> None:
    """It is answered like any other."""
    platform = partners.platform()
    partners.exchange.plant_canaries(platform.id, 1, partners.lead)
    entry, *_ = partners.entries(platform)

    accepted = partners.respond(platform, response(entry.number))

    assert accepted == 1
    assert partners.notebook.removals == []


def test_every_report_is_on_the_audit_log(partners: Partners) -> None:
    """What was said of which entry, by whom, and no signal."""
    platform = partners.platform()
    partners.register(1)
    number = number_of(partners, platform)
    before = partners.audit.head().size

    partners.opine(platform, number, "negative", "not_intimate")
    partners.respond(platform, response(number))

    assert partners.audit.head().size == before + 3
    assert partners.audit.verify().size == before + 3
