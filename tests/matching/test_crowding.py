"""Registering many signals like somebody's must not hide hers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from takeback.hashing import PictureSignals, Signal
from takeback.hashing.place import EVERYWHERE, Place
from takeback.hashing.views import ViewSignals
from takeback.matching import PictureBank
from takeback.matching.exact.index import Index
from takeback.matching.lookup import pictures
from takeback.matching.lookup.indexes import Indexes
from takeback.matching.lookup.pictures import CANDIDATES, PictureSearch

RANDOM = np.random.default_rng(6)


def like(signal: NDArray[np.uint8], flips: int) -> NDArray[np.uint8]:
    """A signal that differs in so many bits."""
    bits = np.unpackbits(signal)
    bits[RANDOM.permutation(256)[:flips]] ^= 1
    return np.packbits(bits)


def turns(first: NDArray[np.uint8]) -> tuple[Signal, ...]:
    """Eight signals, of which the first is this one."""
    return (Signal(first.tobytes()), *(Signal(RANDOM.bytes(32)) for _ in range(7)))


def picture(*views: ViewSignals, whole: NDArray[np.uint8] | None = None) -> PictureSignals:
    """A picture that is *whole*, or one like no other, with these views."""
    signal = np.frombuffer(RANDOM.bytes(32), np.uint8) if whole is None else whole
    return PictureSignals(
        quality=90, dihedral=turns(signal), width=640, height=640, path="full", views=views
    )


def test_parts_of_pictures_do_not_hide_a_picture_that_is_part_of_an_upload() -> None:
    """A part never matches a part, so it must not take the place of what does."""
    hers = np.frombuffer(RANDOM.bytes(32), np.uint8)
    panel = like(hers, 6)
    left = Place(0.0, 0.0, 0.5, 1.0)
    upload = picture(ViewSignals(view="panel", place=left, quality=90, dihedral=turns(panel)))
    bank = PictureBank[int]()
    bank.register(0, picture(whole=hers))
    for number in range(1, CANDIDATES + 10):
        part = turns(like(panel, 2))
        view = ViewSignals(view="centre_1x1", place=EVERYWHERE, quality=90, dihedral=part)
        bank.register(number, picture(view))

    assert [match.entry_id for match in bank.match(upload)] == [0]


@dataclass(frozen=True)
class Known:
    """What is known of an entry."""

    number: int
    vouched: bool
    view: str = "whole"


class Register:
    """Of all entries only the first was vouched for."""

    def held(self, ids: Sequence[int], /) -> Mapping[int, Known]:
        """Return what is known of entries."""
        return {number: Known(number, number == 0) for number in ids}

    def vouched(self, ids: Sequence[int], /) -> Sequence[int]:
        """Return the first, if it is among them."""
        return [number for number in ids if number == 0]


def test_copies_that_nobody_vouched_for_do_not_hide_the_vouched_one() -> None:
    """A hundred nearer entries that anybody may make would turn "remove" into "review"."""
    hers = np.frombuffer(RANDOM.bytes(32), np.uint8)
    upload = like(hers, 9)
    copies = [like(upload, 2) for _ in range(CANDIDATES + 20)]
    index = Index()
    index.add(range(len(copies) + 1), np.stack([hers, *copies]))

    found = PictureSearch(Indexes(index), Register()).picture(picture(whole=upload), limit=3)

    assert [held.number == 0 for held, _ in found.matches] == [True, False, False]
    assert found.more


def crowded(copies: int) -> tuple[Indexes, NDArray[np.uint8]]:
    """Her entry with nearer copies around it, one of somebody else's, and an upload of each."""
    hers, others = np.frombuffer(RANDOM.bytes(64), np.uint8).reshape(2, 32)
    upload = like(hers, 9)
    index = Index()
    signals = [hers, *(like(upload, 2) for _ in range(copies)), others]
    index.add(range(len(signals)), np.stack(signals))
    return Indexes(index), np.stack([others, upload])


def test_copies_do_not_hide_the_vouched_one_from_who_looks_up_a_ready_signal() -> None:
    """It is answered first, beside the nearest; who is not crowded is answered as ever."""
    indexes, uploads = crowded(CANDIDATES + 20)

    other, found = PictureSearch(indexes, Register()).signals(uploads, limit=3)

    assert [held.number == 0 for held, _ in found.matches] == [True, False, False]
    assert found.more
    assert ([held.number for held, _ in other.matches], other.more) == ([CANDIDATES + 21], False)


def test_who_asks_for_more_than_a_hundred_gets_them() -> None:
    """The caller's limit counts, not ours."""
    indexes, uploads = crowded(CANDIDATES + 20)

    found = PictureSearch(indexes, Register()).signals(uploads, limit=CANDIDATES + 10)[1]

    assert len(found.matches) == CANDIDATES + 10
    assert found.more


@pytest.mark.parametrize(("together", "sought"), [(1_000, True), (2 * CANDIDATES, False)])
def test_crowded_signals_share_what_is_looked_at_behind_them(
    together: int, sought: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are looked up in one call, no more entries are judged; then the nearest stay."""
    monkeypatch.setattr(pictures, "CROWDED", together)
    indexes, uploads = crowded(CANDIDATES + 20)

    for found in PictureSearch(indexes, Register()).signals(uploads[[1, 1]], limit=3):
        assert found.vouched == sought
        assert len(found.matches) == 3
