"""A hit is checked as the vote would judge its proposal; the tables lead to every near row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.matching.keypoints import kernels as keypoint_kernels
from takeback.matching.keypoints.guide import Upload, check, upload_of
from takeback.matching.keypoints.kernels import LOWER, picture_of
from takeback.matching.keypoints.rows import rows_of
from takeback.matching.keypoints.segment import (
    MOST_CHECKED,
    MOST_ENTRIES,
    MOST_FOUND,
    KeypointSegment,
    segment_of,
)
from takeback.matching.keypoints.tables import LAYOUTS, UNTABLED, KeypointLayout, interleaved
from takeback.matching.keypoints.voting import (
    agree,
    distinct_keypoints,
    distinct_places,
    measures,
    near_pairs,
)
from tests.matching.keypoint_oracle import SMALL, pictures, shown, strange


def segment(bank: list[KeypointSignals], chunks: int | None = None) -> KeypointSegment:
    """Put pictures in a segment, with tables of so many chunks."""
    layout = UNTABLED if chunks is None else interleaved(chunks, flips=True)
    return segment_of(np.arange(len(bank)), rows_of(bank), ((0, layout),))


def votes_of_proposal(ours: KeypointSignals, theirs: KeypointSignals, pair: int) -> int:
    """Count who agrees with one near pair, as ``voting.vote`` does for each."""
    pairs = near_pairs(ours, theirs)
    now = np.zeros(len(pairs), np.bool_)
    a, b = measures(ours)[pairs[:, 0]], measures(theirs)[pairs[:, 1]]
    agree(a, b, pair, now)
    return min(distinct_places(a, now), distinct_keypoints(pairs, now))


def checked(held: KeypointSegment, upload: Upload, row: int, query: int) -> list[list[int]]:
    """Check one hit of a segment; picture, view and votes if it has any."""
    hits = np.array([row << 32 | query], np.uint64)
    found = np.empty((1, 3), np.int64)
    return found[: check(held.tables, upload, hits, 1, found)].tolist()  # type: ignore[no-any-return]


def number_of(upload: Upload, theirs: KeypointSignals, row: int, view: int) -> int:
    """Return the row of an upload under which a keypoint of one of its views is."""
    words = theirs.bits[row : row + 1].view(np.uint64)
    same = (upload.words == words).all(axis=1) & (upload.places == theirs.places[row]).all(axis=1)
    return int(np.flatnonzero(same & (upload.views == view))[0])


@given(st.integers(0, 10_000), st.floats(0, 0.2))
@settings(max_examples=60, deadline=None)
def test_a_hit_has_the_votes_of_its_proposal(seed: int, noise: float) -> None:
    """For every near pair, in whichever view of the upload and row of the segment it stands."""
    random = np.random.default_rng(seed)
    before, ours, other = strange(random, 7), strange(random, 20), strange(random, 30)
    theirs = shown(ours, random, noise)
    held = segment([before, ours])
    upload = upload_of([other, theirs])

    for number, (mine, their) in enumerate(near_pairs(ours, theirs).tolist()):
        query = number_of(upload, theirs, their, view=1)
        expected = votes_of_proposal(ours, theirs, number)
        assert checked(held, upload, len(before) + mine, query) == [[1, 1, expected]]


@pytest.mark.parametrize("growth", [-9, -1, 0, 1, 9])
@pytest.mark.parametrize("turn", [0, 1, 11, 23])
def test_a_picture_that_grew_and_turned_agrees_with_itself(growth: int, turn: int) -> None:
    """Also where that leads to the smallest and largest of all sizes."""
    places = np.array([[30, 30, 9, 4], [30, 30, 5, 4], [30, 30, 15, 4], [30, 30, 0, 4]], np.uint8)
    bits = np.random.default_rng(1).integers(0, 256, (4, 32), np.uint8)
    moved = places.copy()
    moved[:, 2] = np.clip(places[:, 2].astype(int) + growth, 0, 15)
    moved[:, 3] = (places[:, 3] + turn) % 24
    ours, theirs = KeypointSignals(64, 64, bits, places), KeypointSignals(64, 64, bits, moved)
    upload = upload_of([theirs])

    found = checked(segment([ours]), upload, 0, number_of(upload, theirs, 0, view=0))

    assert found == [[0, 0, votes_of_proposal(ours, theirs, 0)]]


def test_further_hits_of_a_picture_that_is_found_are_passed_over() -> None:
    """One answer for each picture and view."""
    random = np.random.default_rng(2)
    ours = strange(random)
    theirs = shown(ours, random, 0)
    held, upload = segment([ours]), upload_of([theirs, theirs])

    hits = held.hits(upload)
    found = held.search(upload, needed=3)

    assert len(hits) == 2 * len(ours)
    assert sorted(found.views.tolist()) == [0, 1]


@pytest.mark.parametrize("chunks", [5, 6, 8, 11, 16])
def test_tables_lead_to_every_row_that_differs_in_a_bit_of_each_chunk(chunks: int) -> None:
    """Whichever bits those are, and wherever the row stands."""
    bank = pictures(40, seed=3)
    held = segment(bank, chunks)
    random = np.random.default_rng(chunks)
    looked = [KeypointSignals(64, 48, one_flip(p.bits, chunks, random), p.places) for p in bank]

    for number in (0, 7, 39):
        upload = upload_of([looked[number]])
        begin, end = held.rows.first[number : number + 2].tolist()
        hits = held.hits(upload)
        assert set(range(begin, end)) <= set((hits >> np.uint64(32)).tolist())


def one_flip(
    bits: NDArray[np.uint8], chunks: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Flip one bit of the first 128 in each chunk."""
    flips = np.zeros((len(bits), 256), np.uint8)
    for row in flips:
        for chunk in range(chunks):
            row[random.choice(np.arange(chunk, 128, chunks))] = 1
    return bits ^ np.packbits(flips, axis=1)


@pytest.mark.parametrize("layout", [layout for _, layout in LAYOUTS], ids=lambda x: len(x.widths))
def test_every_layout_deals_each_bit_once(layout: KeypointLayout) -> None:
    """128 bits in, the same number of ones out, and none twice."""
    words = np.zeros((128, 4), np.uint64)
    for bit in range(128):
        words[bit].view(np.uint8)[bit // 8] = 128 >> bit % 8

    dealt = [keypoint_kernels.dealt(row, layout.deal) for row in words]

    assert sum(layout.widths) == 128
    assert sorted(lower | upper << 64 for lower, upper in dealt) == [1 << bit for bit in range(128)]


def test_the_picture_of_each_row_is_found() -> None:
    """Among pictures of many, one and no keypoints."""
    random = np.random.default_rng(4)
    sizes = [0, 0, 300, 1, 0, 1, 64, 0, 0, 0, 63, 129, 0]
    held = segment([strange(random, size) for size in sizes])

    found = [picture_of(held.tables, row) for row in range(sum(sizes))]

    assert found == np.repeat(np.arange(len(sizes)), sizes).tolist()


def test_an_upload_of_equal_keypoints_is_bounded_work() -> None:
    """The same keypoint over and over, against a bank of little else, is cut off and answered."""
    random = np.random.default_rng(5)
    one = strange(random, 1)
    flood = KeypointSignals(
        64, 48, np.repeat(one.bits, 300, axis=0), random.integers(0, 40, (300, 4), np.uint8) % 24
    )
    bank = [flood] * 30
    held = segment_of(np.arange(30), rows_of(bank), SMALL)
    upload = upload_of([flood, flood, flood, flood])
    hits = np.empty(MOST_FOUND, np.uint64)

    probed = keypoint_kernels.probe(held.tables, upload.words, (6, MOST_ENTRIES), hits)
    found = held.search(upload, needed=3)

    assert len(bank) * len(flood) > MOST_ENTRIES
    assert probed == MOST_FOUND
    assert MOST_CHECKED < len(held.hits(upload)) < MOST_FOUND
    assert 0 < len(found.pictures) <= 4 * len(bank)


def test_of_too_many_hits_those_of_the_likeliest_pictures_are_checked() -> None:
    """A real copy has rare keypoints; those that look alike are many, and come before it."""
    random = np.random.default_rng(6)
    copy, common = strange(random), strange(random, 1)
    crowd = [common] * (MOST_CHECKED + 500)
    held = segment([*crowd, copy])
    upload = upload_of(
        [
            KeypointSignals(
                64,
                48,
                np.concatenate([common.bits, copy.bits]),
                np.concatenate([common.places, copy.places]),
            )
        ]
    )

    found = held.search(upload, needed=3)

    assert len(held.hits(upload)) == len(crowd) + len(copy)
    assert found.pictures.tolist() == [len(crowd)]


def test_removed_entries_leave_their_neighbours() -> None:
    """Only the row's own entries are gone, from every table."""
    bank = pictures(20, seed=7)
    held = segment(bank, 16)
    row = int(held.rows.first[5])

    assert held.entries is not None
    noise = np.zeros((1, 16), np.uint64)
    keypoint_kernels.remove_entries(held.tables, held.entries, (row, row + 1), noise)

    numbers = np.bincount(
        (held.tables.entries & LOWER).astype(np.uint32).clip(max=240), minlength=241
    )
    assert numbers[row] == 0
    assert numbers[240] == 16
    assert (np.delete(numbers[:240], row) == 16).all()
