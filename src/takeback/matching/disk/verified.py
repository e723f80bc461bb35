"""Which segment files were verified, or written, since the machine started.

Verifying reads every byte. A file that did not change since is not read again: its inode,
size and times are those that were noted, and so is the run of the machine.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from takeback.matching.disk.boot import boot_id
from takeback.matching.disk.files import verify

NAME: Final = "verified"

Note = list[int]


class Verified:
    """The note in one directory.

    Args:
        directory: the index's own.
        noting: whether this process may write there.
    """

    def __init__(self, directory: Path, *, noting: bool = True) -> None:
        self._directory, self._noting = directory, noting

    def verify(self, names: Iterable[str]) -> None:
        """Verify those segment files of which it is not noted, and note it.

        Raises:
            FileNotFoundError: one is not there.
            IntegrityFailure: one is damaged.
        """
        known = self._read()
        fresh = [name for name in names if known.get(name) != self._note_of(name)]
        for name in fresh:
            verify(self._directory / name)
        if fresh and self._noting:
            self.note(fresh)

    def note(self, names: Iterable[str]) -> None:
        """Note files that were verified or written; where that can't be, nothing is lost."""
        notes = {name: note for name, note in self._read().items() if self._is_there(name)}
        with suppress(OSError):
            notes |= {name: self._note_of(name) for name in names}
            self._write(notes)

    def _is_there(self, name: str) -> bool:
        return (self._directory / name).exists()

    def _note_of(self, name: str) -> Note:
        status = (self._directory / name).stat()
        return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]

    def _read(self) -> dict[str, Note]:
        """Return what was noted; nothing if that was before the machine started."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            document = json.loads((self._directory / NAME).read_text())
            if document["boot"] == str(boot_id()):
                return dict(document["files"])
        return {}

    def _write(self, notes: dict[str, Note]) -> None:
        """Swap the note; several processes may, and the last one's holds."""
        fresh = self._directory / f"{NAME}.{os.getpid()}"
        fresh.write_text(json.dumps({"boot": str(boot_id()), "files": notes}))
        fresh.replace(self._directory / NAME)
