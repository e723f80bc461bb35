"""``takeback hash``: transcripts."""

import json
from pathlib import Path

from takeback.hashing import Signal, hash_picture
from tests.cli.conftest import PICTURES, Takeback

COFFEE = PICTURES / "coffee.png"
CHELSEA = PICTURES / "chelsea.png"


def test_each_picture_is_one_line(takeback: Takeback) -> None:
    """Signal, quality and path, and nothing on stderr."""
    done = takeback("hash", COFFEE, CHELSEA)

    lines = [line.split(maxsplit=2) for line in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert [path for _, _, path in lines] == [str(COFFEE), str(CHELSEA)]
    assert Signal.parse(lines[0][0]) == hash_picture(COFFEE).whole
    assert [quality for _, quality, _ in lines] == ["100", "100"]


def test_json_says_the_same(takeback: Takeback) -> None:
    """One document with every field by name."""
    done = takeback("hash", "--json", COFFEE)

    [record] = json.loads(done.out)
    assert record == {
        "signal": str(hash_picture(COFFEE).whole),
        "quality": 100,
        "path": str(COFFEE),
    }


def test_a_file_that_is_no_picture_is_named_and_the_others_are_done(
    takeback: Takeback, tmp_path: Path
) -> None:
    """The exit code is 3, and what could be hashed is printed."""
    (tmp_path / "letter.txt").write_text("no picture")

    done = takeback("hash", "letter.txt", COFFEE, "missing.jpg")

    assert done.code == 3
    assert [line.split()[-1] for line in done.out.splitlines()] == [str(COFFEE)]
    assert "takeback: error: letter.txt: " in done.err
    assert "takeback: error: missing.jpg: " in done.err
    assert "takeback: hint: use a JPEG, PNG, WebP, GIF, AVIF or HEIC file\n" in done.err
    assert "Traceback" not in done.err
