"""Which segments are merged: often enough that there are few, never more than memory holds."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from takeback.matching.exact.merge import Policy
from takeback.matching.exact.segment import Segment

POLICY = Policy(most_rows=1000)


@dataclass(eq=False)
class Sized:
    """A segment, as far as the policy looks: settled, and of some size."""

    lasting: int
    layout: object = ()

    def __len__(self) -> int:
        return self.lasting


def due(sizes: list[int]) -> list[int]:
    """Ask which of segments of these sizes are merged next."""
    chosen = POLICY.due(cast(list[Segment], [Sized(size) for size in sizes]))
    return sorted(cast(Any, segment).lasting for segment in chosen)


def settled(sizes: list[int]) -> list[int]:
    """Merge until nothing is due."""
    while run := due(sizes):
        for size in run:
            sizes.remove(size)
        sizes.append(sum(run))
    return sorted(sizes)


@given(st.lists(st.integers(1, 5000), max_size=60))
def test_segments_end_up_few_and_none_is_made_too_large(sizes: list[int]) -> None:
    """Those that were large before are left alone; among the small ones sizes grow fourfold."""
    left = settled(sizes.copy())

    assert sum(left) == sum(sizes)
    assert [size for size in left if size > 1000] == sorted(size for size in sizes if size > 1000)
    growing = [size for size in left if size <= 500]
    assert len(growing) <= 1 + np.log(500) / np.log(4)
    assert len(left) <= len(growing) + sum(sizes) // 500


def test_small_segments_are_not_merged_into_much_larger_ones() -> None:
    """Each row would be copied again and again."""
    assert due([3, 4, 400]) == [3, 4]
    assert due([3, 4, 28]) == [3, 4, 28]
    assert due([7, 400]) == []
    assert due([1, 5, 5, 5]) == [5, 5, 5]


def test_a_run_that_would_grow_too_large_goes_without_its_largest() -> None:
    """Until what is left fits."""
    assert due([300, 350, 400]) == [300, 350]
    assert due([450, 480, 900]) == [450, 480]
    assert due([501, 502]) == []
