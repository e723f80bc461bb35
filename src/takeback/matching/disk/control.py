"""The control file: one page that every process maps, and that is never replaced.

A search looks at its generation first, which is one load of one word.
"""

import mmap
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from takeback.matching.disk import steps
from takeback.matching.disk.boot import boot_id

NAME: Final = "control"
SIZE: Final = 4096
SIGN: Final = int.from_bytes(b"tb-ctl-1", "little")

_SIGN, _GENERATION, _MARK, _LOG, _LOG_SIZE, _BOOT = range(6)
_BOOT_WORDS: Final = slice(_BOOT, _BOOT + 2)
_REPLACED: Final = _BOOT + 2
_PLACE: Final = slice(_REPLACED + 1, _REPLACED + 3)

THIS_BOOT: Final = np.frombuffer(boot_id().bytes, np.int64)


class Control:
    """The page, mapped."""

    def __init__(self, directory: Path, *, writable: bool) -> None:
        fd = _open(directory / NAME, writable=writable)
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        try:
            self._place = np.array(_place(os.fstat(fd)), np.uint64).view(np.int64)
            self._words = np.frombuffer(mmap.mmap(fd, SIZE, access=access), np.int64)
        finally:
            os.close(fd)

    @property
    def trusted(self) -> bool:
        """Whether a writer of this run of the machine made what the shared files hold, here.

        Of a copy that was made while it wrote, each file is of another instant.
        """
        words = self._words
        here = (words[_PLACE] == self._place).all()
        return bool(words[_SIGN] == SIGN and here and (words[_BOOT_WORDS] == THIS_BOOT).all())

    @property
    def generation(self) -> int:
        """Return the number of the manifest that holds; 0 if nothing is known."""
        return int(self._words[_GENERATION]) if self._words[_SIGN] == SIGN else 0

    @property
    def mark(self) -> int:
        """Return the mark of the last change that is shown."""
        return int(self._words[_MARK])

    @property
    def log(self) -> tuple[int, int]:
        """Return the number of the log, and how many of its bytes were on the disk."""
        return int(self._words[_LOG]), int(self._words[_LOG_SIZE])

    @property
    def replaced(self) -> int:
        """Return how many changes replaced entries; a search during which it moves is repeated."""
        return int(self._words[_REPLACED])

    def show_replacing(self) -> None:
        """Tell searches that entries can be found anew, and will be no more where they were."""
        steps.show(self._words[_REPLACED:], self.replaced + 1)

    def show_mark(self, mark: int) -> None:
        """Show the mark of a change that can be seen."""
        steps.show(self._words[_MARK : _MARK + 1], mark)

    def note_log(self, number: int, size: int) -> None:
        """Note how far the log is on the disk; less than that would be damage."""
        if number != self._words[_LOG]:
            steps.show(self._words[_LOG_SIZE:], 0)
            steps.show(self._words[_LOG:], number)
        steps.show(self._words[_LOG_SIZE:], size)

    def show_generation(self, generation: int) -> None:
        """Send every process to the manifest; from here on it is of this run, and of this place."""
        steps.show(self._words[_GENERATION:], generation)
        self._words[_BOOT_WORDS] = THIS_BOOT
        self._words[_PLACE] = self._place
        steps.show(self._words[_SIGN:], SIGN)


def identity(directory: Path) -> tuple[int, int] | None:
    """Return what tells the page from one that is made after it was removed; None without one."""
    with suppress(FileNotFoundError):
        return _place((directory / NAME).stat())
    return None


def _place(file: os.stat_result) -> tuple[int, int]:
    return file.st_dev, file.st_ino


def _open(path: Path, *, writable: bool) -> int:
    if not writable:
        return os.open(path, os.O_RDONLY)
    fd = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    if os.fstat(fd).st_size < SIZE:
        steps.reserve(fd, SIZE)
    return fd
