"""Platforms: two tiers, two people for the feed, marks and epochs."""

import pytest

from takeback.accounts import Tier
from takeback.accounts.model import TakenAway
from takeback.errors import (
    IllegalTransition,
    MalformedBody,
    NameTaken,
    NotAllowed,
    NotFound,
    NotSignedIn,
    SamePersonTwice,
)
from takeback.ids import PlatformId
from tests.accounts.conftest import Desk

NOBODY = PlatformId("platform_0000000000000000")


def test_a_new_platform_asks_and_receives_nothing(desk: Desk) -> None:
    """The ``lookup`` tier, adults only, its opinions uncounted, and the hub's quota."""
    platform = desk.platforms.add("Example", desk.operator)

    assert platform.tier is Tier.LOOKUP
    assert platform.banks == {"adult"}
    assert not platform.counts_opinions
    assert platform.quota_per_day == 100
    assert desk.platforms.get(platform.id) == platform
    assert desk.platforms.names() == {platform.id: "Example"}


def test_two_platforms_can_not_have_one_name(desk: Desk) -> None:
    """On a receipt nobody could tell them apart, however the name was typed."""
    desk.platforms.add("Exa\u0301mple", desk.operator)

    with pytest.raises(NameTaken):
        desk.platforms.add(" Ex\u00e1mple ", desk.operator)
    with pytest.raises(MalformedBody):
        desk.platforms.add("", desk.operator)


def test_the_second_person_gives_the_feed(desk: Desk) -> None:
    """One approval changes nothing but the log; the second one counts."""
    platform = desk.platforms.add("Example", desk.operator)

    once = desk.platforms.approve_feed(platform.id, desk.operator)
    twice = desk.platforms.approve_feed(platform.id, desk.lead)

    assert once == platform
    assert (twice.tier, twice.epoch) == (Tier.FEED, platform.epoch + 1)
    assert desk.platforms.get(platform.id) == twice
    assert desk.actions() == ["platform.added", "platform.approved_once", "platform.approved"]
    assert desk.facts() == {"platform": platform.id, "first": desk.operator.id}


def test_one_person_can_not_give_the_feed(desk: Desk) -> None:
    """Approving twice is refused and leaves the first approval as it was."""
    platform = desk.platforms.add("Example", desk.operator)
    desk.platforms.approve_feed(platform.id, desk.operator)

    with pytest.raises(SamePersonTwice):
        desk.platforms.approve_feed(platform.id, desk.operator)

    assert desk.platforms.get(platform.id).tier is Tier.LOOKUP
    assert desk.platforms.approve_feed(platform.id, desk.lead).tier is Tier.FEED


def test_the_approval_of_somebody_who_left_does_not_count(desk: Desk) -> None:
    """The next one is the first again."""
    platform = desk.platforms.add("Example", desk.operator)
    desk.platforms.approve_feed(platform.id, desk.operator)
    desk.accounts.retire(desk.operator.id, desk.lead)

    desk.platforms.approve_feed(platform.id, desk.lead)

    assert desk.platforms.get(platform.id).tier is Tier.LOOKUP


def test_a_platform_that_has_the_feed_is_not_approved_again(desk: Desk) -> None:
    """There is nothing left to approve."""
    platform = fed(desk)

    with pytest.raises(IllegalTransition):
        desk.platforms.approve_feed(platform, desk.operator)


def test_one_person_takes_the_feed_away(desk: Desk) -> None:
    """At once, with a new epoch; giving it again takes two people again."""
    platform = fed(desk)

    demoted = desk.platforms.demote(platform, desk.lead)
    desk.platforms.approve_feed(platform, desk.lead)

    assert (demoted.tier, demoted.epoch) == (Tier.LOOKUP, 2)
    assert desk.platforms.get(platform).tier is Tier.LOOKUP


def test_a_first_approval_can_be_taken_back(desk: Desk) -> None:
    """Then the second person's approval is the first one."""
    platform = desk.platforms.add("Example", desk.operator)
    desk.platforms.approve_feed(platform.id, desk.operator)

    desk.platforms.demote(platform.id, desk.lead)
    desk.platforms.approve_feed(platform.id, desk.lead)

    assert desk.platforms.get(platform.id) == platform
    assert desk.actions()[-2:] == ["platform.demoted", "platform.approved_once"]


def test_there_is_nothing_to_take_from_a_platform_without_the_feed(desk: Desk) -> None:
    """The refusal is no event."""
    platform = desk.platforms.add("Example", desk.operator)

    with pytest.raises(IllegalTransition):
        desk.platforms.demote(platform.id, desk.lead)

    assert desk.actions() == ["platform.added"]


def test_a_platform_marked_for_it_sees_the_other_banks(desk: Desk) -> None:
    """Under-18 and not-said go nowhere else, and a change of the mark is a new epoch."""
    platform = desk.platforms.add("Example", desk.operator)

    marked = desk.platforms.mark(platform.id, desk.lead, handles_under_18=True)
    unmarked = desk.platforms.mark(platform.id, desk.lead, handles_under_18=False)

    assert marked.banks == {"adult", "under_18", "not_said"}
    assert unmarked.banks == {"adult"}
    assert [platform.epoch, marked.epoch, unmarked.epoch] == [0, 1, 2]


def test_counting_opinions_changes_nothing_that_a_platform_sees(desk: Desk) -> None:
    """So its epoch stays, and so does the other mark."""
    platform = desk.platforms.add("Example", desk.operator)
    desk.platforms.mark(platform.id, desk.lead, handles_under_18=True)

    marked = desk.platforms.mark(platform.id, desk.lead, counts_opinions=True)

    assert (marked.counts_opinions, marked.handles_under_18, marked.epoch) == (True, True, 1)
    assert desk.facts() == {
        "platform": platform.id,
        "counts_opinions": True,
        "handles_under_18": True,
    }


def test_setting_a_mark_that_is_set_is_no_event(desk: Desk) -> None:
    """Only changes are recorded."""
    platform = desk.platforms.add("Example", desk.operator)

    desk.platforms.mark(platform.id, desk.lead, handles_under_18=False)

    assert desk.actions() == ["platform.added"]


def test_a_retired_platform_is_out_and_its_name_stays(desk: Desk) -> None:
    """Receipts go on naming it; its keys open nothing, after a restore neither."""
    platform = fed(desk)
    key = desk.platforms.issue_key(platform, desk.operator, "partner")

    retired = desk.platforms.retire(platform, desk.operator)

    assert (retired.active, retired.tier) == (False, Tier.LOOKUP)
    assert desk.platforms.names() == {platform: "Example"}
    assert [(line.kind, line.id) for line in desk.journal.lines()] == [
        ("platform.retired", platform),
        ("key.revoked", key.id),
    ]
    with pytest.raises(NotSignedIn):
        desk.platforms.authenticate(key.text, "partner")
    for ask in (desk.platforms.retire, desk.platforms.approve_feed):
        with pytest.raises(IllegalTransition):
            ask(platform, desk.operator)


def test_everything_is_taken_away_from_everyone_in_one_event(desk: Desk) -> None:
    """What a restore without a journal does; a second time there is nothing left to take."""
    fed_one, waiting = fed(desk), desk.platforms.add("Waiting", desk.operator).id
    desk.platforms.mark(fed_one, desk.lead, handles_under_18=True)
    desk.platforms.approve_feed(waiting, desk.operator)
    for scope in ("partner", "partner"):
        desk.platforms.issue_key(fed_one, desk.operator, scope)
    epochs = [desk.platforms.get(each).epoch for each in (fed_one, waiting)]

    taken = desk.platforms.take_everything_away()

    assert taken == TakenAway(unmarked=1, demoted=1, revoked=2)
    assert desk.actions().count("platforms.taken_away") == 1
    assert desk.facts() == {"unmarked": 1, "demoted": 1, "revoked": 2}
    after = [desk.platforms.get(each) for each in (fed_one, waiting)]
    assert [(one.tier, one.handles_under_18) for one in after] == [(Tier.LOOKUP, False)] * 2
    assert [one.epoch for one in after] == [epochs[0] + 1, epochs[1]]
    desk.platforms.approve_feed(waiting, desk.lead)
    assert desk.platforms.get(waiting).tier is Tier.LOOKUP
    assert desk.platforms.take_everything_away() == TakenAway(unmarked=0, demoted=0, revoked=0)


def test_an_unknown_platform_is_not_found(desk: Desk) -> None:
    """Whatever is asked of it."""
    for ask in (desk.platforms.approve_feed, desk.platforms.demote, desk.platforms.mark):
        with pytest.raises(NotFound):
            ask(NOBODY, desk.lead)
    with pytest.raises(NotFound):
        desk.platforms.get(NOBODY)


def test_a_caseworker_changes_no_platform(desk: Desk) -> None:
    """Platforms are for operators and leads; the under-18 mark is for leads alone."""
    platform = desk.platforms.add("Example", desk.operator)
    before = desk.rows()

    for ask in (
        desk.platforms.approve_feed,
        desk.platforms.demote,
        desk.platforms.mark,
        desk.platforms.retire,
    ):
        with pytest.raises(NotAllowed):
            ask(platform.id, desk.caseworker)
    with pytest.raises(NotAllowed):
        desk.platforms.mark(platform.id, desk.operator, handles_under_18=True)

    assert desk.rows() == before


def test_no_name_of_a_platform_is_in_the_audit_log(desk: Desk) -> None:
    """Events have its id."""
    platform = fed(desk)
    desk.platforms.mark(platform, desk.lead, counts_opinions=True)

    assert "Example" not in repr(desk.audit.every_event())


def fed(desk: Desk) -> PlatformId:
    """Return a platform that has the feed."""
    platform = desk.platforms.add("Example", desk.operator)
    desk.platforms.approve_feed(platform.id, desk.operator)
    return desk.platforms.approve_feed(platform.id, desk.lead).id
