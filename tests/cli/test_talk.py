"""What a command says on stderr: plain words, and signs of life."""

import threading

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.cli import talk
from takeback.cli.refusals import refusal
from takeback.errors import HubUnreachable


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Try again in a moment.", "try again in a moment"),
        ("A PDQ signal is long.", "a PDQ signal is long"),
        ("PIN missing", "PIN missing"),
        ("lower already", "lower already"),
        ("", ""),
    ],
)
def test_a_sentence_loses_its_capital_and_its_full_stop(sentence: str, said: str) -> None:
    """But an abbreviation keeps its capitals."""
    assert talk.plain(sentence) == said


@given(st.text())
def test_whatever_is_shown_is_one_line_that_no_terminal_obeys(text: str) -> None:
    """Text stays as it is, in every script; all else is escaped."""
    shown = talk.shown(text)

    assert shown.isprintable()
    assert len(shown) >= len(text)
    assert talk.shown(shown) == shown
    assert shown == text or not text.isprintable()


def test_a_name_can_not_write_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a new line nor a way to turn the text around."""
    talk.error("\u202egpj.a\ntakeback: 자물쇠")

    assert capsys.readouterr().err == "takeback: error: \\u202egpj.a\\ntakeback: 자물쇠\n"


@pytest.mark.parametrize("content", [b"<html>", b"\xff", b'{"detail": "\xff"}', b"[" * 100_000])
def test_a_refusal_that_can_not_be_read_is_one_all_the_same(content: bytes) -> None:
    """Whatever stands there instead of a hub."""
    error = refusal(httpx2.Response(502, content=content))

    assert isinstance(error, HubUnreachable)
    assert error.hint


def test_a_quick_command_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Two seconds are not worth a word."""
    with talk.working("working"):
        pass
    talk.Progress("done", 3).step()

    assert capsys.readouterr() == ("", "")


def test_one_file_needs_no_count(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it took: when it is done, it is done."""
    monkeypatch.setattr(talk, "PATIENCE", 0.0)

    talk.Progress("hashed", 1).step()

    assert capsys.readouterr() == ("", "")


def test_a_long_video_says_how_much_is_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In percent of the file."""
    talk.Share("hashed of film.mp4")(0.2)
    monkeypatch.setattr(talk, "PATIENCE", 0.0)

    talk.Share("hashed of film.mp4")(0.416)

    assert capsys.readouterr() == ("", "takeback: 42% hashed of film.mp4\n")


def test_a_slow_command_says_that_it_lives(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On stderr, as plain lines where there is no terminal."""
    said, say = threading.Event(), talk.say

    def heard(line: str) -> None:
        say(line)
        said.set()

    monkeypatch.setattr(talk, "PATIENCE", 0.01)
    monkeypatch.setattr(talk, "say", heard)
    progress = talk.Progress("hashed", 3)
    with talk.working("restoring"):
        assert said.wait(timeout=30)
    progress.step()

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("takeback: restoring, 0 s so far\n")
    assert err.endswith("takeback: hashed 1 of 3\n")
