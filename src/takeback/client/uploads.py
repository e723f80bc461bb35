"""Uploads as callers have them, turned into bodies that can be sent more than once."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from takeback.client.errors import Refused

Upload = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""The path of a regular file, the bytes, or a file open for reading them, from where it stands."""

PIECE: Final = 256 * 1024
"""Bytes read from a file at a time."""


@dataclass(frozen=True, slots=True)
class FileBody:
    """A part of an open file, from *start*, *size* bytes long. Each iteration begins anew."""

    file: BinaryIO = field(repr=False)
    start: int
    size: int

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(self.start)
        left = self.size
        while left:
            piece = self.file.read(min(PIECE, left))
            if not piece:
                raise Refused("the file became shorter while it was sent")
            left -= len(piece)
            yield piece


Body = bytes | FileBody


@contextmanager
def opened(upload: Upload) -> Iterator[Body]:
    """Yield *upload* as a body.

    At the end a file that was opened here is closed, and one of the caller's stands where it
    stood. An open file that can't be read twice, such as a pipe, is read into memory first.

    Raises:
        OSError: the path can't be read, or is no regular file: a pipe or a device may let wait
            for ever.
    """
    if isinstance(upload, str | os.PathLike):
        with open(upload, "rb", opener=_open_file) as file:
            yield _body(file)
    elif isinstance(upload, bytes | bytearray | memoryview):
        yield bytes(upload)
    else:
        body = _body(upload)
        try:
            yield body
        finally:
            if isinstance(body, FileBody):
                upload.seek(body.start)


def _open_file(path: str, flags: int) -> int:
    """Open a regular file, without waiting for the other end of what is none."""
    opened = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    try:
        _check_regular(os.fstat(opened).st_mode)
    except OSError:
        os.close(opened)
        raise
    return opened


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "Not a regular file")


def _body(file: BinaryIO) -> Body:
    if not file.seekable():
        return file.read()
    start = file.tell()
    return FileBody(file, start, file.seek(0, os.SEEK_END) - start)
