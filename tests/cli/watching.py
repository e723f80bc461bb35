"""What tests of ``takeback watch`` share: a store, a matcher, and one look at both."""

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from takeback.cli.watch import rounds
from tests.cli.conftest import Takeback
from tests.client_library.badserver import Asked, BadServer, answers, bad_server

MATCH = {
    "number": "0123456789abcdef" * 2,
    "ground": "whole",
    "score": 31.5,
    "view": "whole",
    "bank": "adult",
    "ask": "remove",
    "hub": "hub.example",
    "distance": 4,
}
FOUND = {"matches": [MATCH], "more": False, "quality": 90, "looked_up": True}
NOTHING = {**FOUND, "matches": []}


class Matcher(BadServer):
    """Finds a match in every upload that begins with "bad"."""

    def answer_slowly(self, connection: socket.socket, asked: Asked) -> None:
        """Take a few milliseconds, as hashing does."""
        time.sleep(0.01)
        found = FOUND if asked.body.startswith(b"bad") else NOTHING
        answers(200, {"results": [found], "missing": []})(connection, asked)


HEALTH = {"status": "alive", "version": "1", "hubs": []}


class Always(list[Any]):
    """Gives the same behaviour for ever to uploads; whoever knocks hears that it is there."""

    def pop(self, _: Any = 0) -> Any:  # noqa: ANN401
        """Return the behaviour."""

        def behave(connection: socket.socket, asked: Asked) -> None:
            knocked = asked.line.startswith("GET /ready")
            (answers(200, HEALTH) if knocked else self[0])(connection, asked)

        return behave


def uploads(matcher: BadServer) -> list[bytes]:
    """Return every upload that was asked about."""
    return [asked.body for asked in matcher.asked if asked.line.startswith("POST ")]


@pytest.fixture
def matcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadServer]:
    """A matcher, and little patience with it."""
    monkeypatch.setattr(rounds, "KNOCK", 0.5)
    with bad_server() as server:
        server.behaviours = Always([Matcher().answer_slowly])
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A directory with a few settled uploads, one of which matches."""
    folder = tmp_path / "uploads"
    (folder / "deep").mkdir(parents=True)
    for name, content in (("a.jpg", b"good a"), ("deep/b.jpg", b"bad b"), ("c.txt", b"good c")):
        put(folder / name, content)
    return folder


def put(path: Path, content: bytes) -> None:
    """Write a file as if that had been a minute ago."""
    path.write_bytes(content)
    settle(path)


def settle(path: Path) -> None:
    """Make a file old enough to be looked at."""
    minute_ago = time.time_ns() - 60_000_000_000
    os.utime(path, ns=(minute_ago, minute_ago))


def look(call: Takeback, store: Path | str, matcher: BadServer, *options: str) -> Any:  # noqa: ANN401
    """Look once; return the exit code, the objects told of, and stderr."""
    done = call("watch", store, "--once", "--matcher", matcher.url, "--within", "0.5", *options)
    return done.code, [json.loads(line) for line in done.out.splitlines()], done.err


HOOK = """
import json, sys
told = json.load(sys.stdin)
with open({log!r}, "a") as log:
    print(told["id"], told["object"], file=log)
sys.exit(int(open({code!r}).read()))
"""


@pytest.fixture
def hook(tmp_path: Path) -> Path:
    """A hook that writes down what it was told and ends as the file ``code`` says."""
    script = tmp_path / "hook.py"
    script.write_text(HOOK.format(log=str(tmp_path / "told"), code=str(tmp_path / "code")))
    (tmp_path / "code").write_text("0")
    return script
