"""Many threads search while one writes and another merges: nothing is missed, nothing lingers."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from takeback.matching import Index, merger
from takeback.matching.exact.layout import Layout, Rows
from takeback.matching.exact.merge import Policy
from tests.matching.index_oracle import TINY, Signals, flipped, random_signals

SECONDS = 2.0
PATIENCE = 10.0


class GatedLayout(Layout):
    """A layout whose merges wait at a gate, so that a test can act in the middle of one."""

    def __init__(self, inner: Layout) -> None:
        """Deal like *inner*, once the gate is open."""
        super().__init__(inner.widths, inner.deal_table, inner.restore_table, inner.step)
        object.__setattr__(self, "waiting", threading.Event())
        object.__setattr__(self, "gate", threading.Event())

    waiting: threading.Event
    gate: threading.Event

    def deal(self, signals: Rows, rows: Rows) -> None:
        """Wait for the gate, then deal."""
        self.waiting.set()
        assert self.gate.wait(PATIENCE)
        super().deal(signals, rows)


Opened = Callable[[Policy], Index]


@pytest.fixture(params=["memory", "disk"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """How an empty index is begun: in memory, and in a directory."""
    return Index if request.param == "memory" else partial(Index.open, tmp_path)


@contextmanager
def merge_in_progress(opened: Opened, bank: Signals) -> Iterator[Index]:
    """Give an index of *bank* that is in the middle of its first merge, and let it end after."""
    layout = GatedLayout(TINY)
    index = opened(Policy(tail_rows=8, layouts=((len(bank), layout),)))
    index.add(np.arange(len(bank)), bank)
    assert layout.waiting.wait(PATIENCE)
    yield index
    layout.gate.set()
    index.settle()


def test_searches_and_writes_do_not_wait_for_a_merge(opened: Opened) -> None:
    """All of them return while the merge stands still."""
    bank = random_signals(40, seed=1)
    with merge_in_progress(opened, bank) as index:
        index.add([100], ~bank[:1])
        index.withdraw([7])

        assert list(index.search(bank[6:9])) == [(0, 6, 0), (2, 8, 0)]
        assert list(index.search(~bank[:1])) == [(0, 100, 0)]


def test_what_is_withdrawn_during_a_merge_stays_withdrawn_after_it(opened: Opened) -> None:
    """The merged segment was copied before the withdrawal, and must not bring it back."""
    bank = random_signals(40, seed=1)
    with merge_in_progress(opened, bank) as index:
        index.withdraw([7, 8])
        index.add([8], bank[8:9])

    assert list(index.search(bank[7:9])) == [(1, 8, 0)]
    assert len(index) == 39


def test_what_is_replaced_during_a_merge_stays_replaced_after_it(opened: Opened) -> None:
    """The old signal does not come back with the merged segment."""
    bank = random_signals(40, seed=1)
    with merge_in_progress(opened, bank) as index:
        index.add([7], ~bank[7:8])

    assert list(index.search(bank[7:8])) == []
    assert list(index.search(~bank[7:8])) == [(0, 7, 0)]


def test_withdrawing_everything_during_a_merge_leaves_an_empty_index(opened: Opened) -> None:
    """Nothing of the merge survives."""
    bank = random_signals(40, seed=1)
    with merge_in_progress(opened, bank) as index:
        index.withdraw(np.arange(40))

    assert len(index) == 0
    assert list(index.search(bank, 256)) == []


class BrokenOnce(Layout):
    """A layout whose first use runs out of memory."""

    broken = False

    def deal(self, signals: Rows, rows: Rows) -> None:
        """Fail, once."""
        if not type(self).broken:
            type(self).broken = True
            raise MemoryError
        super().deal(signals, rows)


def test_a_merge_that_fails_costs_nothing_but_time(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is reported, every entry is still found, and a change after a pause tries again."""
    reported: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    monkeypatch.setattr(merger, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(BrokenOnce, "broken", False)
    bank = random_signals(40, seed=1)
    layout = BrokenOnce(TINY.widths, TINY.deal_table, TINY.restore_table, TINY.step)
    index = opened(Policy(tail_rows=8, layouts=((40, layout),)))

    index.add(np.arange(40), bank)
    index.settle()
    failed = list(index.search(bank))
    index.withdraw([])
    index.settle()

    assert [report.exc_type for report in reported] == [MemoryError]
    assert failed == list(index.search(bank)) == [(i, i, 0) for i in range(40)]


class Story:
    """What the writer has acknowledged, for the searching threads to hold the index to."""

    def __init__(self, opened: Opened) -> None:
        """Start with an empty index of small sizes."""
        self.index = opened(Policy(tail_rows=64, layouts=((256, TINY),)))
        self.signals = random_signals(20_000, seed=7)
        self.leaving: set[int] = set()
        self.gone: set[int] = set()
        self.added = 0
        self.merges_seen = 0
        self.over = threading.Event()

    def write(self) -> None:
        """Add in bites of 1 to 200, withdraw a third of them, until time is over."""
        rng = np.random.default_rng(8)
        while not self.over.is_set() and self.added < len(self.signals) - 200:
            ids = np.arange(self.added, self.added + int(rng.integers(1, 200)))
            self.index.add(ids, self.signals[ids])
            self.added += len(ids)
            leaving = rng.integers(0, self.added, len(ids) // 3)
            self.leaving.update(leaving.tolist())
            self.index.withdraw(leaving)
            self.gone.update(leaving.tolist())
            time.sleep(0.001)

    def search(self, seed: int) -> None:
        """Look for acknowledged entries, and fail if one is missed or a withdrawn one answered."""
        rng = np.random.default_rng(seed)
        while not self.over.is_set():
            added = self.added
            if not added:
                continue
            ids = rng.integers(0, added, 4)
            gone = {entry for entry in ids.tolist() if entry in self.gone}
            queries = np.stack([flipped(self.signals[i], rng.permutation(256)[:31]) for i in ids])
            found = {entry for _, entry, _ in self.index.search(queries)}
            expected = {entry for entry in ids.tolist() if entry not in self.leaving}
            assert expected <= found
            assert not gone & found
            self.merges_seen += any(t.name == "index-merge" for t in threading.enumerate())


def run_together(work: list[Callable[[], None]], over: threading.Event) -> list[BaseException]:
    """Run each piece of work in a thread for a while and return what they raised."""
    raised: list[BaseException] = []

    def guarded(piece: Callable[[], None]) -> None:
        try:
            piece()
        except BaseException as error:  # the test's own thread reports it
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(piece,)) for piece in work]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    over.set()
    for thread in threads:
        thread.join(PATIENCE)
    return raised


def test_searching_threads_see_every_acknowledged_change(opened: Opened) -> None:
    """No entry is missed once added, and none is answered once withdrawn, through many merges."""
    story = Story(opened)

    raised = run_together(
        [story.write, *(lambda seed=seed: story.search(seed) for seed in range(3))], story.over
    )

    assert raised == []
    assert story.added > 300
    assert story.merges_seen > 0
    story.index.settle()
    assert len(story.index) == story.added - len(story.gone)
