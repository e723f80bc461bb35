"""kill -9 at any stage: the same command goes on, and no hit is lost or there twice."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from takeback.backscan import plan as plans
from takeback.backscan.scan import Progress, here, run
from tests.backscan.library import Library, expected, hits, rows
from tests.backscan.running import order, scan, takeback

PROGRAM = """
import multiprocessing, os, signal, sys

from takeback.backscan import plan, results, scan
from takeback.cli import main

stage, *arguments = sys.argv[1:]
settle, commit = plan.settle, results.commit


def die(*_):
    pids = (each.pid for each in multiprocessing.active_children())
    print(*pids, file=sys.__stdout__, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def die_before_hits(part, path):
    die() if path.name.startswith("hits-") else settle(part, path)


def commit_one(*given):
    commit(*given)
    die()


def commit_and_be_told_to_end(*given):
    commit(*given)
    pids = (each.pid for each in multiprocessing.active_children())
    print(*pids, file=sys.__stdout__, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)


if stage == "planning":
    plan.write = die
elif stage == "told":
    results.commit = commit_and_be_told_to_end
elif stage == "hashing":
    results.commit = commit_one
else:
    results.settle = die_before_hits
sys.exit(main.run(["backscan", *arguments]))
"""
"""The program, made to kill itself: once the list is written and the plan is not; once one
shard is written; and once a shard's hits are written and have no name yet. Or made to send
itself SIGTERM, as a service manager does, once one shard is written."""


def ended(stage: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the program until it ends itself; it prints the processes that it had started."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, stage, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def killed(stage: str, *arguments: object) -> list[int]:
    """Run the program until it kills itself; return the processes that it had started."""
    done = ended(stage, *arguments)
    assert done.returncode == -signal.SIGKILL
    return [int(each) for each in done.stdout.split()]


def gone(pid: int) -> bool:
    """Tell whether a process has ended, within some seconds."""
    for _ in range(200):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or ") Z " in stat.read_text():
            return True
        time.sleep(0.1)
    return False


def test_a_scan_that_was_killed_three_times_ends_as_one_that_was_not(
    library: Library, tmp_path: Path
) -> None:
    """While planning, between shards, and between a file's writing and its name."""
    out = tmp_path / "out"
    arguments = (library.folder, "--bank", library.bank, "--out", out, "--workers", 2)

    killed("planning", *arguments)
    planned = (out / plans.FILE).exists()
    workers = killed("hashing", *arguments)
    after_hashing = list(out.glob("hits-*.parquet"))
    killed("naming", *arguments)
    left_half = list(out.glob("hits-*.part"))
    done = takeback(*arguments)

    assert (planned, len(after_hashing), len(left_half)) == (False, 1, 1)
    assert done.returncode == 0, done.stderr
    assert "going on" in done.stderr
    assert sorted(hits(out)) == sorted(expected(library))
    assert len(rows(out, "refused")) == len(library.bad)
    assert not list(out.glob("*.part"))
    assert workers
    assert all(map(gone, workers))


def test_a_scan_that_is_told_to_end_clears_away_behind_it(library: Library, tmp_path: Path) -> None:
    """SIGTERM: workers end, copies go, and the person reads that nothing is lost."""
    out = tmp_path / "out"
    arguments = (library.folder, "--bank", library.bank, "--out", out, "--workers", 1)

    done = ended("told", *arguments, "--views=plain")

    assert done.returncode == 128 + signal.SIGTERM
    assert "goes on from here" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list(out.glob("hits-*.parquet"))) == 1
    assert all(map(gone, map(int, done.stdout.split())))


def test_on_ray_too(library: Library, tmp_path: Path) -> None:
    """A Ray of two workers, killed after one shard, then gone on with; stderr is ours."""
    out = tmp_path / "out"
    arguments = (library.folder, "--bank", library.bank, "--out", out, "--workers", 2, "--ray")

    killed("hashing", *arguments)
    done = takeback(*arguments)

    assert done.returncode == 0, done.stderr
    assert all(line.startswith("takeback: ") for line in done.stderr.splitlines()), done.stderr
    assert sorted(hits(out)) == sorted(expected(library))
    assert len(rows(out, "refused")) == len(library.bad)


def test_a_finished_scan_is_left_alone(library: Library, tmp_path: Path) -> None:
    """It knows what it found, and writes nothing."""
    wanted = order(library.folder / "sub", library.bank, tmp_path / "out", views="plain")
    first = scan(wanted)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*-*.parquet")}

    again = scan(wanted)

    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert (again.before, again.done) == (first.done, 0)
    assert (again.hits, again.refused) == (first.hits, first.refused)
    assert again.hits > 0


def test_a_worker_that_dies_is_replaced(library: Library, tmp_path: Path) -> None:
    """Its shard is done again."""
    shot: list[int] = []

    def shoot(progress: Progress) -> None:
        if progress.done and not shot:
            shot.extend(each.pid or 0 for each in multiprocessing.active_children())
            for pid in shot:
                os.kill(pid, signal.SIGKILL)

    done = run(order(library.folder, library.bank, tmp_path / "out"), here(1), shoot)

    assert len(shot) == 1
    assert done.done == done.rows
    assert sorted(hits(tmp_path / "out")) == sorted(expected(library))
