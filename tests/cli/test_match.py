"""Asking a matcher from a terminal: transcripts."""

import json
import os
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
from tests.client_library.badserver import BadServer, Behaviour, answers, bad_server

OURS = "urn:takeback:error:"

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

    def do_GET(self) -> None:
        """Be there."""
        self.send_response(200)
        self.end_headers()

    def do_POST(self) -> None:
        """Answer one question."""
        if self.path.partition("?")[0] != "/v1/match":
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


ODD = "a\n\x1b[2Jup\x9b.jpg"
SHOWN = r"a\n\x1b[2Jup\x9b.jpg"


def test_names_and_sentences_can_not_drive_the_terminal(
    call: Takeback, matcher: str, tmp_path: Path
) -> None:
    """Whoever names an upload can neither clear the screen nor write a line of the result."""
    Image.new("RGB", (40, 40)).save(tmp_path / "upload.jpg")
    (tmp_path / "upload.jpg").rename(tmp_path / ODD)
    (tmp_path / "words\x1b[1m").write_text("no picture")
    unreadable = b"\xff\x1b.jpg"

    done = call("match", "--matcher", matcher, ODD, "words\x1b[1m", os.fsdecode(unreadable))

    assert done.out.splitlines()[0].startswith(f"{SHOWN}: match by keypoints")
    assert len(done.out.splitlines()) == 2
    assert r"words\x1b[1m: not a picture" in done.err
    assert r"\udcff\x1b.jpg: the file can't be read" in done.err
    assert all(line.isprintable() for line in (done.out + done.err).splitlines())
    assert done.code == 3


def test_a_name_that_is_no_text_goes_into_json_all_the_same(
    call: Takeback, matcher: str, tmp_path: Path
) -> None:
    """No reader of JSON stumbles over it, and no terminal."""
    names = [os.fsdecode(b"\xff.jpg"), "\x9b2J\u202e.jpg"]
    for name in names:
        Image.new("RGB", (40, 40)).save(tmp_path / name, "JPEG")

    done = call("match", "--matcher", matcher, *names, "--json")

    assert [record["path"] for record in json.loads(done.out)] == [r"\xff.jpg", names[1]]
    assert all(line.isprintable() for line in done.out.splitlines())


@pytest.fixture
def server() -> Iterator[BadServer]:
    """A matcher that a test has say what it likes."""
    with bad_server() as server:
        server.ready = True
        yield server


NOTHING = {"matches": [], "more": False, "looked_up": True}
UNKNOWN = {**FOUND, "ground": "smell"}


@pytest.mark.parametrize(
    ("behaviour", "code", "said"),
    [
        (answers(200, {"results": [], "missing": []}), 7, "not as a matcher does"),
        (answers(200, {"results": [NOTHING] * 2, "missing": []}), 7, "not as a matcher does"),
        (answers(200, {"results": [{"matches": [UNKNOWN], "more": False}]}), 7, "words"),
        (answers(200, content=b"\x1f\x8b no gzip", Content_Encoding="gzip"), 7, "can't be reached"),
        (answers(503, Retry_After="Mon, 01 Jan 2024 00:00:00 +" + "9" * 20), 7, "try later"),
        (answers(400, {"type": f"{OURS}malformed-body", "detail": "\x1b[2J"}), 3, "refused"),
        (answers(413, content=b"<html>nginx</html>"), 3, "a proxy before the matcher"),
        (answers(413, {"type": f"{OURS}picture-too-large"}), 3, "too large"),
        (answers(401), 6, "key was not accepted"),
        (answers(429), 7, "quota"),
        (answers(500), 7, "not as a matcher does"),
        (answers(302, Location="https://elsewhere.example"), 7, "not as a matcher does"),
    ],
)
def test_whatever_is_answered_ends_in_a_sentence(
    call: Takeback, server: BadServer, behaviour: Behaviour, code: int, said: str
) -> None:
    """An exit code, one error, one hint, and nothing that a terminal obeys."""
    server.behaviours += [behaviour] * 50

    done = call("match", "--within", "0.4", "--matcher", server.url, PICTURES / "coffee.png")

    assert (done.code, done.out) == (code, "")
    error, hint = done.err.splitlines()
    assert error.startswith("takeback: error: ")
    assert said in error
    assert hint.startswith("takeback: hint: ")
    assert done.err.replace("\n", "").isprintable()


def test_uploads_go_to_another_machine_in_the_clear_only_if_that_is_allowed(
    call: Takeback, server: BadServer
) -> None:
    """0.0.0.0 is this machine too, but nobody can tell by the name."""
    url = f"http://0.0.0.0:{server.port}"

    refused = call("match", "--matcher", url, PICTURES / "coffee.png")
    allowed = call("match", "--matcher", url, "--allow-http", PICTURES / "coffee.png")

    assert (refused.code, refused.out) == (3, "")
    assert "--allow-http" in refused.err
    assert allowed.code == 0
    assert len(server.asked) == 1


def test_what_is_no_regular_file_is_not_waited_for(
    call: Takeback, matcher: str, tmp_path: Path
) -> None:
    """A named pipe that nobody writes to, a folder, a device that never ends."""
    os.mkfifo(tmp_path / "pipe")

    done = call("match", "--matcher", matcher, "pipe", ".", "/dev/zero")

    assert (done.code, done.out) == (3, "")
    assert [line for line in done.err.splitlines() if "error" in line] == [
        "takeback: error: pipe: the file can't be read: not a regular file",
        "takeback: error: .: the file can't be read: is a directory",
        "takeback: error: /dev/zero: the file can't be read: not a regular file",
    ]


def test_a_registered_file_is_called_that() -> None:
    """Nothing is counted where every byte is the same."""
    evidence = same_file()

    assert reason(evidence) == "the file, byte for byte; score 32.5"
    assert list(circumstances(evidence)) == ["It is the very file that was registered."]
