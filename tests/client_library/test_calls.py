"""Calls without a socket: whatever arrives, a caller gets an answer or one of our errors."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from takeback.client import Answer, BadAnswer, MatcherError, Unavailable, Unreachable
from takeback.client.calls import Call, Send, look_up, match
from takeback.client.documents import Match, Result
from takeback.client.patience import seconds
from takeback.client.refusals import refusal

KEY = "a-key-of-at-least-24-letters"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["results", "missing", "matches", "more"]), inner)
        | st.dictionaries(st.sampled_from(Match.__struct_fields__), inner, max_size=8)
    ),
    max_leaves=12,
)
CONTENT = st.binary(max_size=60) | JSON.map(lambda document: json.dumps(document).encode())


@settings(max_examples=150)
@given(CONTENT)
@example(b'{"results": [{"matches": [], "quality": 1e400}]}')
@example(b'{"results": [{"matches": []}], "missing": null}')
def test_any_content_is_an_answer_or_a_bad_one(content: bytes) -> None:
    """Never another error, and never an answer with another number of results."""
    call = match(b"upload", 10, "all", 5.0)
    next(call)

    ended = _end(call, content)

    assert isinstance(ended, Answer | BadAnswer)
    if isinstance(ended, Answer):
        assert [type(result) for result in ended] == [Result]


@settings(max_examples=150)
@given(st.integers(400, 599), CONTENT, st.text(max_size=30), st.text(max_size=30))
def test_any_refusal_is_one_of_our_errors(
    status: int, content: bytes, retry_after: str, request_id: str
) -> None:
    """With a hint, without the key, whatever its headers say."""
    headers = {"retry-after": retry_after, "x-request-id": request_id}

    error = refusal(status, headers, content + KEY.encode(), KEY)

    assert isinstance(error, MatcherError)
    assert error.hint
    assert error.status == status
    assert KEY not in f"{error} {error.hint} {error.request_id}"


DATES = st.from_regex(r"\w{3}, \d{1,3} \w{3} \d{1,6} \d\d:\d\d:\d\d [+-]?\w{1,6}", fullmatch=True)


@settings(max_examples=300)
@given(st.text(max_size=40) | DATES)
@example("Thu, 31 Dec 9999 23:59:59 -2359")
@example("Mon, 01 Jan 2024 00:00:00 +999999999999999999999")
@example("Mon, 99999999999999999999 Jan 2024 00:00:00 GMT")
@example("Mon, 01 Jan 99999999999999999999 00:00:00 GMT")
@example("9" * 40)
def test_retry_after_is_never_an_error(text: str) -> None:
    """Seconds, a date, or nothing."""
    assert 0.0 <= seconds(text) < float("inf")


def test_time_runs_over_all_batches_together() -> None:
    """The limit is of the call, not of each question."""
    call = look_up([bytes(32)] * 20_000, 10, 5.0)

    first = next(call)
    second = call.send(_nothing(10_000))

    assert isinstance(first, Send)
    assert first.until == second.until <= time.monotonic() + 5.0
    call.close()


def test_each_pause_is_longer_than_the_last_may_be() -> None:
    """One error after the other, until the time would be over."""
    call = match(b"upload", 10, "all", 3600.0)
    next(call)

    pauses = [call.send(Unreachable("gone")).pause for _ in range(40)]

    assert max(pauses[:3]) <= 0.4
    assert 1.0 < max(pauses) <= 10.0
    with pytest.raises(Unavailable):
        call.send(_asks_for_patience(3600.0))


def test_a_call_that_is_left_closes_its_file(tmp_path: Any) -> None:  # noqa: ANN401
    """Also when nobody asks any further."""
    path = tmp_path / "upload"
    path.write_bytes(b"upload")
    call = match(path, 10, "all", 5.0)
    body = next(call).body

    call.close()

    with suppress(ValueError):
        list(body)  # type: ignore[arg-type]
        pytest.fail("the file is still open")


def _end(call: Call[Answer], content: bytes) -> object:
    """Return what a call ends with."""
    try:
        return call.send(content)
    except StopIteration as end:
        return end.value
    except BadAnswer as error:
        return error


def _asks_for_patience(retry_after: float) -> Unavailable:
    error = Unavailable("later")
    error.retry_after = retry_after
    return error


def _nothing(results: int) -> bytes:
    return json.dumps({"results": [{"matches": []}] * results, "missing": []}).encode()
