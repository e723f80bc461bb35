"""A dry run: what a scan would take, without a trace."""

import json
import re
import tempfile
from pathlib import Path

import pytest

from takeback.backscan.estimate import estimate
from takeback.backscan.outcome import Seconds
from takeback.backscan.scan import Progress
from takeback.cli import main
from takeback.cli.backscan.telling import duration
from tests.backscan.library import Library
from tests.backscan.running import order, scan


def test_a_sample_says_what_the_rest_takes(library: Library, tmp_path: Path) -> None:
    """Time and processor hours, and the cost where a price is given; nothing is written."""
    wanted = order(library.folder, library.bank, tmp_path / "out", views="plain")

    made = estimate(wanted, workers=4, sample=12, price=2.0)

    assert (made.kind, made.rows, made.left, made.shards) == ("files", 29, 29, 2)
    assert made.sampled == 12
    assert made.seconds_each > 0
    assert made.processor_hours == pytest.approx(made.seconds_each * 29 / 3600)
    assert made.hours == pytest.approx(made.processor_hours / 4)
    assert made.cost == pytest.approx(made.processor_hours * 2)
    assert not (tmp_path / "out").exists()


def test_it_leaves_nothing_and_needs_no_room_but_that_of_the_results(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list and an index may be too large for the folder for temporary files."""
    given = tmp_path / "list.csv"
    given.write_text("path\n" + "\n".join(map(str, library.pictures[:3])) + "\n")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    wanted = order(given, library.bank, tmp_path / "deep" / "out", views="plain")

    made = estimate(wanted, workers=1, sample=2, price=None)

    assert (made.rows, made.sampled) == (3, 2)
    assert list(tmp_path.iterdir()) == [given]


def test_of_a_finished_scan_nothing_is_left(library: Library, tmp_path: Path) -> None:
    """And nothing of it takes time."""
    wanted = order(library.folder / "sub", library.bank, tmp_path / "out", views="plain")
    scan(wanted)

    made = estimate(wanted, workers=1, sample=None, price=None)

    assert (made.left, made.shards, made.sampled, made.processor_hours) == (0, 0, 0, 0)


def test_the_command_prints_it_and_scans_nothing(
    library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In words, or as JSON."""
    folders = [library.folder, "--bank", library.bank, "--out", tmp_path / "out"]
    arguments = [*map(str, folders), "--dry-run", "--sample", "5", "--views", "plain"]

    codes = [main.run(["backscan", *arguments, *more]) for more in (["--workers=3"], ["--json"])]

    [(said, data)] = re.findall(r"^(would .*?)(\{.*)$", capsys.readouterr().out, re.DOTALL)
    assert codes == [0, 0]
    assert said.startswith("would scan 29 of 29 files in 2 parts, by 3 workers, into ")
    assert "processor hours" in said
    assert json.loads(data)["cost"] is None
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "0 s"),
        (61, "1 min 1 s"),
        (7_200, "2 h 0 min"),
        (200_000, "2 d 7 h"),
        (float("inf"), "unknown time"),
    ],
)
def test_a_time_is_said_in_two_units(seconds: float, said: str) -> None:
    """The two largest that fit."""
    assert duration(seconds) == said


def test_the_start_does_not_spoil_the_forecast() -> None:
    """The pace is that since the first shard was done; before there is none."""
    progress = Progress(rows=1_000)
    assert progress.left == float("inf")
    for elapsed in (20.0, 21.0, 22.0):
        progress.done += 100
        progress.elapsed = elapsed
        if progress.started is None:
            progress.started, progress.first = elapsed, 100

    assert progress.rate == 100
    assert progress.left == 7


def test_times_of_shards_add_up() -> None:
    """Each phase by itself."""
    one, other = (
        Seconds(read=1, hash=2, match=3, total=7),
        Seconds(read=1, hash=1, match=1, total=3),
    )

    one.add(other)

    assert one == Seconds(read=2, hash=3, match=4, total=10)
