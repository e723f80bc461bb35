"""What is said about the figures: goals met or missed, tails carried on, pages written."""

import math
from pathlib import Path

import numpy as np
import pytest
from benchmarks.robustness import editions, wanted
from benchmarks.robustness.compare import Outcome
from benchmarks.robustness.edits import EDITS
from benchmarks.robustness.outcomes import WITH, WITHOUT
from benchmarks.robustness.page import put
from benchmarks.robustness.report import Report, figures
from benchmarks.robustness.tails import KEYPOINTS, NEAR, carried_on, most_expected, table, ways

from takeback.matching.evidence import Ground


def found(*missed: str) -> Outcome:
    """Return an outcome for ten pictures in which some edits are never found."""
    shares = np.array([each.name not in missed and each.family not in missed for each in EDITS])
    return Outcome(np.tile(shares, (10, 1)), false=0, pairs=100)


EVERYTHING = {"all": np.ones(10, np.bool_), "held out": np.arange(10) < 3}


def test_a_goal_that_is_missed_says_by_how_much() -> None:
    """The worst family is named; hard edits stand by themselves."""
    outcome = {WITH: found("crop 25% off-centre", "pip"), WITHOUT: found()}
    goals = list(wanted.of_direction("uploaded", outcome, EVERYTHING))
    by_name = {goal.what: goal for goal in goals}
    assert by_name[f"crop 25% off-centre, {WITH}"].row()[1:] == [
        "85", "0.0", "0.0", "**missed by 85.0**",
    ]  # fmt: skip
    assert any("worst: pip" in what for what in by_name)
    assert by_name[f"edited copy uploaded, mean of the families, {WITHOUT}"].met
    assert not by_name[f"edited copy uploaded, mean of the families, {WITH}"].met
    assert len(goals) == 7


def test_a_report_has_every_table_of_the_page() -> None:
    """The page has a place for each, and the program writes no other."""
    report = Report(EVERYTHING)
    for direction in ("uploaded", "registered"):
        report.direction(direction, {WITH: found(), WITHOUT: found("pip"), "phash64@8": found()})
    report.low_texture({"blurred": found()})
    page = Path(__file__).parents[2] / "docs" / "reference" / "robustness.md"
    for name in report.tables:
        assert f"<!-- table: {name} -->" in page.read_text()
    assert "missed" not in report.tables["wanted"]
    assert figures(report)["low texture"]


def test_only_what_is_between_the_marks_is_replaced(tmp_path: Path) -> None:
    """As often as one likes; a table without a place is an error."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- table: a -->\nold\n<!-- end of table -->\nafter\n")
    for _ in range(2):
        put(page, {"a": r"| new \d |"})
    assert page.read_text() == (
        "before\n<!-- table: a -->\n\n| new \\d |\n\n<!-- end of table -->\nafter\n"
    )
    with pytest.raises(ValueError, match="no table called b"):
        put(page, {"b": ""})


def test_bounds_are_those_of_the_textbook() -> None:
    """Of none, three (the rule of three); of five, 10.5."""
    assert most_expected(0) == pytest.approx(2.996, abs=1e-3)
    assert most_expected(5) == pytest.approx(10.513, abs=1e-3)


def test_a_tail_that_falls_evenly_is_carried_on() -> None:
    """A factor of ten in ten bits, from a thousand at 70: at 31 it is one in eight."""
    within = {bits: round(1000 * 10 ** ((bits - 70) / 10)) for bits in range(46, 71)}
    assert carried_on(within, 31) == pytest.approx(1000 * 10**-3.9, rel=0.2)
    assert math.isnan(carried_on({70: 1}, 31))


def test_near_pairs_are_added_up_by_ground() -> None:
    """Votes count downwards; what passed is matched; sampled pairs have their own number."""
    rows = [
        (KEYPOINTS, "whole", 2, False, False, 40),
        (KEYPOINTS, "whole", 3, False, False, 4),
        ("whole", "whole", 50, False, True, 8),
        ("whole", "whole", 60, False, True, 80),
        ("trimmed", "whole", 30, True, False, 1),
    ]
    near = np.array(rows, NEAR)
    found = {way.ground: way for way in ways([(near[:3], (500, 50)), (near[3:], (500, 50))])}
    assert found[Ground.KEYPOINTS].within == {-3: 4, -2: 44}
    assert found[Ground.WHOLE].within == {50: 8, 60: 88}
    assert (found[Ground.WHOLE].pairs, found[Ground.WHOLE].pairs_within) == (1000, 100)
    assert found[Ground.VIEW].matched == 1
    assert found[Ground.VIEW].expected() == pytest.approx(1e9)
    assert table([(near, (1000, 100))]).count("\n") == 4


def test_an_edition_is_of_what_code_does(tmp_path: Path) -> None:
    """Docstrings, comments and layout may change; a number may not."""
    file = tmp_path / "a.py"
    names = []
    for text in ('"""A."""\nX = 1\n', '"""B."""\n\n# why\nX = 1\n"""Of X."""\n', "X = 2\n"):
        file.write_text(text)
        names.append(editions.code_of([file]))
    assert names[0] == names[1] != names[2]
