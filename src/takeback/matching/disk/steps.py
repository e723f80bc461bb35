"""Every step that changes what is on the disk or what other processes see, one function each.

Nothing else in this package writes, syncs, renames or removes, so a test that puts itself
*before* the steps can stop the program at each of them, or let each of them fail.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from takeback.errors import NotReady

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a disk answers that is full, has no room for this user, or is failing."""

NO_RIGHT: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
"""What it answers a user who may not write there."""

Bytes = bytes | bytearray | memoryview

BITE: Final = 8 << 20
"""After so many bytes of a large file the disk may catch up. Else they would all be waiting in
its queue when the log has a few to write, and a change would take as long as a merge."""


MAKE_ROOM: Final = "Make room on the disk of the index, or replace it if it is failing."

GIVE_RIGHT: Final = (
    "Let the user whose program this is own the directory of the index and all that is in it, "
    "on a disk that is mounted for writing."
)


class Ending(Protocol):
    """Rows of an index, as far as they can end."""

    def end(self, positions: NDArray[np.int64]) -> None:
        """Hide rows from every search that begins from now on."""


def go_on(_step: str, *_on: object) -> None:
    """Let the step happen."""


before: Callable[..., None] = go_on
"""Called with the name of each step, and what it is done to, before it is done."""


@contextmanager
def refused_as_not_ready() -> Iterator[None]:
    """Turn a disk that takes nothing, or nothing more, into ``NotReady``."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM | NO_RIGHT:
            raise
        reason = os.strerror(error.errno or 0)
        refused = NotReady(f"the index can't be written ({reason}); nothing was changed")
        refused.hint = GIVE_RIGHT if error.errno in NO_RIGHT else MAKE_ROOM
        raise refused from error


def create(path: Path) -> int:
    """Create a file for writing, in place of one that a crash left, and return its descriptor."""
    before("create", path)
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600)


def write(fd: int, data: Bytes) -> None:
    """Write all of *data* at the end of what was written."""
    before("write", fd, data)
    rest = memoryview(data).cast("B")
    while len(rest):
        rest = rest[os.write(fd, rest[:BITE]) :]
        if len(rest):
            os.fdatasync(fd)


def reserve(fd: int, size: int) -> None:
    """Make a file *size* bytes of zeros that the disk has room for: a full one would kill later."""
    before("reserve", fd, size)
    os.posix_fallocate(fd, 0, size)


def cut(fd: int, size: int) -> None:
    """Cut off what lies behind *size*."""
    before("cut", fd, size)
    os.ftruncate(fd, size)


def sync(fd: int) -> None:
    """Wait until the file is on the disk."""
    before("sync", fd)
    os.fsync(fd)


def sync_data(fd: int) -> None:
    """Wait until the file's bytes and size are on the disk."""
    before("sync_data", fd)
    os.fdatasync(fd)


def sync_directory(directory: Path) -> None:
    """Wait until the directory's names are on the disk."""
    before("sync_directory", directory)
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def rename(old: Path, new: Path) -> None:
    """Put *old* in the place of *new*."""
    before("rename", old, new)
    os.replace(old, new)


def remove(path: Path) -> None:
    """Remove a file that nothing names any more; one that is gone is left alone."""
    before("remove", path)
    path.unlink(missing_ok=True)


def show(cell: NDArray[np.generic], value: int) -> None:
    """Store one aligned word that other processes look at."""
    before("show", value)
    cell[0] = value


def end(place: Ending, positions: NDArray[np.int64]) -> None:
    """Set bits that other processes look at."""
    before("end", positions)
    place.end(positions)


def put(path: Path, parts: list[Bytes]) -> None:
    """Write a file such that it is there whole or not at all, under a name of its own first."""
    fresh = path.with_name(path.name + ".new")
    fd = create(fresh)
    try:
        for part in parts:
            write(fd, part)
        sync(fd)
        rename(fresh, path)
    except (MemoryError, OSError):
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)
    sync_directory(path.parent)
