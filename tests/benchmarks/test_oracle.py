"""The linear scan that measurements are held to, held to numpy."""

import numpy as np
import pytest
from benchmarks.index.banks import flipped, random_bits
from benchmarks.oracle import BLOCK, columns_of, scan


@pytest.mark.parametrize("entries", [1, BLOCK - 1, BLOCK, 2 * BLOCK + 7])
def test_the_scan_finds_what_comparing_bit_by_bit_finds(entries: int) -> None:
    """Near ones, far ones, and those at the very radius."""
    bank = random_bits(entries, seed=1)
    questions = np.concatenate([flipped(bank[-3:], 40, seed=2), random_bits(2, seed=3)])

    found = scan(columns_of(bank), questions, 31)

    distances = np.bitwise_count(questions[:, None] ^ bank[None]).sum(axis=2)
    expected = [(q, e, distances[q, e]) for q, e in np.argwhere(distances <= 31)]
    assert [tuple(row) for row in found.tolist()] == expected


def test_the_scan_has_room_for_any_number_of_hits() -> None:
    """A flood of near-copies is found whole."""
    bank = np.repeat(random_bits(1, seed=1), 5000, axis=0)

    found = scan(columns_of(bank), bank[:1], 31)

    assert found[:, 1].tolist() == list(range(5000))


def test_columns_may_have_room_for_more_entries() -> None:
    """What lies beyond the entries is not compared."""
    bank = random_bits(10, seed=1)

    found = scan(columns_of(bank), bank[[3, 7]], 31, entries=5)

    assert found.tolist() == [[0, 3, 0]]
