"""``takeback case`` on the reporter's device: transcripts against a hub that serves."""

import json
import re
import stat
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import PICTURES, Centre, Takeback

COFFEE = PICTURES / "coffee.png"
CHELSEA = PICTURES / "chelsea.png"


def keys(opened: dict[str, str]) -> str:
    """Return code and PIN as they are given on stdin."""
    return json.dumps({"code": opened["code"], "pin": opened["pin"]})


def test_opening_a_case_prints_what_opens_it_again_once(centre: Centre) -> None:
    """Code, six words, PIN, slip and the case's id, one a line; what to do with them on stderr."""
    done = centre.run("case", "open", COFFEE)

    names = [line.split()[0] for line in done.out.splitlines()]
    values = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert done.code == 0
    assert done.err == (
        "takeback: write down code (or words), PIN and slip now: nobody can show them again\n"
    )
    assert names == ["code", "words", "PIN", "slip", "case"]
    assert len(values["words"].split()) == 6
    assert re.fullmatch(r"[0-9]{6}", values["PIN"])
    assert re.fullmatch(r"case_[0-9a-z]{16}", values["case"])


def test_saved_keys_are_readable_by_nobody_else_and_are_not_printed(centre: Centre) -> None:
    """``--save`` writes a new file of mode 600, which ``--secrets-file`` reads."""
    done = centre.run("case", "open", "--save", "mine.json", COFFEE)
    saved = json.loads((centre.folder / "mine.json").read_text())
    receipt = centre.run("case", "status", "--secrets-file", "mine.json", "--json")

    assert (done.code, done.out) == (0, f"{saved['case_id']}\n")
    assert saved["pin"] not in done.err
    assert stat.S_IMODE((centre.folder / "mine.json").stat().st_mode) == 0o600
    assert receipt.code == 0
    assert json.loads(receipt.out)["case_id"] == saved["case_id"]


def test_a_file_to_save_to_is_never_overwritten(centre: Centre) -> None:
    """It is refused before a case is opened."""
    (centre.folder / "letter.json").write_text("dear diary")

    done = centre.run("case", "open", "--save", "letter.json", COFFEE)

    assert (done.code, done.out) == (2, "")
    assert (centre.folder / "letter.json").read_text() == "dear diary"


def test_the_receipt_says_what_is_protected_and_what_can_not_be_reached(centre: Centre) -> None:
    """Plain words, with the honest limit at the end."""
    opened = centre.open_case(COFFEE)

    done = centre.run("case", "status", stdin=keys(opened))

    lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert lines[0].startswith(f"case {opened['case_id']}: open, opened on ")
    items = [line for line in lines if line.startswith("item_")]
    assert len(items) == 1
    assert re.fullmatch(r"item_\w{16}: protected, registered on \S+, 7 signals", items[0])
    assert "encrypted rooms" in done.out


def test_the_six_words_open_the_case_too(centre: Centre) -> None:
    """They are the same code in another form."""
    opened = centre.open_case(COFFEE)
    words = json.dumps({"code": " ".join(opened["words"]), "pin": opened["pin"]})

    assert centre.run("case", "status", stdin=words).code == 0


def test_a_wrong_pin_is_not_found(centre: Centre) -> None:
    """Exit 4, in words that don't tell whether there is such a code."""
    opened = centre.open_case(COFFEE)
    wrong = json.dumps({"code": opened["code"], "pin": "000000"})
    unknown = json.dumps({"code": "0000000000000", "pin": "000000"})

    done, other = (
        centre.run("case", "status", stdin=wrong),
        centre.run("case", "status", stdin=unknown),
    )

    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("takeback: error: no case opens with this code and PIN")
    assert other == done


@pytest.mark.parametrize("stdin", ["", "1234", '{"code": "abc"}', '{"pin": 5}', "\x00"])
def test_without_code_and_pin_nothing_is_asked_of_the_hub(call: Takeback, stdin: str) -> None:
    """No prompt when stdin is no terminal; exit 3 and a hint."""
    done = call("case", "status", "--hub", "http://127.0.0.1:1", stdin=stdin)

    assert (done.code, done.out) == (3, "")
    assert "takeback: hint: " in done.err
    assert "--secrets-file" in done.err or "13 letters and digits" in done.err


def test_adding_a_picture_shows_it_on_the_receipt(centre: Centre) -> None:
    """Two items, both protected."""
    opened = centre.open_case(COFFEE)

    done = centre.run("case", "add", "--json", CHELSEA, stdin=keys(opened))

    receipt = json.loads(done.out)
    assert done.code == 0
    assert [item["state"] for item in receipt["items"]] == ["protected", "protected"]


def test_a_case_may_have_no_picture(centre: Centre) -> None:
    """A threat with a locator is a case too."""
    opened = centre.open_case("--kind", "threatened", "--locator", "https://example.org/x")

    done = centre.run("case", "status", "--json", stdin=keys(opened))

    assert (json.loads(done.out)["kind"], json.loads(done.out)["items"]) == ("threatened", [])


def test_withdrawing_shows_its_plan_and_waits_for_yes(centre: Centre) -> None:
    """Nothing happens without ``--yes``; with it every item is withdrawn; undo brings it back."""
    opened = centre.open_case(COFFEE)

    planned = centre.run("case", "withdraw", stdin=keys(opened))
    done = centre.run("case", "withdraw", "--yes", "--json", stdin=keys(opened))
    undone = centre.run("case", "withdraw", "--undo", "--json", stdin=keys(opened))

    assert (planned.code, planned.out) == (2, "")
    assert planned.err.splitlines()[0].startswith("takeback: this withdraws the whole case")
    assert json.loads(done.out)["status"] == "withdrawn"
    assert json.loads(undone.out)["status"] == "open"


def test_choices_that_are_not_named_stay(centre: Centre) -> None:
    """Setting the lock leaves the end date, and the other way round."""
    opened = centre.open_case("--end-date", "2199-01-01", COFFEE)

    locked = centre.run("case", "choices", "--lock", "--json", stdin=keys(opened))
    endless = centre.run("case", "choices", "--end-date", "never", "--json", stdin=keys(opened))

    first, second = json.loads(locked.out), json.loads(endless.out)
    assert (first["locked"], first["ends_on"]) == (True, "2199-01-01")
    assert (second["locked"], second["ends_on"]) == (True, None)


def test_the_slip_gives_new_keys_and_the_old_ones_stop(centre: Centre) -> None:
    """The same case, another code."""
    opened = centre.open_case(COFFEE)

    done = centre.run("case", "recover", "--json", stdin=json.dumps({"slip": opened["slip"]}))

    fresh = json.loads(done.out)
    assert fresh["case_id"] == opened["case_id"]
    assert centre.run("case", "status", stdin=keys(opened)).code == 4
    assert centre.run("case", "status", stdin=keys(fresh)).code == 0


def test_a_plain_picture_is_refused_and_named_before_anything_is_sent(
    call: Takeback, tmp_path: Path
) -> None:
    """Exit 3 with a hint in words a person understands; no hub is needed to say so."""
    Image.new("RGB", (200, 200), "navy").save(f"{tmp_path}/plain.png")

    done = call("case", "open", "--hub", "http://127.0.0.1:1", COFFEE, "plain.png")

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("takeback: error: plain.png: quality ")
    assert "takeback: hint: a plain or very dark picture" in done.err


def test_a_hub_that_is_not_there_is_try_later(call: Takeback) -> None:
    """Exit 7."""
    done = call("case", "open", "--hub", "http://127.0.0.1:1", COFFEE)

    assert done.code == 7
    assert done.err.splitlines()[0] == "takeback: error: the hub can't be reached"


@pytest.mark.parametrize(
    "url", ["http://hub.example", "ftp://hub.example", "hub.example", "https://"]
)
def test_code_and_pin_are_never_sent_in_the_clear(call: Takeback, url: str) -> None:
    """Anything but https, this machine and onion addresses is refused."""
    done = call("case", "open", "--hub", url, "--kind", "threatened")

    assert done.code == 3
    assert "https://" in done.err


def test_an_address_that_is_no_hub_is_said_to_be_none(centre: Centre, call: Takeback) -> None:
    """A path that the server does not know is no hub."""
    done = call("case", "open", "--hub", f"{centre.url}/nowhere", "--kind", "threatened")

    assert done.code == 7


def test_a_malformed_date_is_refused_here(call: Takeback) -> None:
    """The message names the option and shows a day; exit 2."""
    for day in ("soon", "2026-99-99", "20300101"):
        done = call("case", "open", "--hub", "http://127.0.0.1:1", "--end-date", day)

        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("takeback: error: invalid value for '--end-date': expected a")


def test_a_text_that_is_too_long_is_refused_here(call: Takeback, tmp_path: Path) -> None:
    """Exit 3, and the hint says how much a hub takes."""
    (tmp_path / "words.txt").write_text("a" * 4001)

    done = call("case", "open", "--hub", "http://127.0.0.1:1", "--text-file", "words.txt")

    assert (done.code, done.out) == (3, "")
    assert "at most 4000 characters" in done.err


def test_a_file_that_cannot_be_made_is_refused_before_a_case_is_opened(centre: Centre) -> None:
    """Otherwise there would be a case whose code nobody knows."""
    before = centre.staff("caseworker", "case", "list").json()

    done = centre.run("case", "open", "--save", "no-such-folder/mine.json", COFFEE)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("takeback: error: invalid value for '--save': its folder is not")
    assert centre.staff("caseworker", "case", "list").json() == before


def test_a_mistyped_slip_is_called_a_slip(centre: Centre) -> None:
    """Exit 4; code and PIN, which were not asked for, are not mentioned."""
    done = centre.run("case", "recover", stdin=json.dumps({"slip": "0" * 25}))

    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("takeback: error: no case opens with this recovery slip\n")


def test_a_text_that_is_not_utf_8_is_refused_here(call: Takeback, tmp_path: Path) -> None:
    """Exit 3; nothing is guessed."""
    (tmp_path / "words.txt").write_bytes(b"\xff\xfe\x00")

    done = call("case", "open", "--hub", "http://127.0.0.1:1", "--text-file", "words.txt")

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("takeback: error: the text file is not in UTF-8")


def test_a_korean_case_speaks_korean(centre: Centre) -> None:
    """What opens it, what to do with that, and the receipt; JSON stays what it is."""
    done = centre.run("case", "open", "--language", "ko", COFFEE)
    labels = [line.split()[0] for line in done.out.splitlines()]
    values = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    opened = json.dumps({"code": values["코드"], "pin": values["PIN"]})

    receipt = centre.run("case", "status", stdin=opened)
    record = json.loads(centre.run("case", "status", "--json", stdin=opened).out)

    assert labels == ["코드", "단어", "PIN", "복구", "사건"]
    assert "적어 두세요" in done.err
    assert "보호 중" in receipt.out
    assert (record["language"], record["status"]) == ("ko", "open")
