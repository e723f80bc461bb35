"""The journal: what it says happened stays said."""

from datetime import date
from pathlib import Path

import pytest

from takeback.errors import IntegrityFailure
from takeback.journal import Journal
from tests.conftest import FakeClock


@pytest.fixture
def journal(tmp_path: Path, clock: FakeClock) -> Journal:
    """An empty journal."""
    return Journal(tmp_path / "journal.jsonl", clock)


def test_lines_come_back_in_order(journal: Journal, clock: FakeClock) -> None:
    """What was appended is read, oldest first, with its time."""
    journal.append("item.withdrawn", "item_a")
    journal.append("item.reinstated", "item_a")

    assert [(line.at, line.kind, line.id) for line in journal.lines()] == [
        (clock(), "item.withdrawn", "item_a"),
        (clock(), "item.reinstated", "item_a"),
    ]


def test_a_line_may_have_a_day(journal: Journal) -> None:
    """The end date that she chose, or none; lines of older programs have no such member."""
    journal.append("case.ends", "case_a", date(2030, 6, 1))
    journal.append("case.ends", "case_a")
    with journal.path.open("a") as file:
        file.write('{"at": "2030-01-01T00:00:00+00:00", "kind": "case.purged", "id": "case_b"}\n')

    assert [line.day for line in journal.lines()] == [date(2030, 6, 1), None, None]


def test_a_line_whose_day_is_none_stops_the_restore(journal: Journal) -> None:
    """Text in its place is not read past."""
    line = '{"at": "2030-01-01T00:00:00+00:00", "kind": "case.ends", "id": "a", "day": "soon"}\n'
    journal.path.write_text(line)

    with pytest.raises(IntegrityFailure):
        list(journal.lines())


def test_a_journal_that_was_never_written_is_empty(journal: Journal) -> None:
    """A new hub has nothing to replay."""
    assert list(journal.lines()) == []


@pytest.mark.parametrize("kept", [1, 10, 40])
def test_a_line_cut_off_by_a_power_cut_harms_no_other(journal: Journal, kept: int) -> None:
    """The torn line is left out; lines before and after it are whole."""
    journal.append("case.purged", "case_a")
    journal.append("case.purged", "case_b")
    whole = journal.path.read_bytes().split(b"\n")
    journal.path.write_bytes(whole[0] + b"\n" + whole[1][:kept])

    journal.append("case.purged", "case_c")

    assert [line.id for line in journal.lines()] == ["case_a", "case_c"]


def test_a_changed_line_is_not_taken_for_a_torn_one(journal: Journal) -> None:
    """A whole line that makes no sense stops the restore."""
    journal.append("case.purged", "case_a")
    journal.path.write_text('{"kind": "case.purged"}\n')

    with pytest.raises(IntegrityFailure):
        list(journal.lines())


@pytest.mark.parametrize("other", [b"\x89PNG\r\n", b"# Notes\n", b'{"name": "x"'])
def test_a_file_that_is_no_journal_is_not_taken_for_an_empty_one(
    journal: Journal, other: bytes
) -> None:
    """A restore from the wrong file would bring back what was withdrawn."""
    journal.path.write_bytes(other)

    with pytest.raises(IntegrityFailure):
        list(journal.lines())


def test_only_the_hub_s_user_can_read_it(journal: Journal) -> None:
    """The file is made with mode 0600."""
    journal.append("case.purged", "case_a")

    assert journal.path.stat().st_mode & 0o777 == 0o600
