"""A bank that nodes of a cluster do not see: copied to each of them once.

Workers of one node share one copy and map it, as they would the original. A copy is the bank
as it was; it lies in the node's folder for temporary files and is removed when the scan ends.
"""

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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

Ref = Any
"""Stands for bytes that are held by the cluster."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A bank that the cluster holds."""

    name: str
    """Of the folder that it is copied to."""

    original: str
    facts: tuple[tuple[str, int], ...]
    """Each file of the original with its size, to tell whether a node sees it."""

    files: tuple[tuple[str, tuple[Ref, ...]], ...]


def facts_of(bank: Path) -> tuple[tuple[str, int], ...]:
    """Return each file of a bank with its size; none if it is not seen from here."""
    return tuple((name, (bank / name).stat().st_size) for name in _names(bank))


def pack(bank: Path, identity: str, put: Callable[[bytes], Ref]) -> Copy:
    """Hand a bank to the cluster.

    Raises:
        NotReady: it changed each time while it was read.
    """
    for _ in range(TRIES):
        before = _stamps(bank)
        try:
            files = tuple((name, tuple(map(put, _chunks(bank / name)))) for name in _names(bank))
        except FileNotFoundError:
            continue  # a merge removed it
        if _stamps(bank) == before:
            return Copy(f"takeback-bank-{identity[:32]}", str(bank), facts_of(bank), files)
    raise NotReady("the bank changes too fast to be copied; let every node see its directory")


def place(copy: Copy, get: Callable[[Ref], bytes], root: Path | None = None) -> Path:
    """Return where this node has the bank; the first worker of a node copies it."""
    original = Path(copy.original)
    if original.exists() and facts_of(original) == copy.facts:
        return original
    with _locked(copy, root) as folder:
        whole = folder / "whole"
        if not whole.exists():
            part = folder / "part"
            shutil.rmtree(part, ignore_errors=True)
            _write(copy, get, part)
            part.rename(whole)
    is_file = [name for name, _ in copy.files] == [""]
    return whole / "bank" if is_file else whole


def remove(copy: Copy, root: Path | None = None) -> None:
    """Remove this node's copy, if it has one."""
    shutil.rmtree(_folder(copy, root), ignore_errors=True)


def _names(bank: Path) -> list[str]:
    """Return the files of a bank, relative to it; "" for one that is a file itself."""
    if bank.is_file():
        return [""]
    found = (path for path in sorted(bank.rglob("*")) if path.is_file())
    return [str(path.relative_to(bank)) for path in found if not path.name.endswith(BESIDE)]


def _stamps(bank: Path) -> list[tuple[str, int, int]]:
    stats = [(name, (bank / name).stat()) for name in _names(bank)]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]


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


def _folder(copy: Copy, root: Path | None) -> Path:
    return (root or Path(tempfile.gettempdir())) / f"{copy.name}-{os.getuid()}"


@contextmanager
def _locked(copy: Copy, root: Path | None) -> Iterator[Path]:
    """Hold the node's folder for the copy; it holds signals, so it is for its user only."""
    folder = _folder(copy, root)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise NotReady("the folder for the bank's copy belongs to another user")
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(descriptor)


def _write(copy: Copy, get: Callable[[Ref], bytes], folder: Path) -> None:
    for name, refs in copy.files:
        path = folder / (name or "bank")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for ref in refs:
                file.write(get(ref))
