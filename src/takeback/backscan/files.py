"""One shard of files: each is read, hashed in a child, and matched."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from takeback.backscan.arrow import Table
from takeback.backscan.bank import Bank, Entry
from takeback.backscan.child import BOUNDS, Hasher
from takeback.backscan.items import resolved
from takeback.backscan.kept import kept_of
from takeback.backscan.outcome import Seconds, Sheet
from takeback.backscan.plan import Choices
from takeback.backscan.storage import Unreadable, read
from takeback.backscan.tables import shown
from takeback.errors import NotAPicture, QualityTooLow
from takeback.hashing.messages import Hashed, Refused
from takeback.hashing.picture import PictureSignals
from takeback.matching.lookup.found import Found
from takeback.matching.lookup.pictures import PictureSearch, views_of
from takeback.matching.lookup.videos import VideoSearch

AHEAD: Final = 2
"""Files that are read while one is hashed."""

LARGEST: Final = max(bounds.bytes for bounds in BOUNDS.values())
"""Bytes of the largest file that is read."""

Named = tuple[int, bytes]
"""A row of the input, and the name of the file in it."""


@dataclass(slots=True)
class Files:
    """Scans files; has children that hash for it."""

    bank: Bank
    choices: Choices
    base: str
    hasher: Hasher

    def scan(self, rows: Table, sheet: Sheet) -> None:
        """Read, hash and match every file of a shard; one is matched while the next is hashed."""
        named = list(zip(*(rows.column(name).to_pylist() for name in ("row", "path")), strict=True))
        waiting: deque[tuple[Named, Future[Hashed | Refused]]] = deque()
        with ThreadPoolExecutor(1) as hashing:
            for each, reading in zip(named, self._reading(named), strict=True):
                waiting.append((each, hashing.submit(self._hashed, reading, sheet.seconds)))
                if len(waiting) > 1:
                    self._take(*waiting.popleft(), sheet)
            while waiting:
                self._take(*waiting.popleft(), sheet)

    def _reading(self, named: Sequence[Named]) -> Iterator[Future[bytes]]:
        """Read in order, a few files ahead."""
        ahead: deque[Future[bytes]] = deque()
        with ThreadPoolExecutor(AHEAD) as threads:
            for _, name in named:
                path = resolved(os.fsdecode(name or b""), self.base)
                ahead.append(threads.submit(read, path, LARGEST))
                if len(ahead) > AHEAD:
                    yield ahead.popleft()
            yield from ahead

    def _hashed(self, reading: Future[bytes], seconds: Seconds) -> Hashed | Refused:
        """Wait for a file and hash it, or say why not."""
        try:
            with seconds.spent_on("read"):
                content = reading.result()
        except Unreadable as problem:
            return Refused(NotAPicture.__name__, str(problem))
        with seconds.spent_on("hash"):
            return self.hasher.hash(content)

    def _take(self, named: Named, hashed: Future[Hashed | Refused], sheet: Sheet) -> None:
        """Match one file, and write down what it matches or why it could not be compared."""
        row, path, upload = named[0], shown(named[1]), hashed.result()
        if isinstance(upload, Refused):
            sheet.refuse(row, path, upload.error, upload.detail)
            return
        if _shows_nothing(upload):
            sheet.refuse(row, path, QualityTooLow.__name__, "too little detail to be compared")
            return
        with sheet.seconds.spent_on("match"):
            sheet.take(row, path, self._found(upload))
        if self.choices.keep:
            for columns in kept_of(upload):
                sheet.kept.add(row, path, **columns)

    def _found(self, upload: Hashed) -> Found[Entry]:
        indexes, register = self.bank.indexes, self.bank.register
        if isinstance(upload, PictureSignals):
            return PictureSearch(indexes, register).picture(upload, self.choices.limit)
        return VideoSearch(indexes, register).video(upload, self.choices.limit)


def _shows_nothing(upload: Hashed) -> bool:
    """Tell whether nothing of a picture can be compared; a video is at least a file."""
    return isinstance(upload, PictureSignals) and not (views_of(upload) or upload.keypoints)
