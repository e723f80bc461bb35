"""What a directory holds, found out from what is on the disk alone.

Segments and the lasting copies of their marks are as they were; the log tells what came after.
A record ends what it names in every segment that does not contain it, and adds its entries
unless a segment has them. Doing so twice changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from takeback.errors import IntegrityFailure
from takeback.matching.disk.control import Control
from takeback.matching.disk.files import DAMAGED, Arrays, Attributes, map_segment
from takeback.matching.disk.log import HEADER, Ids, Record, Records, read_log
from takeback.matching.disk.manifest import Listed, Manifest
from takeback.matching.disk.verified import Verified

Words = NDArray[np.uint64]
"""One bit for each row of a segment: whether it has ended."""

ROWS: Final = "rows"
"""Attribute of every segment file: how many rows can end."""

ENDED: Final = "ended"
"""Kind and array of a lasting copy."""


class Rows(Protocol):
    """A segment of some index, as far as its directory is concerned."""

    def find(self, ids: Ids) -> tuple[Ids, NDArray[np.int64]]:
        """Return which of *ids* are here and have not ended, and at what positions."""

    def end(self, positions: NDArray[np.int64]) -> None:
        """Mark rows as ended."""


P = TypeVar("P", bound=Rows)

Load = Callable[[Attributes, Arrays, Words], P]
"""Makes a segment from its file and its marks, which others may change."""


@dataclass(slots=True, eq=False)
class Kept(Generic[P]):
    """A segment that has a file."""

    listed: Listed
    place: P
    words: Words
    last: int
    """The last change that ended one of its rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Recovered(Generic[P]):
    """What was found."""

    manifest: Manifest
    kept: list[Kept[P]]
    pending: list[Record]
    """Changes whose entries are in no segment, in order; what they end there has ended."""

    seq: int
    """Number of the last change."""

    mark: int
    logs: list[Records]
    """The last of them is the one that is written at present."""


def words_of(rows: int) -> tuple[int]:
    """Return the shape of the marks of so many rows."""
    return (-(-rows // 64),)


def recover(
    directory: Path,
    manifest: Manifest,
    load: Load[P],
    control: Control | None,
    *,
    noting: bool = True,
) -> Recovered[P]:
    """Read a directory without changing anything, but note there what was verified.

    Raises:
        FileNotFoundError: a file is not there, any more perhaps.
        IntegrityFailure: one is damaged.
    """
    listed = manifest.segments
    Verified(directory, noting=noting).verify(
        [name for part in listed for name in (part.segment, part.ended) if name]
    )
    kept = [loaded(directory, part, load, _lasting(directory, part)) for part in listed]
    logs = _read_logs(directory, manifest, control)
    records = [record for log in logs for record in log.records]
    for part in kept:
        _replay(part, [r for r in records if r.seq > part.listed.upto])
    last = records[-1] if records else None
    return Recovered(
        manifest=manifest,
        kept=kept,
        pending=[record for record in records if record.seq > manifest.flushed],
        seq=logs[-1].first + len(logs[-1].records) - 1,
        mark=last.mark if last else manifest.mark,
        logs=logs,
    )


def loaded(directory: Path, part: Listed, load: Load[P], words: Words | None) -> Kept[P]:
    """Map a segment; without marks nothing of it has ended."""
    file = map_segment(directory / part.segment)
    if words is None:
        words = np.zeros(words_of(int(file.attributes[ROWS])), np.uint64)
    place = load(file.attributes, file.arrays, words)
    return Kept(part, place, words, last=part.upto)


def _lasting(directory: Path, part: Listed) -> Words | None:
    """Return a copy of the lasting marks."""
    if part.ended is None:
        return None
    words: NDArray[Any] = map_segment(directory / part.ended).arrays[ENDED]
    return words.copy()


def _replay(part: Kept[P], records: list[Record]) -> None:
    """End what *records* end. The order is of no matter: a segment never changes."""
    if not records:
        return
    ids = np.unique(np.concatenate([[*r.gone, *r.ids] for r in records]).astype(np.int64))
    _, positions = part.place.find(ids)
    if len(positions):
        part.place.end(positions)
        part.last = records[-1].seq
        if part.listed.since is None:
            part.listed = replace(part.listed, since=records[0].time)


def _read_logs(directory: Path, manifest: Manifest, control: Control | None) -> list[Records]:
    """Read the logs and hold them to each other: no record between them may be missing."""
    logs = []
    for name in manifest.logs:
        number, size = control.log if control else (0, 0)
        certain = size if name == f"log-{number}" else HEADER.itemsize
        logs.append(read_log(directory / name, certain))
    needed = min([manifest.flushed, *(part.upto for part in manifest.segments)])
    whole = all(a.first + len(a.records) == b.first for a, b in pairwise(logs))
    if not logs or not whole or logs[0].first > needed + 1:
        raise IntegrityFailure(DAMAGED.format("the log"))
    return logs
