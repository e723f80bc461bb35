"""Building an index on disk from many signals at once, straight into large segments."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from takeback.matching.disk.store import Store
from takeback.matching.exact.answer import entries
from takeback.matching.exact.keeping import KIND, load, tail_columns
from takeback.matching.exact.layout import Rows
from takeback.matching.exact.merge import Policy, build_segment, empty_rows, is_ascending
from takeback.matching.exact.segment import Ids, Segment

Piece = tuple[ArrayLike, NDArray[np.uint8]]

Entries = tuple[Ids, Rows]

DEFAULT_POLICY = Policy(threads=2)

LARGEST: Final = 1 << 27
"""Rows of the largest segment: it takes 13 GB while it is made, and larger ones gain nothing."""


def build(
    directory: Path, pieces: Iterable[Piece], policy: Policy = DEFAULT_POLICY, mark: int = 0
) -> None:
    """Make an index of *pieces* in *directory*, in place of what is there.

    Who follows the directory goes on with what was there until all is built.

    Args:
        directory: made if need be.
        pieces: ids and signals as for ``Index.add``; no id may come twice.
        policy: as for ``Index``; ``threads`` of it build.
        mark: what the caller calls this state.

    Raises:
        Conflict: another process changes it.
        MalformedSignal: signals are not uint8 of shape (n, 32).
        ValueError: ids are not different whole numbers.
        NotReady: the disk is full; what was there is there still.
    """
    store: Store[Segment] = Store.anew(directory, KIND, load)
    try:
        segments: list[Segment] = []
        for batch in _batches(pieces):
            segments.append(_stowed(store, segments, batch, policy))
        store.mark = mark
        store.swap(segments, store.tail(tail_columns(policy.tail_rows), {}))
        store.show()
        store.confirm()
    finally:
        store.close()


def _batches(pieces: Iterable[Piece]) -> Iterator[list[Entries]]:
    """Gather pieces until they make a segment of the largest size."""
    batch: list[Entries] = []
    size = 0
    for piece in pieces:
        ids, rows = entries(*piece)
        if batch and size + len(ids) > LARGEST:
            yield batch
            batch, size = [], 0
        if len(ids):
            batch.append((ids, rows))
            size += len(ids)
    if batch:
        yield batch


def _stowed(
    store: Store[Segment], before: list[Segment], batch: list[Entries], policy: Policy
) -> Segment:
    """Make a segment of a batch, which is emptied, and write it."""
    ids, rows = _joined(batch)
    if any(len(segment.find(ids)[0]) for segment in before):
        raise ValueError("ids must be different")
    segment = build_segment(ids, rows, policy)
    attributes, arrays = segment.arrays()
    return store.stow(attributes, arrays, len(segment), store.seq)


def _joined(batch: list[Entries]) -> Entries:
    """Put the pieces of a batch into one, in ascending order of the ids, and let go of each.

    Raises:
        ValueError: an id comes twice.
    """
    ids = np.concatenate([piece for piece, _ in batch])
    rows = empty_rows(len(ids))
    begin = 0
    while batch:
        _, piece = batch.pop(0)
        rows[begin : begin + len(piece)] = piece
        begin += len(piece)
    if is_ascending(ids):
        return ids, rows
    order = np.argsort(ids)
    ids = ids[order]
    if not is_ascending(ids):
        raise ValueError("ids must be different")
    return ids, rows[order]
