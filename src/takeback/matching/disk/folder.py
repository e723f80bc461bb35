"""The files of an index's directory by their names, of which none ever means two things."""

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from takeback.matching.disk import steps
from takeback.matching.disk.manifest import Manifest


class Folder:
    """Names for new files, and the removal of old ones. Safe to share by threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = max(map(number_of, os.listdir(path)), default=0)
        """The largest number in a name so far."""
        self._naming = threading.Lock()
        self._drafts: set[str] = set()

    def name(self, stem: str) -> str:
        """Name a file that is in no manifest yet, and is not to be removed for that."""
        with self._naming:
            self.number += 1
            name = f"{stem}-{self.number}"
            self._drafts.add(name)
            return name

    def listed(self, manifest: Manifest) -> None:
        """Note that files are in the manifest now, and belong to it from here on."""
        with self._naming:
            self._drafts -= manifest.files()

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; what can't be removed is left for the next writer."""
        for name in names:
            with self._naming:
                self._drafts.discard(name)
            with suppress(OSError):
                steps.remove(self.path / name)

    def sweep(self, manifest: Manifest) -> None:
        """Remove what is no part of the index any more."""
        for name in os.listdir(self.path):
            if manifest.unlisted(name) and name.removesuffix(".new") not in self._drafts:
                self.remove([name])


def number_of(name: str) -> int:
    """Return the number in a file's name, or 0."""
    number = name.removesuffix(".new").partition("-")[2]
    return int(number) if number.isdigit() else 0
