"""Asking a matcher from a terminal: transcripts."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from takeback.cli.demo.film import film
from takeback.cli.explain.page import MARGIN
from takeback.cli.explain.reasons import circumstances, reason
from takeback.matching.evidence import same_file
from tests.cli.conftest import PICTURES, Takeback

NO_MATCH = {"matches": [], "more": False, "quality": 100, "looked_up": True}
NUMBER = "0123456789abcdef" * 2
PLACE = [[0.25, 0.2], [0.75, 0.2], [0.75, 0.6], [0.25, 0.6]]
FOUND = {
    "number": NUMBER,
    "ground": "keypoints",
    "score": 31.5,
    "view": "whole",
    "bank": "adult",
    "ask": "remove",
    "hub": "hub.example",
    "votes": 12,
    "upload_view": "panel",
    "place": PLACE,
}
IN_VIDEO = {
    **FOUND,
    "ground": "video",
    "votes": 9,
    "upload_view": "whole",
    "place": None,
    "seconds": [1.0, 3.0],
    "registered_seconds": [11.0, 13.0],
}
del IN_VIDEO["place"]
ANSWERS = {b"\x89PNG": [], b"\xff\xd8": [FOUND], b"\x00\x00": [IN_VIDEO]}
"""What is answered, by how the upload begins."""

REFUSAL = {
    "type": "urn:takeback:error:not-a-picture",
    "detail": "not a picture that can be read",
    "hint": "Use a JPEG.",
}


class Matcher(BaseHTTPRequestHandler):
    """Finds nothing near a PNG, a picture in a JPEG, a video in an MP4, and refuses the rest."""

    def do_POST(self) -> None:
        """Answer one question."""
        if self.path != "/v1/match":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>welcome</html>")
            return
        body = self.rfile.read(int(self.headers["content-length"]))
        found = [matches for head, matches in ANSWERS.items() if body.startswith(head)]
        results = [{**NO_MATCH, "matches": matches} for matches in found]
        answer = {"results": results, "missing": []} if found else REFUSAL
        self.send_response(200 if found else 415)
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


def test_a_match_is_said_in_words_and_drawn(call: Takeback, matcher: str, tmp_path: Path) -> None:
    """The ground, how sure, where; on the page a box where the matcher said it lies."""
    Image.new("RGB", (400, 200), (120, 120, 120)).save(tmp_path / "upload.jpg")

    done = call("match", "--matcher", matcher, "upload.jpg", "--explain", "out.png")

    assert done.out.splitlines() == [
        "upload.jpg: match by keypoints, 12 places agree; score 31.5; "
        f"adult, asks to remove, {NUMBER}",
        "  Seen in the upload: a part between long straight lines. "
        "In the upload it is at 25% to 75% across and 20% to 60% down.",
    ]
    with Image.open(tmp_path / "out.png") as opened:
        shown = np.asarray(opened.convert("L"), dtype=int)[MARGIN : MARGIN + 400, MARGIN:]
    columns = np.flatnonzero((shown[100:220, :800] > 230).mean(axis=0) > 0.5)
    rows = np.flatnonzero((shown[:400, 250:550] > 230).mean(axis=1) > 0.5)
    assert (abs(columns - 200) < 4).any()
    assert (abs(columns - 600) < 4).any()
    assert set(columns) <= {*range(196, 205), *range(596, 605)}
    assert set(rows) <= {*range(76, 85), *range(236, 245)}


def test_a_video_is_asked_about_and_drawn_as_a_strip(
    call: Takeback, matcher: str, tmp_path: Path
) -> None:
    """With the seconds in both."""
    film([Image.open(PICTURES / "coffee.png")], 4, tmp_path / "film.mp4", size=(320, 180))

    done = call("match", "--matcher", matcher, "film.mp4", "--explain", "out.png")

    assert done.out.splitlines() == [
        f"film.mp4: match by video, 9 frames agree; score 31.5; adult, asks to remove, {NUMBER}",
        "  In the upload from second 1.0 to 3.0. In the registered video from second 11.0 to 13.0.",
    ]
    with Image.open(tmp_path / "out.png") as opened:
        assert opened.width == 3 * 320 + 4 * MARGIN
        assert opened.height > 2 * 180


def test_a_match_in_json_is_the_whole_answer(call: Takeback, matcher: str, tmp_path: Path) -> None:
    """As the matcher gave it."""
    Image.new("RGB", (40, 40)).save(tmp_path / "upload.jpg")

    [record] = json.loads(call("match", "--matcher", matcher, "upload.jpg", "--json").out)

    assert record["answer"]["results"][0]["matches"] == [FOUND]


def test_a_matcher_that_is_away_is_to_be_tried_again(call: Takeback) -> None:
    """Exit 7, and the hint is about the matcher, not a hub."""
    done = call("match", "--matcher", "http://127.0.0.1:1", PICTURES / "coffee.png")

    assert (done.code, done.out) == (7, "")
    assert "takeback: hint: check --matcher" in done.err


def test_what_is_no_matcher_is_said_to_be_none(call: Takeback, matcher: str) -> None:
    """Exit 7 and the same hint, where something else answers."""
    done = call("match", "--matcher", f"{matcher}/elsewhere", PICTURES / "chelsea.png")

    assert done.code == 7
    assert done.err.startswith("takeback: error: the address answered, but not as a matcher does")


def test_a_registered_file_is_called_that() -> None:
    """Nothing is counted where every byte is the same."""
    evidence = same_file()

    assert reason(evidence) == "the file, byte for byte; score 32.5"
    assert list(circumstances(evidence)) == ["It is the very file that was registered."]
