"""The log: every change since the segments were written, each on the disk before it is shown.

A record that was being written when the program died is cut off. One that is damaged although
it had been on the disk is an ``IntegrityFailure``.
"""

import os
import zlib
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from takeback.errors import IntegrityFailure, NotReady
from takeback.matching.disk import steps
from takeback.matching.disk.files import DAMAGED

Ids = NDArray[np.int64]

HEADER: Final = np.dtype([("magic", "S8"), ("first", "<i8"), ("crc", "<u4"), ("zero", "<u4")])
MAGIC: Final = b"tb-log-1"

PREFIX: Final = np.dtype([("size", "<u4"), ("crc", "<u4")])
FIXED: Final = np.dtype(
    [("seq", "<i8"), ("mark", "<i8"), ("time", "<i8"), ("gone", "<u4"), ("ids", "<u4")]
)

NO_IDS: Final[Ids] = np.empty(0, np.int64)


class Record(NamedTuple):
    """One change."""

    seq: int
    """Its number, one more than that of the change before."""

    mark: int
    """What the caller calls it."""

    time: int
    """When it was made, seconds since 1970."""

    gone: Ids
    """Entries that end, beside those that it replaces."""

    ids: Ids
    """Entries that it adds; an older one of the same id ends."""

    payload: bytes
    """The added entries in their order, as the index writes them; empty if a segment has them."""


class Records(NamedTuple):
    """What a log holds."""

    first: int
    """The number that its first record has, or would have."""

    records: list[Record]
    size: int
    """Bytes up to the end of the last whole record."""


def encoded(record: Record) -> bytes:
    """Return a record's bytes."""
    fixed = np.array(
        (record.seq, record.mark, record.time, len(record.gone), len(record.ids)), FIXED
    )
    ids = np.concatenate([record.gone, record.ids]).astype("<i8")
    body = fixed.tobytes() + ids.tobytes() + record.payload
    return np.array((len(body), zlib.crc32(body)), PREFIX).tobytes() + body


def _decoded(body: bytes) -> Record:
    seq, mark, time, gone, ids = np.frombuffer(body, FIXED, 1)[0].tolist()
    numbers = np.frombuffer(body, "<i8", gone + ids, FIXED.itemsize).astype(np.int64)
    payload = body[FIXED.itemsize + numbers.nbytes :]
    return Record(seq, mark, time, numbers[:gone], numbers[gone:], payload)


def read_log(path: Path, certain: int) -> Records:
    """Read a log.

    Args:
        path: the file.
        certain: how many of its bytes were on the disk for sure.

    Raises:
        FileNotFoundError: there is none.
        IntegrityFailure: it is damaged before its end, or shorter than *certain*.
    """
    data = path.read_bytes()
    first = _first(data, path.name)
    records: list[Record] = []
    size = HEADER.itemsize
    while (record := _record_at(data, size)) is not None:
        if record.seq != first + len(records):
            raise IntegrityFailure(DAMAGED.format(path.name))
        records.append(record)
        size += PREFIX.itemsize + int(np.frombuffer(data, PREFIX, 1, size)["size"][0])
    if size < certain or _goes_on(data, size):
        raise IntegrityFailure(DAMAGED.format(path.name))
    return Records(first, records, size)


def _first(data: bytes, name: str) -> int:
    if len(data) < HEADER.itemsize:
        raise IntegrityFailure(DAMAGED.format(name))
    magic, first, crc, zero = np.frombuffer(data, HEADER, 1)[0].tolist()
    if magic != MAGIC or zero or crc != zlib.crc32(data[:16]):
        raise IntegrityFailure(DAMAGED.format(name))
    return int(first)


def _record_at(data: bytes, begin: int) -> Record | None:
    """Return the record that begins there, or None if no whole one does."""
    if begin + PREFIX.itemsize + FIXED.itemsize > len(data):
        return None
    size, crc = np.frombuffer(data, PREFIX, 1, begin)[0].tolist()
    body = data[begin + PREFIX.itemsize : begin + PREFIX.itemsize + size]
    if len(body) < max(size, FIXED.itemsize) or zlib.crc32(body) != crc:
        return None
    return _decoded(body)


def _goes_on(data: bytes, begin: int) -> bool:
    """Tell whether something lies behind the torn record that begins there."""
    if begin + PREFIX.itemsize > len(data):
        return False
    size = int(np.frombuffer(data, PREFIX, 1, begin)["size"][0])
    return any(data[begin + PREFIX.itemsize + size :])


class Log:
    """A log that is being written.

    Args:
        path: the file.
        number: the one in its name.
        size: how far it holds whole records; what is behind is cut off.
    """

    def __init__(self, path: Path, number: int, size: int) -> None:
        self.number = number
        self.size = size
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._torn = os.fstat(self._fd).st_size != size

    def append(self, record: Record) -> None:
        """Write a record and wait until it is on the disk.

        Raises:
            NotReady: the disk does not take it. The log is as before.
        """
        data = encoded(record)
        if len(data) >= 1 << 32:
            raise ValueError("a change of more than 4 GiB belongs into a segment")
        with steps.refused_as_not_ready():
            self.mend()
            self._torn = True
            steps.write(self._fd, data)
            steps.sync_data(self._fd)
        self._torn = False
        self.size += len(data)

    def mend(self) -> None:
        """Cut off what a record left that could not be written whole."""
        if self._torn:
            steps.cut(self._fd, self.size)
            steps.sync_data(self._fd)
            self._torn = False

    def undo(self) -> None:
        """Try at once to cut off a record that failed; else the next append does."""
        try:
            self.mend()
        except (OSError, NotReady):
            return

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def create_log(path: Path, number: int, first: int, records: list[Record]) -> Log:
    """Write a new log, on the disk before it has its name."""
    head = np.array((MAGIC, first, 0, 0), HEADER)
    head["crc"] = zlib.crc32(head.tobytes()[:16])
    data = b"".join([head.tobytes(), *map(encoded, records)])
    steps.put(path, [data])
    return Log(path, number, len(data))
