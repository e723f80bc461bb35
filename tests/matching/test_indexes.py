"""All indexes together: in memory, written on disk, and followed there."""

from pathlib import Path

import numpy as np
import pytest

from takeback.errors import Conflict, NotReady
from takeback.hashing.signal_types import SignalType
from takeback.matching.lookup.indexes import Indexes, Piece, build
from tests.matching.keypoint_oracle import look_for, pictures

SIGNALS = np.random.default_rng(61).integers(0, 256, (20, 32), np.uint8)
PICTURES = pictures(20, seed=62)


def near(indexes: Indexes, number: int) -> list[int]:
    """Look a signal up; the entries near it."""
    return [entry for _, entry, _ in indexes.signals.search(SIGNALS[number : number + 1])]


def shown_in(indexes: Indexes, number: int) -> list[int]:
    """Look a picture's keypoints up; the entries found."""
    return [match.id for match in indexes.keypoints.search([look_for(PICTURES[number])])]


def test_a_page_reaches_every_index(tmp_path: Path) -> None:
    """Those on disk, also for who follows them, and those of this process."""
    indexes = Indexes.open(tmp_path)
    new: dict[str, Piece] = {
        SignalType.PDQ: ([1, 2], SIGNALS[1:3]),
        SignalType.KEYPOINTS: ([3, 4], PICTURES[3:5]),
        SignalType.MD5: ([5, 6], [b"five" * 4, b"six!" * 4]),
    }
    indexes.change([], new, mark=1)
    followed = Indexes.followed(tmp_path)

    indexes.change([1, 3, 5], {}, mark=2)

    for each in (indexes, followed):
        assert [near(each, number) for number in (1, 2)] == [[], [2]]
        assert [shown_in(each, number) for number in (3, 4)] == [[], [4]]
        assert each.mark == 2
        assert each.described
    assert [indexes.digests.find(file) for file in (b"five" * 4, b"six!" * 4)] == [[], [6]]
    assert (len(indexes), len(followed)) == (3, 2)
    indexes.close()


def test_a_page_that_holds_nothing_for_an_index_marks_it_all_the_same(tmp_path: Path) -> None:
    """What is not in an index that has the mark is nowhere."""
    indexes = Indexes.open(tmp_path)

    indexes.change([77], {SignalType.PDQ: ([1], SIGNALS[:1])}, mark=5)
    indexes.close()

    again = Indexes.open(tmp_path)
    assert (again.signals.mark, again.keypoints.mark, again.mark) == (5, 5, 5)
    again.close()


def test_followed_indexes_are_not_written(tmp_path: Path) -> None:
    """Only what lies in this process's own memory is withdrawn there."""
    indexes = Indexes.open(tmp_path)
    indexes.change([], {SignalType.PDQ: ([1], SIGNALS[:1])}, mark=1)
    followed = Indexes.followed(tmp_path)
    followed.digests.add([9], [b"nine" * 4])

    followed.withdraw([1, 9])
    followed.settle()
    followed.close()

    assert near(followed, 0) == [1]
    assert followed.digests.find(b"nine" * 4) == []
    with pytest.raises(Conflict, match="another process"):
        followed.change([], {}, mark=2)
    indexes.close()


def test_one_process_writes_and_nothing_is_followed_that_is_not_there(tmp_path: Path) -> None:
    """The second writer is refused, and lets go of what it had."""
    with pytest.raises(NotReady):
        Indexes.followed(tmp_path)
    indexes = Indexes.open(tmp_path)

    with pytest.raises(Conflict):
        Indexes.open(tmp_path)

    indexes.close()
    Indexes.open(tmp_path).close()


def test_indexes_are_built_anew_over_whatever_lies_there(tmp_path: Path) -> None:
    """Who followed the old ones finds the new ones by themselves."""
    old = Indexes.open(tmp_path)
    old.change([], {SignalType.PDQ: ([1], SIGNALS[1:2])}, mark=1)
    old.close()
    followed = Indexes.followed(tmp_path)

    build(
        tmp_path,
        {
            SignalType.PDQ: [([2, 3], SIGNALS[2:4]), ([4], SIGNALS[4:5])],
            SignalType.KEYPOINTS: [([5], PICTURES[5:6]), ([], [])],
        },
        mark=9,
    )

    assert [near(followed, number) for number in (1, 2, 3, 4)] == [[], [2], [3], [4]]
    assert shown_in(followed, 5) == [5]
    assert followed.mark == 9
    again = Indexes.open(tmp_path)
    assert (again.mark, len(again)) == (9, 4)
    again.close()


def test_indexes_in_memory_take_pages_too() -> None:
    """As for trying things out."""
    indexes = Indexes()

    indexes.change([], {SignalType.KEYPOINTS: ([3], PICTURES[3:4])}, mark=3)

    assert shown_in(indexes, 3) == [3]
    assert (indexes.mark, indexes.described, Indexes().described) == (3, True, False)
