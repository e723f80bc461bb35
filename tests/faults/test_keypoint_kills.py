"""The keypoint index on disk, while programs die, disks fill and files rot."""

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from takeback.errors import IntegrityFailure, NotReady
from takeback.matching.disk import steps
from takeback.matching.keypoints.index import FollowedKeypointIndex, KeypointIndex, KeypointPolicy
from tests.matching.keypoint_oracle import KEYPOINTS, SMALL, look_for, pictures

POLICY = KeypointPolicy(tail_rows=2 * KEYPOINTS, ratio=2, layouts=SMALL)
BANK = pictures(12, seed=71)

STRIDE = 7
"""Between steps before which programs die; the exact index, whose steps are the same, is killed
before each."""

CHANGES: tuple[tuple[list[int], list[int]], ...] = (
    ([], [0]),
    ([], [1, 2]),
    ([1], []),
    ([0], [3, 4, 5]),
    ([77], [6]),
    ([4, 6], [7]),
    ([], [8, 9, 10]),
    ([2, 3, 5], []),
)
"""What leaves and what comes, step by step; the mark is the number of steps done."""


def after(steps_done: int) -> list[int]:
    """Tell what the index holds then."""
    held: set[int] = set()
    for gone, ids in CHANGES[:steps_done]:
        held = (held - set(gone)) | set(ids)
    return sorted(held)


def is_between(held: list[int], steps_done: int) -> bool:
    """Tell whether an index holds that, or what it did while the next step was under way."""
    now, then = set(after(steps_done)), set(after(steps_done + 1))
    return now & then <= set(held) <= now | then


def held_by(index: KeypointIndex | FollowedKeypointIndex) -> list[int]:
    """Look every picture up; the entries that are found."""
    found = [index.search([look_for(picture)]) for picture in BANK]
    return sorted(match.id for matches in found for match in matches)


def change(index: KeypointIndex, number: int) -> None:
    """Make one of the changes."""
    gone, ids = CHANGES[number]
    index.change(gone, ids, [BANK[entry] for entry in ids], mark=number + 1)


class Killer:
    """Stands before every step, and kills the program before one of them."""

    def __init__(self, last: int) -> None:
        """Let so many steps happen."""
        self.left = last

    def __call__(self, _step: str, *_on: object) -> None:
        """Count a step."""
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def run_until_killed(directory: Path, last: int) -> tuple[int, bool]:
    """Make all changes in a process that dies before a step.

    Returns:
        How many changes it had acknowledged, and whether it died.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.close(reader)
            steps.before = Killer(last)
            index = KeypointIndex.open(directory, POLICY)
            for number in range(len(CHANGES)):
                change(index, number)
                os.write(writer, b".")
                index.settle()
            index.close()
            os._exit(0)
        os._exit(1)
    os.close(writer)
    acknowledged = 0
    while got := os.read(reader, 64):
        acknowledged += len(got)
    os.close(reader)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return acknowledged, os.WIFSIGNALED(status)


def test_whatever_step_a_program_dies_before_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """Nor does anything come back, whoever reads it next or goes on with it."""
    last, died = 0, True
    while died:
        directory = tmp_path / str(last)
        acknowledged, died = run_until_killed(directory, last)

        with suppress(NotReady):  # it died before there was anything
            reader = FollowedKeypointIndex.open(directory)
            assert is_between(held_by(reader), acknowledged)
            assert reader.mark in {acknowledged, acknowledged + 1}
        index = KeypointIndex.open(directory, POLICY)
        assert index.mark in {acknowledged, acknowledged + 1}
        assert held_by(index) == after(index.mark)
        for number in range(index.mark, len(CHANGES)):
            change(index, number)
        assert held_by(index) == after(len(CHANGES))
        index.close()
        last += STRIDE
    assert last > 100


class FullDisk:
    """Stands before every step, and lets the disk be full before one of them."""

    def __init__(self, at: int) -> None:
        """Let so many steps happen before."""
        self.left = at

    def __call__(self, step: str, *_on: object) -> None:
        """Fail a step that needs the disk."""
        if step in {"show", "end", "remove"}:
            return
        self.left -= 1
        if self.left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def _as_before() -> Iterator[None]:
    """Stand before no step any more."""
    yield
    steps.before = steps.go_on


@pytest.mark.usefixtures("_as_before")
@pytest.mark.parametrize("number", [0, 3, 5, 6])
def test_a_full_disk_refuses_a_change_and_nothing_else(tmp_path: Path, number: int) -> None:
    """What was there is found, and the same change is made once there is room."""
    done, at = False, 1
    while not done:
        index = KeypointIndex.open(tmp_path / str(at), POLICY)
        for before in range(number):
            change(index, before)
        index.settle()
        steps.before = FullDisk(at)
        try:
            change(index, number)
            done = True
        except NotReady:
            assert held_by(index) in (after(number), after(number + 1))
        steps.before = steps.go_on
        change(index, number)
        assert held_by(index) == after(number + 1)
        index.close()
        assert held_by(FollowedKeypointIndex.open(tmp_path / str(at))) == after(number + 1)
        at += 3


def filled(directory: Path) -> list[Path]:
    """Write an index whose files are settled; its segment files."""
    index = KeypointIndex.open(directory, POLICY)
    for number in range(len(CHANGES)):
        change(index, number)
    index.settle()
    index.close()
    (directory / "verified").unlink()
    return sorted(directory.glob("segment-*"))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.35, 0.6, 0.85, 0.999])
def test_a_flipped_bit_in_a_segment_is_found_when_it_is_opened(
    tmp_path: Path, share: float
) -> None:
    """Before any answer, by reader and writer; padding between arrays holds nothing."""
    segment = filled(tmp_path)[0]
    data = bytearray(segment.read_bytes())
    used = [place for place, byte in enumerate(data) if byte]
    data[used[int(share * len(used))]] ^= 16
    segment.write_bytes(data)

    with pytest.raises(IntegrityFailure):
        FollowedKeypointIndex.open(tmp_path)
    with pytest.raises(IntegrityFailure):
        KeypointIndex.open(tmp_path, POLICY)


@pytest.mark.parametrize("left", [0, 10, 5000, -1])
def test_a_truncated_segment_is_found_when_it_is_opened(tmp_path: Path, left: int) -> None:
    """Whatever is missing."""
    segment = filled(tmp_path)[0]
    size = segment.stat().st_size
    os.truncate(segment, left if left >= 0 else size + left)

    with pytest.raises(IntegrityFailure):
        FollowedKeypointIndex.open(tmp_path)
    with pytest.raises(IntegrityFailure):
        KeypointIndex.open(tmp_path, POLICY)
