"""Floods of near-copies and of identical signals: their own look-ups stay short, others' too."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from takeback.matching import Index
from takeback.matching.exact.index import warm_up

Signals = NDArray[np.uint8]

BANK = 1_000_000
FLOOD = 100_000
MOST_FLIPS = 12
OWN_SECONDS = 0.005
"""Longest median for the nearest ten, asked for by a member; measured are 0.15 ms."""

ROUNDS = 5
"""The machine may be busy in one round, hardly in all."""


def random_signals(count: int, seed: int) -> Signals:
    """Draw signals whose bits are independent."""
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def near_copies() -> Signals:
    """Flip 0 to 12 bits of one signal, a hundred thousand times."""
    rng = np.random.default_rng(2)
    flips = np.arange(256) < rng.integers(0, MOST_FLIPS + 1, (FLOOD, 1))
    flips = rng.permuted(flips, axis=1)
    return random_signals(1, seed=3) ^ np.packbits(flips, axis=1)


FLOODS: dict[str, Callable[[], Signals]] = {
    "near-copies": near_copies,
    "identical": lambda: np.repeat(random_signals(1, seed=3), FLOOD, axis=0),
}


@pytest.fixture(scope="module")
def strangers() -> Signals:
    """A bank of a million."""
    return random_signals(BANK, seed=1)


@pytest.fixture(scope="module")
def unflooded(strangers: Signals) -> Index:
    """The bank alone."""
    warm_up()
    index = Index()
    index.add(np.arange(BANK), strangers)
    index.settle()
    return index


def median(index: Index, queries: Signals) -> float:
    """Time look-ups of the nearest ten, one query a call."""
    times = []
    for query in queries:
        begin = time.perf_counter()
        index.search(query[None], limit=10)
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_costs_its_own_look_ups_little_and_others_nothing(
    kind: str, strangers: Signals, unflooded: Index
) -> None:
    """A hundred thousand in a bank of a million, answered exactly, bounded and nearest first."""
    flood = FLOODS[kind]()
    places = np.random.default_rng(4).permutation(BANK + FLOOD)
    index = Index()
    index.add(places, np.concatenate([strangers, flood]))
    index.settle()
    own, other = flood[:: FLOOD // 40], strangers[:: BANK // 200]

    answer = index.search(own, limit=10)

    assert list(answer) == nearest_ten(flood, places[BANK:], own)
    assert answer.more.all()
    assert [row[1:] for row in index.search(other)] == [
        (place, 0) for place in places[: BANK : BANK // 200].tolist()
    ]
    assert min(median(index, own) for _ in range(ROUNDS)) <= OWN_SECONDS
    assert min(median(index, other) / median(unflooded, other) for _ in range(ROUNDS)) <= 1.5


def nearest_ten(
    flood: Signals, ids: NDArray[np.int64], queries: Signals
) -> list[tuple[int, int, int]]:
    """Compare each query with every member: no stranger is as near as ten of them."""
    words = flood.view(np.uint64)
    rows = []
    for number, query in enumerate(queries.view(np.uint64)):
        distances = np.bitwise_count(words ^ query).sum(axis=1)
        order = np.lexsort((ids, distances))[:10]
        rows += [(number, int(ids[i]), int(distances[i])) for i in order]
    return rows
