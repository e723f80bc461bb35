"""A bank for the other nodes of a cluster: copied to each of them once.

Workers of one node share one copy and map it, as they would the original. A copy is the bank
as it was. It lies in the node's folder for temporary files, under a name that no other scan
has; it is removed when the scan ends, or by a later scan where that one was killed.
"""

import fcntl
import os
import secrets
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from takeback.errors import NotReady

CHUNK: Final = 64 * 1024 * 1024
"""Bytes that are handed out at once."""

TRIES: Final = 10
"""Times that a bank which changes meanwhile is read."""

BESIDE: Final = ("-wal", "-shm", ".lock")
"""Ends of names of files that are of no use to a copy."""

PREFIX: Final = "takeback-bank-"

MAKING: Final = "lock"
"""The lock of whoever makes or removes a copy."""

USED: Final = "used"
"""The lock that all share who have a copy open."""

Ref = Any
"""Stands for bytes that are held by the cluster."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A bank that the cluster holds."""

    name: str
    """Of the folder that it is copied to; nobody can foresee it."""

    files: tuple[tuple[str, tuple[Ref, ...]], ...]
    """Each file of the original, in pieces."""


def pack(bank: Path, put: Callable[[bytes], Ref]) -> Copy:
    """Hand a bank to the cluster.

    Raises:
        NotReady: it changed each time while it was read.
    """
    for _ in range(TRIES):
        with suppress(FileNotFoundError):  # a merge removed a file
            before = _stamps(bank)
            files = tuple((name, tuple(map(put, _chunks(bank / name)))) for name in _names(bank))
            if _stamps(bank) == before:
                return Copy(f"{PREFIX}{secrets.token_hex(8)}", files)
    raise NotReady("the bank changes too fast to be copied; try again when fewer entries come")


@contextmanager
def placed(copy: Copy, get: Callable[[Ref], bytes], root: Path | None = None) -> Iterator[Path]:
    """Hold this node's copy, so that nobody removes it as forgotten; the first to come makes it.

    Raises:
        NotReady: it can't be made here.
    """
    folder = _folder(copy.name, root)
    try:
        used = _made(copy, get, folder)
    except OSError as problem:
        raise NotReady(f"the bank can't be copied to a node: {problem.strerror}") from None
    try:
        is_file = [name for name, _ in copy.files] == [""]
        yield folder / "whole" / "bank" if is_file else folder / "whole"
    finally:
        os.close(used)


def remove(name: str, root: Path | None = None) -> None:
    """Remove this node's copy of a name, if it has one."""
    shutil.rmtree(_folder(name, root), ignore_errors=True)


def sweep(root: Path | None = None) -> None:
    """Remove from this node the copies of scans that were killed: those that nobody has open."""
    for folder in _root(root).glob(f"{PREFIX}*-{os.getuid()}"):
        with suppress(OSError, NotReady):
            _check_own(folder)
            with _locked(folder / MAKING), _locked(folder / USED):
                shutil.rmtree(folder)


def _names(bank: Path) -> list[str]:
    """Return the files of a bank, relative to it; "" for one that is a file itself."""
    if bank.is_file():
        return [""]
    found = (path for path in sorted(bank.rglob("*")) if path.is_file())
    return [str(path.relative_to(bank)) for path in found if not path.name.endswith(BESIDE)]


def _stamps(bank: Path) -> list[tuple[str, int, int]]:
    stats = [(name, (bank / name).stat()) for name in _names(bank)]
    return [(name, status.st_size, status.st_mtime_ns) for name, status in stats]


def _chunks(path: Path) -> Iterator[bytes]:
    if path.suffix == ".db":
        with tempfile.TemporaryDirectory(prefix="takeback-") as folder:
            yield from _chunks(_snapshot(path, Path(folder) / "snapshot"))
        return
    with path.open("rb") as file:
        left = os.fstat(file.fileno()).st_size  # what is added meanwhile is not of this copy
        while chunk := file.read(min(CHUNK, left)):
            left -= len(chunk)
            yield chunk


def _snapshot(path: Path, to: Path) -> Path:
    """Copy a database that may be written to meanwhile."""
    source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
    return to


def _root(root: Path | None) -> Path:
    return root or Path(tempfile.gettempdir())


def _folder(name: str, root: Path | None) -> Path:
    return _root(root) / f"{name}-{os.getuid()}"


def _made(copy: Copy, get: Callable[[Ref], bytes], folder: Path) -> int:
    """Make a copy, unless it is made; return the open file by which it counts as used."""
    making = _lock_of_maker(folder)
    try:
        if not (folder / "whole").exists():
            shutil.rmtree(folder / "part", ignore_errors=True)
            _write(copy, get, folder / "part")
            (folder / "part").rename(folder / "whole")
        used = _opened(folder / USED)
        fcntl.flock(used, fcntl.LOCK_SH)
    finally:
        os.close(making)
    return used


def _lock_of_maker(folder: Path) -> int:
    """Wait for the right to make a copy, in a folder that is made anew if it was just removed."""
    while True:
        with suppress(FileNotFoundError):
            folder.mkdir(mode=0o700, exist_ok=True)
            _check_own(folder)
            descriptor = _opened(folder / MAKING)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return descriptor
            os.close(descriptor)


def _check_own(folder: Path) -> None:
    """Do nothing if a folder is ours alone: it is to hold signals.

    Raises:
        NotReady: it is another user's, open to others, or only a link.
    """
    found = folder.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not ours or found.st_mode & 0o077:
        raise NotReady("the folder for the bank's copy is not this user's alone")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock, at once or not at all."""
    descriptor = _opened(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _write(copy: Copy, get: Callable[[Ref], bytes], folder: Path) -> None:
    folder.mkdir()
    for name, refs in copy.files:
        path = folder / (name or "bank")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for ref in refs:
                file.write(get(ref))
