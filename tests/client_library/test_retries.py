"""When a client asks again, when it does not, and when it gives up."""

import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from takeback.client import (
    BadAnswer,
    Busy,
    Opinion,
    OutOfTime,
    QuotaSpent,
    Response,
    Unavailable,
    Unreachable,
    patience,
)
from takeback.client.patience import pause, seconds
from tests.client_library.badserver import (
    BadServer,
    Behaviour,
    answers,
    bad_server,
    breaks_off,
    drips,
    drips_head,
    resets,
    silent,
    sips,
    soothes,
)
from tests.client_library.conftest import Opening

NUMBER = "0123456789abcdef" * 2
OPINION = Opinion(number=NUMBER, opinion="positive")


@pytest.mark.parametrize(
    "failure",
    [answers(503), answers(429), answers(502), answers(408), resets, breaks_off],
    ids=["503", "429", "502", "408", "reset", "cut off"],
)
def test_a_question_is_asked_again(client: Any, server: BadServer, failure: Behaviour) -> None:  # noqa: ANN401
    """It changes nothing at the matcher, so it may be."""
    server.behaviours += [failure, failure]

    answer = client.match(b"picture")

    assert [result.quality for result in answer] == [90]
    assert [asked.body for asked in server.asked] == [b"picture"] * 3


def test_a_large_upload_that_is_turned_away_early_is_sent_again(
    client: Any,  # noqa: ANN401
    server: BadServer,
    tmp_path: Path,
) -> None:
    """A busy matcher does not read what it won't hash."""
    upload = tmp_path / "upload"
    upload.write_bytes(bytes(20_000_000))
    server.impatient = 2

    client.match(upload)

    assert [len(asked.body) for asked in server.asked] == [20_000_000]


def test_retry_after_is_honoured(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """Not a moment earlier."""
    server.behaviours.append(answers(503, Retry_After=1))

    client.match(b"picture")

    first, second = server.asked
    assert second.at - first.at >= 1.0


def test_a_pause_longer_than_the_limit_is_not_begun(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """The caller hears at once, and how long to wait."""
    server.behaviours.append(answers(429, Retry_After=3600))
    began = time.monotonic()

    with pytest.raises(QuotaSpent) as refused:
        client.match(b"picture")

    assert refused.value.retry_after == 3600
    assert time.monotonic() - began < 3


def test_asking_again_ends_with_the_time_limit(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """And with the reason, which is not "out of time"."""
    server.behaviours += [answers(503)] * 200
    began = time.monotonic()

    with pytest.raises(Busy):
        client.match(b"picture", within=0.8)

    assert time.monotonic() - began < 5
    assert len(server.asked) > 2


@pytest.mark.parametrize("behaviour", [silent, drips, drips_head, soothes])
def test_a_server_that_never_ends_is_left(
    client: Any,  # noqa: ANN401
    server: BadServer,
    behaviour: Behaviour,
) -> None:
    """However it keeps the connection busy."""
    server.behaviours.append(behaviour)
    began = time.monotonic()

    with pytest.raises(OutOfTime):
        client.match(b"picture", within=0.5)

    assert 0.4 < time.monotonic() - began < 5
    assert len(server.asked) == 1


def test_a_server_that_takes_an_upload_in_sips_is_left(opened: Opening) -> None:
    """Each sip is soon enough, all of them together are not."""
    with sips() as port:
        client = opened(f"http://127.0.0.1:{port}", within=0.5)
        began = time.monotonic()

        with pytest.raises(OutOfTime):
            client.match(bytes(64 << 20))

    assert 0.4 < time.monotonic() - began < 5


def test_a_matcher_that_is_restarting_is_waited_for(opened: Opening) -> None:
    """Nobody listens at first."""
    with bad_server() as gone:
        port = gone.port
    client = opened(f"http://127.0.0.1:{port}", within=20.0)
    started: list[BadServer] = []

    with ExitStack() as stack:

        def start() -> None:
            started.append(stack.enter_context(bad_server(port)))

        later = threading.Timer(0.3, start)
        later.start()
        answer = client.match(b"picture")
        later.join()

    assert len(answer.results) == 1
    assert len(started[0].asked) == 1


def test_nobody_there_had_nothing_done_to(opened: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says that nothing was sent."""
    monkeypatch.setattr(patience, "pause", lambda _failed, _retry_after: 60.0)
    client = opened("http://127.0.0.1:1", within=20.0)

    with pytest.raises(Unreachable) as failed:
        client.opine(OPINION)

    assert failed.value.untouched


def test_a_response_is_sent_again_with_the_same_id(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """The matcher knows by it that it is the same."""
    server.behaviours += [resets, answers(202, {"accepted": 1})]

    accepted = client.respond(Response(number=NUMBER, response="removed", ground="intimate"))

    first, second = server.asked
    assert accepted == 1
    assert first.body == second.body
    assert b'"id":' in first.body


@pytest.mark.parametrize("failure", [resets, breaks_off, answers(502)])
def test_an_opinion_that_may_have_arrived_is_not_sent_again(
    client: Any,  # noqa: ANN401
    server: BadServer,
    failure: Behaviour,
) -> None:
    """It might overtake a newer one; the caller decides."""
    server.behaviours.append(failure)

    with pytest.raises(Unavailable) as failed:
        client.opine(OPINION)

    assert not failed.value.untouched
    assert len(server.asked) == 1


def test_an_opinion_that_was_turned_away_is_sent_again(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """The matcher took nothing, and said so."""
    server.behaviours += [answers(503), answers(429), answers(202, {"accepted": 1})]

    assert client.opine([OPINION]) == 1
    assert len(server.asked) == 3


def test_a_failure_of_the_matcher_itself_is_not_repeated(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """The same upload would fail again."""
    server.behaviours.append(answers(500))

    with pytest.raises(BadAnswer):
        client.match(b"picture")

    assert len(server.asked) == 1


def test_readiness_is_asked_once(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """It is a question about now."""
    server.behaviours += [answers(503)]

    with pytest.raises(Busy):
        client.ready()

    assert len(server.asked) == 1


def test_pauses_are_spread_over_all_of_their_range() -> None:
    """Full jitter: callers who were refused together don't come back together."""
    pauses = [pause(6, 0.0) for _ in range(400)]

    assert 0 <= min(pauses) < 0.4
    assert 2.8 < max(pauses) <= 3.2
    assert all(pause(50, 7.0) >= 7.0 for _ in range(50))
    assert max(pause(50, 0.0) for _ in range(400)) <= 10.0


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    """Both of RFC 9110's forms; nonsense asks for nothing."""
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

    assert seconds("12") == 12
    assert 55 < seconds(in_a_minute) <= 60
    assert [seconds(None), seconds("soon"), seconds("-3"), seconds("²")] == [0, 0, 0, 0]
