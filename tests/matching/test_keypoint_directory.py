"""A keypoint index in a directory: one process writes it, others follow, all find the same."""

import os
import pickle
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from takeback.errors import Conflict, NotReady
from takeback.matching.exact.index import Index
from takeback.matching.keypoints import guide, kernels, rows
from takeback.matching.keypoints.index import (
    FollowedKeypointIndex,
    KeypointIndex,
    KeypointPolicy,
    build,
    warm_up,
)
from takeback.matching.keypoints.voting import compare_all
from tests.matching.keypoint_oracle import KEYPOINTS, SMALL, look_at, look_for, pictures, shown
from tests.matching.test_index_threads import run_together

POLICY = KeypointPolicy(tail_rows=3 * KEYPOINTS, layouts=SMALL)
BANK = pictures(12, seed=81)


def found_in(index: KeypointIndex | FollowedKeypointIndex, number: int) -> list[int]:
    """Look one of the bank's pictures up."""
    return [match.id for match in index.search([look_for(BANK[number])], limit=50)]


class Directory(RuleBasedStateMachine):
    """Random walks over a directory, beside a dictionary of what it should hold."""

    ids = st.lists(st.integers(0, 30), unique=True, max_size=6)
    choice = st.integers(0, len(BANK) - 1)

    @initialize(tail=st.sampled_from([0, 2, 5]))
    def begin(self, tail: int) -> None:
        """Start empty, with sizes that make merges frequent."""
        self.policy = KeypointPolicy(tail_rows=tail * KEYPOINTS, ratio=3, layouts=SMALL)
        self.directory = Path(tempfile.mkdtemp())
        self.index = KeypointIndex.open(self.directory, self.policy)
        self.follower = FollowedKeypointIndex.open(self.directory)
        self.bank: dict[int, int] = {}
        self.mark = 0

    @rule(gone=ids, ids=ids, first=choice)
    def change(self, gone: list[int], ids: list[int], first: int) -> None:
        """Withdraw and add in one step; what comes wins."""
        self.mark += 1
        numbers = [(first + i) % len(BANK) for i in range(len(ids))]
        self.index.change(gone, ids, [BANK[number] for number in numbers], self.mark)
        kept = {entry: held for entry, held in self.bank.items() if entry not in gone}
        self.bank = kept | dict(zip(ids, numbers, strict=True))

    @rule()
    def open_again(self) -> None:
        """Close, and go on with what lies there."""
        self.index.close()
        self.index = KeypointIndex.open(self.directory, self.policy)

    @rule()
    def follow_anew(self) -> None:
        """Begin to follow as a process that has just started does."""
        self.follower = FollowedKeypointIndex.open(self.directory)

    @rule()
    def settle(self) -> None:
        """Let the merges finish."""
        self.index.settle()

    @rule(number=choice)
    def search(self, number: int) -> None:
        """Whoever is asked finds the entries that hold a picture."""
        holding = sorted(entry for entry, held in self.bank.items() if held == number)
        assert found_in(self.index, number) == found_in(self.follower, number) == holding

    @invariant()
    def members_are_those_added_and_not_withdrawn(self) -> None:
        """Length, membership and mark agree, for whoever asks."""
        if getattr(self, "index", None) is None:
            return
        for index in (self.index, self.follower):
            assert len(index) == len(self.bank)
            assert all((entry in index) == (entry in self.bank) for entry in range(0, 31, 5))
            assert index.mark == self.mark

    def teardown(self) -> None:
        """Remove the directory."""
        if getattr(self, "index", None) is not None:
            self.index.close()
            shutil.rmtree(self.directory)


TestDirectory = Directory.TestCase
TestDirectory.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)


@contextmanager
def another_process(directory: Path) -> Iterator[Connection]:
    """Follow a directory elsewhere: a picture's number in, the entries found out."""
    ours, theirs = Pipe()
    child = os.fork()
    if child == 0:
        ours.close()
        index = FollowedKeypointIndex.open(directory)
        while (number := theirs.recv()) >= 0:
            theirs.send(found_in(index, number))
        os._exit(0)
    yield ours
    ours.send(-1)
    assert os.waitpid(child, 0)[1] == 0


def test_another_process_sees_a_change_once_it_has_been_made(tmp_path: Path) -> None:
    """Additions and withdrawals, in the tail, in segments and after merges."""
    index = KeypointIndex.open(tmp_path, POLICY)
    with another_process(tmp_path) as elsewhere:
        for number in range(len(BANK)):
            index.change([number - 5], [number], [BANK[number]], mark=number)
            if number == 8:
                index.settle()
            for each in (number, number - 4, number - 5):
                elsewhere.send(max(each, 0))
                assert elsewhere.recv() == ([max(each, 0)] if max(each, 0) > number - 5 else [])
    index.close()


def test_the_process_that_opens_it_first_is_the_one_that_writes(tmp_path: Path) -> None:
    """Until it closes it; a directory of whole-picture signals is another kind of index."""
    index = KeypointIndex.open(tmp_path / "one", POLICY)

    with pytest.raises(Conflict, match="another process"):
        KeypointIndex.open(tmp_path / "one", POLICY)
    index.close()
    with pytest.raises(Conflict):
        index.change([], [1], BANK[:1], mark=1)
    Index.open(tmp_path / "other").close()
    with pytest.raises(Conflict, match="index of"):
        FollowedKeypointIndex.open(tmp_path / "other")


def test_a_directory_without_an_index_is_not_ready_to_be_followed(tmp_path: Path) -> None:
    """Somebody has to write first; an empty one is an index."""
    with pytest.raises(NotReady):
        FollowedKeypointIndex.open(tmp_path / "none")

    KeypointIndex.open(tmp_path / "one", POLICY).close()

    assert found_in(FollowedKeypointIndex.open(tmp_path / "one"), 0) == []


def test_a_followed_index_can_be_sent_to_another_process(tmp_path: Path) -> None:
    """As the name of its directory, to a machine that has it too."""
    index = KeypointIndex.open(tmp_path, POLICY)
    index.add([5], BANK[:1])
    follower = FollowedKeypointIndex.open(tmp_path)
    sent = pickle.loads(pickle.dumps(follower))  # noqa: S301 - our own

    assert found_in(sent, 0) == [5]
    index.close()


def test_after_the_machine_was_started_anew_readers_go_by_what_is_on_the_disk(
    tmp_path: Path,
) -> None:
    """Shared memory tells nothing then; they see what a writer would, and then what it does."""
    index = KeypointIndex.open(tmp_path, POLICY)
    index.change([], [0, 1, 2, 3], BANK[:4], mark=1)
    index.change([1], [4, 5], BANK[4:6], mark=2)
    index.change([4], [6], BANK[6:7], mark=3)
    index.close()
    (tmp_path / "control").write_bytes(bytes(4096))
    for file in [*tmp_path.glob("tail-*"), *tmp_path.glob("live-*")]:
        file.write_bytes(bytes(file.stat().st_size))

    reader = FollowedKeypointIndex.open(tmp_path)

    expected: list[list[int]] = [[0], [], [2], [3], [], [5], [6], []]
    assert [found_in(reader, number) for number in range(8)] == expected
    assert (reader.mark, len(reader)) == (3, 5)
    index = KeypointIndex.open(tmp_path, POLICY)
    index.change([0], [7], BANK[7:8], mark=4)
    assert [found_in(reader, number) for number in range(8)] == [[], *expected[1:7], [7]]
    assert reader.mark == 4
    index.close()


def test_nothing_is_compiled_anew_for_an_index_in_a_directory(tmp_path: Path) -> None:
    """The same loops search arrays in memory and in files."""
    warm_up()
    loops: list[Any] = [kernels.probe, kernels.verify, guide.check, rows.copy_rows, compare_all]
    index = KeypointIndex.open(tmp_path, POLICY)

    index.add(range(9), BANK[:9])
    index.change([2], [9], BANK[9:10])
    index.settle()
    for each in (index, FollowedKeypointIndex.open(tmp_path)):
        assert found_in(each, 1) == [1]

    assert [len(loop.signatures) for loop in loops] == [1] * len(loops)
    index.close()


def bytes_on_disk(directory: Path) -> bytes:
    """Read every file."""
    return b"".join(file.read_bytes() for file in sorted(directory.iterdir()))


@pytest.mark.parametrize("settled", [False, True], ids=["in the tail", "in a segment"])
def test_what_was_withdrawn_leaves_the_disk(tmp_path: Path, settled: bool) -> None:
    """From every file, once it has been kept long enough, though nothing else changes."""
    policy = KeypointPolicy(
        tail_rows=(2 if settled else 20) * KEYPOINTS, layouts=SMALL, erase_after=0.2
    )
    index = KeypointIndex.open(tmp_path, policy)
    index.add(range(9), BANK[:9])
    index.settle()
    assert all(bits.tobytes() in bytes_on_disk(tmp_path) for bits in BANK[3].bits)

    index.withdraw([3])

    end = time.monotonic() + 20
    while any(bits.tobytes() in bytes_on_disk(tmp_path) for bits in BANK[3].bits):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert [found_in(index, number) for number in (2, 3, 4)] == [[2], [], [4]]
    index.close()
    assert all(bits.tobytes() in bytes_on_disk(tmp_path) for bits in BANK[4].bits)


def test_a_directory_is_built_in_place_of_what_was_there(tmp_path: Path) -> None:
    """Piece by piece; who followed the old index finds the new one."""
    old = KeypointIndex.open(tmp_path, POLICY)
    old.change([], [1], BANK[1:2], mark=3)
    old.close()
    follower = FollowedKeypointIndex.open(tmp_path)
    build(tmp_path, [([7, 2], BANK[2:4]), ([], []), ([5], BANK[4:5])], POLICY, mark=8)

    assert [found_in(follower, number) for number in (1, 2, 3, 4)] == [[], [7], [2], [5]]
    assert (follower.mark, len(follower)) == (8, 3)


def test_an_entry_that_gets_other_keypoints_is_found_all_the_while(tmp_path: Path) -> None:
    """By who follows the directory too: at no time by neither the old nor the new ones."""
    index = KeypointIndex.open(tmp_path, POLICY)
    index.add([1], BANK[:1])
    follower = FollowedKeypointIndex.open(tmp_path)
    both = look_at(*(shown(BANK[number], np.random.default_rng(number)) for number in (0, 1)))
    over = threading.Event()
    changes: list[int] = []

    def write() -> None:
        while not over.is_set():
            changes.append(len(changes) + 1)
            index.add([1], [BANK[changes[-1] % 2]])

    def search() -> None:
        while not over.is_set():
            assert [match.id for match in follower.search([both])] == [1]

    assert run_together([write, search], over) == []
    assert len(changes) > 10
    index.close()


class Story:
    """What the writer has acknowledged, for followers to be held to."""

    def __init__(self, directory: Path) -> None:
        """Start with an empty index of small sizes."""
        self.index = KeypointIndex.open(directory, KeypointPolicy(6 * KEYPOINTS, layouts=SMALL))
        self.follower = FollowedKeypointIndex.open(directory)
        self.bank = pictures(700, seed=82)
        self.leaving: set[int] = set()
        self.gone: set[int] = set()
        self.added = 0
        self.over = threading.Event()

    def write(self) -> None:
        """Add in bites of 1 to 15, withdraw a third of them, until all are there."""
        random = np.random.default_rng(83)
        while not self.over.is_set() and self.added < len(self.bank) - 15:
            ids = np.arange(self.added, self.added + int(random.integers(1, 15)))
            leaving = random.integers(0, self.added + 1, len(ids) // 3).tolist()
            self.leaving.update(leaving)
            self.index.change(leaving, ids, [self.bank[i] for i in ids])
            self.added += len(ids)
            self.gone.update(set(leaving) - set(ids.tolist()))
        self.over.set()

    def search(self, seed: int) -> None:
        """Look for acknowledged entries; fail if one is missed or a withdrawn one answered."""
        random = np.random.default_rng(seed)
        while not self.over.is_set():
            if not (added := self.added):
                continue
            entry = int(random.integers(0, added))
            was_gone = entry in self.gone
            look = look_for(self.bank[entry], seed)
            found = [match.id for match in self.follower.search([look])]
            assert found in ([entry], [])
            assert found or entry in self.leaving
            assert not (found and was_gone)


def test_followers_see_every_change_through_merges(tmp_path: Path) -> None:
    """No entry is missed once added, and none is answered once withdrawn."""
    story = Story(tmp_path)

    raised = run_together(
        [story.write, *(lambda seed=seed: story.search(seed) for seed in range(2))], story.over
    )

    assert raised == []
    assert len(story.follower) == story.added - len(story.gone)
    story.index.close()
