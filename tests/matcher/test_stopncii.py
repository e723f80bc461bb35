"""Following a StopNCII-API server: whatever it sends, withdrawn is withdrawn."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from takeback.clock import utc_now
from takeback.matcher.options import MatcherOptions, Source
from tests.conftest import FakeClock
from tests.matcher.conftest import random_signal
from tests.matcher.fakestopncii import FakeStopNcii, record
from tests.matcher.running import eventually, numbers, ready, running


@pytest.fixture
def server() -> Iterator[FakeStopNcii]:
    """A server that listens."""
    server = FakeStopNcii().start()
    yield server
    server.stop()


@pytest.fixture
def stock(tmp_path: Path, server: FakeStopNcii) -> MatcherOptions:
    """Options of a matcher that follows that server, five times a second."""
    key_file = tmp_path / "keys"
    key_file.write_text(",".join(server.keys))
    source = Source(url=server.url, key_file=key_file, kind="stopncii", name="stock")
    return MatcherOptions(
        sources=(source,),
        data=tmp_path / "matcher",
        port=0,
        hashers=1,
        video_hashers=0,
        stopncii_seconds=0.2,
    )


def test_active_matches_and_withdrawn_does_not(
    server: FakeStopNcii, stock: MatcherOptions, rng: random.Random
) -> None:
    """Stock clients go on matching a withdrawn value; this one drops it."""
    kept, taken_back = random_signal(rng), random_signal(rng)
    server.records = [(20, record(str(kept))), (21, record(str(taken_back)))]
    with running(stock) as client:
        eventually(lambda: ready(client))
        assert [len(found) for found in numbers(client, kept, taken_back)] == [1, 1]

        feedback = {"source": "x", "feedbackValue": "NotBlocked", "tags": []}
        server.records.append((30, record(str(taken_back), "Withdrawn", CSPFeedbacks=[feedback])))

        eventually(lambda: numbers(client, taken_back) == [[]])
        assert len(numbers(client, kept)[0]) == 1


def test_records_that_can_not_be_used_cost_only_themselves(
    server: FakeStopNcii, stock: MatcherOptions, rng: random.Random
) -> None:
    """Malformed ones are counted; other types are not ours; digests of videos are kept."""
    good, upper, quirky = (random_signal(rng) for _ in range(3))
    server.records = [
        (20, record("ab")),
        (20, {"hashValue": 7}),
        (20, "no record at all"),
        (20, record(str(random_signal(rng)), "Unheard")),
        (20, record("d41d8cd98f00b204e9800998ecf8427e", signalType="VideoMD5")),
        (20, record("d41d8cd98f00b204", signalType="VideoMD5")),
        (20, record("d41d8cd98f00b204e9800998ecf8427e", signalType="VideoTMK")),
        (21, record(str(good), caseNumbers=[])),
        (21, record(str(upper).upper())),
        (22, record(str(quirky), signalType="StopNCIISignalType.ImagePDQ")),
    ]
    with running(stock) as client:
        eventually(lambda: ready(client))

        assert [len(found) for found in numbers(client, good, upper, quirky)] == [1, 1, 1]
        assert "takeback_matcher_entries 4.0" in client.get("/metrics").text
        assert 'skipped_records{hub="stock"} 5.0' in client.get("/metrics").text


def test_a_round_starts_where_the_server_said(
    server: FakeStopNcii, stock: MatcherOptions, rng: random.Random
) -> None:
    """The first call begins at 10; later rounds at the server's own time."""
    server.records = [(20 + n, record(str(random_signal(rng)))) for n in range(5)]
    with running(stock) as client:
        eventually(lambda: ready(client))
        eventually(lambda: len(server.asked) > 4)

    assert [query["startTimestamp"] for query in server.asked[:4]] == ["10", "10", "10", "24"]
    assert [query.get("nextPageToken") for query in server.asked[:3]] == [None, "2", "4"]


def test_responses_become_feedback_on_the_value(
    server: FakeStopNcii, stock: MatcherOptions, rng: random.Random
) -> None:
    """Each response in this interface's own word; one it has no word for is not sent."""
    signal = random_signal(rng)
    server.records = [(20, record(str(signal)))]
    with running(stock) as client:
        eventually(lambda: ready(client))
        ((number,),) = numbers(client, signal)

        said = [
            {"id": "0" * 32, "number": number, "response": "seen"},
            {"id": "1" * 32, "number": number, "response": "removed", "ground": "intimate"},
            {"id": "2" * 32, "number": number, "response": "kept", "reason": "not_intimate"},
        ]
        assert client.post("/v1/responses", json={"responses": said}).status_code == 202

        eventually(lambda: len(server.feedback) == 2)
    assert [one["feedbackValue"] for one in server.feedback] == ["Blocked", "NotBlocked"]
    assert {one["hashValue"] for one in server.feedback} == {str(signal)}


def test_feedback_that_is_refused_for_good_does_not_block_the_rest(
    server: FakeStopNcii, stock: MatcherOptions, rng: random.Random
) -> None:
    """It is kept as refused and shows in the metrics."""
    signal = random_signal(rng)
    server.records = [(20, record(str(signal)))]
    server.refuse_feedback = 400
    with running(stock) as client:
        eventually(lambda: ready(client))
        opinion = {"number": numbers(client, signal)[0][0], "opinion": "positive"}

        client.post("/v1/opinions", json={"opinions": [opinion]})

        eventually(lambda: "reports_refused 1.0" in client.get("/metrics").text)


def test_a_checkpoint_that_is_too_old_begins_again(
    server: FakeStopNcii, stock: MatcherOptions, rng: random.Random
) -> None:
    """What was withdrawn and forgotten while we were away stops matching."""
    lost, kept = random_signal(rng), random_signal(rng)
    server.records = [(20, record(str(lost))), (21, record(str(kept)))]
    clock = FakeClock(utc_now())
    with running(stock, clock) as client:
        eventually(lambda: ready(client))
    server.records = server.records[1:]
    clock.advance(timedelta(days=6))

    with running(stock, clock) as client:
        eventually(lambda: numbers(client, lost, kept)[0] == [])
        assert len(numbers(client, kept)[0]) == 1


def test_a_wrong_key_is_said_so(
    server: FakeStopNcii, stock: MatcherOptions, rng: random.Random
) -> None:
    """The matcher is not ready and says which hub refuses it."""
    server.keys = ("other", "keys", "here")
    with running(stock) as client:
        eventually(lambda: "stock: refused" in client.get("/ready").text)
        assert client.get("/health").json()["hubs"][0]["state"] == "refused"
