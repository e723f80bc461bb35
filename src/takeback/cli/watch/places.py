"""Where objects lie: a directory, or an object store through fsspec. Both are only read."""

import errno
import fnmatch
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from takeback.cli.watch.opening import open_below
from takeback.client import MatcherError
from takeback.errors import BadSettings

SETTLING: Final = 2.0
"""Seconds for which a file must not have changed; before that somebody may still write to it."""

VERSIONS: Final = ("ETag", "etag", "md5Hash", "versionId", "generation")
"""What object stores call that which changes when an object does, best first."""

TIMES: Final = ("mtime", "LastModified", "last_modified", "updated", "created")


@dataclass(frozen=True, slots=True)
class Object:
    """One version of one object."""

    name: str
    """Relative to the place."""

    version: str
    """Changes when the object does."""


Unseen = Callable[[], object]
"""Called for each folder or file that is there and can't be looked at."""


class Place(Protocol):
    """Where objects lie."""

    def objects(self, unseen: Unseen) -> Iterator[Object]:
        """Look at what is there now and has settled.

        Raises:
            OSError: the place can't be read.
        """

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open an object for reading.

        Raises:
            OSError: it is gone, or can't be read.
        """


def place_at(address: str, only: Sequence[str]) -> Place:
    """Return the place at *address*, of which only names like *only* count, all if there is none.

    Raises:
        BadSettings: there is no such directory, or what reads such a URL is not installed.
    """
    if "://" in address:
        return _store(address, only)
    if not Path(address).is_dir():
        raise _refused("there is no such directory to watch", "Check the path.")
    return Folder(Path(address), tuple(only))


def whole(address: str) -> str:
    """Return the address by which a place is known from anywhere on this machine."""
    return address if "://" in address else os.path.abspath(address)


def _wanted(name: str, only: Sequence[str]) -> bool:
    return not only or any(fnmatch.fnmatchcase(name, pattern) for pattern in only)


@dataclass(frozen=True, slots=True)
class Folder:
    """A directory and all below it. Links are not followed."""

    root: Path
    only: tuple[str, ...] = ()

    def objects(self, unseen: Unseen) -> Iterator[Object]:
        """Look at every file that has not changed for two seconds."""
        now = time.time()
        for entry in _files(self.root, unseen):
            name = os.path.relpath(entry.path, self.root)
            stat = _stat(entry, unseen) if _wanted(name, self.only) else None
            if stat and abs(now - stat.st_mtime) >= SETTLING:
                yield Object(name, _version(stat))

    def open(self, name: str) -> BinaryIO:
        """Open the file, if it still is one."""
        return open_below(self.root, name)


def _files(root: Path, unseen: Unseen) -> Iterator[os.DirEntry[str]]:
    """Yield every file below *root*, however deep, in order."""
    below = [_entries(root)]
    while below:
        entry = next(below[-1], None)
        if entry is None:
            below.pop()
        elif entry.is_dir(follow_symlinks=False):
            below.append(_entries_of(entry, unseen))
        elif entry.is_file(follow_symlinks=False):
            yield entry


def _entries(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return iter(sorted(entries, key=lambda entry: entry.name))


def _entries_of(folder: os.DirEntry[str], unseen: Unseen) -> Iterator[os.DirEntry[str]]:
    """Yield what lies in a folder; nothing if it vanished since it was listed."""
    try:
        return _entries(folder.path)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError:
        unseen()
    return iter(())


def _stat(file: os.DirEntry[str], unseen: Unseen) -> os.stat_result | None:
    try:
        return file.stat(follow_symlinks=False)
    except FileNotFoundError:
        pass
    except OSError:
        unseen()
    return None


def _version(stat: os.stat_result) -> str:
    """Return what changes with a file; its time of change, unlike the others, nobody can set."""
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"


@dataclass(frozen=True, slots=True)
class Store:
    """Everything below one prefix of a file system that fsspec knows."""

    files: Any
    """An ``fsspec.AbstractFileSystem``, which ships no types."""

    root: str
    only: tuple[str, ...] = ()

    def objects(self, unseen: Unseen) -> Iterator[Object]:
        """List the prefix; a store lists all or nothing."""
        with _answering():
            self.files.invalidate_cache()
            listed: Mapping[str, Mapping[str, Any]] = self.files.find(self.root, detail=True)
        for path, about in sorted(listed.items()):
            name = path.removeprefix(self.root).lstrip("/")
            if _wanted(name, self.only):
                yield Object(name, _version_of(about))

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open the object."""
        with _answering(), self.files.open(f"{self.root}/{name}", "rb") as file:
            yield file


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what the package of a store raises of its own into an error of the system.

    Raises:
        OSError: the store can't be read.
    """
    try:
        yield
    except (OSError, MatcherError):
        raise
    except Exception as problem:
        said = f"the store can't be read ({type(problem).__name__})"
        raise ConnectionError(errno.EIO, said) from None


def _version_of(about: Mapping[str, Any]) -> str:
    """Return the store's own version of an object, else its size and time."""
    named = [f"{key} {about[key]}" for key in VERSIONS if about.get(key)]
    times = [f"{key} {about[key]}" for key in TIMES if about.get(key)]
    return " ".join(named[:1] or [str(about.get("size")), *times[:1]])


def _store(url: str, only: Sequence[str]) -> Store:
    try:
        import fsspec  # here: only who watches a store has it

        files, root = fsspec.core.url_to_fs(url)
    except ImportError:
        raise _refused(
            "what reads such a store is not installed",
            "pip install 'takeback[backscan]', and for s3:// also s3fs.",
        ) from None
    except ValueError:
        raise _refused(
            "no store is known for such an address", "It looks like s3://bucket/prefix."
        ) from None
    return Store(files, root.rstrip("/"), tuple(only))


def _refused(reason: str, hint: str) -> BadSettings:
    refused = BadSettings(reason)
    refused.hint = hint
    return refused
