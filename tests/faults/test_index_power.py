"""The power fails: what was not synced may be lost, and nothing that was acknowledged is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import Index
from tests.matching.disk.story import (
    SMALL,
    STATES,
    STORY,
    fast_folder,
    few_logs,
    reopened,
    seen,
    tell,
    watched,
)

Durable = frozenset[tuple[str, bytes]]
"""Names and contents of the files that a power failure leaves."""

SHARED = {"live", "tail", "control", "verified", "lock"}
"""What is not relied on after the machine was started again."""


class Disk:
    """Knows at each step what of a directory is on the disk for sure."""

    def __init__(self, directory: Path) -> None:
        """Begin with nothing."""
        self.directory = directory
        self.synced: dict[int, bytes] = {}
        self.names: dict[str, int] = {}
        self.last: tuple[str, Any] = ("", None)
        self.acknowledged = 0
        self.failures: dict[tuple[Durable, int], None] = {}

    def __call__(self, step: str, *on: Any) -> None:  # noqa: ANN401
        """Note what the step before this one made sure, and how a failure now would leave it."""
        done, what = self.last
        if done in {"sync", "sync_data"}:
            self.synced[os.fstat(what).st_ino] = Path(f"/proc/self/fd/{what}").read_bytes()
        if done == "sync_directory":
            self.names = self.present()
        self.last = (step, on[0] if on else None)
        for names in (self.names, {**self.names, **self.present()}, self.present()):
            self.failures[(self.left(names), self.acknowledged)] = None

    def present(self) -> dict[str, int]:
        """Return which names there are now, and of which inodes."""
        return {path.name: path.stat().st_ino for path in self.directory.iterdir()}

    def left(self, names: dict[str, int]) -> Durable:
        """Return what these names lead to."""
        return frozenset(
            (name, self.synced.get(inode, b""))
            for name, inode in names.items()
            if name.partition("-")[0] not in SHARED
        )


@pytest.fixture(scope="module")
def failures() -> list[tuple[Durable, int]]:
    """Each state in which a failure during the story may leave the disk, and what it owes."""
    with fast_folder() as directory, few_logs(), watched(disk := Disk(directory)):
        index = Index.open(directory, SMALL)
        for number in range(len(STORY)):
            tell(index, number)
            disk.acknowledged = number + 1
        index.close()
    return list(disk.failures)


@contextmanager
def started_again(durable: Durable) -> Iterator[Path]:
    """Put on a disk what was left."""
    with fast_folder() as directory:
        for name, content in durable:
            (directory / name).write_bytes(content)
        yield directory


def test_after_a_power_failure_at_any_step_all_that_was_acknowledged_is_there(
    failures: list[tuple[Durable, int]],
) -> None:
    """Names that were not synced are there or not; what was not synced of a file is gone."""
    assert len(failures) > 100
    for durable, count in failures:
        owed = [(STATES[at], at) for at in (count, count + 1) if at < len(STATES)]
        with started_again(durable) as directory, reopened(directory) as index:
            assert (seen(index), index.mark) in owed
            index.settle()
            assert seen(FollowedIndex.open(directory)) == seen(index)
