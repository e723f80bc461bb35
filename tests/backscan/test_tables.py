"""Results of one shard take little memory, however many there are."""

import tracemalloc

from takeback.backscan.tables import HITS, PIECE, Rows, counted, unpacked

MANY = 8 * PIECE + 3
"""Rows that do not fill the last piece."""


def test_rows_are_packed_as_they_come() -> None:
    """A hundred hits for each of a hundred thousand signals would else be many gigabytes."""
    rows = Rows(HITS)
    tracemalloc.start()
    try:
        for number in range(MANY):
            rows.add(number, None, number=f"{number:032x}", hub="hub.example", score=1.0 * number)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    content = rows.packed()

    assert most < 600 * MANY / 4
    assert len(content) < 40 * MANY
    assert counted(content) == MANY
    table = unpacked(content)
    assert table.column("row").to_pylist() == list(range(MANY))
    assert table.column("number")[MANY - 1].as_py() == f"{MANY - 1:032x}"


def test_a_table_may_be_empty() -> None:
    """Most shards have no hit; their tables have columns all the same."""
    content = Rows(HITS).packed()

    assert counted(content) == 0
    assert unpacked(content).schema == HITS
