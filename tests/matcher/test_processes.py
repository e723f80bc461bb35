"""Several processes: what the supervisor hands on, and how it starts and stops."""

import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from takeback.errors import BadSettings, IntegrityFailure, Unavailable
from takeback.matcher.options import MOST_PROCESSES, MatcherOptions, checked
from takeback.matcher.server import run_matcher
from takeback.matcher.supervisor import (
    FIRST_DELAY,
    LONGEST_DELAY,
    Place,
    Worker,
    refusal,
    shared_out,
)
from takeback.matcher.worker import Greeting, received, sent
from tests.faults.matchers import alive, team
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually


def test_options_arrive_as_they_were_sent(options: MatcherOptions, key_file: Path) -> None:
    """Paths, sources and absent values included."""
    for each in (options, replace(options, require_key_file=key_file, ask=True, processes=3)):
        assert received(sent(each)) == each


def test_what_hashes_is_shared_out(options: MatcherOptions) -> None:
    """Nobody gets none where there is any, and a matcher without videos stays one."""
    whole = replace(options, processes=3, hashers=7, video_hashers=1, waiting_pictures=32)

    part = shared_out(whole)

    assert (part.hashers, part.video_hashers, part.waiting_pictures) == (3, 1, 11)
    assert shared_out(replace(whole, video_hashers=0)).video_hashers == 0


def test_no_process_at_all_is_a_mistake(options: MatcherOptions) -> None:
    """It is named like every other; so are so many that the machine would stand still."""
    for number in (0, MOST_PROCESSES + 1):
        with pytest.raises(BadSettings, match="processes"):
            checked(replace(options, processes=number))


def test_the_error_of_a_process_is_ours_again() -> None:
    """So that the shell gets its exit code; a name that nobody knows is no crash."""
    damaged = refusal(Greeting("IntegrityFailure", "the matcher's state file is damaged"))

    assert isinstance(damaged, IntegrityFailure)
    assert str(damaged) == "the matcher's state file is damaged"
    assert isinstance(refusal(Greeting("Unheard", "")), Unavailable)
    assert isinstance(refusal(Greeting("os", "")), Unavailable)


def test_what_keeps_ending_is_started_more_slowly() -> None:
    """At once only where it had lived for a while."""
    place, delays = Place(), []
    for _ in range(9):
        place.failed(lived(1.0))
        delays.append(place.delay)
    assert delays[:3] == [FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY]
    assert delays[-1] == LONGEST_DELAY

    place.failed(lived(60.0))

    assert place.delay == 0


def lived(seconds: float) -> Worker:
    """Return a process that answered and lived so long."""
    worker = object.__new__(Worker)
    worker.started, worker.ready = time.monotonic() - seconds, True
    return worker


def test_a_matcher_that_cannot_start_says_why(hub: FakeHub, key_file: Path, tmp_path: Path) -> None:
    """With the exit code of the error, whichever process met it; nothing is left behind."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "matcher.db").write_bytes(b"not a database, but long enough" * 200)
    where = ["--hub", hub.url, "--key-file", str(key_file), "--data", str(tmp_path / "data")]

    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "takeback.cli.main",
            "matcher",
            *where,
            "--port",
            "0",
            "--processes",
            "2",
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (70, "")
    assert "the matcher's state file is damaged" in ended.stderr


def test_a_process_whose_supervisor_is_gone_ends_quietly() -> None:
    """Before it was told anything: nothing is printed, and no code says failure."""
    ours, theirs = socket.socketpair()
    with theirs, socket.create_server(("127.0.0.1", 0)) as listening:
        ours.close()
        descriptors = (theirs.fileno(), listening.fileno())

        ended = subprocess.run(
            [sys.executable, "-m", "takeback.matcher.worker", *map(str, descriptors)],
            pass_fds=descriptors,
            capture_output=True,
            timeout=60,
            check=False,
        )

    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_file_of_keys_that_is_wrong_is_refused_before_anything_listens(
    options: MatcherOptions, tmp_path: Path
) -> None:
    """The address is told to nobody."""
    keys = tmp_path / "callers"
    keys.write_text("short\n")
    told: list[str] = []

    with pytest.raises(BadSettings):
        run_matcher(replace(options, require_key_file=keys), told.append)

    assert told == []


def test_a_matcher_that_is_asked_to_stop_stops_whole(
    hub: FakeHub, key_file: Path, tmp_path: Path
) -> None:
    """Every process of it, and those that hash."""
    with team(hub, key_file, tmp_path / "data", processes=2) as matcher:
        eventually(matcher.is_ready, 60)
        pids = matcher.pids
        matcher.program.send_signal(signal.SIGTERM)

        assert matcher.program.wait(30) == 0
        assert not any(map(alive, pids))
