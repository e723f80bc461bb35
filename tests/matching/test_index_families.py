"""Families of near-copies lie in flat runs: found, searched exactly, and no cost to others."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from takeback.matching.exact.families import KIN, find_families
from takeback.matching.exact.layout import NARROW, WIDE
from takeback.matching.exact.merge import Policy, ascending, build_segment, merge
from takeback.matching.exact.places import NO_LIMIT, search_places
from takeback.matching.exact.segment import Segment, zeros
from tests.matching.index_oracle import (
    TINY,
    Signals,
    flipped,
    linear_search,
    near_copies,
    random_signals,
)

LAYOUTS = {"tiny": TINY, "narrow": NARROW, "wide": WIDE}


def policy(layout: str) -> Policy:
    """Use *layout* for any number of rows, and families from 50 rows on."""
    return Policy(layouts=((1, LAYOUTS[layout]),), family_rows=50)


def crowded_bank() -> dict[int, Signals]:
    """Strangers, a loose family, a close one, exact copies and a family on the edge of kinship."""
    strangers = random_signals(900, seed=1)
    edge = [flipped(strangers[3], np.arange(KIN - 1 + k % 4)) for k in range(120)]
    signals = np.concatenate(
        [
            strangers,
            near_copies(strangers[0], 150, 60, seed=2),
            near_copies(strangers[1], 150, 8, seed=3),
            np.repeat(strangers[2:3], 130, axis=0),
            np.stack(edge),
        ]
    )
    ids = np.random.default_rng(4).permutation(9000)[: len(signals)] - 2000
    return dict(zip(ids.tolist(), signals, strict=True))


BANK = crowded_bank()


def segment_of(bank: dict[int, Signals], chosen: Policy) -> Segment:
    """Build a segment of a bank."""
    ids, rows = ascending(np.array(list(bank)), np.stack(list(bank.values())).view(np.uint64))
    return build_segment(ids, rows.copy(), chosen)


def search(
    segments: list[Segment], queries: Signals, radius: int, limit: int | None
) -> tuple[list[tuple[int, ...]], list[bool]]:
    """Search them all in one call."""
    places = np.stack([segment.place for segment in segments])
    words = np.ascontiguousarray(queries).view(np.uint64)
    rows, more = search_places(places, words, radius, NO_LIMIT if limit is None else limit)
    return [tuple(row) for row in rows.tolist()], more.tolist()


@pytest.fixture(scope="module", params=LAYOUTS)
def crowded(request: pytest.FixtureRequest) -> Segment:
    """Build the crowded bank in each layout."""
    return segment_of(BANK, policy(request.param))


def test_the_families_of_the_crowded_bank_are_found(crowded: Segment) -> None:
    """So that the tests of this file test what they say."""
    assert crowded.families is not None
    assert len(crowded.families.pivots) >= 3
    assert 400 < len(crowded.families.positions) < len(BANK) - 800
    assert len(crowded.tables.positions) == len(crowded.tables.chunks) * (
        len(BANK) - len(crowded.families.positions)
    )


@settings(max_examples=40, deadline=None)
@given(
    entry=st.sampled_from(sorted(BANK)),
    flips=st.sets(st.integers(0, 255), max_size=70),
    radius=st.sampled_from([0, 1, 12, 31, 32, 33, 38, 39, 86, 90, 256]),
    limit=st.sampled_from([1, 2, 10, 100, None]),
)
def test_a_bank_of_families_is_searched_exactly(
    crowded: Segment, entry: int, flips: set[int], radius: int, limit: int | None
) -> None:
    """Members and strangers alike, nearest first, at every radius and limit."""
    query = flipped(BANK[entry], np.array(sorted(flips), np.int64))
    queries = np.stack([query, BANK[entry]])

    assert search([crowded], queries, radius, limit) == linear_search(BANK, queries, radius, limit)


@settings(max_examples=15, deadline=None)
@given(
    cuts=st.tuples(st.integers(0, 1450), st.integers(0, 1450)),
    gone=st.sets(st.sampled_from(sorted(BANK)), max_size=300),
    radius=st.sampled_from([0, 31, 40]),
    limit=st.sampled_from([1, 10, None]),
)
def test_several_segments_with_ended_rows_are_searched_as_one(
    cuts: tuple[int, int], gone: set[int], radius: int, limit: int | None
) -> None:
    """Members of one family lie in several segments, in their runs and in tables; some ended."""
    ids = list(BANK)
    borders = [0, *sorted(cuts), len(ids)]
    pieces = [ids[a:b] for a, b in pairwise(borders) if b > a]
    segments = [segment_of({i: BANK[i] for i in piece}, policy("tiny")) for piece in pieces]
    for segment in segments:
        segment.end(segment.find(np.array(sorted(gone), np.int64))[1])
    queries = np.stack([BANK[i] for i in ids[:: len(ids) // 6]])
    left = {i: signal for i, signal in BANK.items() if i not in gone}

    assert search(segments, queries, radius, limit) == linear_search(left, queries, radius, limit)
    assert search([merge(segments, policy("tiny"))], queries, radius, limit) == linear_search(
        left, queries, radius, limit
    )


def test_rows_on_the_edge_of_what_a_pivot_allows_are_found() -> None:
    """Query, row and pivot lie on a line, so that the bound on their distances is met exactly."""
    start = random_signals(1, seed=7)[0]
    line = [flipped(start, np.arange(steps)) for steps in range(2 * KIN + 1)]
    bank = dict(enumerate(np.repeat(line, 3, axis=0)))
    queries = np.stack([flipped(start, np.arange(steps)) for steps in range(3 * KIN)])

    segment = segment_of(bank, policy("tiny"))

    assert segment.families is not None
    assert segment.families.spans[0, KIN] < segment.families.spans[0, KIN + 1]
    for radius, limit in ((31, None), (31, 4), (3, None), (0, 1)):
        assert search([segment], queries, radius, limit) == linear_search(
            bank, queries, radius, limit
        )


def test_among_members_equally_near_the_smallest_ids_are_answered() -> None:
    """Also if they lie far behind in the run."""
    first = random_signals(1, seed=7)[0]
    beyond = flipped(first, np.arange(1, 3))
    beside = flipped(first, np.arange(3, 3 + KIN))
    copies = np.repeat([beyond, first, beside], [1500, 1500, 300], axis=0)
    bank = dict(enumerate(copies))

    segment = segment_of(bank, policy("tiny"))

    assert segment.families is not None
    assert segment.families.positions[0] == 1500
    assert search([segment], flipped(first, np.arange(1, 2))[None], 31, 2) == (
        [(0, 0, 1), (0, 1, 1)],
        [True],
    )


def test_an_ended_member_of_a_family_is_answered_no_longer(crowded: Segment) -> None:
    """Its bit is set; nothing else of the segment changes."""
    entry = next(i for i, s in BANK.items() if np.array_equal(s, crowded_copies()))
    ended = zeros(len(crowded))
    again = Segment.of(*crowded.arrays(), ended)

    again.end(again.find(np.array([entry]))[1])

    found, _ = search([again], crowded_copies()[None], 0, None)
    assert entry not in [number for _, number, _ in found]
    assert len(found) == len(search([crowded], crowded_copies()[None], 0, None)[0]) - 1
    assert again.lasting == len(BANK) - 1


def crowded_copies() -> Signals:
    """Return the signal that the bank holds many times."""
    copies: Signals = random_signals(900, seed=1)[2]
    return copies


def test_an_overwritten_member_is_gone_from_its_run_too(crowded: Segment) -> None:
    """No copy of its signal stays in memory."""
    signal = near_copies(random_signals(900, seed=1)[1], 150, 8, seed=3)[7]
    holders = np.array([i for i, s in BANK.items() if np.array_equal(s, signal)])
    copied = {name: array.copy() for name, array in crowded.arrays()[1].items()}
    segment = Segment.of(crowded.arrays()[0], copied)
    assert segment.families is not None
    positions = segment.find(holders)[1]
    members = segment.families.columns.T
    dealt = segment.rows[positions[0]].copy()
    assert (members == dealt).all(axis=1).any()

    segment.end(positions)
    segment.overwrite(positions, random_signals(len(positions), seed=9).view(np.uint64))

    assert not (members == dealt).all(axis=1).any()
    assert not (segment.rows == dealt).all(axis=1).any()


def test_random_signals_have_no_families() -> None:
    """And no row is taken out of the tables."""
    rows = random_signals(20_000, seed=5).view(np.uint64)

    families, elsewhere = find_families(rows, zeros(len(rows)), threads=1)

    assert families is None
    assert not elsewhere.any()


def test_a_family_too_small_to_pay_stays_in_the_tables() -> None:
    """A run is read from end to end, however few of its rows match."""
    rows = random_signals(20_000, seed=5)
    rows[::40] = near_copies(rows[0], 500, 6, seed=6)

    assert find_families(rows.view(np.uint64), zeros(len(rows)), 1, least=501)[0] is None
    families, elsewhere = find_families(rows.view(np.uint64), zeros(len(rows)), 1, least=500)

    assert families is not None
    assert sorted(families.positions.tolist()) == list(range(0, 20_000, 40))
    assert bits(elsewhere, len(rows)).nonzero()[0].tolist() == list(range(0, 20_000, 40))


def bits(bitmap: NDArray[np.uint64], size: int) -> NDArray[np.uint8]:
    """Unpack a bitmap."""
    return np.unpackbits(bitmap.view(np.uint8), bitorder="little")[:size]


def test_health_tells_of_families_that_fill_buckets() -> None:
    """It is 1 for random signals, and as high as buckets are full where near-copies are left in."""
    rows = random_signals(20_000, seed=5)
    crowd = rows.copy()
    crowd[:2000] = near_copies(rows[0], 2000, 6, seed=6)
    ids = np.arange(len(rows))

    def health(signals: Signals, family_rows: int) -> float:
        chosen = Policy(layouts=((1, NARROW),), family_rows=family_rows)
        return build_segment(ids, signals.view(np.uint64).copy(), chosen).health

    assert health(rows, 1000) == pytest.approx(1, abs=0.02)
    assert health(crowd, 100_000) > 10
    assert health(crowd, 1000) == pytest.approx(1, abs=0.02)
