"""Which uploads match which registered pictures, by each method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numba
import numpy as np
from benchmarks.robustness.corpus import Subject
from benchmarks.robustness.edits import EDITS
from benchmarks.robustness.measure import Described, Kept
from numpy.typing import NDArray

TAIL: Final = (31, 40, 46, 50, 60, 70)
"""Distances at which pairs of different pictures are counted, to see how near they come."""

Direction = Literal["uploaded", "registered"]
"""Which side is edited: the uploaded copy, or the copy she registered."""


@dataclass(frozen=True, slots=True)
class Method:
    """How uploads are compared with what is registered."""

    title: str
    upload: str
    """Describer of uploads."""

    registered: str
    """Describer of what is registered."""

    threshold: int


METHODS: Final = (
    Method("PDQ@31", "plain", "plain", 31),
    Method("PDQ, 8 turns@31", "turns", "plain", 31),
    Method("threatexchange@31", "stock", "stock", 31),
    Method("ours, one signal registered", "query", "registered", 31),
    Method("ours", "query", "reporter", 31),
    Method("threatexchange, our views registered", "stock", "reporter", 31),
    Method("phash64@8", "phash64", "phash64", 8),
    Method("phash256@46", "phash256", "phash256", 46),
    Method("dhash256@31", "dhash256", "dhash256", 31),
    Method("whash256@31", "whash256", "whash256", 31),
)
"""Every column of the tables."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one method found."""

    found: NDArray[np.bool_]
    """Shape (pictures, edits): whether the edited copy matched."""

    false: int
    """Pairs of different pictures that matched."""

    pairs: int
    """Pairs of different pictures that were compared."""

    tail: dict[int, int]
    """Pairs of different pictures no further apart than so many bits."""

    false_pairs: list[tuple[str, str, str, int]] = field(default_factory=list)
    """Edit, uploaded and registered picture and distance of each false match."""


def outcome(
    method: Method, subjects: Sequence[Subject], kept: Kept, direction: Direction
) -> Outcome:
    """Compare every upload with every registered picture.

    With *registered*, every picture's edited copies are registered in turn and the
    originals are uploaded.
    """
    uploads = [kept.read(subject, method.upload) for subject in subjects]
    banks = [kept.read(subject, method.registered) for subject in subjects]
    if direction == "registered":
        uploads, banks = banks, uploads
    near = distances(uploads, banks)
    own = np.einsum("iei->ie", near)
    found = own <= method.threshold
    others = near <= method.threshold
    compared = np.ones(near.shape, np.bool_)
    for number, excluded in enumerate(related(subjects)):
        compared[number, :, excluded] = False
    wrong = np.argwhere(others & compared)
    named = [
        (EDITS[e].name, subjects[i].name, subjects[j].name, int(near[i, e, j]))
        for i, e, j in wrong[:1000]
    ]
    tail = {bits: int((near[compared] <= bits).sum()) for bits in TAIL}
    return Outcome(found, len(wrong), int(compared.sum()), tail, named)


def related(subjects: Sequence[Subject]) -> list[list[int]]:
    """Return for each picture itself and its companions, which some edits really show."""
    place: Mapping[str, int] = {str(each.path): n for n, each in enumerate(subjects)}
    return [
        sorted({n, *(place[str(path)] for path in each.companions)})
        for n, each in enumerate(subjects)
    ]


def distances(edited: Sequence[Described], originals: Sequence[Described]) -> NDArray[np.uint16]:
    """Return the least distance, shape (pictures, edits, pictures); 999 where there is none."""
    rows = [original.of(0) for original in originals]
    ends = np.cumsum([len(each) for each in rows], dtype=np.int64)
    bank = _words(np.concatenate(rows))
    return np.stack([_nearest(_words(each.rows), each.ends, bank, ends) for each in edited])


def _words(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(rows).view(np.uint64).reshape(-1, 4)


@numba.njit(cache=True)
def _bits(word: np.uint64) -> np.uint64:
    """Count the bits that are set, in parallel within the word."""
    one, two, four = (
        np.uint64(0x5555555555555555),
        np.uint64(0x3333333333333333),
        np.uint64(0x0F0F0F0F0F0F0F0F),
    )
    word = word - ((word >> np.uint64(1)) & one)
    word = (word & two) + ((word >> np.uint64(2)) & two)
    word = (word + (word >> np.uint64(4))) & four
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@numba.njit(cache=True)
def _nearest(
    rows: NDArray[np.uint64],
    ends: NDArray[np.int64],
    bank: NDArray[np.uint64],
    bank_ends: NDArray[np.int64],
) -> NDArray[np.uint16]:
    """Return the least distance of each file but the first to each registered picture."""
    near = np.full((ends.size - 1, bank_ends.size), 999, np.uint16)
    for file in range(1, ends.size):
        for row in range(ends[file - 1], ends[file]):
            start = 0
            for picture in range(bank_ends.size):
                for entry in range(start, bank_ends[picture]):
                    far = np.uint64(0)
                    for word in range(4):
                        far += _bits(rows[row, word] ^ bank[entry, word])
                    near[file - 1, picture] = min(near[file - 1, picture], far)
                start = bank_ends[picture]
    return near
