"""Files wherever they lie: on this machine, or where fsspec reaches.

A name is an address only if it begins like one, and an address means one store: fsspec's chains
(``simplecache::s3://…``) are not followed, so that ``::`` in a file's name is part of the name.
"""

import errno
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final, TypeVar

import pyarrow as pa
from fsspec import get_filesystem_class

from takeback.backscan.arrow import Store
from takeback.errors import PackageMissing, StoreUnreachable, TakebackError, UnreadableInput

TRIES: Final = 3
"""Times that a file is asked for where an answer can fail for the moment …"""

PAUSE: Final = 0.5
"""… seconds after the first failure, and twice as long after each other."""

PIECE: Final = 8 * 1024 * 1024
"""Bytes that are asked of a store at first; most pictures have no more."""

HERE: Final = "file"
"""The protocol of this machine's own files."""

_ADDRESS: Final = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.DOTALL)
_HERE: Final = frozenset({HERE, "local"})
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_WHOLE: Final = frozenset({"http", "https"})
"""Protocols of stores that may answer with all when asked for a part."""

Made = TypeVar("Made")


class Unreadable(Exception):
    """One file can't be read; its words name no file."""


class Absent(Unreadable):
    """A store has no such file."""


class Denied(Unreadable):
    """A store does not let a file be read: this one, or all of them."""


class Unanswered(Unreadable):
    """A store does not say what is with a file: it, or the way to it, may be out of order."""


def protocol_of(path: str) -> str:
    """Return how a file is reached; ``HERE`` if it is this machine's own."""
    address = _ADDRESS.match(path)
    return HERE if address is None or address[1] in _HERE else address[1]


def is_local(path: str) -> bool:
    """Tell whether *path* is one of this machine's own."""
    return protocol_of(path) == HERE


def bare(path: str) -> str:
    """Return a path of this machine without its ``file://``; any other address as it is."""
    address = _ADDRESS.match(path)
    return address[2] if address is not None and address[1] in _HERE else path


def kind_of(protocol: str) -> Any:  # noqa: ANN401 - fsspec has no types
    """Return what reads addresses of a protocol.

    Raises:
        PackageMissing: it needs a package that is not installed.
        UnreadableInput: there is no such protocol.
    """
    try:
        return get_filesystem_class(protocol)
    except ImportError as problem:
        missing = PackageMissing(f"reading {protocol}:// addresses needs another package")
        reason = str(problem).removesuffix(".")
        missing.hint = f"{reason}: it must be on every machine that scans."
        raise missing from None
    except ValueError:
        raise UnreadableInput(f"nothing here reads {protocol}:// addresses") from None


def store_of(url: str) -> tuple[Store, str]:
    """Return the fsspec file system of *url*, and what it calls the file.

    Raises:
        PackageMissing: the protocol needs a package that is not installed.
        UnreadableInput: there is no such protocol.
    """
    kind = kind_of(protocol_of(url))
    path = bare(url)
    return kind(**kind._get_kwargs_from_urls(path)), kind._strip_protocol(path)


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Turn what a store's package raises while a list is read into errors of ours.

    Raises:
        StoreUnreachable: a store elsewhere does not answer, or not to us.
        UnreadableInput: the list is gone, or a file of this machine that can't be read.
    """
    try:
        yield
    except (TakebackError, UnicodeError, pa.ArrowException):
        raise
    except FileNotFoundError:
        raise UnreadableInput("there is no such file or folder") from None
    except Exception as problem:
        if getattr(problem, "errno", None) in _FULL:
            raise  # a list is being written
        if not is_local(url):
            raise StoreUnreachable(f"the input can't be read: {words_of(problem)}") from None
        if isinstance(problem, OSError):
            raise UnreadableInput(f"the input can't be read: {words_of(problem)}") from None
        raise


def read(path: str, largest: int) -> bytes:
    """Read a whole file; no more than *largest* bytes of it are ever held.

    Raises:
        Unreadable: there is no such file, it may not be read, or it is too large.
        PackageMissing: its protocol needs a package that is not installed.
        UnreadableInput: there is no such protocol.
    """
    return _local(bare(path), largest) if is_local(path) else _remote(path, largest)


def _local(path: str, largest: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for a writer
    except (OSError, ValueError) as problem:
        raise Unreadable(_reason(problem)) from None
    try:
        return _regular(descriptor, largest)
    except OSError as problem:
        raise Unreadable(_reason(problem)) from None
    finally:
        os.close(descriptor)


def _regular(descriptor: int, largest: int) -> bytes:
    found = os.fstat(descriptor)
    if stat.S_ISDIR(found.st_mode):
        raise Unreadable("a folder: what is in it was not scanned")
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable("not a file")
    _check(found.st_size, largest)
    with open(descriptor, "rb", closefd=False) as file:
        content = file.read(found.st_size + 1)
        if len(content) > found.st_size:  # it grows, or its size was not known
            content += file.read(largest + 1 - len(content))
    _check(len(content), largest)
    return content


def _check(size: int, largest: int) -> None:
    if size > largest:
        raise Unreadable(f"the file has more than {largest} bytes")


def _remote(url: str, largest: int) -> bytes:
    """Read from a store; whatever its package raises is about this file and ends no other."""
    if url.endswith("/"):
        raise Unreadable("the address ends with a slash")  # fsspec would read without it
    try:
        store, name = store_of(url)
        return _pieces(store, name, largest)
    except (TakebackError, Unreadable):
        raise
    except (FileNotFoundError, IsADirectoryError) as problem:
        raise Absent(_reason(problem)) from None
    except PermissionError as problem:
        raise Denied(_reason(problem)) from None
    except Exception as problem:
        raise Unanswered(_reason(problem)) from None


def _pieces(store: Store, name: str, largest: int) -> bytes:
    """Read a file's beginning, and if there is more, ask how much before the whole is read."""
    _check_name(store, name)
    if not _WHOLE.isdisjoint(
        [store.protocol] if isinstance(store.protocol, str) else store.protocol
    ):
        content = again(lambda: _streamed(store, name, largest + 1))
    else:
        content = again(lambda: _part(store, name, PIECE))
        if len(content) == PIECE:
            size = again(lambda: int(store.info(name)["size"]))
            _check(size, largest)
            content = again(lambda: _part(store, name, size))
    _check(len(content), largest)
    return content


def _check_name(store: Store, name: str) -> None:
    """Refuse a name that the store takes apart into another's: ``key?versionId=…``."""
    split = getattr(store, "split_path", None)
    if split is not None and "/".join(split(name)[:2]) != name:
        raise Unreadable("its store takes the name for that of another file")


def _part(store: Store, name: str, size: int) -> bytes:
    """Return the first bytes of a file."""
    try:
        content: bytes = store.cat_file(name, start=0, end=size)
    except OSError as problem:
        if problem.errno == errno.EINVAL and store.info(name)["size"] == 0:
            return b""  # an empty object has no part
        raise
    return content


def _streamed(store: Store, name: str, size: int) -> bytes:
    """Return the first bytes of what a server sends; *size* keeps fsspec from asking for it."""
    with store.open(name, "rb", block_size=0, size=size) as stream:
        return b"".join(_bounded(stream, size))


def _bounded(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield what comes, up to so many bytes; a stream may give fewer than it was asked for."""
    while size and (piece := stream.read(min(size, PIECE))):
        size -= len(piece)
        yield piece


def again(ask: Callable[[], Made]) -> Made:
    """Call *ask* until it answers, a few times; what is certain is not asked for twice."""
    for number in range(TRIES - 1):
        try:
            return ask()
        except (FileNotFoundError, PermissionError, IsADirectoryError, Unreadable):
            raise
        except Exception:
            time.sleep(PAUSE * 2**number)
    return ask()


def _reason(problem: Exception) -> str:
    return f"the file can't be read: {words_of(problem)}"


def words_of(problem: Exception) -> str:
    """Say what went wrong; an error's own words could name the file."""
    number = getattr(problem, "errno", None)
    return os.strerror(number) if isinstance(number, int) else type(problem).__name__
