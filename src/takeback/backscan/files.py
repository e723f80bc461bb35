"""One shard of files: each is read, hashed in a child, and matched."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from takeback.backscan.arrow import Table
from takeback.backscan.bank import Bank, Entry
from takeback.backscan.child import BOUNDS, Hasher
from takeback.backscan.items import resolved
from takeback.backscan.kept import kept_of
from takeback.backscan.outcome import Sheet
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
        """Read, hash and match every file of a shard."""
        named = list(zip(*(rows.column(name).to_pylist() for name in ("row", "path")), strict=True))
        for (row, name), reading in zip(named, self._reading(named), strict=True):
            try:
                with sheet.seconds.spent_on("read"):
                    content = reading.result()
            except Unreadable as problem:
                sheet.refuse(row, shown(name), NotAPicture.__name__, str(problem))
            else:
                self._scan(row, shown(name), content, sheet)

    def _reading(self, named: Sequence[Named]) -> Iterator[Future[bytes]]:
        """Read in order, a few files ahead."""
        ahead: list[Future[bytes]] = []
        with ThreadPoolExecutor(AHEAD) as threads:
            for _, name in named:
                path = resolved(os.fsdecode(name or b""), self.base)
                ahead.append(threads.submit(read, path, LARGEST))
                if len(ahead) > AHEAD:
                    yield ahead.pop(0)
            yield from ahead

    def _scan(self, row: int, path: str | None, content: bytes, sheet: Sheet) -> None:
        with sheet.seconds.spent_on("hash"):
            upload = self.hasher.hash(content)
        if isinstance(upload, Refused):
            sheet.refuse(row, path, upload.error, upload.detail)
            return
        if _shows_nothing(upload):
            why = "too little detail to be compared"
            sheet.refuse(row, path, QualityTooLow.__name__, why)
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
