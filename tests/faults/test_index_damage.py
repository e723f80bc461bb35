"""Files of an index that are damaged, cut short or gone are noticed before anything is answered."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from takeback.errors import Conflict, IntegrityFailure, NotReady
from takeback.matching.disk.files import read_header
from takeback.matching.disk.manifest import read_manifest, write_manifest
from takeback.matching.exact.bulk import build
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import Index
from takeback.matching.keypoints.index import FollowedKeypointIndex, KeypointIndex
from tests.matching.disk.story import (
    SIGNALS,
    SMALL,
    STATES,
    State,
    few_logs,
    moved,
    reopened,
    seen,
    tell,
)
from tests.matching.keypoint_oracle import pictures

TOLD: Final = 8
"""How much of the story is told: it ends with each kind of file there, and a record in the log."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of an index in use."""
    directory = tmp_path_factory.mktemp("index") / "sound"
    with few_logs(), reopened(directory) as index:
        for number in range(TOLD):
            tell(index, number)
    return directory


def opened_by_writer(directory: Path) -> State:
    """Open it to write, and see what it finds."""
    with reopened(directory) as index:
        return seen(index)


def opened_by_follower(directory: Path) -> State:
    """Open it to read, and see what it finds."""
    return seen(FollowedIndex.open(directory))


def opened_after_a_restart(directory: Path) -> State:
    """Open it to read on a machine that was started since: memory that was shared tells nothing."""
    with (directory / "control").open("r+b") as control:
        control.seek(8 * 5)
        control.write(bytes(16))
    return opened_by_follower(directory)


OPENERS: Final = [opened_by_follower, opened_after_a_restart, opened_by_writer]


def lasting_files(directory: Path) -> list[str]:
    """Return the names of the files that make the index after a crash."""
    files = read_manifest(directory).files()
    lasting = {name for name in files if name.partition("-")[0] in {"segment", "ended", "log"}}
    return sorted(lasting | {"manifest"})


def answered(directory: Path, opener: Callable[[Path], State]) -> State | None:
    """Return what is found, or None if the damage is noticed."""
    try:
        return opener(directory)
    except IntegrityFailure:
        return None


def test_the_index_has_a_file_of_each_kind(sound: Path) -> None:
    """Or the tests below would say little."""
    kinds = {name.partition("-")[0] for name in lasting_files(sound)}

    assert kinds == {"segment", "ended", "log", "manifest"}
    assert opened_by_follower(sound) == STATES[TOLD]


@pytest.mark.parametrize("opener", OPENERS)
def test_a_flipped_bit_is_noticed_or_changes_no_answer(
    opener: Callable[[Path], State], sound: Path, tmp_path: Path
) -> None:
    """In each kind of file, from its first byte to its last; between arrays it changes nothing."""
    rng = np.random.default_rng(1)
    noticed = 0
    for name in lasting_files(sound):
        content = bytearray((sound / name).read_bytes())
        for place in {0, len(content) - 1, *rng.integers(0, len(content), 40).tolist()}:
            copy = moved(sound, tmp_path / "copy")
            content[place] ^= 1 << int(rng.integers(8))
            (copy / name).write_bytes(content)
            content = bytearray((sound / name).read_bytes())

            found = answered(copy, opener)

            assert found in (None, STATES[TOLD]), (name, place)
            noticed += found is None
            shutil.rmtree(copy)
    assert noticed > 40


@pytest.mark.parametrize("opener", OPENERS[1:])
@pytest.mark.parametrize("left", [-4096, 0.5, 20, 1, 0], ids=str)
def test_a_file_that_is_cut_short_is_noticed(
    opener: Callable[[Path], State], left: float, sound: Path, tmp_path: Path
) -> None:
    """By a page, by half, to nearly nothing, to nothing: by whoever reads that file."""
    for name in lasting_files(sound):
        copy = moved(sound, tmp_path / name)
        size = (copy / name).stat().st_size
        cut = {-4096: max(0, size - 4096), 0.5: size // 2}.get(left, int(left))
        with (copy / name).open("r+b") as file:
            file.truncate(cut)

        with pytest.raises(IntegrityFailure, match="remove the directory"):
            opener(copy)


@pytest.mark.parametrize("opener", OPENERS[1:])
def test_a_file_that_is_missing_is_noticed(
    opener: Callable[[Path], State], sound: Path, tmp_path: Path
) -> None:
    """A directory without a manifest is none for a reader, and damaged for the writer."""
    for name in lasting_files(sound):
        copy = moved(sound, tmp_path / name)
        (copy / name).unlink()

        with pytest.raises((IntegrityFailure, NotReady)) as refusal:
            opener(copy)

        is_none = name == "manifest" and opener is opened_after_a_restart
        assert refusal.type is (NotReady if is_none else IntegrityFailure)


def test_a_bit_that_flips_in_a_file_that_was_verified_is_noticed_at_the_next_opening(
    sound: Path, tmp_path: Path
) -> None:
    """The note tells which bytes were verified by the file's times."""
    copy = moved(sound, tmp_path / "copy")
    assert opened_by_follower(copy) == STATES[TOLD]
    segment = copy / read_manifest(copy).segments[0].segment
    with segment.open("r+b") as file:
        file.seek(-5000, 2)
        byte = file.read(1)
        file.seek(-5000, 2)
        file.write(bytes([byte[0] ^ 1]))

    for opener in OPENERS:
        with pytest.raises(IntegrityFailure, match="segment"):
            opener(copy)


def overwritten(directory: Path, array: str, number: int, *, at: int = 0) -> None:
    """Put another number into an array of the tail, which has no checksums."""
    fd = os.open(directory / read_manifest(directory).tail, os.O_RDWR)
    try:
        sections = {part.name: part for part in read_header(fd, "tail").sections}
        os.pwrite(fd, number.to_bytes(8, "little", signed=True), sections[array].offset + 8 * at)
    finally:
        os.close(fd)


@pytest.mark.parametrize("count", [-1, SMALL.tail_rows + 1, 1 << 62])
def test_a_tail_that_says_more_than_it_has_room_for_is_damage(
    count: int, sound: Path, tmp_path: Path
) -> None:
    """Compiled code would read what lies behind it, and end the process or answer with that."""
    copy = moved(sound, tmp_path / "copy")
    followed = FollowedIndex.open(copy)
    overwritten(copy, "count", count)

    for look in (lambda: seen(followed), lambda: len(followed), lambda: 1 in followed):
        with pytest.raises(IntegrityFailure, match="the tail"):
            look()


@pytest.mark.parametrize(
    ("array", "number", "at"),
    [("count", -1, 0), ("count", 1 << 62, 0), ("first", -8, 1), ("first", 1 << 62, 1)],
)
def test_keypoints_are_looked_for_only_where_the_tail_has_room(
    array: str, number: int, at: int, tmp_path: Path
) -> None:
    """Neither how many pictures there are is believed, nor where each begins."""
    index = KeypointIndex.open(tmp_path)
    followed = FollowedKeypointIndex.open(tmp_path)
    index.add([1, 2], pictures(2, seed=5))
    overwritten(tmp_path, array, number, at=at)

    with pytest.raises(IntegrityFailure, match="the tail"):
        len(followed)
    index.close()


def test_a_copy_that_was_made_while_somebody_wrote_is_read_from_its_log(
    sound: Path, tmp_path: Path
) -> None:
    """The tail was copied before the last changes were in it, and control after them."""
    copy = tmp_path / "copy"
    shutil.copytree(sound, copy)
    overwritten(copy, "count", 0)

    assert opened_by_follower(copy) == STATES[TOLD]


def test_a_damaged_index_is_built_anew_under_its_followers(sound: Path, tmp_path: Path) -> None:
    """They go on with what they had mapped, then find the new one by themselves."""
    copy = moved(sound, tmp_path / "copy")
    fresh = State({(5, 50), (3, 30)})
    followed = FollowedIndex.open(copy)
    (copy / "manifest").write_bytes(b"no manifest")
    with pytest.raises(IntegrityFailure):
        Index.open(copy, SMALL)
    assert seen(followed) == STATES[TOLD]

    build(copy, [([5, 3], SIGNALS[[50, 30]])], SMALL, mark=77)

    assert seen(followed) == fresh
    assert followed.mark == 77
    with reopened(copy) as index:
        assert (seen(index), index.mark) == (fresh, 77)


def test_an_index_of_another_kind_is_not_opened(sound: Path, tmp_path: Path) -> None:
    """Neither to read nor to write: its rows mean something else."""
    copy = moved(sound, tmp_path / "copy")

    write_manifest(copy, replace(read_manifest(copy), kind="keypoints"))

    for opener in OPENERS:
        with pytest.raises(Conflict, match="keypoints"):
            opener(copy)
