"""What an index on disk must not forget: after it was built anew, and after a long merge."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from takeback.matching.disk.manifest import read_manifest
from takeback.matching.exact import index as index_module
from takeback.matching.exact import merge as merge_loops
from takeback.matching.exact.bulk import build
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import Index
from takeback.matching.exact.merge import Policy
from takeback.matching.exact.segment import Segment
from tests.matching.disk.story import SIGNALS, SMALL, STATES, State, reopened, seen, tell
from tests.matching.index_oracle import Signals


class Unmerged(Policy):
    """Sizes at which nothing is merged."""

    def due(self, segments: Sequence[Segment]) -> list[Segment]:
        """Choose nothing."""
        return []


def entry(number: int) -> tuple[list[int], Signals]:
    """Return one entry: its id is its number."""
    return [number], SIGNALS[[number]]


def test_what_is_added_after_the_index_was_built_anew_is_there_when_it_is_opened_again(
    tmp_path: Path,
) -> None:
    """Changes are counted from one again; none of them is taken for one of the index before."""
    with reopened(tmp_path) as index:
        for number in range(len(STATES) - 1):
            tell(index, number)
    build(tmp_path, [entry(1)], SMALL)
    with reopened(tmp_path) as index:
        index.add(*entry(2))
        index.add(*entry(3))
        index.withdraw([1])

    with reopened(tmp_path) as index:
        assert seen(index) == State({(2, 2), (3, 3)})
    assert seen(FollowedIndex.open(tmp_path)) == State({(2, 2), (3, 3)})


def test_an_index_of_several_logs_is_built_anew(tmp_path: Path) -> None:
    """Its logs are let go with everything else."""
    with reopened(tmp_path, Unmerged(tail_rows=2)) as index:
        for number in range(12):
            index.add(*entry(number))
            index.withdraw([number - 2])
    assert len(read_manifest(tmp_path).logs) > 2

    build(tmp_path, [entry(1)], SMALL)

    with reopened(tmp_path) as index:
        assert seen(index) == State({(1, 1)})
    assert len(read_manifest(tmp_path).logs) == 1


def test_what_a_killed_building_left_is_removed_before_the_next_needs_the_room(
    tmp_path: Path,
) -> None:
    """Otherwise a disk with room for one more index would be full for ever."""
    build(tmp_path, [entry(1)], SMALL)
    stranded = tmp_path / "segment-99"
    stranded.write_bytes(bytes(1000))
    there = []

    def pieces() -> Iterator[tuple[list[int], Signals]]:
        there.append(stranded.exists())
        yield entry(2)

    build(tmp_path, pieces(), SMALL)

    assert there == [False]


def test_an_index_is_whole_when_its_tail_was_written_and_something_ended_while_it_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever opens it right after the merge finds no log missing."""
    merging, go_on, merged = threading.Event(), threading.Event(), threading.Event()
    merge = merge_loops.merge

    def slow_merge(sources: list[Segment], policy: Policy) -> Segment:
        if merging.is_set():
            merged.set()
            threading.Event().wait(5)
        merging.set()
        go_on.wait(20)
        return merge(sources, policy)

    monkeypatch.setattr(index_module, "merge", slow_merge)
    index = Index.open(tmp_path / "signals", Policy(tail_rows=4))
    number = 0
    while not merging.is_set():
        index.add(*entry(number))
        number += 1
        merging.wait(0.05)
    for later in range(100, 120):
        index.add(*entry(later))
    index.withdraw([0])
    expected = seen(index)
    go_on.set()
    assert merged.wait(20)

    shutil.copytree(tmp_path / "signals", tmp_path / "copy")
    with reopened(tmp_path / "copy") as copy:
        assert seen(copy) == expected
    index.close()
