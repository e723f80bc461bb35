"""One shard of files: each is read, hashed in a child, and matched."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from takeback.backscan.arrow import Table
from takeback.backscan.bank import Bank, Entry
from takeback.backscan.child import BOUNDS, Hasher
from takeback.backscan.items import resolved
from takeback.backscan.kept import kept_of
from takeback.backscan.outcome import Seconds, Sheet
from takeback.backscan.plan import Choices
from takeback.backscan.protocols import allowed
from takeback.backscan.reach import Reach
from takeback.backscan.storage import Unreadable, protocol_of, read
from takeback.backscan.tables import shown
from takeback.errors import QualityTooLow, UnreadableFile
from takeback.hashing.messages import Hashed, Refused
from takeback.hashing.picture import PictureSignals
from takeback.matching.lookup.found import Found
from takeback.matching.lookup.pictures import PictureSearch, views_of
from takeback.matching.lookup.videos import VideoSearch

AHEAD: Final = 2
"""Files that are read while one is hashed."""

LARGEST: Final = max(bounds.bytes for bounds in BOUNDS.values())
"""Bytes of the largest file that is read."""


class Listed(NamedTuple):
    """A row of the input."""

    row: int
    name: bytes | None
    """Of the file, as the list has it."""

    place: str | None
    """Where the file lies."""

    @property
    def file(self) -> bytes | None:
        """The same, as bytes."""
        return None if self.place is None else os.fsencode(self.place)


def _read(place: str | None, may: frozenset[str]) -> bytes:
    if place is None:
        raise Unreadable("the row names no file")
    if protocol_of(place) not in may:
        raise Unreadable("the scan was not told to read such addresses")
    return read(place, LARGEST)


@dataclass(slots=True)
class Files:
    """Scans files; has children that hash for it."""

    bank: Bank
    choices: Choices
    base: str
    hasher: Hasher
    reach: Reach = field(default_factory=lambda: Reach(LARGEST))

    def scan(self, rows: Table, sheet: Sheet) -> None:
        """Read, hash and match every file of a shard; one is matched while the next is hashed.

        Raises:
            StoreUnreachable: it is the store that fails, not some of its files.
            PackageMissing: a file's protocol needs a package that is not installed.
        """
        named = list(zip(*(rows.column(name).to_pylist() for name in ("row", "path")), strict=True))
        listed = [Listed(row, name, self._place(name)) for row, name in named]
        waiting: deque[tuple[Listed, Future[Hashed | Refused]]] = deque()
        with ThreadPoolExecutor(1) as hashing:
            for each, reading in zip(listed, self._reading(listed), strict=True):
                waiting.append((each, hashing.submit(self._hashed, each, reading, sheet.seconds)))
                if len(waiting) > 1:
                    self._take(*waiting.popleft(), sheet)
            while waiting:
                self._take(*waiting.popleft(), sheet)
        self.reach.end()

    def _place(self, name: bytes | None) -> str | None:
        return resolved(os.fsdecode(name), self.base) if name else None

    def _reading(self, listed: Sequence[Listed]) -> Iterator[Future[bytes]]:
        """Read in order, a few files ahead."""
        may = allowed(self.base, self.choices.protocols)
        ahead: deque[Future[bytes]] = deque()
        with ThreadPoolExecutor(AHEAD) as threads:
            for each in listed:
                ahead.append(threads.submit(_read, each.place, may))
                if len(ahead) > AHEAD:
                    yield ahead.popleft()
            yield from ahead

    def _hashed(self, each: Listed, reading: Future[bytes], seconds: Seconds) -> Hashed | Refused:
        """Wait for a file and hash it, or say why not."""
        try:
            with seconds.spent_on("read"):
                content = reading.result()
        except Unreadable as problem:
            self.reach.missed(problem)
            return Refused(UnreadableFile.__name__, str(problem))
        if each.place is not None:
            self.reach.heard(each.place)
        with seconds.spent_on("hash"):
            return self.hasher.hash(content)

    def _take(self, each: Listed, hashed: Future[Hashed | Refused], sheet: Sheet) -> None:
        """Match one file, and write down what it matches or why it could not be compared."""
        row, path, upload = each.row, shown(each.name), hashed.result()
        if not isinstance(upload, Refused) and _shows_nothing(upload):
            upload = Refused(QualityTooLow.__name__, "too little detail to be compared")
        if isinstance(upload, Refused):
            sheet.refuse(row, path, upload.error, upload.detail, each.file)
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
