"""How much each caller may still look up, counted by every process of a matcher together.

Each caller has a bucket that fills evenly to what a minute allows. Whoever finds anything in
it is let in and pays in full, so that a large batch passes and what follows it waits: no
request is too large for a quota. The buckets are one small mapped file; it holds no key.
"""

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_BUCKET: Final = struct.Struct("=dd")
"""What is in it, and when that was so in seconds of the system's monotonic clock."""

MOST_CALLERS: Final = 1024
"""Buckets in the file."""


class Quotas:
    """Buckets by number. One thread of each process may use them.

    Args:
        path: the file that processes share; None for a process that is alone.
        now: seconds that only grow, the same in every process.
    """

    def __init__(self, path: Path | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._file = -1 if path is None else os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        size = _BUCKET.size * MOST_CALLERS
        if path is not None and os.fstat(self._file).st_size < size:
            os.posix_fallocate(self._file, 0, size)  # zeros: a bucket of no time is full
        self._buckets = mmap.mmap(self._file, size)

    def close(self) -> None:
        """Let go of the file."""
        self._buckets.close()
        if self._file >= 0:
            os.close(self._file)

    def take(self, bucket: int, a_minute: float, cost: float) -> float:
        """Take *cost* from a bucket that has anything in it.

        Args:
            bucket: its number.
            a_minute: what the bucket holds when full, and gets in a minute.
            cost: what is taken, all of it, even if less is there.

        Returns:
            0.0 if it was taken, else the seconds until something will be in it.
        """
        with self._locked(bucket):
            place, now = bucket * _BUCKET.size, self._now()
            left, at = self._read(place)
            if not 0 < at <= now:  # new, or from before the machine was started
                left, at = a_minute, now
            left = min(a_minute, left + (now - at) * a_minute / 60)
            if left <= 0:
                return max(0.001, -left * 60 / a_minute)
            _BUCKET.pack_into(self._buckets, place, left - cost, now)
            return 0.0

    def _read(self, place: int) -> tuple[float, float]:
        left, at = _BUCKET.unpack_from(self._buckets, place)
        return float(left), float(at)

    @contextmanager
    def _locked(self, bucket: int) -> Iterator[None]:
        """Keep other processes from the bucket; the system lets go for one that is killed."""
        if self._file < 0:
            yield
            return
        where = (_BUCKET.size, bucket * _BUCKET.size)
        fcntl.lockf(self._file, fcntl.LOCK_EX, *where)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, *where)
