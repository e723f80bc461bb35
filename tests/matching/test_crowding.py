"""Registering many signals like somebody's must not hide hers."""

import numpy as np
from numpy.typing import NDArray

from takeback.hashing import PictureSignals, Signal
from takeback.hashing.place import EVERYWHERE, Place
from takeback.hashing.views import ViewSignals
from takeback.matching import PictureBank
from takeback.matching.lookup.pictures import CANDIDATES

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
