"""The banks on disk: what the keeper writes, and what every process makes of it."""

import asyncio
import gc
import io
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest

from takeback.errors import IntegrityFailure, NotReady
from takeback.hashing.signal_types import SignalType
from takeback.matcher import banks
from takeback.matcher.banks import DAMAGED, FollowedBanks, followed
from takeback.matcher.board import Board
from takeback.matcher.keeper import Election
from takeback.matcher.options import MatcherOptions
from takeback.matcher.reading import Change
from takeback.matcher.state import State
from takeback.matcher.statereader import StateReader
from takeback.matcher.written import WrittenBanks
from takeback.matching.lookup.indexes import KEYPOINTS, SIGNALS
from tests.matcher.test_state import HUB, active, gone, number, page, signal
from tests.matcher.test_types import keypoints, one_of_each, told, video

NOON = datetime(2030, 3, 5, 12, tzinfo=UTC)


class Kept:
    """A directory in the hands of its keeper."""

    def __init__(self, directory: Path) -> None:
        """Open it."""
        self.state = State(directory)
        self.banks = WrittenBanks.open(directory, self.state)
        self.source = self.state.source(HUB)

    def take(self, *entries: object, cursor: str = "c") -> None:
        """Apply a page."""
        told = page(*entries, cursor=cursor)  # type: ignore[arg-type]
        self.state.take(self.source, told, NOON, self.banks.apply)

    def take_and_fail(self, *entries: object) -> None:
        """Write a page into the indexes, and fail before it is committed."""

        def apply(change: Change) -> None:
            self.banks.apply(change)
            raise MemoryError

        with pytest.raises(MemoryError):
            self.state.take(self.source, page(*entries), NOON, apply)  # type: ignore[arg-type]

    def close(self) -> None:
        """Let another keep it."""
        self.state.close(self.banks.close)


@contextmanager
def kept(directory: Path) -> Iterator[Kept]:
    """Keep a directory for a while."""
    keeper = Kept(directory)
    try:
        yield keeper
    finally:
        keeper.close()


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[FollowedBanks]:
    """What another process would answer from, once there is a bank."""
    with kept(tmp_path):
        reader = StateReader(tmp_path)
    yield FollowedBanks.open(reader, tmp_path)
    reader.close()


def found(answering: FollowedBanks) -> dict[str, str]:
    """Return number and signal of what is found and known."""
    answer: dict[str, str] = {}
    for n in range(20):
        looked_up = np.frombuffer(bytes.fromhex(signal(n)), np.uint8).reshape(1, 32)
        ids = [entry for _, entry, _ in answering.indexes.signals.search(looked_up, 0)]
        answer |= {one.number: signal(n) for one in answering.reader.held(ids).values()}
    return answer


def sizes(answering: FollowedBanks) -> tuple[int, ...]:
    """Return how many entries each index holds."""
    answering.catch_up()
    return tuple(len(index) for index in answering.indexes.by_type.values())


def test_every_type_is_followed_and_leaves(tmp_path: Path, answering: FollowedBanks) -> None:
    """Signals and keypoints through the disk, videos and digests through the state file."""
    with kept(tmp_path) as keeper:
        keeper.take(*one_of_each())
        assert sizes(answering) == (1, 1, 1, 1)
        keeper.take(gone(1), gone(3), told(5, SignalType.MD5, video(9).md5), cursor="d")
        assert sizes(answering) == (0, 1, 0, 2)
        keeper.take(gone(4), cursor="e")
        assert answering.indexes.digests.find(video(1).md5) != []
        answering.require_all()

        assert answering.indexes.digests.find(video(1).md5) == []


def test_a_changed_signal_comes_under_a_new_id(tmp_path: Path, answering: FollowedBanks) -> None:
    """And what comes again as it was costs the indexes nothing."""
    with kept(tmp_path) as keeper:
        keeper.take(active(1), told(2, SignalType.VIDEO, video(1).pack()))
        before, changes = sizes(answering), keeper.state.changes()
        keeper.take(active(1), told(2, SignalType.VIDEO, video(1).pack()), cursor="d")
        assert (sizes(answering), keeper.state.changes()) == (before, changes)

        keeper.take(active(1, 7), told(2, SignalType.VIDEO, video(2).pack()), cursor="e")

        assert found(answering) == {number(1): signal(7)}
        assert sizes(answering) == (1, 0, 1, 0)
        assert keeper.state.newest() > 2


@pytest.mark.parametrize("restarts", [False, True])
def test_a_page_that_was_not_committed_leaves_nothing(
    tmp_path: Path, answering: FollowedBanks, restarts: bool
) -> None:
    """Its ids are given again, to entries of whatever type: none is found as what it was not."""
    with kept(tmp_path) as keeper:
        keeper.take(active(1))
        keeper.take_and_fail(told(2, SignalType.KEYPOINTS, keypoints(1).pack()), active(3))
        assert found(answering) == {number(1): signal(1)}
        if not restarts:
            keeper.take(active(4), active(5), cursor="d")
    if restarts:
        with kept(tmp_path) as again:
            again.take(active(4), active(5), cursor="d")

    assert found(answering) == {number(n): signal(n) for n in (1, 4, 5)}
    assert sizes(answering) == (3, 0, 0, 0)


def test_entries_of_a_hub_that_is_left_out_leave_the_indexes(
    tmp_path: Path, answering: FollowedBanks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces, each with its number, so that a kill in between loses nothing."""
    monkeypatch.setattr("takeback.matcher.state.LEAVE_ROWS", 2)
    with kept(tmp_path) as keeper:
        keeper.take(*one_of_each())
        assert sizes(answering) == (1, 1, 1, 1)

        keeper.state.keep_entries_of([], keeper.banks.apply)

        assert sizes(answering) == (0, 0, 0, 0)
        assert keeper.banks.indexes.mark == keeper.state.changes() == 3


def test_a_process_that_slept_too_long_loads_anew(
    tmp_path: Path, answering: FollowedBanks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What left is remembered for so many changes only."""
    for module in ("takeback.matcher.reading", "takeback.matcher.banks"):
        monkeypatch.setattr(f"{module}.REMEMBERED_CHANGES", 2)
    with kept(tmp_path) as keeper:
        keeper.take(*one_of_each())
        assert sizes(answering) == (1, 1, 1, 1)
        keeper.take(gone(3), cursor="d")
        for n in range(5, 9):
            keeper.take(active(n), cursor=f"e{n}")

        assert keeper.state.departed(0) == []
        assert sizes(answering) == (5, 1, 0, 1)


def test_many_videos_are_loaded_beside_answering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signals are looked up at once; uploads are told to come later."""
    with kept(tmp_path) as keeper:
        keeper.take(*one_of_each())
    monkeypatch.setattr(banks, "FEW", 1)
    reader = StateReader(tmp_path)
    answering = FollowedBanks.open(reader, tmp_path)

    assert found(answering) == {number(1): signal(1)}
    answering.require()
    with pytest.raises(NotReady, match="videos"):
        answering.require_all()
    answering.catch_up()
    answering.require_all()
    reader.close()


def deleted_maps(directory: Path) -> list[str]:
    """Return what this process still maps of the files that were removed there."""
    gc.collect()
    maps = Path("/proc/self/maps").read_text().splitlines()
    return [line for line in maps if str(directory) in line and line.endswith("(deleted)")]


def test_files_that_were_replaced_are_let_go_of_where_nobody_asks(
    tmp_path: Path, answering: FollowedBanks
) -> None:
    """Of keypoints as of signals: what was withdrawn leaves the disk while a reader idles."""
    with kept(tmp_path):
        pass
    assert {SIGNALS, KEYPOINTS} <= {
        name for line in deleted_maps(tmp_path) for name in Path(line).parts
    }

    answering.catch_up()

    assert deleted_maps(tmp_path) == []


def test_indexes_that_are_damaged_are_noticed_where_nobody_asks(
    tmp_path: Path, answering: FollowedBanks
) -> None:
    """The keeper hears of it, and what does not lie on the disk is followed nevertheless."""
    with kept(tmp_path) as keeper:
        keeper.take(*one_of_each())
    manifest = tmp_path / KEYPOINTS / "manifest"
    manifest.write_bytes(b"no manifest")

    answering.catch_up()

    assert answering.hindrance() == "the index is being made"
    assert (tmp_path / DAMAGED).exists()
    assert len(answering.indexes.digests) == 1


@pytest.mark.parametrize("names", [(SIGNALS,), (KEYPOINTS,), (SIGNALS, KEYPOINTS)])
def test_indexes_that_were_removed_and_made_anew_are_found(
    tmp_path: Path, answering: FollowedBanks, names: Sequence[str]
) -> None:
    """By a process that runs meanwhile: until then it answers from what it has."""
    with kept(tmp_path) as keeper:
        keeper.take(*one_of_each())
        assert sizes(answering) == (1, 1, 1, 1)
    for name in names:
        shutil.rmtree(tmp_path / name)
    assert sizes(answering) == (1, 1, 1, 1)
    with kept(tmp_path) as keeper:
        keeper.take(active(5), gone(2), cursor="d")

        assert sizes(answering) == (2, 0, 1, 1)
        assert found(answering) == {number(1): signal(1), number(5): signal(5)}
        answering.require()
        keeper.banks.indexes.settle()
    answering.catch_up()
    assert deleted_maps(tmp_path) == []


def test_an_old_copy_that_is_put_back_is_noticed_by_who_keeps_the_directory(
    tmp_path: Path, answering: FollowedBanks
) -> None:
    """The index is made anew at once, and what came since the copy is found again."""
    with kept(tmp_path) as keeper:
        keeper.take(active(1))
        shutil.copytree(tmp_path / SIGNALS, tmp_path / "copy")
        keeper.take(active(2), cursor="c")
        assert not keeper.banks.lost

        shutil.rmtree(tmp_path / SIGNALS)
        (tmp_path / "copy").rename(tmp_path / SIGNALS)

        assert keeper.banks.lost
    with kept(tmp_path):
        answering.catch_up()
        assert found(answering) == {number(1): signal(1), number(2): signal(2)}
        answering.require()


def test_a_directory_is_opened_for_one_look(tmp_path: Path) -> None:
    """While nobody keeps it, or while somebody does; one that no matcher made is refused."""
    with pytest.raises(NotReady):
        followed(tmp_path)
    with kept(tmp_path) as keeper:
        keeper.take(*one_of_each())
        assert found(followed(tmp_path)) == {number(1): signal(1)}
    once = followed(tmp_path)

    assert sizes(once) == (1, 1, 1, 1)
    assert once.reader.sources() == {1: HUB}
    assert once.reader.newest() == 4
    once.reader.close()


def test_one_look_leaves_nothing_in_a_directory_of_somebody_elses(tmp_path: Path) -> None:
    """Neither a note of what was verified nor, where that is damaged, an order to the keeper."""
    with kept(tmp_path) as keeper:
        keeper.take(*one_of_each())
    for name in (SIGNALS, KEYPOINTS):
        shutil.rmtree(tmp_path / name)
    with kept(tmp_path):
        pass
    for name in (SIGNALS, KEYPOINTS):
        (tmp_path / name / "verified").unlink()

    once = followed(tmp_path)
    assert sizes(once) == (1, 1, 1, 1)
    (tmp_path / KEYPOINTS / "manifest").write_bytes(b"no manifest")
    with pytest.raises(IntegrityFailure):
        followed(tmp_path)

    assert not (tmp_path / DAMAGED).exists()
    assert not list(tmp_path.rglob("verified*"))
    once.reader.close()


@pytest.mark.parametrize(
    ("error", "said"),
    [(NotReady("the disk is full"), "the disk is full"), (OSError("/home/jo"), "")],
)
def test_a_keeper_that_fails_says_why_where_nobody_is_named(
    error: Exception,
    said: str,
    tmp_path: Path,
    logged: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The operator has nothing but the log; an error that is not ours might hold anything."""
    monkeypatch.setattr(Election, "stand", MagicMock(side_effect=error))
    clock = partial(datetime.now, UTC)
    election = Election(
        MatcherOptions(sources=(), data=tmp_path), clock, clock, Board(tmp_path / "board")
    )

    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(election.run(), 0.2))

    (line,) = map(json.loads, logged.getvalue().splitlines())
    assert (line["event"], line["error"]) == ("keeper.failed", type(error).__name__)
    assert line["why"].partition(".")[0] == said
