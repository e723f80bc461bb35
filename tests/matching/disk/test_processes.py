"""One process writes an index on disk, others follow it and see what was acknowledged."""

import mmap
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from takeback.errors import Conflict, NotReady
from takeback.matching.exact.answer import Answer, Asked
from takeback.matching.exact.bulk import build
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import Index, warm_up
from takeback.matching.exact.merge import Policy
from tests.matching.disk.story import (
    SIGNALS,
    SMALL,
    STATES,
    STORY,
    State,
    left_over,
    reopened,
    seen,
    tell,
)
from tests.matching.index_oracle import TINY, Signals, random_signals
from tests.matching.test_index_threads import GatedLayout

SECONDS = 2.0


@pytest.fixture(autouse=True, scope="module")
def _warm() -> None:
    """Children are forked: they find the loops compiled."""
    warm_up()


class Child:
    """A forked process that does a piece of work, step by step, as it is told."""

    def __init__(self, work: Callable[[Callable[[], None]], None]) -> None:
        """Run *work*; it is handed what says that a step is done, and waits for the next."""
        (self._done, done), (go_on, self._go_on) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if not self.pid:

            def acknowledge() -> None:
                os.write(done, b".")
                os.read(go_on, 1)

            work(acknowledge)
            os._exit(0)
        os.close(done)

    def step(self) -> bool:
        """Wait until a step is done; False if there are no more."""
        return bool(os.read(self._done, 1))

    def go_on(self) -> None:
        """Let the child take the next step."""
        os.write(self._go_on, b".")

    def end(self) -> int:
        """Let the child go to its end and return its status."""
        while self.step():
            self.go_on()
        return os.waitpid(self.pid, 0)[1]


def test_a_change_is_seen_by_others_as_soon_as_it_is_acknowledged(tmp_path: Path) -> None:
    """No sleep and no second look: a follower in another process sees each step of the story."""

    def write(acknowledge: Callable[[], None]) -> None:
        index = Index.open(tmp_path, SMALL)
        acknowledge()
        for number in range(len(STORY)):
            tell(index, number)
            acknowledge()

    child = Child(write)
    assert child.step()
    followed = FollowedIndex.open(tmp_path)
    for number, state in enumerate(STATES):
        assert seen(followed) == state
        assert (len(followed), followed.mark) == (len(state), number)
        child.go_on()
        child.step()
    assert child.end() == 0


def test_what_is_withdrawn_while_a_merge_runs_is_gone_for_others_at_once_and_for_good(
    tmp_path: Path,
) -> None:
    """While the merge stands still, and once its segment, copied before, has taken the place."""
    signals = random_signals(40, seed=1)

    def write(acknowledge: Callable[[], None]) -> None:
        layout = GatedLayout(TINY)
        index = Index.open(tmp_path, Policy(tail_rows=8, layouts=((40, layout),)))
        index.add(np.arange(40), signals)
        assert layout.waiting.wait(10)
        acknowledge()
        index.change([7, 8], [100, 9], ~signals[[1, 9]])
        acknowledge()
        layout.gate.set()
        index.settle()
        acknowledge()

    child = Child(write)
    assert child.step()
    followed = FollowedIndex.open(tmp_path)
    assert len(followed.search(signals, 0)) == 40

    for _ in range(2):
        child.go_on()
        assert child.step()
        found = {entry for _, entry, _ in followed.search(signals, 0)}
        assert found == set(range(40)) - {7, 8, 9}
        assert list(followed.search(~signals[[1, 9]], 0)) == [(0, 100, 0), (1, 9, 0)]
    child.go_on()
    assert child.end() == 0


def test_closing_does_not_wait_for_a_merge_and_the_merge_does_not_disturb_the_next_writer(
    tmp_path: Path,
) -> None:
    """What it made is dropped, and the next writer makes it again."""
    layout = GatedLayout(TINY)
    index = Index.open(tmp_path, Policy(tail_rows=8, layouts=((40, layout),)))
    index.add(np.arange(40), SIGNALS[:40])
    assert layout.waiting.wait(10)

    index.close()
    with reopened(tmp_path) as another:
        another.withdraw([3])
        another.settle()
        layout.gate.set()
        index.settle()
        another.add([50], SIGNALS[50:51])

        assert seen(another) == seen(FollowedIndex.open(tmp_path))
        assert len(another) == 40
        assert left_over(tmp_path) == set()
    with pytest.raises(Conflict):
        index.withdraw([1])


ABSENT, ADDED, LEAVING, GONE = range(4)


def write_freely(directory: Path, signals: Signals, known: NDArray[np.uint8]) -> None:
    """Add in bites, withdraw a third of them, and note in *known* what was acknowledged."""
    rng = np.random.default_rng(8)
    index = Index.open(directory, Policy(tail_rows=64, layouts=((256, TINY),)))
    over = time.monotonic() + SECONDS
    added = 0
    while time.monotonic() < over and added < len(signals) - 200:
        ids = np.arange(added, added + int(rng.integers(1, 200)))
        index.add(ids, signals[ids])
        known[ids] = ADDED
        added += len(ids)
        leaving = rng.integers(0, added, len(ids) // 3)
        leaving = np.unique(leaving[known[leaving] == ADDED])
        known[leaving] = LEAVING
        index.withdraw(leaving)
        known[leaving] = GONE


def test_a_follower_that_searches_all_the_while_misses_nothing_and_finds_nothing_withdrawn(
    tmp_path: Path,
) -> None:
    """Through tails that fill, merges and swaps, in its own time."""
    signals = random_signals(20_000, seed=7)
    known = np.frombuffer(mmap.mmap(-1, len(signals)), np.uint8)
    Index.open(tmp_path).close()
    followed = FollowedIndex.open(tmp_path)
    child = Child(lambda _: write_freely(tmp_path, signals, known))
    rng = np.random.default_rng(9)
    searches = 0
    while not os.waitpid(child.pid, os.WNOHANG)[0]:
        added = np.flatnonzero(known.copy())
        if not len(added):
            continue
        ids = added[rng.integers(0, len(added), 20)]
        before = known[ids].copy()
        found = {entry for _, entry, _ in followed.search(signals[ids], 0)}
        after = known[ids].copy()
        assert set(ids[(before == ADDED) & (after == ADDED)].tolist()) <= found
        assert not set(ids[before == GONE].tolist()) & found
        searches += 1
    assert searches > 20
    assert (known == GONE).sum() > 50
    assert len(followed) == (known == ADDED).sum()


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    """In this process as in another; and welcome once the first has closed."""
    with closing(Index.open(tmp_path)):
        with pytest.raises(Conflict):
            Index.open(tmp_path)
        with pytest.raises(Conflict):
            build(tmp_path, [([1], SIGNALS[:1])])
        program = (
            "import pathlib, sys, takeback.matching as m; m.Index.open(pathlib.Path(sys.argv[1]))"
        )
        other = subprocess.run(
            [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False
        )
        assert "Conflict" in other.stderr

    Index.open(tmp_path).close()


def test_a_forked_child_of_the_writer_can_search_and_not_write(tmp_path: Path) -> None:
    """It does not hold the lock either: when the writer is gone, another may come at once."""
    index = Index.open(tmp_path, SMALL)
    index.add([1], SIGNALS[:1])

    def child_of_writer(acknowledge: Callable[[], None]) -> None:
        with pytest.raises(Conflict):
            index.withdraw([1])
        assert list(index.search(SIGNALS[:1])) == [(0, 1, 0)]
        acknowledge()

    child = Child(child_of_writer)
    assert child.step()
    index.withdraw([1])
    index.close()
    Index.open(tmp_path).close()
    child.go_on()

    assert child.end() == 0


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_follower_can_be_taken_along_to_other_processes(method: str, tmp_path: Path) -> None:
    """Forked it is shared, spawned it is opened anew; either goes on following."""
    with reopened(tmp_path) as index:
        followed = FollowedIndex.open(tmp_path)
        index.add([1, 2], SIGNALS[:2])
        with get_context(method).Pool(1) as pool:
            assert pool.apply(seen, (followed,)) == {(1, 0), (2, 1)}
            index.change([1], range(10, 40), SIGNALS[10:40])
            index.settle()
            assert pool.apply(seen, (followed,)) == seen(index) == seen(followed)


def test_a_follower_follows_from_one_writer_to_the_next(tmp_path: Path) -> None:
    """Across closing, opening, merging and building anew, without being opened again."""
    with reopened(tmp_path) as index:
        for number in range(4):
            tell(index, number)
        followed = FollowedIndex.open(tmp_path)
    assert seen(followed) == STATES[4]

    with reopened(tmp_path) as index:
        for number in range(4, len(STORY)):
            tell(index, number)
            assert seen(followed) == STATES[number + 1]

    build(tmp_path, [([7], SIGNALS[7:8])], mark=99)
    assert (seen(followed), followed.mark) == (State({(7, 7)}), 99)


def test_a_follower_needs_no_writer(tmp_path: Path) -> None:
    """Nor one since the machine started: it finds out by itself, then follows who comes."""
    with reopened(tmp_path) as index:
        for number in range(6):
            tell(index, number)
    with (tmp_path / "control").open("r+b") as control:
        control.seek(8 * 5)
        control.write(bytes(16))
    followed = FollowedIndex.open(tmp_path)
    assert (seen(followed), followed.mark, len(followed)) == (STATES[6], 6, len(STATES[6]))

    with reopened(tmp_path) as index:
        tell(index, 6)
        assert (seen(followed), followed.mark) == (STATES[7], 7)


def test_where_nothing_is_there_is_nothing_to_follow(tmp_path: Path) -> None:
    """Not the same as an empty index, which can be followed."""
    with pytest.raises(NotReady):
        FollowedIndex.open(tmp_path / "nowhere")

    Index.open(tmp_path).close()

    assert len(FollowedIndex.open(tmp_path)) == 0


def test_a_pickled_follower_is_its_directory(tmp_path: Path) -> None:
    """Nothing of the index travels."""
    build(tmp_path, [(range(100), SIGNALS[:100])])

    assert len(pickle.dumps(FollowedIndex.open(tmp_path))) < 500


@pytest.mark.parametrize("followed", [False, True], ids=["its own search", "a follower's"])
def test_an_entry_that_is_replaced_during_a_search_is_not_missed(
    followed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search had seen how many rows there are, and comes to the old row after it ended."""
    with reopened(tmp_path) as index:
        index.add(np.arange(30), SIGNALS[:30])
        index.settle()
        near = SIGNALS[3:4] ^ np.uint8(1)
        searched = FollowedIndex.open(tmp_path) if followed else index
        search = Asked.of
        replace = [lambda: index.add([3], near)]

        def of(asked: Asked, places: NDArray[np.int64]) -> Answer:
            if replace:
                replace.pop()()
            return search(asked, places)

        monkeypatch.setattr(Asked, "of", of)

        found = list(searched.search(SIGNALS[3:4], 40))

        assert found == [(0, 3, 32)]


def test_who_may_not_write_there_verifies_and_notes_nothing(tmp_path: Path) -> None:
    """Nor does a process that it is taken along to."""
    build(tmp_path, [(range(100), SIGNALS[:100])])
    note = tmp_path / "verified"
    note.unlink()

    followed = FollowedIndex.open(tmp_path, noting=False)
    assert seen(pickle.loads(pickle.dumps(followed))) == seen(followed)  # noqa: S301 - our own
    assert not note.exists()

    FollowedIndex.open(tmp_path)
    assert note.exists()
