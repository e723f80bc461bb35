"""How much each caller may still look up, counted by every process of a matcher together.

Each caller has a bucket that fills evenly to what a minute allows. Whoever finds anything in
it is let in and pays in full, so that a large batch passes and what follows it waits: no
request is too large for a quota. The buckets are one small mapped file; it holds no key.

A bucket is the instant at which it will be full again, which lies far ahead for whoever owes
much. It is found by its owner, whatever line of whichever file the owner's key is on, among
the few that share a shelf; one that is full is as good as new, so another may have it.
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

_BUCKET: Final = struct.Struct("=dd16s")
"""When it is full, when it was last changed, both on the system's monotonic clock, and whose."""

OWNER_BYTES: Final = 16
"""Of what an owner is known by."""

MOST_CALLERS: Final = 1024
"""Callers of a file of keys; the buckets are enough for those of several."""

_SHELF: Final = 16
_SHELVES: Final = 256

MINUTE: Final = 60.0

NOTHING: Final = 1e-6
"""Seconds that a bucket with anything in it is ahead of an empty one; less is rounding."""


class Quotas:
    """Buckets by owner. One thread of each process may use them.

    Args:
        path: the file that processes share; None for a process that is alone.
        now: seconds that only grow, the same in every process.
    """

    def __init__(self, path: Path | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._file = -1 if path is None else os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        size = _BUCKET.size * _SHELF * _SHELVES
        if path is not None and os.fstat(self._file).st_size < size:
            os.posix_fallocate(self._file, 0, size)  # zeros: nobody's bucket, and full
        self._buckets = mmap.mmap(self._file, size)

    def close(self) -> None:
        """Let go of the file."""
        self._buckets.close()
        if self._file >= 0:
            os.close(self._file)

    def take(self, owner: bytes, a_minute: float, cost: float, *, owed: bool = False) -> float:
        """Take *cost* from a bucket that has anything in it.

        Args:
            owner: whose it is, 16 bytes that look random.
            a_minute: what the bucket holds when full, and gets in a minute.
            cost: what is taken, all of it, even if less is there.
            owed: take it even if nothing is there.

        Returns:
            0.0 if it was taken, else the seconds until something will be in it.
        """
        with self._shelf_of(owner) as shelf:
            now = self._now()
            place = self._place(owner, shelf, now)
            full = max(now, self._full(place, owner, now))
            if full - now > MINUTE - NOTHING and not owed:
                return max(0.001, full - now - MINUTE)
            _BUCKET.pack_into(self._buckets, place, full + cost * MINUTE / a_minute, now, owner)
            return 0.0

    def _place(self, owner: bytes, shelf: int, now: float) -> int:
        """Return where the owner's bucket is, else the one that is full, or will be first."""
        places = range(shelf, shelf + _SHELF * _BUCKET.size, _BUCKET.size)
        for place in places:
            if self._buckets[place + _BUCKET.size - OWNER_BYTES : place + _BUCKET.size] == owner:
                return place
        return min(places, key=lambda place: self._full(place, None, now))

    def _full(self, place: int, owner: bytes | None, now: float) -> float:
        """Return when a bucket is full: at once if it is another's than *owner*'s.

        So is one from before the machine was started.
        """
        full, at, whose = _BUCKET.unpack_from(self._buckets, place)
        return float(full) if at <= now and owner in {None, whose} else 0.0

    @contextmanager
    def _shelf_of(self, owner: bytes) -> Iterator[int]:
        """Keep other processes from a shelf; the system lets go for one that is killed."""
        size = _SHELF * _BUCKET.size
        shelf = owner[0] * size
        if self._file < 0:
            yield shelf
            return
        fcntl.lockf(self._file, fcntl.LOCK_EX, size, shelf)
        try:
            yield shelf
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, size, shelf)
