"""Files wherever they lie: on this machine, or where fsspec reaches."""

import os
import stat
import time
from collections.abc import Callable
from typing import Final, TypeVar

from fsspec.core import split_protocol, url_to_fs

from takeback.backscan.arrow import Store
from takeback.errors import PackageMissing, UnreadableInput

TRIES: Final = 3
"""Times that a file is asked for where an answer can fail for the moment …"""

PAUSE: Final = 0.5
"""… seconds after the first failure, and twice as long after each other."""

Made = TypeVar("Made")


class Unreadable(Exception):
    """One file can't be read; its words name no file."""


def store_of(url: str) -> tuple[Store, str]:
    """Return the fsspec file system of *url*, and what it calls the file.

    Raises:
        PackageMissing: the protocol needs a package that is not installed.
        UnreadableInput: there is no such protocol.
    """
    protocol = split_protocol(url)[0]
    try:
        store, name = url_to_fs(url)
    except ImportError as problem:
        raise _missing(protocol or "file", problem) from None
    except ValueError:
        raise UnreadableInput(f"nothing here reads {protocol}:// addresses") from None
    return store, name


def _missing(protocol: str, problem: ImportError) -> PackageMissing:
    missing = PackageMissing(f"reading {protocol}:// addresses needs another package")
    missing.hint = f"{str(problem).removesuffix('.')}: it must be on every machine that scans."
    return missing


def is_local(path: str) -> bool:
    """Tell whether *path* is one of this machine's own."""
    return "://" not in path and "::" not in path


def read(path: str, largest: int) -> bytes:
    """Read a whole file, or one byte more than *largest*.

    Raises:
        Unreadable: there is no such file, it may not be read, or it is too large.
    """
    content = _local(path, largest) if is_local(path) else _remote(path, largest)
    if len(content) > largest:
        raise Unreadable(f"the file has more than {largest} bytes")
    return content


def _local(path: str, largest: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for a writer
    except (OSError, ValueError) as problem:
        raise Unreadable(_reason(problem)) from None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable("not a file")
        try:
            return file.read(largest + 1)
        except OSError as problem:
            raise Unreadable(_reason(problem)) from None


def _remote(url: str, largest: int) -> bytes:
    """Read from a store; whatever its package raises is about this file and ends no other."""
    try:
        store, name = store_of(url)
        content: bytes = again(lambda: store.cat_file(name, 0, largest + 1))
    except Exception as problem:
        raise Unreadable(_reason(problem)) from None
    return content


def again(ask: Callable[[], Made]) -> Made:
    """Call *ask* until it answers, a few times; what is certain is not asked for twice."""
    for number in range(TRIES - 1):
        try:
            return ask()
        except (FileNotFoundError, PermissionError, IsADirectoryError):
            raise
        except Exception:
            time.sleep(PAUSE * 2**number)
    return ask()


def _reason(problem: Exception) -> str:
    """Say why; the error's own words could name the file."""
    reason = getattr(problem, "strerror", None) or type(problem).__name__
    return f"the file can't be read: {reason}"
