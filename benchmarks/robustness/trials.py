"""Which pictures are registered under which number, and what is looked up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from benchmarks.robustness.corpus import Dull, Subject
from benchmarks.robustness.edits import EDITS
from benchmarks.robustness.filling import STRANGERS
from benchmarks.robustness.measure import ORIGINAL as FIRST
from benchmarks.robustness.measure import Kept
from benchmarks.robustness.signals import unpack
from numpy.typing import NDArray

from takeback.hashing import PictureSignals

COPIES: Final = 100_000
"""Entries from here on are edited copies: 100 numbers for each picture."""

DULLED: Final = 1_000_000
"""Entries from here on are originals that were made dull."""

ORIGINAL: Final = -1
"""Stands for the number of an edit where there is none."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Edited copies looked up and originals registered, or the other way around."""

    name: str
    subjects: Sequence[Subject]
    """All plain, or all made dull."""

    edited_uploaded: bool = True

    def entries(self, number: int, kept: Kept) -> dict[int, PictureSignals]:
        """Return what is registered of one picture."""
        subject = self.subjects[number]
        if not self.edited_uploaded:
            files = kept.read(subject, "reporter")
            return {copy(number, e): unpack(files.of(e + 1)) for e in range(len(EDITS))}
        found = {number: unpack(kept.read(subject.dulled(Dull.NOT), FIRST).of(0))}
        if subject.dull is not Dull.NOT:
            found[DULLED + number] = unpack(kept.read(subject, FIRST).of(0))
        return found

    def uploads(self, number: int, kept: Kept) -> Iterator[tuple[int, PictureSignals]]:
        """Yield what is looked up of one picture, each with the number of its edit."""
        files = kept.read(self.subjects[number], "query")
        if not self.edited_uploaded:
            yield ORIGINAL, unpack(files.of(0))
            return
        for edit in range(len(EDITS)):
            yield edit, unpack(files.of(edit + 1))

    def wanted(self, number: int) -> frozenset[int]:
        """Name the entries after which an upload needs no further look."""
        plain = self.edited_uploaded and self.subjects[number].dull is Dull.NOT
        return frozenset([number]) if plain else frozenset()

    @property
    def lookups(self) -> int:
        """How many uploads there are."""
        return len(self.subjects) * (len(EDITS) if self.edited_uploaded else 1)


def copy(number: int, edit: int) -> int:
    """Return the entry of one edited copy of one picture."""
    return COPIES + 100 * number + edit


def sources_of(entries: NDArray[np.int64], crops: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of the picture that each entry shows; -1 if it shows none.

    Args:
        entries: shape (n,).
        crops: the picture of each of the first strangers.
    """
    padded = np.append(crops, -1)
    strangers = padded[np.clip(entries - STRANGERS, 0, len(crops))]
    copies = (entries - COPIES) // 100
    return np.select(
        [entries >= STRANGERS, entries >= DULLED, entries >= COPIES],
        [strangers, entries - DULLED, copies],
        entries,
    )
