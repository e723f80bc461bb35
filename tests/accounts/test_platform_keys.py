"""Platforms' keys: shown once, kept as digests, rotated with an overlap, revoked at once."""

from datetime import timedelta
from functools import partial

import pytest

from takeback.accounts import SCOPES, Platform
from takeback.errors import IllegalTransition, NotAllowed, NotFound, NotSignedIn
from takeback.ids import KeyId
from tests.accounts.conftest import Desk
from tests.accounts.hostile import HOSTILE_KEYS, THE_ANSWER, answer
from tests.conftest import FakeClock


@pytest.fixture
def platform(desk: Desk) -> Platform:
    """A platform without a key."""
    return desk.platforms.add("Example", desk.operator)


def opens(desk: Desk, text: str) -> bool:
    """Tell whether a partner key signs in."""
    try:
        desk.platforms.authenticate(text, "partner")
    except NotSignedIn:
        return False
    return True


def test_each_key_opens_its_own_part_and_no_other(desk: Desk, platform: Platform) -> None:
    """A key of one scope is refused everywhere else, in the same words."""
    for scope in SCOPES:
        text = desk.platforms.issue_key(platform.id, desk.operator, scope).text

        assert desk.platforms.authenticate(f" {text}\n", scope) == platform
        for other in set(SCOPES) - {scope}:
            assert answer(partial(desk.platforms.authenticate, text, other)) == THE_ANSWER


def test_a_key_is_shown_once_and_kept_as_a_digest(desk: Desk, platform: Platform) -> None:
    """Neither the database, nor the log, nor anything printed holds it."""
    issued = desk.platforms.issue_key(platform.id, desk.operator, "partner")

    secret = issued.text.removeprefix(f"tb_{issued.id}_")
    [listed] = desk.platforms.keys(platform.id)
    assert len(secret) == 43
    for place in (desk.rows(), issued, listed, desk.audit.every_event()):
        assert secret not in repr(place)
    assert (listed.id, listed.scope) == (issued.id, "partner")


def test_hostile_keys_all_get_the_same_answer(desk: Desk, platform: Platform) -> None:
    """Whatever the text is, nobody learns which part of it was wrong."""
    desk.platforms.issue_key(platform.id, desk.operator, "partner")

    answers = {
        answer(partial(desk.platforms.authenticate, text, "partner")) for text in HOSTILE_KEYS
    }

    assert answers == {THE_ANSWER}


def test_every_single_changed_character_is_refused(desk: Desk, platform: Platform) -> None:
    """The whole text counts."""
    text = desk.platforms.issue_key(platform.id, desk.operator, "partner").text

    changed = [
        text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :] for at in range(len(text))
    ]

    assert not any(opens(desk, wrong) for wrong in changed)
    assert opens(desk, text)


def test_a_rotated_key_works_until_the_overlap_ends(
    desk: Desk, platform: Platform, clock: FakeClock
) -> None:
    """So a platform changes its key without a gap."""
    old = desk.platforms.issue_key(platform.id, desk.operator, "partner")

    new = desk.platforms.rotate(old.id, desk.operator)

    assert opens(desk, old.text)
    assert opens(desk, new.text)
    clock.advance(timedelta(hours=24) - timedelta(microseconds=1))
    assert opens(desk, old.text)
    clock.advance(timedelta(microseconds=1))
    assert not opens(desk, old.text)
    assert opens(desk, new.text)


def test_rotating_again_never_prolongs_a_key(
    desk: Desk, platform: Platform, clock: FakeClock
) -> None:
    """A key that is to end at an instant ends then, or earlier."""
    old = desk.platforms.issue_key(platform.id, desk.operator, "partner")
    desk.platforms.rotate(old.id, desk.operator, timedelta(hours=1))

    desk.platforms.rotate(old.id, desk.operator, timedelta(days=30))
    clock.advance(timedelta(hours=1))

    assert not opens(desk, old.text)


@pytest.mark.parametrize("overlap", [timedelta(), timedelta(hours=-5)])
def test_without_an_overlap_the_old_key_stops_at_once(
    desk: Desk, platform: Platform, overlap: timedelta
) -> None:
    """And only the new one works."""
    old = desk.platforms.issue_key(platform.id, desk.operator, "partner")

    new = desk.platforms.rotate(old.id, desk.operator, overlap)

    assert [opens(desk, old.text), opens(desk, new.text)] == [False, True]
    assert desk.facts() == {
        "platform": platform.id,
        "key": old.id,
        "successor": new.id,
        "overlap_hours": 0,
    }


def test_a_revoked_key_stops_at_once_and_for_good(desk: Desk, platform: Platform) -> None:
    """It is in the journal, so a restored backup revokes it again."""
    key = desk.platforms.issue_key(platform.id, desk.operator, "partner")

    desk.platforms.revoke(key.id, desk.operator)

    assert not opens(desk, key.text)
    assert [(line.kind, line.id) for line in desk.journal.lines()] == [("key.revoked", key.id)]
    with pytest.raises(IllegalTransition):
        desk.platforms.revoke(key.id, desk.operator)
    with pytest.raises(IllegalTransition):
        desk.platforms.rotate(key.id, desk.operator)


def test_an_ended_key_is_not_rotated(desk: Desk, platform: Platform, clock: FakeClock) -> None:
    """Whoever holds only that one must ask staff for a new one."""
    key = desk.platforms.issue_key(platform.id, desk.operator, "partner")
    desk.platforms.rotate(key.id, desk.operator)
    clock.advance(timedelta(hours=24))

    with pytest.raises(IllegalTransition, match="issue a new one"):
        desk.platforms.rotate(key.id, desk.operator)


def test_a_restored_backup_does_not_bring_a_revoked_key_back(
    desk: Desk, platform: Platform
) -> None:
    """The journal's line revokes it again; a second time, or for a stranger, does nothing."""
    key = desk.platforms.issue_key(platform.id, desk.operator, "partner")

    for _ in range(2):
        desk.platforms.replay("key.revoked", key.id)
    desk.platforms.replay("key.revoked", "key_0000000000000000")

    assert not opens(desk, key.text)
    assert desk.actions()[-2:] == ["platform.key_issued", "platform.key_revoked"]
    with pytest.raises(ValueError, match="no journal line"):
        desk.platforms.replay("staff.retired", key.id)


def test_a_restored_backup_revokes_a_key_that_was_rotated(desk: Desk, platform: Platform) -> None:
    """The backup has the old key without its end and no successor, so staff issue a new one."""
    old = desk.platforms.issue_key(platform.id, desk.operator, "partner")
    new = desk.platforms.rotate(old.id, desk.operator)

    assert [(line.kind, line.id) for line in desk.journal.lines()] == [("key.rotated", old.id)]
    desk.platforms.replay("key.rotated", old.id)

    assert [opens(desk, old.text), opens(desk, new.text)] == [False, True]


def test_keys_are_for_those_who_may_manage_them(desk: Desk, platform: Platform) -> None:
    """A caseworker issues, rotates and revokes none; nobody does for a retired platform."""
    key = desk.platforms.issue_key(platform.id, desk.operator, "partner")

    with pytest.raises(NotAllowed):
        desk.platforms.issue_key(platform.id, desk.caseworker, "partner")
    with pytest.raises(NotAllowed):
        desk.platforms.rotate(key.id, desk.caseworker)
    with pytest.raises(NotAllowed):
        desk.platforms.revoke(key.id, desk.caseworker)
    desk.platforms.retire(platform.id, desk.operator)
    with pytest.raises(IllegalTransition):
        desk.platforms.issue_key(platform.id, desk.operator, "partner")


def test_an_unknown_key_is_not_found(desk: Desk) -> None:
    """Staff who mistype an id are told so."""
    for ask in (desk.platforms.rotate, desk.platforms.revoke):
        with pytest.raises(NotFound):
            ask(KeyId("key_0000000000000000"), desk.operator)
