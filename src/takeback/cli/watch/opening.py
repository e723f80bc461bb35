"""Opening a file of a folder in which others may swap anything for anything at any moment."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FILE: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
"""Never waits, as for somebody to write into a pipe."""

SWAPPED: Final = {errno.ELOOP, errno.ENOTDIR, errno.ENXIO}
"""What opening a link, a file below a file, and a socket ends with."""


def open_below(root: Path, name: str) -> BinaryIO:
    """Open the plain file *name* below *root*; below *root* no link is followed.

    Raises:
        FileNotFoundError: it is gone, or something other than a plain file took its place.
        OSError: it can't be read.
    """
    try:
        descriptor = _descend(root, name.split(os.sep))
    except OSError as problem:
        if problem.errno in SWAPPED:
            raise _gone() from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _gone()
    return open(descriptor, "rb")


def _descend(root: Path, parts: list[str]) -> int:
    """Open each part in the one before it, by no path that could mean something else by then."""
    at = os.open(root, FOLDER)
    try:
        for part in parts[:-1]:
            inner = os.open(part, FOLDER | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        return os.open(parts[-1], FILE, dir_fd=at)
    finally:
        os.close(at)


def _gone() -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
