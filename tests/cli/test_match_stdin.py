"""``takeback match --stdin``: what goes in line by line, what comes out, and how it ends."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PROGRAM, Takeback, bare_environment
from tests.client_library.badserver import BadServer, answers, bad_server, resets

HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2
NO_PICTURE = answers(
    415,
    {
        "type": "urn:takeback:error:not-a-picture",
        "detail": "not a picture that can be read",
        "hint": "Use a JPEG.",
    },
)
MATCH = {
    "number": "0123456789abcdef" * 2,
    "ground": "keypoints",
    "score": 31.5,
    "view": "whole",
    "bank": "adult",
    "ask": "remove",
    "hub": "hub.example",
    "votes": 12,
}
FOUND = {"matches": [MATCH], "more": False, "quality": 90, "looked_up": True}


@pytest.fixture
def server() -> Iterator[BadServer]:
    """A matcher that knows nothing, unless a test has it say something else."""
    with bad_server() as server:
        server.ready = True
        yield server


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Five uploads, in the folder where commands run."""
    for n in range(5):
        (tmp_path / f"{n}.jpg").write_bytes(b"upload %d" % n)
    return tmp_path


def records(out: str) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [json.loads(line) for line in out.splitlines()]


def test_paths_are_answered_in_order(call: Takeback, server: BadServer, files: Path) -> None:
    """One JSON line each, with its number and path."""
    names = [f"{n}.jpg" for n in range(5)]

    done = call("match", "--stdin", "--matcher", server.url, stdin="\n".join(names))

    assert (done.code, done.err) == (0, "")
    read = records(done.out)
    assert [(one["line"], one["path"]) for one in read] == list(enumerate(names, 1))
    assert read[0] == {
        "line": 1,
        "path": "0.jpg",
        "matches": [],
        "more": False,
        "quality": 90,
        "looked_up": True,
        "missing": [],
    }
    assert sorted(asked.body for asked in server.asked) == [b"upload %d" % n for n in range(5)]


def test_a_match_is_told_whole(call: Takeback, server: BadServer, files: Path) -> None:
    """As the matcher gave it, and which hubs are missing."""
    server.behaviours.append(answers(200, {"results": [FOUND], "missing": ["other.example"]}))

    [record] = records(call("match", "--stdin", "--matcher", server.url, stdin="0.jpg\n").out)

    assert record["matches"] == [MATCH]
    assert record["missing"] == ["other.example"]


def test_a_bad_line_costs_nothing_else(call: Takeback, server: BadServer, files: Path) -> None:
    """It is reported in its place, and the exit code says that there was one."""
    server.behaviours.append(NO_PICTURE)
    lines = "0.jpg\nmissing.jpg\n\n.\na\0b\n1.jpg\n"

    done = call("match", "--stdin", "--at-once", "1", "--matcher", server.url, stdin=lines)

    read = records(done.out)
    assert done.code == 3
    assert [(one["line"], one.get("error")) for one in read] == [
        (1, "NotReadable"),
        (2, "NoSuchFile"),
        (4, "NoSuchFile"),
        (5, "NoSuchFile"),
        (6, None),
    ]
    assert read[0]["hint"] == "Use a JPEG."
    assert read[1]["detail"] == "no such file or directory"


def test_names_with_new_lines_go_with_nul(call: Takeback, server: BadServer, files: Path) -> None:
    """As ``find -print0`` writes them."""
    odd = "two\nlines.jpg"
    (files / odd).write_bytes(b"odd")

    done = call("match", "--stdin", "-0", "--matcher", server.url, stdin=f"{odd}\x000.jpg\0")

    assert [one["path"] for one in records(done.out)] == [odd, "0.jpg"]
    assert done.code == 0


def test_what_is_no_regular_file_holds_nobody_up(
    call: Takeback, server: BadServer, files: Path
) -> None:
    """A pipe would let wait for ever, and standard input would swallow the other lines."""
    os.mkfifo(files / "pipe")
    lines = "pipe\n/dev/stdin\n/dev/zero\n1.jpg\n"

    done = call("match", "--stdin", "--at-once", "1", "--matcher", server.url, stdin=lines)

    read = records(done.out)
    assert [(one["line"], one.get("detail")) for one in read] == [
        (1, "not a regular file"),
        (2, "not a regular file"),
        (3, "not a regular file"),
        (4, None),
    ]
    assert [asked.body for asked in server.asked] == [b"upload 1"]


@pytest.mark.parametrize("option", ["--signals", "--at-once=1"])
def test_a_line_that_never_ends_is_one_bad_line(
    call: Takeback, server: BadServer, files: Path, option: str
) -> None:
    """It is not repeated, and the next is answered."""
    lines = "x" * 3_000_000 + f"\n{HEX if option == '--signals' else '0.jpg'}\n"

    done = call("match", "--stdin", option, "--matcher", server.url, stdin=lines)

    refused, answered = records(done.out)
    assert (done.code, refused["line"], refused["error"]) == (3, 1, "LineTooLong")
    assert len(done.out) < 1000
    assert (answered["line"], answered["matches"]) == (2, [])


def test_who_forgot_the_nul_is_told(call: Takeback, server: BadServer, files: Path) -> None:
    """``find -print0`` without ``-0`` is one long line."""
    done = call("match", "--stdin", "--matcher", server.url, stdin="0.jpg\x001.jpg\0")

    [record] = records(done.out)
    assert "-0" in record["hint"]


def test_a_proxy_s_limit_is_about_one_upload(
    call: Takeback, server: BadServer, files: Path
) -> None:
    """It is told apart from the matcher's own, and stops nothing."""
    server.behaviours.append(answers(413, content=b"nginx"))
    options = ("--stdin", "--at-once", "1", "--matcher", server.url)

    done = call("match", *options, stdin="0.jpg\n1.jpg\n")

    assert [one.get("error") for one in records(done.out)] == ["TooLargeForProxy", None]
    assert done.code == 3


def test_nobody_there_is_said_at_once(call: Takeback, files: Path) -> None:
    """Not after five minutes, and with what to check."""
    began = time.monotonic()

    done = call("match", "--stdin", "--matcher", "http://127.0.0.1:1", stdin="0.jpg\n")

    assert (done.code, done.out) == (7, "")
    assert "takeback: hint: check --matcher" in done.err
    assert time.monotonic() - began < 30


def test_signals_are_looked_up_in_batches(call: Takeback, server: BadServer) -> None:
    """What is at hand goes in one question; what is no signal is reported and not sent."""
    lines = [HEX, "no signal", HEX.upper(), "", f"{HEX}\r", ""]

    done = call("match", "--stdin", "--signals", "--matcher", server.url, stdin="\n".join(lines))

    read = records(done.out)
    assert done.code == 3
    assert [(one["line"], one.get("error")) for one in read] == [
        (1, None),
        (2, "MalformedSignal"),
        (3, None),
        (5, None),
    ]
    assert [asked.signals for asked in server.asked] == [[HEX] * 3]
    assert HEX not in done.out + done.err


def test_many_signals_come_back_in_order(call: Takeback, server: BadServer) -> None:
    """Across batches, each with its own line."""
    done = call("match", "--stdin", "--signals", "--matcher", server.url, stdin=f"{HEX}\n" * 25_000)

    assert [one["line"] for one in records(done.out)] == list(range(1, 25_001))
    assert max(len(asked.signals) for asked in server.asked) <= 10_000
    assert sum(len(asked.signals) for asked in server.asked) == 25_000


def test_a_matcher_that_is_away_stops_it(call: Takeback, server: BadServer, files: Path) -> None:
    """Exit 7, and how many were answered, so that the rest can be asked about later."""
    server.behaviours += [answers(200, {"results": [FOUND], "missing": []})] + [resets] * 50
    options = ("--stdin", "--within", "0.3", "--at-once", "1", "--matcher", server.url)

    done = call("match", *options, stdin="0.jpg\n1.jpg\n2.jpg\n")

    assert done.code == 7
    assert [one["line"] for one in records(done.out)] == [1]
    assert "takeback: error: stopped after 1 answers: the matcher can't be reached" in done.err


def test_a_key_that_is_refused_stops_it(call: Takeback, server: BadServer, files: Path) -> None:
    """Exit 6; nothing more is sent."""
    server.behaviours += [answers(401)] * 9

    done = call("match", "--stdin", "--at-once", "1", "--matcher", server.url, stdin="0.jpg\n")

    assert (done.code, done.out) == (6, "")
    assert "key was not accepted" in done.err


@pytest.mark.parametrize(
    "options",
    [
        ("--stdin", "0.jpg"),
        ("--stdin", "--against", "0.jpg"),
        ("--signals", "0.jpg"),
        ("-0", "0.jpg"),
        (),
        ("--stdin", "--matcher", "ftp://elsewhere"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    call: Takeback, files: Path, options: tuple[str, ...]
) -> None:
    """Before anything is sent."""
    done = call("match", *options)

    assert done.code in {2, 3}
    assert done.err.startswith("takeback: error: ")


def open_pipe(server: BadServer, folder: Path) -> subprocess.Popen[bytes]:
    """Start the command with pipes on both ends."""
    return subprocess.Popen(
        [PROGRAM, "match", "--stdin", "--matcher", server.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=bare_environment(),
    )


def test_each_line_is_answered_before_the_next_comes(server: BadServer, files: Path) -> None:
    """A pipe that stays open gets its answers at once."""
    with open_pipe(server, files) as command:
        assert command.stdin is not None
        assert command.stdout is not None
        for n in range(3):
            command.stdin.write(b"%d.jpg\n" % n)
            command.stdin.flush()
            assert json.loads(command.stdout.readline())["path"] == f"{n}.jpg"
        command.stdin.close()
        assert command.wait(20) == 0


def test_it_ends_quietly_when_its_reader_goes_away(server: BadServer, files: Path) -> None:
    """As in ``… | takeback match --stdin | head -1``."""
    with open_pipe(server, files) as command:
        assert command.stdin is not None
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdin.write(b"0.jpg\n")
        command.stdin.flush()
        command.stdout.readline()
        command.stdout.close()
        command.stdin.write(b"1.jpg\n" * 50)
        command.stdin.close()
        assert command.wait(20) == 141
        assert command.stderr.read() == b""


def test_it_says_how_far_it_is(server: BadServer, files: Path) -> None:
    """On stderr, where a terminal is, from the second second on."""
    slow = answers(503, Retry_After=1)
    server.behaviours += [slow, slow, slow]
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [PROGRAM, "match", "--stdin", "--at-once", "1", "--matcher", server.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        cwd=files,
        env=bare_environment(),
    ) as command:
        command.communicate(b"0.jpg\n1.jpg\n", timeout=30)
    os.close(theirs)
    time.sleep(0.05)

    said = os.read(ours, 4096).decode()
    os.close(ours)
    assert said.startswith("takeback: 1 answered, 0 refused, 0 a second")
