"""One call searches many places for many queries, and answers as one index would."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from takeback.matching.exact import places
from takeback.matching.exact.layout import LAYOUTS, NARROW, WIDE, Layout
from takeback.matching.exact.merge import Policy, build_segment, merge
from takeback.matching.exact.places import NO_LIMIT, search_places
from takeback.matching.exact.segment import Numbers, Segment, Tail, zeros
from tests.matching.index_oracle import (
    TINY,
    Signals,
    flipped,
    linear_search,
    near_copies,
    random_signals,
)

SMALLEST, LARGEST = np.iinfo(np.int64).min, np.iinfo(np.int64).max

SIGNALS = np.concatenate(
    [
        random_signals(300, seed=1),
        near_copies(random_signals(1, seed=2)[0], 200, 35, seed=3),
        np.zeros((40, 32), np.uint8),
    ]
)
IDS = np.random.default_rng(4).permutation(len(SIGNALS)) * 7 - 500
BANK = dict(zip(IDS.tolist(), SIGNALS, strict=True))


def segment_of(ids: NDArray[np.int64], signals: Signals, layout: Layout | None = None) -> Segment:
    """Build a segment, scanned or in tables."""
    order = np.argsort(ids)
    layouts = () if layout is None else ((1, layout),)
    words = np.ascontiguousarray(signals[order]).view(np.uint64).copy()
    return build_segment(ids[order], words, Policy(layouts=layouts))


def tail_of(ids: NDArray[np.int64], signals: Signals) -> Tail:
    """Fill a tail in the order given."""
    tail = Tail.empty(len(ids) + 5)
    tail.append(ids, np.ascontiguousarray(signals).view(np.uint64))
    return tail


def search(
    lines: list[NDArray[np.int64]], queries: Signals, radius: int = 31, limit: int | None = None
) -> tuple[list[tuple[int, ...]], list[bool]]:
    """Search the places in one call."""
    words = np.ascontiguousarray(queries).view(np.uint64)
    most = NO_LIMIT if limit is None else limit
    rows, more = search_places(np.stack(lines), words, radius, most)
    return [tuple(row) for row in rows.tolist()], more.tolist()


PLACES = [
    segment_of(IDS[:200], SIGNALS[:200], WIDE),
    segment_of(IDS[200:380], SIGNALS[200:380], NARROW),
    segment_of(IDS[380:450], SIGNALS[380:450], TINY),
    segment_of(IDS[450:500], SIGNALS[450:500]),
]
TAIL = tail_of(IDS[500:], SIGNALS[500:])
LINES = [*(segment.place for segment in PLACES), TAIL.place(TAIL.size)]


@settings(max_examples=60, deadline=None)
@given(
    entries=st.lists(st.sampled_from(sorted(BANK)), min_size=0, max_size=5),
    flips=st.sets(st.integers(0, 255), max_size=45),
    radius=st.sampled_from([0, 1, 12, 31, 32, 33, 38, 39, 86, 87, 256]),
    limit=st.sampled_from([1, 2, 7, 100, None]),
    order=st.permutations(range(5)),
)
def test_a_batch_over_all_layouts_is_answered_like_the_linear_oracle(
    entries: list[int], flips: set[int], radius: int, limit: int | None, order: list[int]
) -> None:
    """At radius 0, 31, at the reach of each layout and beyond, in whatever order of places."""
    bits = np.array(sorted(flips), np.int64)
    queries = np.array([flipped(BANK[entry], bits) for entry in entries], np.uint8).reshape(-1, 32)

    answer = search([LINES[i] for i in order], queries, radius, limit)

    assert answer == linear_search(BANK, queries, radius, limit)


def test_an_id_in_two_places_is_answered_once_with_the_nearer_signal() -> None:
    """While a signal is being replaced both may be seen; the order of the places does not count."""
    signal = SIGNALS[0]
    near, far = flipped(signal, np.arange(3)), flipped(signal, np.arange(20))
    old = segment_of(np.array([7, 8]), np.stack([far, signal]), TINY)
    new = tail_of(np.array([9, 7]), np.stack([far, near]))
    lines = [old.place, new.place(2)]

    for two in (lines, lines[::-1]):
        assert search(two, signal[None])[0] == [(0, 8, 0), (0, 7, 3), (0, 9, 20)]
        assert search(two, signal[None], limit=2) == ([(0, 8, 0), (0, 7, 3)], [True])
        assert search(two, signal[None], limit=3)[1] == [False]


@settings(max_examples=30, deadline=None)
@given(
    doubles=st.sets(st.integers(0, 539), max_size=200),
    limit=st.sampled_from([1, 5, 60, None]),
    radius=st.sampled_from([12, 31]),
)
def test_ids_found_twice_displace_nobody(doubles: set[int], limit: int | None, radius: int) -> None:
    """A limit counts entries, not the places they were found in."""
    again = sorted(doubles)
    tail = tail_of(IDS[again], SIGNALS[again])
    queries = SIGNALS[[0, 310, 530]]

    answer = search([*LINES, tail.place(tail.size)], queries, radius, limit)

    assert answer == linear_search(BANK, queries, radius, limit)


def test_a_tail_shows_as_many_rows_as_it_is_asked_for() -> None:
    """Those that were written meanwhile wait until a place counts them."""
    tail = tail_of(np.array([5, 3, 4]), SIGNALS[[0, 0, 0]])
    line = tail.place(2)

    before = search([line], SIGNALS[:1])
    line[places.COUNT] = 3

    assert before[0] == [(0, 3, 0), (0, 5, 0)]
    assert search([line], SIGNALS[:1])[0] == [(0, 3, 0), (0, 4, 0), (0, 5, 0)]


def test_a_bit_set_in_the_bitmap_hides_a_row_at_once() -> None:
    """Whoever sets it: the bitmap may be memory that another process writes."""
    for segment in (*PLACES[:3], segment_of(IDS[:70], SIGNALS[:70])):
        ended = zeros(len(segment))
        shared = Segment.of(*segment.arrays(), ended)
        signal = shared.signals(np.array([66])).view(np.uint8)
        assert len(search([shared.place], signal, 0)[0]) >= 1

        ended[1] |= np.uint64(1 << 2)

        assert shared.ids[66] not in [row[1] for row in search([shared.place], signal, 0)[0]]


@pytest.mark.parametrize("layout", [*LAYOUTS, TINY, None], ids=["wide", "narrow", "tiny", "none"])
def test_a_segment_taken_apart_and_put_together_answers_the_same(
    layout: Layout | None, tmp_path: Path
) -> None:
    """From files mapped for reading, with attributes that went through JSON."""
    attributes, arrays = segment_of(IDS, SIGNALS, layout).arrays()
    mapped: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        np.save(tmp_path / name, array)
        mapped[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")

    again = Segment.of(json.loads(json.dumps(attributes)), mapped)

    assert search([again.place], SIGNALS[::50]) == linear_search(BANK, SIGNALS[::50], 31, None)
    assert again.ids.tolist() == sorted(BANK)
    assert again.lasting == len(BANK)


def test_arrays_that_compiled_code_would_misread_are_refused() -> None:
    """Another type or order of bytes means other rows."""
    attributes, arrays = PLACES[3].arrays()

    for wrong in (arrays["rows"].astype(np.int64), np.asfortranarray(arrays["rows"])):
        with pytest.raises(ValueError, match="contiguous"):
            Segment.of(attributes, {**arrays, "rows": wrong})


@pytest.mark.parametrize(
    ("ids", "size"),
    [
        ([3, 4, 5], 4),
        ([-(1 << 31), 0, (1 << 31) - 1], 4),
        ([0, 1 << 32], 8),
        ([SMALLEST, 0, LARGEST], 8),
        ([LARGEST - 1, LARGEST], 4),
        ([], 4),
    ],
)
def test_ids_take_four_bytes_where_their_range_allows(ids: list[int], size: int) -> None:
    """And every whole number of 64 bits is found again, and no other."""
    numbers = Numbers.of(np.array(ids, np.int64))
    strange = [SMALLEST + 1, -7, 1, LARGEST - 2]

    here, at = numbers.find(np.array([*strange, *ids], np.int64))

    assert numbers.offsets.dtype.itemsize == size
    assert numbers.at(slice(None)).tolist() == ids
    assert at.tolist() == list(range(len(ids)))
    assert here.tolist() == list(range(len(strange), len(strange) + len(ids)))


def test_extreme_ids_are_answered() -> None:
    """Negative ones sort before positive ones."""
    ids = np.array([LARGEST, 0, SMALLEST])
    segment = segment_of(ids, SIGNALS[[0, 0, 0]], TINY)

    found, _ = search([segment.place], SIGNALS[:1])

    assert [entry for _, entry, _ in found] == [SMALLEST, 0, LARGEST]


def test_more_threads_build_the_same_segment() -> None:
    """The work is dealt to them, the result is one."""
    ids, signals = np.arange(3000), random_signals(3000, seed=5)
    signals[::3] = near_copies(signals[0], 1000, 8, seed=6)
    built = [
        build_segment(
            ids,
            signals.view(np.uint64).copy(),
            Policy(layouts=((1, NARROW),), family_rows=500, threads=threads),
        ).arrays()
        for threads in (1, 3)
    ]

    assert built[0][0] == built[1][0]
    assert built[0][1].keys() == built[1][1].keys()
    assert all(np.array_equal(built[0][1][name], built[1][1][name]) for name in built[0][1])


def test_merging_takes_ids_in_any_order_and_leaves_ended_rows_out() -> None:
    """Sources of different layouts, with ranges that lie within each other."""
    sources = [
        segment_of(IDS[:100], SIGNALS[:100], WIDE),
        segment_of(IDS[100:400], SIGNALS[100:400], TINY),
        segment_of(IDS[400:], SIGNALS[400:]),
    ]
    gone = IDS[::9]
    for source in sources:
        source.end(source.find(gone)[1])

    merged = merge(sources, Policy(layouts=((1, NARROW),)))

    left = {entry: signal for entry, signal in BANK.items() if entry not in gone}
    assert merged.ids.tolist() == sorted(left)
    queries = SIGNALS[::60]
    assert search([merged.place], queries) == linear_search(left, queries, 31, None)


def test_memory_beside_the_signal_is_what_the_layouts_promise() -> None:
    """At most 120 bytes at a million; fewer for more, as tables are shared by more rows."""
    rows = random_signals(1_000_000, seed=8).view(np.uint64)
    segment = build_segment(np.arange(len(rows)), rows, Policy())

    _, arrays = segment.arrays()

    size = sum(array.nbytes for array in arrays.values()) + segment.ended.nbytes
    assert size / len(rows) - 32 <= 120
