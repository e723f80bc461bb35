"""The tables that lead from a keypoint's bits to the registered keypoints near it.

The first 128 bits of a keypoint signal, its lowest frequencies, are dealt to interleaved
*chunks*. For every chunk there is one table, sorted by the chunk's bits, its *key*. A search
looks at the entries under the upload's key; where chunks are wide and many keys are empty, also
under every key that differs in one bit.

Unlike the tables of ``layout.py`` these miss keypoints. They may: a registered picture that
lies in an upload has many keypoints in common with it, and one that is found is enough, since
``guide.py`` then looks for all others where that one says they should be.

An entry holds a row's number and 32 further bits of it, the *print*, so that nearly all
strangers are passed over without a second access to memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from takeback.matching.keypoints import kernels
from takeback.matching.keypoints.ended import Ended
from takeback.matching.keypoints.rows import KeypointRows, frozen

DEALT_BITS: Final = 128
"""The first so many bits are searched; unchanged copies differ least in them."""

BLOCK_ROWS: Final = 64


class Tables(NamedTuple):
    """One segment as the compiled loops see it: nothing here can be written to.

    So there is one compiled form of each loop, whether the arrays lie in memory or in a file.
    """

    words: NDArray[np.uint64]
    """Shape (rows, 4)."""

    places: NDArray[np.uint8]
    """Shape (rows, 4)."""

    first: NDArray[np.int64]
    """Shape (pictures + 1,): where each picture's rows begin."""

    ended: Ended
    """Which pictures have ended."""

    longest: int
    """Most rows of a picture."""

    blocks: NDArray[np.int64]
    """The picture of each ``BLOCK_ROWS``-th row, and the number of pictures."""

    deal: NDArray[np.uint64]
    """Shape (16, 256, 2): where each value of each byte of a signal puts its bits."""

    chunks: NDArray[np.int64]
    """Shape (m, 4): first bit, width, first of its ``starts``, and how many bits of the key are
    flipped in turn."""

    starts: NDArray[np.uint32]
    """Per chunk and key, where its entries start; the next key's start is their end."""

    entries: NDArray[np.uint64]
    """Shape (m · rows,): per chunk, prints in the upper and row numbers in the lower half,
    sorted by key."""


@dataclass(frozen=True, slots=True, eq=False)
class KeypointLayout:
    """One way of dealing bits to chunks."""

    widths: tuple[int, ...]
    flips: bool
    """Whether keys that differ in one bit are looked at as well."""

    deal: NDArray[np.uint64]
    """As in ``Tables``."""


UNTABLED: Final = KeypointLayout((), False, np.zeros((DEALT_BITS // 8, 256, 2), np.uint64))
"""No chunks, hence no tables: every row is compared."""


@cache
def interleaved(chunks: int, *, flips: bool = False) -> KeypointLayout:
    """Deal bit i to chunk i mod *chunks*, so that each has its share of every frequency."""
    bits = np.arange(DEALT_BITS)
    order = np.concatenate([bits[chunk::chunks] for chunk in range(chunks)])
    widths = tuple(len(bits[chunk::chunks]) for chunk in range(chunks))
    deal = np.zeros((DEALT_BITS // 8, 256, 2), np.uint64)
    values = np.arange(256)
    for place, bit in enumerate(order.tolist()):
        has_bit = values[values >> (7 - bit % 8) & 1 == 1]
        deal[bit // 8, has_bit, place // 64] |= np.uint64(1 << place % 64)
    return KeypointLayout(widths, flips, deal)


LAYOUTS: Final = (
    (16_000_000, interleaved(5, flips=True)),
    (1_000_000, interleaved(8)),
    (100_000, interleaved(9)),
    (10_000, interleaved(11)),
    (0, interleaved(14)),
)
"""From how many rows on which layout is used. Few bits a key find most, but bring many strangers,
and every chunk costs eight bytes a row: where many rows share a key, flips are cheaper."""

Layouts = Sequence[tuple[int, KeypointLayout]]


def build_tables(
    rows: KeypointRows, ended: Ended, layouts: Layouts
) -> tuple[Tables, NDArray[np.uint64]]:
    """Build the tables of *rows* in the first of *layouts* for so many.

    Returns:
        The tables, and their entries once more, to write to.
    """
    count = len(rows.words)
    layout = next(layout for least, layout in layouts if count >= least)
    chunks, sizes = chunks_of(layout)
    starts = np.zeros(sizes.sum(), np.uint32)
    entries = np.empty(len(chunks) * count, np.uint64)
    words = frozen(rows.words)
    kernels.count_keys(words, layout.deal, chunks, starts)
    for first, size in zip(chunks[:, 2].tolist(), sizes.tolist(), strict=True):
        kernels.add_up(starts[first : first + size])
    kernels.place_entries(words, layout.deal, chunks, starts, entries)
    tables = Tables(
        words=words,
        places=frozen(rows.places),
        first=frozen(rows.first),
        ended=frozen(ended),
        longest=int(np.diff(rows.first).max(initial=0)),
        blocks=frozen(_blocks(rows)),
        deal=layout.deal,
        chunks=chunks,
        starts=frozen(starts),
        entries=frozen(entries),
    )
    return tables, entries


def tables_in(
    layout: KeypointLayout, rows: KeypointRows, ended: Ended, arrays: Mapping[str, NDArray[Any]]
) -> Tables:
    """Return the tables of *rows* that lie in *arrays*, as ``arrays_of`` gave them."""
    chunks, _ = chunks_of(layout)
    return Tables(
        words=frozen(rows.words),
        places=frozen(rows.places),
        first=frozen(rows.first),
        ended=frozen(ended),
        longest=int(arrays["longest"][0]),
        blocks=frozen(arrays["blocks"]),
        deal=layout.deal,
        chunks=chunks,
        starts=frozen(arrays["starts"]),
        entries=frozen(arrays["entries"]),
    )


def arrays_of(tables: Tables) -> dict[str, NDArray[Any]]:
    """Return what of the tables is not known from the layout and the rows."""
    return {
        "longest": np.array([tables.longest], np.int64),
        "blocks": tables.blocks,
        "starts": tables.starts,
        "entries": tables.entries,
    }


def chunks_of(layout: KeypointLayout) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the chunks of a layout as in ``Tables``, and how many starts each has."""
    widths = np.array(layout.widths, np.int64)
    sizes = (1 << widths) + 2
    firsts, flips = np.cumsum(widths) - widths, widths * layout.flips
    return np.stack([firsts, widths, np.cumsum(sizes) - sizes, flips], axis=1), sizes


def _blocks(rows: KeypointRows) -> NDArray[np.int64]:
    marks = np.arange(0, len(rows.words), BLOCK_ROWS)
    found = np.searchsorted(rows.first, marks, side="right") - 1
    return np.append(found, len(rows))
