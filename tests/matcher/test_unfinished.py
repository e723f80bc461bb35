"""A page that reached the indexes and was not committed: all of it is taken back."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from takeback.errors import IntegrityFailure, NotReady
from takeback.exchange.follow import Position
from takeback.hashing.signal_types import SignalType
from takeback.matcher.banks import FollowedBanks
from takeback.matcher.reading import Change
from takeback.matcher.state import State
from takeback.matcher.unfinished import Note
from takeback.matcher.written import WITHDRAWN, WrittenBanks
from takeback.matching.disk import steps
from tests.matcher.test_banks import Kept, answering, found, kept, sizes
from tests.matcher.test_state import active, gone, number, signal
from tests.matcher.test_types import keypoints, told

__all__ = ["answering"]


def failing_after(keeper: Kept, calls: int) -> Callable[[Change], None]:
    """Return what changes the indexes so often, the last time without a commit."""
    left = iter(range(calls - 1, -1, -1))

    def apply(change: Change) -> None:
        keeper.banks.apply(change)
        if not next(left):
            raise MemoryError

    return apply


def reopened(directory: Path) -> None:
    """Try to keep the directory."""
    state = State(directory)
    try:
        WrittenBanks.open(directory, state)
    finally:
        state.close()


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("again", [(1, 2), (3,), ()])
def test_what_a_page_withdrew_that_was_not_committed_comes_back(
    tmp_path: Path, answering: FollowedBanks, again: tuple[int, ...], restarts: bool
) -> None:
    """It never left the state file, and the page may say otherwise when it is read again."""
    wanted = {number(n): signal(n) for n in {1, 2, *again}}
    keypoint_entry = told(4, SignalType.KEYPOINTS, keypoints(1).pack())
    with kept(tmp_path) as keeper:
        keeper.take(active(1), active(2), keypoint_entry)
        keeper.take_and_fail(gone(1), active(2, 7), gone(4))
        assert found(answering) == {}
        if not restarts:
            keeper.take(*map(active, again), cursor="d")
    if restarts:
        with kept(tmp_path) as keeper:
            keeper.take(*map(active, again), cursor="d")

    assert found(answering) == wanted
    assert sizes(answering) == (len(wanted), 1, 0, 0)


def test_every_failure_of_a_page_is_taken_back(tmp_path: Path, answering: FollowedBanks) -> None:
    """Whatever it said each time; what it says at last holds."""
    with kept(tmp_path) as keeper:
        keeper.take(*map(active, range(1, 6)))
        keeper.take_and_fail(gone(1), gone(2))
        keeper.take_and_fail(gone(3), active(6))
        keeper.take_and_fail(active(7))
        keeper.take(gone(4), cursor="d")
    with kept(tmp_path):
        pass

    assert found(answering) == {number(n): signal(n) for n in (1, 2, 3, 5)}


def test_a_page_without_withdrawals_costs_no_note(tmp_path: Path) -> None:
    """And one with some costs one sync; a committed page's note brings nothing back."""
    note = tmp_path / WITHDRAWN
    with kept(tmp_path) as keeper:
        keeper.take(active(1), active(2))
        assert not note.exists()
        keeper.take(gone(1), cursor="d")
        noted = note.read_bytes()
        keeper.take(active(3), cursor="e")
        assert note.read_bytes() == noted
    with kept(tmp_path) as keeper:
        assert 1 not in keeper.banks.indexes.signals
        keeper.take(active(4), cursor="f")
        assert len(keeper.banks.indexes.signals) == 3


def test_a_note_takes_one_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its first also waits for the directory."""
    steps_seen: list[str] = []
    note = Note(tmp_path / WITHDRAWN)
    note.write(1, [1])
    monkeypatch.setattr(steps, "before", lambda step, *_: steps_seen.append(step))

    note.write(2, [5, 6])

    assert [step for step in steps_seen if step.startswith("sync")] == ["sync_data"]
    assert (note.gone(2), note.gone(3)) == ([5, 6], [])


def test_a_note_that_the_disk_refuses_changes_nothing(
    tmp_path: Path, answering: FollowedBanks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is read again later; no half of a note is taken for one."""
    noting: list[str] = []

    def full(step: str, on: object, *_: object) -> None:
        if step == "create" and on == tmp_path / WITHDRAWN:
            noting.append(step)
        if noting and step == "write":
            raise OSError(errno.ENOSPC, "full")

    with kept(tmp_path) as keeper:
        keeper.take(active(1), active(2))
        keeper.take_and_fail(gone(1))
        with monkeypatch.context() as patched:
            patched.setattr(steps, "before", full)
            with pytest.raises(NotReady):
                keeper.take(gone(2), cursor="d")
        assert (tmp_path / WITHDRAWN).read_bytes() == b""
        assert found(answering).keys() == {number(1), number(2)}
        keeper.take(gone(2), cursor="d")

    assert found(answering).keys() == {number(1)}


@pytest.mark.parametrize("note", [b"torn", b"\0" * 16, b"\0" * 8])
def test_with_a_note_that_is_not_whole_the_indexes_are_made_anew(
    tmp_path: Path, answering: FollowedBanks, note: bytes
) -> None:
    """Nothing else tells which entries are to come back."""
    with kept(tmp_path) as keeper:
        keeper.take(active(1), active(2))
        keeper.take_and_fail(gone(1))
    (tmp_path / WITHDRAWN).write_bytes(note)
    with pytest.raises(IntegrityFailure):
        reopened(tmp_path)

    with kept(tmp_path):
        assert found(answering) == {number(1): signal(1), number(2): signal(2)}


@pytest.mark.parametrize("failing", [1, 2])
def test_a_hub_that_is_left_out_with_a_crash_and_taken_back_is_whole(
    tmp_path: Path, answering: FollowedBanks, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """What the state file still holds is found; what it does not is read again from the start."""
    monkeypatch.setattr("takeback.matcher.state.LEAVE_ROWS", 1)
    with kept(tmp_path) as keeper:
        keeper.take(active(1), active(2))
        with pytest.raises(MemoryError):
            keeper.state.keep_entries_of([], failing_after(keeper, failing))
    for _ in range(2):
        with kept(tmp_path) as keeper:
            keeper.state.keep_entries_of([keeper.source], keeper.banks.apply)
            ids = range(keeper.state.newest() + 1)
            held = {
                one.number: signal(int(one.number, 16))
                for one in keeper.state.held(list(ids)).values()
            }
            assert len(held) == 3 - failing
            assert found(answering) == held
            assert keeper.state.position(keeper.source) == Position(None, None, complete=False)
    with kept(tmp_path) as keeper:
        keeper.take(active(2), active(3))

    assert found(answering) == {number(2): signal(2), number(3): signal(3)}
