"""The lock that lets one process write. A process that dies lets go of it."""

import fcntl
import os
import weakref
from pathlib import Path

from takeback.errors import BadSettings, Conflict


class WriterLock:
    """A held lock. A forked child does not hold it, nor does a program that was started.

    Args:
        path: the lock file; created if need be, never removed.

    Raises:
        Conflict: somebody else holds it.
        BadSettings: this file system has no locks.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._fd)
            raise Conflict("another process writes this index; only one can") from error
        except OSError as error:
            os.close(self._fd)
            raise BadSettings(f"keep the index on a local disk: {error.strerror}") from error
        _held.add(self)

    @property
    def held(self) -> bool:
        """Whether this process may write."""
        return self._fd >= 0

    def release(self) -> None:
        """Let go of the lock. In a forked child this leaves the parent's alone."""
        if self.held:
            os.close(self._fd)
            self._fd = -1


_held: weakref.WeakSet[WriterLock] = weakref.WeakSet()


def _forget() -> None:
    for lock in list(_held):
        lock.release()


os.register_at_fork(after_in_child=_forget)
