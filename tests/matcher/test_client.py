"""Speaking to a hub: what it answers becomes a document or one of our errors, nothing else."""

import asyncio
import gzip
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback import problems
from takeback.errors import (
    BadSettings,
    Conflict,
    EpochChanged,
    HubUnreachable,
    MalformedBody,
    MalformedCursor,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TakebackError,
    TooBusy,
)
from takeback.exchange import client as module
from takeback.exchange.client import Caller, HubClient, KeyFile, check_address, refusal
from takeback.exchange.wire import FeedPage
from tests.matcher.fakehub import Answer, FakeHub

EMPTY = msgspec.json.encode(FeedPage("e1", "c1", False, [], []))


def read_page(hub: FakeHub, key_file: Path) -> FeedPage:
    """Ask the hub for its first page."""

    async def ask() -> FeedPage:
        caller = Caller.open(hub.url)
        try:
            return await HubClient(caller, KeyFile(key_file)).page(None, wait=0)
        finally:
            await caller.close()

    return asyncio.run(ask())


def test_a_compressed_page_is_read(hub: FakeHub, key_file: Path) -> None:
    """The feed may be compressed."""
    hub.faults = [(200, gzip.compress(EMPTY), {"content-encoding": "gzip"})]

    assert read_page(hub, key_file).cursor == "c1"


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>Bad gateway</html>", {}),
        (200, b"", {}),
        (200, b"[" * 100_000, {}),
        (200, b'{"epoch": "\xff"}', {}),
        (200, EMPTY.replace(b"[]", b'[{"number":"x"}]'), {}),
        (200, b"not compressed", {"content-encoding": "gzip"}),
        (302, b"", {"location": "http://127.0.0.1:1/"}),
        (404, b"no such page", {}),
        (502, b"", {}),
    ],
    ids=["html", "empty", "deep", "charset", "number", "gzip", "redirect", "proxy 404", "502"],
)
def test_nonsense_is_an_unreachable_hub(hub: FakeHub, key_file: Path, answer: Answer) -> None:
    """Whatever comes back that is no answer of a hub, it is one kind of error."""
    hub.faults = [answer]

    with pytest.raises(HubUnreachable):
        read_page(hub, key_file)


def test_an_answer_without_end_is_cut_off(
    hub: FakeHub, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is decompressed counts, so that a small answer can't fill the memory."""
    monkeypatch.setattr(module, "ANSWER_BYTES", 1_000_000)
    hub.faults = [(200, gzip.compress(b" " * 10_000_000), {"content-encoding": "gzip"})]

    with pytest.raises(HubUnreachable, match="longer than any answer"):
        read_page(hub, key_file)


def test_nobody_listening_is_an_unreachable_hub(hub: FakeHub, key_file: Path) -> None:
    """No stack trace of the HTTP library comes through."""
    hub.stop()

    with pytest.raises(HubUnreachable):
        read_page(hub, key_file)


def test_a_rotated_key_is_read_at_the_next_call(hub: FakeHub, key_file: Path) -> None:
    """No restart is needed."""
    hub.key = "key-2"
    with pytest.raises(NotSignedIn):
        read_page(hub, key_file)

    key_file.write_text("key-2\n")

    assert read_page(hub, key_file).entries == []


@pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines", "schlüssel".encode(), b"\xff"])
def test_a_key_file_without_a_key_is_said_so(tmp_path: Path, content: bytes) -> None:
    """Its content is not repeated."""
    path = tmp_path / "key"
    path.write_bytes(content)

    with pytest.raises(NotSignedIn, match="key file"):
        KeyFile(path).text()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EpochChanged(""), EpochChanged),
        (MalformedCursor(""), MalformedCursor),
        (NotFound(""), NotFound),
        (Conflict(""), Conflict),
        (NotAllowed(""), NotAllowed),
        (NotSignedIn(""), NotSignedIn),
        (MalformedBody(""), MalformedBody),
        (TooBusy(""), TooBusy),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_an_error_comes_across_as_itself(error: TakebackError, kind: type[TakebackError]) -> None:
    """Both ends share one table of problems."""
    document = msgspec.json.encode(problems.problem(error))

    assert type(refusal(problems.status_of(error), None, document)) is kind


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_a_final_refusal_needs_the_hubs_own_words(status: int) -> None:
    """A proxy that is set up wrongly must not make us drop what was acknowledged."""
    assert type(refusal(status, None, b"<html></html>")) is HubUnreachable


@given(st.text())
def test_retry_after_is_a_number_of_seconds_within_reason(text: str) -> None:
    """Dates and nonsense count as one second, and nothing as more than an hour."""
    error = refusal(503, text, b"")

    assert isinstance(error, TooBusy)
    assert 0 <= error.retry_after <= 3600


@given(st.binary(), st.integers(300, 599))
def test_no_answer_makes_anything_but_an_error_of_ours(content: bytes, status: int) -> None:
    """Bodies of refusals are hostile as well."""
    assert isinstance(refusal(status, None, content), TakebackError)


@pytest.mark.parametrize(
    "url",
    [
        "http://hub.example",
        "ftp://hub.example",
        "hub.example",
        "https://",
        "https://user:secret@hub.example",
        "https://hub.example/?a=b",
        "https://hub.example:99999",
        "http://127.0.0.1.example",
        "https://[",
    ],
)
def test_a_key_is_sent_to_no_strange_address(url: str) -> None:
    """https, or this machine; nothing in the address that is no address."""
    with pytest.raises(BadSettings):
        check_address(url)


@pytest.mark.parametrize(
    "url", ["https://hub.example/", "http://127.0.0.1:8080", "http://[::1]:80", "http://localhost"]
)
def test_https_and_loopback_are_fit(url: str) -> None:
    """A slash at the end is taken off."""
    assert check_address(url) == url.rstrip("/")
