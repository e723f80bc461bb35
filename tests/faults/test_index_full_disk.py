"""A disk that is full, or fails, costs an index nothing but the change that found it so."""

import errno
import os
import resource
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from takeback.errors import NotReady
from takeback.matching import merger
from takeback.matching.disk import steps
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import Index, warm_up
from tests.matching.disk.story import (
    SMALL,
    STATES,
    STORY,
    fast_folder,
    few_logs,
    left_over,
    reopened,
    seen,
    tell,
    watched,
)
from tests.matching.index_oracle import random_signals

TAKES_ROOM = {"create", "write", "reserve", "cut", "sync", "sync_data", "sync_directory", "rename"}

MANY: Final = random_signals(20_000, seed=43)


class FullDisk:
    """Refuses step number *first*, of those that take room, and then so many as *lasting* says."""

    def __init__(self, first: int, *, lasting: bool) -> None:
        """Let so many steps happen."""
        self.left = first
        self.lasting = lasting
        self.refused = False

    def __call__(self, step: str, *on: Any) -> None:  # noqa: ANN401
        """Refuse, if it is time; of what should be written, half is."""
        if step not in TAKES_ROOM:
            return
        self.left -= 1
        if self.left == -1 or (self.left < 0 and self.lasting):
            self.refused = True
            if step == "write":
                fd, data = on
                os.write(fd, bytes(data)[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(autouse=True)
def quiet_merges(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Merges that find the disk full say so on standard error; here they are only collected."""
    warm_up()
    reported: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    monkeypatch.setattr(merger, "PAUSE_SECONDS", 0.0)
    with few_logs():
        yield reported
    assert {report.exc_type for report in reported} <= {NotReady}


def opened(directory: Path) -> Index:
    """Open the index, at the second try if need be."""
    try:
        return Index.open(directory, SMALL)
    except NotReady:
        steps.before = steps.go_on
        return Index.open(directory, SMALL)


def refused_once(index: Index, number: int) -> bool:
    """Make a change; if the disk is full, make room and make it again."""
    before, after = STATES[number : number + 2]
    try:
        tell(index, number)
    except NotReady:
        assert seen(index) in (before, after)
        steps.before = steps.go_on
        tell(index, number)
        return True
    return False


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
def test_a_full_disk_loses_nothing_and_the_index_goes_on_when_there_is_room(
    lasting: bool,
) -> None:
    """Refused at each step in turn: ``NotReady``, nothing half done, and the same call works later.

    Even steps are refused once, odd ones and all that follow until there is room.
    Opened anew in the place of going on, it is the same.
    """
    first, refused = int(lasting), True
    while refused:
        with fast_folder() as folder:
            directory = folder / "index"
            disk = FullDisk(first, lasting=lasting)
            with watched(disk):
                index = opened(directory)
                for number in range(len(STORY)):
                    was_refused = refused_once(index, number)
                    assert seen(index) == STATES[number + 1]
                    if was_refused and first % 4 < 2:
                        index.close()
                        index = Index.open(directory, SMALL)
                index.close()
            with reopened(directory) as index:
                assert seen(index) == seen(FollowedIndex.open(directory)) == STATES[-1]
                assert index.mark == len(STORY)
                index.settle()
                assert left_over(directory) == set()
        refused = disk.refused
        first += 2
    assert first > 100


@pytest.mark.parametrize(
    ("number", "hint"),
    [(errno.ENOSPC, "Make room"), (errno.EROFS, "mounted for writing"), (errno.EACCES, "own")],
)
def test_whoever_runs_it_reads_what_to_do(number: int, hint: str, tmp_path: Path) -> None:
    """Room is not what a disk lacks that may not be written."""

    def refuse(step: str, *_on: Any) -> None:  # noqa: ANN401
        if step in TAKES_ROOM:
            raise OSError(number, os.strerror(number))

    with reopened(tmp_path) as index:
        with watched(refuse), pytest.raises(NotReady, match="nothing was changed") as refusal:
            tell(index, 0)
        assert hint in refusal.value.hint
        tell(index, 0)


@contextmanager
def out_of_reach(directory: Path) -> Iterator[None]:
    """Take away this user's right to a directory."""
    user = os.geteuid()
    directory.chmod(0)
    if not user:
        os.seteuid(65534)
    try:
        yield
    finally:
        if not user:
            os.seteuid(user)
        directory.chmod(0o700)


def test_a_directory_of_another_user_is_refused_and_not_called_damaged(tmp_path: Path) -> None:
    """To who would write there and to who would read; once it is theirs, all is there."""
    with reopened(tmp_path) as index:
        tell(index, 0)

    with out_of_reach(tmp_path):
        for opening in (Index.open, FollowedIndex.open):
            with pytest.raises(NotReady, match="can't be") as refusal:
                opening(tmp_path)
            assert "own the directory" in refusal.value.hint

    assert seen(FollowedIndex.open(tmp_path)) == STATES[1]


def mounted(directory: Path, size: str, *, again: bool = False) -> bool:
    """Mount a disk of that size in memory, or resize it; tell whether this user may."""
    options = f"remount,size={size}" if again else f"size={size}"
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(directory)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def small_disk(directory: Path) -> Iterator[Callable[[], None]]:
    """Give *directory* little room, and how to give it more.

    On a disk of its own where this user may mount one; else a file can't grow as it should.
    """
    directory.mkdir()
    if mounted(directory, "400k"):
        try:
            yield lambda: _resized(directory)
        finally:
            subprocess.run(["umount", "-l", str(directory)], check=True)
        return
    with short_files() as longer:
        yield longer


@contextmanager
def short_files() -> Iterator[Callable[[], None]]:
    """Let no file grow beyond 48 KiB, until told otherwise."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (48 << 10, hard))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _resized(directory: Path) -> None:
    assert mounted(directory, "40m", again=True)


def filled(index: Index) -> int:
    """Add entries, ever more in one call, until the disk is full; return how many were taken."""
    count, more = 0, 20
    while count + more < len(MANY):
        try:
            index.add(np.arange(count, count + more), MANY[count : count + more])
        except NotReady:
            return count
        index.settle()
        count, more = count + more, more * 2
    raise AssertionError("the disk was never full")


@pytest.mark.parametrize("limited", [small_disk, lambda _: short_files()], ids=["disk", "files"])
def test_on_a_disk_that_is_really_full_it_is_the_same(
    limited: Callable[[Path], AbstractContextManager[Callable[[], None]]], tmp_path: Path
) -> None:
    """What was acknowledged is found, by followers too; withdrawing goes on once there is room."""
    with limited(tmp_path / "disk") as make_room:
        directory = tmp_path / "disk" / "signals"
        with closing(Index.open(directory, SMALL)) as index:
            count = filled(index)
            followed = FollowedIndex.open(directory)
            assert len(followed.search(MANY[:count], 0)) == len(index) == count

            make_room()
            index.withdraw([7])
            index.add([count], MANY[count : count + 1])
            index.settle()

            assert len(followed.search(MANY[: count + 1], 0)) == len(index) == count
        with reopened(directory) as index:
            assert len(index.search(MANY[: count + 1], 0)) == count
