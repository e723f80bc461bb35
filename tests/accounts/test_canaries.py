"""Canaries: signals of no picture that show where a list was harvested."""

import io
import secrets
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from takeback.accounts import Canary
from takeback.errors import MalformedBody, NotAllowed, NotFound
from takeback.hashing import hash_picture
from takeback.hashing.bundle import MIRRORED
from takeback.ids import PlatformId
from tests.accounts.conftest import Desk


def packed(*signals: bytes) -> NDArray[np.uint8]:
    """Pack signals as a platform's look-up has them."""
    return np.frombuffer(b"".join(signals), np.uint8).reshape(-1, 32)


def flipped(signal: bytes, bits: int) -> bytes:
    """Change so many bits of a signal."""
    return (int.from_bytes(signal, "big") ^ ((1 << bits) - 1)).to_bytes(32, "big")


def beyond_mirroring(whole: bytes, mirror: bytes) -> int:
    """Count the bits in which a mirror is not what turning every second bit gives."""
    return int(np.bitwise_count(packed(whole) ^ packed(mirror) ^ np.uint8(0x55)).sum())


def mirrored_signals(pixels: NDArray[np.uint8]) -> tuple[bytes, bytes]:
    """Return the signals of a picture and of its mirror image, as a reporter registers them."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    dihedral = hash_picture(file.getvalue()).dihedral
    return dihedral[0].bits, dihedral[MIRRORED].bits


def in_pairs(planted: Sequence[Canary]) -> Iterator[tuple[Canary, Canary]]:
    """Return each canary and the one behind it, two by two."""
    return zip(planted[::2], planted[1::2], strict=True)


@pytest.fixture
def platforms(desk: Desk) -> tuple[PlatformId, PlatformId]:
    """A platform that gets canaries, and another."""
    first, second = (desk.platforms.add(name, desk.operator) for name in ("Example", "Other"))
    return first.id, second.id


@pytest.fixture
def planted(desk: Desk, platforms: tuple[PlatformId, PlatformId]) -> Sequence[Canary]:
    """Three pairs of canaries of the first platform."""
    return desk.platforms.plant(platforms[0], 3, desk.lead)


def test_a_canary_looks_like_any_signal(planted: Sequence[Canary]) -> None:
    """Half of its bits are set, and its quality is that of an ordinary photograph."""
    for canary in planted:
        assert int.from_bytes(canary.signal, "big").bit_count() == 128
        assert 50 < canary.quality <= 100
    for first, second in combinations(planted, 2):
        assert np.bitwise_count(packed(first.signal) ^ packed(second.signal)).sum() > 60


def test_canaries_come_in_pairs_as_registered_pictures_do(
    desk: Desk, platforms: tuple[PlatformId, PlatformId]
) -> None:
    """Whole and mirror differ as those of real pictures, and are alike in all else."""
    planted = desk.platforms.plant(platforms[0], 40, desk.lead)
    pairs = list(in_pairs(planted))
    orders = {(one.view, other.view) for one, other in pairs}
    ours = [beyond_mirroring(whole.signal, mirror.signal) for whole, mirror in pairs]
    pictures = [getattr(skimage.data, name)() for name in ("coffee", "chelsea", "rocket", "brick")]
    theirs = [beyond_mirroring(*mirrored_signals(each)) for each in pictures]

    assert orders == {("whole", "mirror"), ("mirror", "whole")}
    assert all(whole.quality == mirror.quality for whole, mirror in pairs)
    assert all(whole.vouched == mirror.vouched for whole, mirror in pairs)
    assert {whole.vouched for whole, _ in pairs} == {False, True}
    assert not any(bits % 2 for bits in [*ours, *theirs])
    assert max(theirs) <= 40
    assert max(ours) <= 40
    assert 4 < sum(ours) / len(ours) < 16


def test_each_platform_has_canaries_of_its_own(
    desk: Desk, platforms: tuple[PlatformId, PlatformId], planted: Sequence[Canary]
) -> None:
    """Planting more adds to them and leaves the others."""
    more = desk.platforms.plant(platforms[0], 1, desk.lead)
    others = desk.platforms.plant(platforms[1], 2, desk.lead)

    assert list(more[:6]) == list(planted)
    assert len(more) == 8
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
    many[2_499] = planted[2].signal

    assert desk.platforms.note_canary(packed(*many), platforms[1]) == 2


def test_a_platforms_own_canary_tells_nothing(
    desk: Desk, platforms: tuple[PlatformId, PlatformId], planted: Sequence[Canary]
) -> None:
    """It has received the signal, so sending it back is no leak; nor is an empty look-up."""
    own = packed(*(canary.signal for canary in planted))

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


def test_who_may_plant_and_how_many(desk: Desk, platforms: tuple[PlatformId, PlatformId]) -> None:
    """Not a caseworker, not for nobody, and one to a thousand at once."""
    with pytest.raises(NotAllowed):
        desk.platforms.plant(platforms[0], 1, desk.caseworker)
    with pytest.raises(NotFound):
        desk.platforms.plant(PlatformId("platform_0000000000000000"), 1, desk.lead)
    for count in (-1, 0, 1_001):
        with pytest.raises(MalformedBody):
            desk.platforms.plant(platforms[0], count, desk.lead)
