"""Which uploads match which registered pictures, by each method."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numba
import numpy as np
from benchmarks.robustness.corpus import Subject, related
from benchmarks.robustness.describe import File, Rows, plain, registered, rows, turns
from benchmarks.robustness.measure import ORIGINAL, Described, Kept
from numpy.typing import NDArray

TAIL: Final = (31, 40, 46, 50, 60, 70)
"""Distances at which pairs of different pictures are counted, to see how near they come."""

Direction = Literal["uploaded", "registered"]
"""Which side is edited: the uploaded copy, or the copy she registered."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of one side come from."""

    describer: str
    rows: Callable[[File], Rows]


@dataclass(frozen=True, slots=True)
class Method:
    """How uploads are compared with what is registered, row by row."""

    title: str
    upload: Source
    registered: Source
    threshold: int


REPORTER: Final = "reporter"
PLAIN: Final = Source("whole", plain)
STOCK: Final = Source("stock", rows)


def _hashed(name: str, threshold: int) -> Method:
    return Method(f"{name}@{threshold}", Source(name, rows), Source(name, rows), threshold)


METHODS: Final = (
    Method("PDQ@31", PLAIN, PLAIN, 31),
    Method("PDQ, 8 turns@31", Source("whole", turns), PLAIN, 31),
    Method("threatexchange@31", STOCK, STOCK, 31),
    Method("threatexchange, our views registered", STOCK, Source(REPORTER, registered), 31),
    _hashed("phash64", 8),
    _hashed("phash256", 46),
    _hashed("dhash256", 31),
    _hashed("whash256", 31),
)
"""Every column that compares rows of bits; ``lookups.py`` has those that ask our indexes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one method found."""

    found: NDArray[np.bool_]
    """Shape (pictures, edits): whether the edited copy matched."""

    false: int
    """Pairs of different pictures that matched."""

    pairs: int
    """Pairs of different pictures that were compared."""

    tail: Mapping[int, int] = field(default_factory=dict)
    """Pairs of different pictures no further apart than so many bits; empty where no distances
    are known."""


def sides(method: Method, direction: Direction) -> tuple[Source, Source]:
    """Return where uploads and what is registered come from, as much as a direction needs."""
    if direction == "uploaded" and method.registered.describer == REPORTER:
        return method.upload, Source(ORIGINAL, method.registered.rows)
    return method.upload, method.registered


def outcome(method: Method, chosen: Sequence[Subject], kept: Kept, direction: Direction) -> Outcome:
    """Compare every upload with every registered picture.

    With *registered*, every picture's edited copies are registered in turn and the
    originals are uploaded.
    """
    upload, registered_ = sides(method, direction)
    uploads = [_read(kept, subject, upload) for subject in chosen]
    banks = [_read(kept, subject, registered_) for subject in chosen]
    if direction == "registered":
        uploads, banks = banks, uploads
    near = distances(uploads, banks)
    compared = np.ones(near.shape, np.bool_)
    for number, excluded in enumerate(related(chosen)):
        compared[number, :, sorted(excluded)] = False
    return Outcome(
        found=np.einsum("iei->ie", near) <= method.threshold,
        false=int((near[compared] <= method.threshold).sum()),
        pairs=int(compared.sum()),
        tail={bits: int((near[compared] <= bits).sum()) for bits in TAIL},
    )


def _read(kept: Kept, subject: Subject, source: Source) -> Described:
    """Read what is kept of a picture and take a source's rows of it."""
    files = [source.rows(file) for file in kept.read(subject, source.describer).files()]
    return Described(np.concatenate(files), np.cumsum([len(each) for each in files]))


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
