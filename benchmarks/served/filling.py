"""A matcher's directory that holds a bank of so many entries, without waiting for a feed."""

import secrets
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.clock import utc_now
from takeback.exchange.wire import FeedEntry, FeedPage
from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.keypoints import MOST_REGISTERED
from takeback.hashing.signal_types import SignalType
from takeback.matcher.state import State

URL: Final = "http://127.0.0.1:9"
"""Of the hub that the entries are said to come from. Nobody listens there."""

AT_ONCE: Final = 100_000
"""Entries written in one transaction."""

INSERT: Final = (
    "INSERT INTO entries (source, number, type, view, bank, ask, generation, payload)"
    " VALUES (?, ?, ?, 'whole', 'adult', 'remove', 1, ?)"
)

Row = tuple[int, bytes, str, bytes]
"""Source, number, type and payload."""


def fill(directory: Path, bank: NDArray[np.uint8], pictures: int = 0, url: str = URL) -> None:
    """Write entries straight into the state file, then one page that says all is up to date.

    Args:
        directory: of the matcher; made if need be.
        bank: shape (n, 32), a PDQ signal of each entry; numbers count from 0.
        pictures: entries more, with keypoints drawn at random.
        url: of the hub they come from.
    """
    state = State(directory)
    try:
        source = state.source(url)
        rows = chain(_signals(source, bank), _keypoints(source, len(bank), pictures))
        while some := list(islice(rows, AT_ONCE)):
            with state.transaction() as db:
                db.executemany(INSERT, some)
        last = FeedEntry(secrets.token_hex(16), "active", secrets.token_hex(32))
        page = FeedPage("e", "last", False, [last], [])
        state.take(source, page, utc_now(), lambda _: None)
    finally:
        state.close()


def number_of(entry: int) -> bytes:
    """Return the hub's number of an entry."""
    return entry.to_bytes(16, "big")


def _signals(source: int, bank: NDArray[np.uint8]) -> Iterator[Row]:
    for entry, signal in enumerate(bank):
        yield source, number_of(entry), SignalType.PDQ, signal.tobytes()


def _keypoints(source: int, first: int, count: int) -> Iterator[Row]:
    random = np.random.default_rng(3)
    for entry in range(first, first + count):
        places = random.integers(0, (64, 64, 12, 24), (MOST_REGISTERED, 4), np.uint8)
        bits = random.integers(0, 256, (MOST_REGISTERED, 32), np.uint8)
        packed = KeypointSignals(64, 64, bits, places).pack()
        yield source, number_of(entry), SignalType.KEYPOINTS, packed
