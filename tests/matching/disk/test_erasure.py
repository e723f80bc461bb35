"""What was withdrawn leaves the disk: every file of the index, within the policy's time."""

import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from takeback.matching.disk.store import Store
from takeback.matching.disk.tending import Tending
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import Index
from takeback.matching.exact.keeping import OnDisk
from takeback.matching.exact.merge import Policy
from takeback.matching.exact.segment import Segment
from tests.matching.disk.story import SIGNALS, reopened
from tests.matching.index_oracle import TINY

AT_ONCE = Policy(tail_rows=8, layouts=(), erase_after=0.0)
"""Rows lie in their files as they were given, and may leave them as soon as they end."""

IN_A_DAY = Policy(tail_rows=8, layouts=())


def files_with(directory: Path, number: int) -> set[str]:
    """Return the kinds of files in which the signal can be read."""
    signal = SIGNALS[number].tobytes()
    names = (path.name for path in directory.iterdir() if signal in path.read_bytes())
    return {name.partition("-")[0] for name in names}


def stored(index: Index) -> Store[Segment]:
    """Return what writes the index's directory."""
    keeping = index._keeping
    assert isinstance(keeping, OnDisk)
    return keeping.store


def test_a_withdrawn_signal_leaves_every_file_once_it_is_time(tmp_path: Path) -> None:
    """From a segment that is hardly touched as from the tail and the log; the others stay."""
    with closing(Index.open(tmp_path, IN_A_DAY)) as index:
        index.add(np.arange(40), SIGNALS[:40])
        index.add([50, 51], SIGNALS[50:52])
        index.withdraw([7, 51])
        index.settle()
        assert files_with(tmp_path, 7) == {"segment"}
        assert files_with(tmp_path, 51) == {"log"}

    with closing(Index.open(tmp_path, AT_ONCE)) as index:
        index.settle()

        assert files_with(tmp_path, 7) == files_with(tmp_path, 51) == set()
        assert files_with(tmp_path, 8) == {"segment"}
        assert len(index) == len(FollowedIndex.open(tmp_path)) == 40


def test_what_was_replaced_leaves_too(tmp_path: Path) -> None:
    """The old signal of an entry is withdrawn like any other."""
    with closing(Index.open(tmp_path, AT_ONCE)) as index:
        index.add(np.arange(40), SIGNALS[:40])
        index.add([7], SIGNALS[60:61])
        index.tend()
        index.settle()

        assert files_with(tmp_path, 7) == set()
        assert list(index.search(SIGNALS[60:61])) == [(0, 7, 0)]


def test_a_segment_of_which_a_quarter_ended_is_rewritten_at_once(tmp_path: Path) -> None:
    """Whatever time there is left."""
    with closing(Index.open(tmp_path, IN_A_DAY)) as index:
        index.add(np.arange(40), SIGNALS[:40])
        index.withdraw(range(11))
        index.settle()

        assert files_with(tmp_path, 5) == set()


def test_when_something_ended_is_remembered_when_the_index_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time runs from the withdrawal, not from the opening."""
    with closing(Index.open(tmp_path, IN_A_DAY)) as index:
        index.add(np.arange(40), SIGNALS[:40])
        index.withdraw([7])
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 80_000)
    with closing(Index.open(tmp_path, IN_A_DAY)) as index:
        index.settle()
        assert files_with(tmp_path, 7) == {"segment"}

    monkeypatch.setattr(time, "time", lambda: now + 87_000)
    with closing(Index.open(tmp_path, IN_A_DAY)) as index:
        index.settle()
        assert files_with(tmp_path, 7) == set()


@pytest.mark.parametrize("clock", [0.0, 4e9])
def test_what_ended_while_the_clock_was_wrong_does_not_wait_for_that_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: float
) -> None:
    """Be it at the beginning of time or ahead: once the clock is right, what ended leaves."""
    with monkeypatch.context() as wrong:
        wrong.setattr(time, "time", lambda: clock)
        with closing(Index.open(tmp_path, IN_A_DAY)) as index:
            index.add(np.arange(40), SIGNALS[:40])
            index.add([50, 51], SIGNALS[50:52])
            index.withdraw([7, 51])
    with closing(Index.open(tmp_path, IN_A_DAY)) as index:
        index.settle()

        assert files_with(tmp_path, 7) == files_with(tmp_path, 51) == set()


@pytest.mark.parametrize(("set_back", "is_due"), [(0, False), (30, False), (90, True)])
def test_times_that_are_more_than_a_minute_ahead_count_as_long_ago(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, set_back: int, is_due: bool
) -> None:
    """Of segments, of the log, and of the logs before it; a clock that is adjusted ends none."""
    now = float(int(time.time()))
    monkeypatch.setattr(time, "time", lambda: now)
    with closing(Index.open(tmp_path, IN_A_DAY)) as index:
        index.add(np.arange(40), SIGNALS[:40])
        index.withdraw([7])
        index.add(np.arange(50, 59), SIGNALS[50:59])
        index.add([60], SIGNALS[60:61])
        index.settle()
        store = stored(index)
        monkeypatch.setattr(time, "time", lambda: now - set_back)

        due = bool(store.overdue(80_000)), store.log_is_old(80_000), store.copies_due(80_000)

        assert due == (is_due, is_due, is_due)


def test_an_index_that_nobody_changes_is_looked_after(tmp_path: Path) -> None:
    """A thread calls, until it is closed; it keeps nobody alive."""

    class Owner:
        calls = 0
        twice = threading.Event()

        def tend(self) -> None:
            """Count."""
            self.calls += 1
            if self.calls == 2:
                self.twice.set()

    owner = Owner()
    tending = Tending(owner.tend, 0.01)
    assert owner.twice.wait(10)
    tending.close()
    time.sleep(0.05)
    calls = owner.calls
    time.sleep(0.05)
    assert owner.calls == calls

    with reopened(tmp_path):
        assert "index-tending" in {thread.name for thread in threading.enumerate()}


def test_marks_are_copied_so_that_old_logs_can_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much is withdrawn, few logs are read at the next opening."""
    monkeypatch.setattr("takeback.matching.disk.store.MOST_LOG_BYTES", 200)
    with closing(Index.open(tmp_path, Policy(tail_rows=8, layouts=((64, TINY),)))) as index:
        index.add(np.arange(190), SIGNALS[:190])
        for number in range(40):
            index.withdraw([number])
            index.settle()

        kinds = [path.name.partition("-")[0] for path in tmp_path.iterdir()]
        assert kinds.count("log") <= 5
        assert kinds.count("ended") == 1
    with reopened(tmp_path) as index:
        assert len(index) == 150
