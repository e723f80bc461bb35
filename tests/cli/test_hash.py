"""``takeback hash``: transcripts."""

import json
from pathlib import Path

from takeback.hashing import Signal, hash_picture
from takeback.hashing.signal_types import SignalType, from_text
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


def test_json_has_every_signal(call: Takeback) -> None:
    """What a reporter's device would register: type, view and value of each."""
    made = hash_picture(COFFEE, role="reporter")
    [look] = made.keypoints

    [record] = json.loads(call("hash", "--json", COFFEE).out)

    facts = [record[name] for name in ("signal", "quality", "path", "role")]
    assert facts == [str(made.whole), 100, str(COFFEE), "reporter"]
    *whole, keypoints = record["signals"]
    assert {each["type"] for each in whole} == {"pdq"}
    assert [each["view"] for each in whole] == ["whole", *(view.view for view in made.views)]
    assert whole[0]["value"] == record["signal"]
    assert (keypoints["type"], keypoints["view"]) == ("kp1", "whole")
    assert from_text(SignalType.KEYPOINTS, keypoints["value"]) == look.plain.pack()
    assert keypoints["keypoints"] == len(look.plain)


def test_keypoints_are_counted(call: Takeback) -> None:
    """How many there are and how many bytes they would be, below the picture's line."""
    line, counted = call("hash", "--keypoints", COFFEE).out.splitlines()

    assert line.endswith(f" 100 {COFFEE}")
    assert counted == "  kp1 whole: 80 keypoints, 2802 bytes"


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
