"""The table of figures: what is held to what, and how it is laid out."""

from pathlib import Path

import pytest
from benchmarks.index.peers import SETTINGS, Setting
from benchmarks.plots import draw_all
from benchmarks.rows import ROWS, Row, Source
from benchmarks.table import as_data, laid_out

PLACE = Source("here", "here --rows 1")


@pytest.mark.parametrize(
    ("row", "met", "missed"),
    [
        (PLACE.at_least(30, "times", "a", "fast"), 30.0, 29.9),
        (PLACE.at_most(3, "ms", "a", "slow"), 3.0, 3.1),
    ],
    ids=["at least", "at most"],
)
def test_a_figure_is_held_to_its_target(row: Row, met: float, missed: float) -> None:
    """Met at the very target, missed beyond it, neither while it is not measured."""
    assert row.met({"here.a": met}) is True
    assert row.met({"here.a": missed}) is False
    assert row.met({}) is None


def test_what_is_only_told_is_neither_met_nor_missed() -> None:
    """It stands in the table all the same."""
    assert PLACE.told("ms", "a", "median").met({"here.a": 1.0}) is None


def test_every_row_stands_in_the_table_with_what_measures_it() -> None:
    """Measured or not."""
    measured = ROWS[0]

    table = laid_out({measured.key: 41.234})

    lines = table.splitlines()[2:]
    assert len(lines) == len(ROWS)
    assert f"| {measured.what} | ≥ 30 times | 41.2 times | met |" in lines[0]
    assert all(f"`{row.command}`" in line for row, line in zip(ROWS, lines, strict=True))
    assert table.count("not measured") == len(ROWS) - 1
    assert [each["met"] for each in as_data({})] == [None] * len(ROWS)


def test_no_figure_stands_twice() -> None:
    """Each row has a key of its own."""
    assert len({row.key for row in ROWS}) == len(ROWS)


def test_every_setting_of_the_peer_is_exact() -> None:
    """By the pigeonhole principle: maps · (flips + 1) is above the radius."""
    assert all(each.maps * (each.flips + 1) > 31 for each in SETTINGS)
    with pytest.raises(AssertionError):
        Setting(10, 25, 2)


def test_plots_are_drawn_of_what_was_measured(tmp_path: Path) -> None:
    """By size and by bank; of nothing, nothing."""
    took = {"p50": 0.1, "p99": 0.3}
    races = {
        f"index-{bank}": {"details": {"bank": bank, "rows": rows, "times": {"unrelated": lanes}}}
        for bank, rows, lanes in (
            ("random", 1000, {"Index": took, "PDQIndex": took}),
            ("plain", 1000, {"Index": took, "Index, random bits": took}),
        )
    }

    assert draw_all({}, tmp_path) == {}
    drawn = draw_all(races, tmp_path)

    assert list(drawn) == ["lookups-by-size.svg", "lookups-by-bank.svg"]
    assert all((tmp_path / name).read_text().startswith("<?xml") for name in drawn)
