"""Canaries: signals of no picture that show where a list was harvested."""

import secrets
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from takeback.accounts import Canary
from takeback.errors import NotAllowed, NotFound
from takeback.ids import PlatformId
from tests.accounts.conftest import Desk, made_up


def packed(*signals: bytes) -> NDArray[np.uint8]:
    """Pack signals as a platform's look-up has them."""
    return np.frombuffer(b"".join(signals), np.uint8).reshape(-1, 32)


def flipped(signal: bytes, bits: int) -> bytes:
    """Change so many bits of a signal."""
    return (int.from_bytes(signal, "big") ^ ((1 << bits) - 1)).to_bytes(32, "big")


@pytest.fixture
def platforms(desk: Desk) -> tuple[PlatformId, PlatformId]:
    """A platform that gets canaries, and another."""
    first, second = (desk.platforms.add(name, desk.operator) for name in ("Example", "Other"))
    return first.id, second.id


@pytest.fixture
def planted(desk: Desk, platforms: tuple[PlatformId, PlatformId]) -> Sequence[Canary]:
    """Canaries of two pictures, three each, of the first platform."""
    return desk.platforms.plant(platforms[0], made_up(2), desk.lead)


def test_all_canaries_of_a_picture_look_vouched_or_none(
    desk: Desk, platforms: tuple[PlatformId, PlatformId]
) -> None:
    """As the entries of one case are; of many pictures about half do."""
    planted = desk.platforms.plant(platforms[0], made_up(40), desk.lead)
    looks = [{one.vouched for one in planted[at : at + 3]} for at in range(0, 120, 3)]

    assert all(len(look) == 1 for look in looks)
    assert {True} in looks
    assert {False} in looks


def test_keypoint_signals_are_never_seen_again(
    desk: Desk, platforms: tuple[PlatformId, PlatformId], planted: Sequence[Canary]
) -> None:
    """They are neither looked up nor submitted, and are no signal of 32 bytes."""
    described = next(each for each in planted if each.type == "kp1")

    assert desk.platforms.note_canary(packed(described.signal[:32]), platforms[1]) == 0


def test_each_platform_has_canaries_of_its_own(
    desk: Desk, platforms: tuple[PlatformId, PlatformId], planted: Sequence[Canary]
) -> None:
    """Planting more adds to them and leaves the others."""
    more = desk.platforms.plant(platforms[0], made_up(1), desk.lead)
    others = desk.platforms.plant(platforms[1], made_up(2), desk.lead)

    assert list(more[:6]) == list(planted)
    assert len(more) == 9
    assert list(desk.platforms.canaries_for(platforms[1])) == list(others)
    assert list(desk.platforms.canaries()) == [*more, *others]
    assert desk.facts() == {"platform": platforms[1], "canaries": 2}


def test_a_canary_that_another_platform_sends_is_noted_once(
    desk: Desk, platforms: tuple[PlatformId, PlatformId], planted: Sequence[Canary]
) -> None:
    """The log names the canary by its number, where it was planted and where it was seen."""
    sent = packed(secrets.token_bytes(32), planted[1].signal, planted[1].signal)

    first = desk.platforms.note_canary(sent, platforms[1])
    again = desk.platforms.note_canary(sent, platforms[1])

    assert [first, again] == [1, 0]
    assert desk.actions()[-2:] == ["canary.planted", "canary.touched"]
    assert desk.facts() == {
        "canary": planted[1].id,
        "planted_at": platforms[0],
        "seen_at": platforms[1],
    }
    seen = [canary.seen_at for canary in desk.platforms.canaries()]
    assert seen == [(), (platforms[1],), (), (), (), ()]


def test_a_canary_is_recognised_within_the_distance_of_a_match(
    desk: Desk, platforms: tuple[PlatformId, PlatformId], planted: Sequence[Canary]
) -> None:
    """Flipping 31 bits does not hide it, 32 are no match any more."""
    assert desk.platforms.note_canary(packed(flipped(planted[0].signal, 32)), platforms[1]) == 0
    assert desk.platforms.note_canary(packed(flipped(planted[0].signal, 31)), platforms[1]) == 1


def test_one_canary_among_many_signals_is_found(
    desk: Desk, platforms: tuple[PlatformId, PlatformId], planted: Sequence[Canary]
) -> None:
    """Wherever in a large look-up it is."""
    many = [secrets.token_bytes(32) for _ in range(2_500)]
    many[1_700] = planted[0].signal
    many[2_499] = planted[1].signal

    assert desk.platforms.note_canary(packed(*many), platforms[1]) == 2


def test_a_platforms_own_canary_tells_nothing(
    desk: Desk, platforms: tuple[PlatformId, PlatformId], planted: Sequence[Canary]
) -> None:
    """It has received the signal, so sending it back is no leak; nor is an empty look-up."""
    own = packed(*(canary.signal for canary in planted if canary.type == "pdq"))

    assert desk.platforms.note_canary(own, platforms[0]) == 0
    assert desk.platforms.note_canary(own[:0], platforms[1]) == 0
    assert desk.actions()[-1] == "canary.planted"


def test_no_signal_of_a_canary_is_in_the_log_or_printed(
    desk: Desk, platforms: tuple[PlatformId, PlatformId], planted: Sequence[Canary]
) -> None:
    """A canary that can be read somewhere is one that can be left out."""
    desk.platforms.note_canary(packed(planted[0].signal), platforms[1])

    for place in (desk.audit.every_event(), planted):
        assert planted[0].signal.hex() not in repr(place)
        assert repr(planted[0].signal) not in repr(place)


def test_who_may_plant(desk: Desk, platforms: tuple[PlatformId, PlatformId]) -> None:
    """Not a caseworker, and not for nobody."""
    with pytest.raises(NotAllowed):
        desk.platforms.plant(platforms[0], made_up(1), desk.caseworker)
    with pytest.raises(NotFound):
        desk.platforms.plant(PlatformId("platform_0000000000000000"), made_up(1), desk.lead)
