"""Asking a matcher from a terminal: transcripts."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import PICTURES, Takeback

NO_MATCH = {"matches": [], "more": False, "quality": 100, "looked_up": True}
REFUSAL = {
    "type": "urn:takeback:error:not-a-picture",
    "detail": "not a picture that can be read",
    "hint": "Use a JPEG.",
}


class Matcher(BaseHTTPRequestHandler):
    """Finds nothing near a PNG and refuses everything else."""

    def do_POST(self) -> None:
        """Answer one question."""
        body = self.rfile.read(int(self.headers["content-length"]))
        known = body.startswith(b"\x89PNG")
        answer = {"results": [NO_MATCH], "missing": []} if known else REFUSAL
        self.send_response(200 if known else 415)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def matcher() -> Iterator[str]:
    """A matcher's address."""
    with HTTPServer(("127.0.0.1", 0), Matcher) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_file_that_is_no_picture_is_named_and_the_others_are_asked_about(
    call: Takeback, matcher: str, tmp_path: Path
) -> None:
    """As with ``takeback hash``: exit 3, and nothing that was found is lost."""
    (tmp_path / "words.txt").write_text("no picture")
    picture = PICTURES / "coffee.png"

    done = call("match", "--matcher", matcher, "words.txt", "missing.png", picture)

    assert (done.code, done.out) == (3, f"{picture}: no match\n")
    assert done.err.splitlines() == [
        "takeback: error: words.txt: not a picture that can be read",
        "takeback: hint: use a JPEG",
        "takeback: error: missing.png: the file can't be read: no such file or directory",
        "takeback: hint: check the path, and that you may read the file",
    ]


def test_a_matcher_that_is_away_is_to_be_tried_again(call: Takeback) -> None:
    """Exit 7, and the hint is about the matcher, not a hub."""
    done = call("match", "--matcher", "http://127.0.0.1:1", PICTURES / "coffee.png")

    assert (done.code, done.out) == (7, "")
    assert "takeback: hint: check --matcher" in done.err
