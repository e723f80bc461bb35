"""The log gives back what was written, cuts off what was not, and knows the difference."""

import os
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takeback.errors import IntegrityFailure, NotReady
from takeback.matching.disk import steps
from takeback.matching.disk.log import HEADER, Log, Record, create_log, read_log
from tests.matching.disk.story import watched

ids = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5)


def record(seq: int, gone: list[int], new: list[int], payload: bytes, mark: int = 3) -> Record:
    """Make a record."""
    return Record(
        seq, mark, 1_800_000_000, np.array(gone, np.int64), np.array(new, np.int64), payload
    )


def plain(records: list[Record]) -> list[tuple[object, ...]]:
    """Return records in a form that can be compared."""
    return [(r.seq, r.mark, r.time, r.gone.tolist(), r.ids.tolist(), r.payload) for r in records]


THREE: Final = [record(number, [number], [1, 2], b"x" * 64) for number in (7, 8, 9)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log of three changes."""
    path = tmp_path / "log-1"
    log = create_log(path, 1, 7, THREE[:1])
    for each in THREE[1:]:
        log.append(each)
    log.close()
    return path


@settings(max_examples=30)
@given(st.lists(st.tuples(ids, ids, st.binary(max_size=80)), max_size=6))
def test_records_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[list[int], list[int], bytes]]
) -> None:
    """Whatever is in them."""
    path = tmp_path_factory.mktemp("log") / "log-5"
    records = [record(number, *change) for number, change in enumerate(changes, 4)]
    log = create_log(path, 5, 4, records[:2])
    for each in records[2:]:
        log.append(each)

    held = read_log(path, log.size)

    assert (held.first, held.size) == (4, path.stat().st_size)
    assert plain(held.records) == plain(records)


@pytest.mark.parametrize("torn", ["cut", "zeros", "half"])
def test_a_torn_last_record_is_no_change(path: Path, torn: str) -> None:
    """Cut off, or with zeros in place of its end, as a power failure leaves it."""
    whole = path.read_bytes()
    begin = read_log(path, 0).size - (len(whole) - HEADER.itemsize) // 3
    kept = whole[: begin + {"cut": 30, "zeros": 0, "half": 50}[torn]]
    path.write_bytes(kept + (b"" if torn == "cut" else bytes(len(whole) - len(kept))))

    held = read_log(path, begin)

    assert plain(held.records) == plain(THREE[:2])
    assert held.size == begin


def test_a_record_that_was_on_the_disk_is_missed(path: Path) -> None:
    """It is no torn one: its change was acknowledged."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size - 1)

    with pytest.raises(IntegrityFailure):
        read_log(path, size)


def test_a_damaged_record_before_the_end_is_missed(path: Path) -> None:
    """Records behind it show that it was whole once, whatever else is known."""
    content = bytearray(path.read_bytes())
    content[HEADER.itemsize + 60] ^= 4
    path.write_bytes(content)

    with pytest.raises(IntegrityFailure):
        read_log(path, 0)


def test_records_that_do_not_follow_each_other_are_refused(tmp_path: Path) -> None:
    """One in between is missing."""
    log = create_log(tmp_path / "log-1", 1, 7, [THREE[0], THREE[2]])

    with pytest.raises(IntegrityFailure):
        read_log(tmp_path / "log-1", log.size)


def test_a_record_that_failed_is_cut_off_before_the_next(path: Path) -> None:
    """Also where cutting it off fails at first."""
    log = Log(path, 1, path.stat().st_size)
    size = log.size

    def refuse(step: str, *on: object) -> None:
        if step == "write":
            os.write(int(str(on[0])), b"half")
        raise OSError(28, "no room")

    with watched(refuse), pytest.raises(NotReady):
        log.append(record(10, [], [], b""))
    with watched(refuse):
        log.undo()
    assert path.stat().st_size == size + 4

    log.append(record(10, [5], [], b""))
    log.undo()

    assert plain(read_log(path, log.size).records) == plain([*THREE, record(10, [5], [], b"")])
    assert steps.before is steps.go_on
