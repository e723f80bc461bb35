"""Many pictures' keypoints in a few arrays: nothing is lost or mixed up."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.matching.keypoints.rows import KeypointRows, joined, rows_of
from tests.matching.keypoint_oracle import strange

sizes = st.lists(st.integers(0, 5), max_size=8)


def drawn(counts: list[int]) -> list[KeypointSignals]:
    """Draw pictures of so many keypoints each."""
    random = np.random.default_rng(len(counts))
    return [strange(random, count) for count in counts]


@given(sizes)
@settings(max_examples=30, deadline=None)
def test_a_picture_comes_back_as_it_was(counts: list[int]) -> None:
    """Packed, it is the same bytes."""
    pictures = drawn(counts)

    rows = rows_of(pictures)

    assert len(rows) == len(pictures)
    assert [rows.picture(i).pack() for i in range(len(rows))] == [p.pack() for p in pictures]


@given(sizes, sizes, st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_joined_and_taken_pictures_are_those_asked_for(
    first: list[int], second: list[int], seed: int
) -> None:
    """In the order asked for."""
    pictures = drawn(first) + drawn(second)
    order = np.random.default_rng(seed).permutation(len(pictures))

    rows = joined([rows_of(pictures[: len(first)]), rows_of(pictures[len(first) :])]).take(order)

    assert [rows.picture(i).pack() for i in range(len(order))] == [
        pictures[i].pack() for i in order
    ]


def test_a_picture_taken_out_is_a_copy() -> None:
    """What happens to the rows afterwards does not change it."""
    rows = rows_of(drawn([3]))
    picture = rows.picture(0)
    before = picture.pack()

    rows.words[:] = 0
    rows.places[:] = 0

    assert picture.pack() == before


@given(sizes)
@settings(max_examples=30, deadline=None)
def test_packed_rows_come_back_as_they_were(counts: list[int]) -> None:
    """From bytes, and from nothing else but the number of pictures."""
    rows = rows_of(drawn(counts))

    back = KeypointRows.unpack(rows.pack(), len(counts))

    for name, array in rows.arrays().items():
        assert (back.arrays()[name] == array).all()
        assert back.arrays()[name].dtype == array.dtype
