"""The writer of an index is killed after each single step on the disk, and nothing is lost."""

import os
import signal
from pathlib import Path

import pytest

from takeback.errors import NotReady
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import Index, warm_up
from tests.matching.disk.story import (
    SMALL,
    STATES,
    STORY,
    State,
    fast_folder,
    few_logs,
    left_over,
    reopened,
    seen,
    tell,
    watched,
)

REOPENED = {3, 7}
"""After which changes the writer closes the index and opens it again."""


class Killer:
    """Stops the process before step number *last*, as ``kill -9`` does."""

    def __init__(self, last: int) -> None:
        """Let so many steps happen."""
        self.left = last

    def __call__(self, _step: str, *_on: object) -> None:
        """Count down, and then kill."""
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


def told_until(directory: Path, last: int) -> tuple[int, bool]:
    """Tell the story in a child that is killed; return how much it acknowledged, and if all."""
    ours, its = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        with watched(Killer(last)):
            index = Index.open(directory, SMALL)
            for number in range(len(STORY)):
                tell(index, number)
                os.write(its, b".")
                if number in REOPENED:
                    index.close()
                    index = Index.open(directory, SMALL)
            index.close()
        os._exit(0)
    os.close(its)
    with os.fdopen(ours, "rb") as acknowledged:
        count = len(acknowledged.read())
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}
    return count, status == 0


def follow(directory: Path) -> State | None:
    """Look at what the dead writer left, as every other process does; None if there is nothing."""
    try:
        return seen(FollowedIndex.open(directory))
    except NotReady:
        return None


def check(directory: Path, last: int, count: int) -> None:
    """Hold what the dead writer left, and what the next makes of it, to the story."""
    before, after = STATES[count], STATES[min(count + 1, len(STORY))]
    left = follow(directory)
    assert (left == before) or (left is None and not count) or after <= (left or before)
    assert (left or before) <= before | after
    with reopened(directory) as index:
        assert (seen(index), index.mark) in [(before, count), (after, count + 1)]
        end = len(STORY) if last % 5 == 0 else min(count + 2, len(STORY))
        for number in range(count, end):
            tell(index, number)
        assert seen(index) == seen(FollowedIndex.open(directory)) == STATES[end]
        assert len(index) == len(STATES[end])
        assert left_over(directory) == set()


@pytest.mark.parametrize("part", range(4))
def test_a_killed_writer_loses_nothing_and_leaves_nothing_half(part: int) -> None:
    """Whatever it was doing: what was acknowledged is there, what was not is whole or absent.

    Before the next writer comes, what is to end may still be found, but nothing is missed.
    """
    warm_up()
    last, done = part, False
    with few_logs():
        while not done:
            with fast_folder() as folder:
                count, done = told_until(folder / "index", last)
                check(folder / "index", last, count)
            last += 4
    assert last > 200
