"""Many threads search while one writes and another merges: nothing is missed, nothing lingers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals
from takeback.matching import merger
from takeback.matching.keypoints.index import KeypointIndex, KeypointPolicy
from takeback.matching.keypoints.tables import KeypointLayout
from tests.matching.keypoint_oracle import KEYPOINTS, SMALL, look_at, look_for, pictures, shown
from tests.matching.test_index_threads import PATIENCE, run_together

MERGE = "keypoint-merge"


class GatedLayouts(tuple[tuple[int, KeypointLayout], ...]):
    """Layouts whose merges wait at a gate, so that a test can act in the middle of one."""

    waiting: threading.Event
    gate: threading.Event

    def __iter__(self) -> Iterator[tuple[int, KeypointLayout]]:
        """Choose at once, but in a merge wait for the gate."""
        if threading.current_thread().name == MERGE:
            self.waiting.set()
            assert self.gate.wait(PATIENCE)
        return super().__iter__()


@contextmanager
def merge_in_progress(bank: list[KeypointSignals]) -> Iterator[KeypointIndex]:
    """Give an index of *bank* that is in the middle of its first merge, and let it end after."""
    layouts = GatedLayouts(SMALL)
    layouts.waiting, layouts.gate = threading.Event(), threading.Event()
    index = KeypointIndex(KeypointPolicy(tail_rows=KEYPOINTS, layouts=layouts))
    half = len(bank) // 2
    index.add(range(half), bank[:half])
    index.add(range(half, len(bank)), bank[half:])
    assert layouts.waiting.wait(PATIENCE)
    yield index
    layouts.gate.set()
    index.settle()


def ids_of(index: KeypointIndex, picture: KeypointSignals) -> list[int]:
    """Look a picture up."""
    return [match.id for match in index.search([look_for(picture)])]


def test_searches_and_writes_do_not_wait_for_a_merge() -> None:
    """All of them return while the merge stands still."""
    bank = pictures(21, seed=1)
    with merge_in_progress(bank[:20]) as index:
        index.add([100], bank[20:])
        index.withdraw([7])

        assert [ids_of(index, bank[i]) for i in (6, 7, 20)] == [[6], [], [100]]


def test_what_is_withdrawn_or_replaced_during_a_merge_stays_so_after_it() -> None:
    """The merged segment was copied before, and must not bring it back."""
    bank = pictures(21, seed=2)
    with merge_in_progress(bank[:20]) as index:
        index.withdraw([7, 8])
        index.add([8, 9], [bank[8], bank[20]])

    assert [ids_of(index, bank[i]) for i in (7, 8, 9, 20)] == [[], [8], [], [9]]
    assert len(index) == 19


def test_what_is_withdrawn_during_a_merge_is_gone_from_memory_after_it() -> None:
    """From the new segment as well."""
    bank = pictures(20, seed=3)
    with merge_in_progress(bank) as index:
        index.withdraw([7])

    held = {row.tobytes() for place in index.places() for row in place.rows.words}
    assert not held & {bits.tobytes() for bits in bank[7].bits}
    assert held >= {bits.tobytes() for bits in bank[8].bits}


def test_withdrawing_everything_during_a_merge_leaves_an_empty_index() -> None:
    """Nothing of the merge survives."""
    bank = pictures(20, seed=4)
    with merge_in_progress(bank) as index:
        index.withdraw(np.arange(20))

    assert len(index) == 0
    assert ids_of(index, bank[3]) == []


class BrokenOnce(tuple[tuple[int, KeypointLayout], ...]):
    """Layouts whose first use in a merge runs out of memory."""

    broken = False

    def __iter__(self) -> Iterator[tuple[int, KeypointLayout]]:
        """Fail, once."""
        if threading.current_thread().name == MERGE and not type(self).broken:
            type(self).broken = True
            raise MemoryError
        return super().__iter__()


def test_a_merge_that_fails_costs_nothing_but_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported, every entry is still found, and a change after a pause tries again."""
    reported: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    monkeypatch.setattr(merger, "PAUSE_SECONDS", 0.0)
    bank = pictures(20, seed=5)
    index = KeypointIndex(KeypointPolicy(tail_rows=KEYPOINTS, layouts=BrokenOnce(SMALL)))

    index.add(range(10), bank[:10])
    index.add(range(10, 20), bank[10:])
    index.settle()
    failed = [ids_of(index, picture) for picture in bank]
    index.withdraw([])
    index.settle()

    assert [report.exc_type for report in reported] == [MemoryError]
    assert failed == [ids_of(index, picture) for picture in bank] == [[i] for i in range(20)]
    assert len(index.places()) == 2


class Story:
    """What the writer has acknowledged, for the searching threads to hold the index to."""

    def __init__(self) -> None:
        """Start with an empty index of small sizes."""
        self.index = KeypointIndex(KeypointPolicy(tail_rows=6 * KEYPOINTS, layouts=SMALL))
        self.bank = pictures(3000, seed=7)
        self.leaving: set[int] = set()
        self.gone: set[int] = set()
        self.added = 0
        self.merges_seen = 0
        self.over = threading.Event()

    def write(self) -> None:
        """Add in bites of 1 to 30, withdraw a third of them, until time is over."""
        random = np.random.default_rng(8)
        while not self.over.is_set() and self.added < len(self.bank) - 30:
            ids = np.arange(self.added, self.added + int(random.integers(1, 30)))
            self.index.add(ids, [self.bank[i] for i in ids])
            self.added += len(ids)
            leaving = random.integers(0, self.added, len(ids) // 3)
            self.leaving.update(leaving.tolist())
            self.index.withdraw(leaving)
            self.gone.update(leaving.tolist())
            self.merges_seen += any(thread.name == MERGE for thread in threading.enumerate())
            time.sleep(0.001)

    def search(self, seed: int) -> None:
        """Look for acknowledged entries; fail if one is missed or a withdrawn one answered."""
        random = np.random.default_rng(seed)
        while not self.over.is_set():
            added = self.added
            if not added:
                continue
            entry = int(random.integers(0, added))
            was_gone = entry in self.gone
            found = [match.id for match in self.index.search([self.look(entry, random)])]
            assert found in ([entry], [])
            assert found or entry in self.leaving
            assert not (found and was_gone)

    def look(self, entry: int, random: np.random.Generator) -> KeypointLook:
        """Look at an upload that shows an entry's picture."""
        return look_at(shown(self.bank[entry], random))


def test_searching_threads_see_every_acknowledged_change() -> None:
    """No entry is missed once added, and none is answered once withdrawn, through many merges."""
    story = Story()

    raised = run_together(
        [story.write, *(lambda seed=seed: story.search(seed) for seed in range(3))], story.over
    )

    assert raised == []
    assert story.added > 300
    assert story.merges_seen > 0
    story.index.settle()
    assert len(story.index) == story.added - len(story.gone)


def test_an_entry_that_gets_other_keypoints_is_found_all_the_while() -> None:
    """By the old ones or by the new: at no time by neither, and never twice."""
    bank = pictures(2, seed=9)
    index = KeypointIndex(KeypointPolicy(tail_rows=3 * KEYPOINTS, layouts=SMALL))
    index.add([1], bank[:1])
    both = look_at(
        shown(bank[0], np.random.default_rng(1)), shown(bank[1], np.random.default_rng(2))
    )
    over = threading.Event()
    changes: list[int] = []

    def write() -> None:
        while not over.is_set():
            changes.append(len(changes) + 1)
            index.add([1], [bank[changes[-1] % 2]])

    def search() -> None:
        while not over.is_set():
            assert [match.id for match in index.search([both])] == [1]

    assert run_together([write, search, search], over) == []
    assert len(changes) > 10
