"""Signals that are looked up raw, many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from takeback.matching.exact.index import Index
from takeback.matching.lookup.indexes import Indexes
from takeback.matching.lookup.pictures import PictureSearch

BANK = np.random.default_rng(41).integers(0, 256, (40, 32), np.uint8)
STRANGERS = np.random.default_rng(42).integers(0, 256, (5, 32), np.uint8)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an entry."""

    number: int
    view: str = "whole"
    vouched: bool = False


@dataclass(slots=True)
class Asked:
    """A register that notes what it was asked."""

    gone: frozenset[int] = frozenset()
    questions: list[list[int]] = field(default_factory=list)

    def held(self, ids: Sequence[int], /) -> Mapping[int, Known]:
        """Answer for those that are not gone."""
        self.questions.append(sorted(ids))
        return {entry: Known(entry) for entry in ids if entry not in self.gone}

    def vouched(self, ids: Sequence[int], /) -> Sequence[int]:
        """Return those that are not gone."""
        return [entry for entry in ids if entry not in self.gone]


def search_in(register: Asked, bank: NDArray[np.uint8] = BANK) -> PictureSearch[Known]:
    """Search among a bank's signals, numbered from 0."""
    index = Index()
    index.add(np.arange(len(bank)), bank)
    return PictureSearch(Indexes(index), register)


def off_by(signal: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """A signal that differs in the first so many bits."""
    flipped = np.unpackbits(signal)
    flipped[:bits] ^= 1
    return np.packbits(flipped)


def test_each_signal_has_its_own_answer() -> None:
    """In the order asked, whatever lies near those beside it."""
    asked = np.stack([STRANGERS[0], BANK[7], STRANGERS[1], BANK[3], off_by(BANK[7], 5)])

    found = search_in(Asked()).signals(asked, 10)

    numbers = [[(held.number, near.distance) for held, near in one.matches] for one in found]
    assert numbers == [[], [(7, 0)], [], [(3, 0)], [(7, 5)]]


def test_the_register_is_asked_once_for_all_signals() -> None:
    """And not at all where nothing is near."""
    register = Asked()
    search = search_in(register)

    search.signals(np.concatenate([BANK, STRANGERS, BANK]), 10)
    search.signals(STRANGERS, 10)

    assert register.questions == [list(range(40))]


def test_an_entry_that_is_gone_meanwhile_is_left_out() -> None:
    """The index may still hold it for an instant."""
    found = search_in(Asked(gone=frozenset({7}))).signals(BANK[6:9], 10)

    assert [[held.number for held, _ in one.matches] for one in found] == [[6], [], [8]]


def test_a_smaller_radius_leaves_out_what_is_farther() -> None:
    """What is exactly so far is in."""
    asked = np.stack([off_by(BANK[1], 9), off_by(BANK[2], 8)])

    found = search_in(Asked()).signals(asked, 10, radius=8)

    assert [[held.number for held, _ in one.matches] for one in found] == [[], [2]]


def test_of_more_than_the_limit_the_nearest_are_answered() -> None:
    """And the answer says that there are others."""
    family = np.stack([off_by(BANK[0], bits) for bits in (4, 2, 0, 3)])

    one = search_in(Asked(), family).signals(BANK[:1], 2)[0]

    assert [held.number for held, _ in one.matches] == [2, 1]
    assert one.more


def test_an_index_may_be_exchanged_for_another() -> None:
    """The next look-up asks the new one; nothing is kept of the old."""
    search = search_in(Asked())
    other = Index()
    other.add([99], BANK[5:6])

    search.indexes.signals = other

    found = search.signals(BANK[4:6], 10)
    assert [[held.number for held, _ in one.matches] for one in found] == [[], [99]]


@pytest.mark.parametrize("count", [0, 1, 300])
def test_nothing_is_found_in_an_empty_bank(count: int) -> None:
    """One answer for each signal all the same."""
    found = search_in(Asked(), BANK[:0]).signals(np.zeros((count, 32), np.uint8), 10)

    assert [one.matches for one in found] == [()] * count
