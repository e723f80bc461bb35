"""A clock that is set back and forth: freshness goes by time that passed, not by what it says."""

import random
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from takeback.matcher.options import MatcherOptions
from takeback.matcher.outbox import REMEMBER_DAYS
from tests.conftest import FakeClock
from tests.matcher.conftest import random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, numbers, ready, running

NOON = datetime(1970, 1, 3, 12, tzinfo=UTC)
"""What the steady clock says: two and a half days after the machine's start."""

JUMPS = [timedelta(days=400), timedelta(days=-800), timedelta(hours=-25), timedelta(days=3000)]


def fresh_seconds(client: httpx2.Client) -> float:
    """Return how old the bank is said to be."""
    return float(client.get("/health").json()["hubs"][0]["fresh_seconds"])


def test_a_clock_that_jumps_makes_nothing_stale_and_ends_nothing(
    hub: FakeHub, options: MatcherOptions, clock: FakeClock, rng: random.Random
) -> None:
    """Nor fresh: when the hub is gone, the time that really passed counts, whatever is set."""
    steady = FakeClock(NOON)
    signal = random_signal(rng)
    number = hub.put(signal)
    with running(options, clock, steady) as client:
        eventually(lambda: ready(client))
        for jump in JUMPS:
            clock.advance(jump)
            assert ready(client)
            assert fresh_seconds(client) == 0
            assert numbers(client, signal) == [[number]]
        hub.stop()
        eventually(lambda: client.get("/health").json()["hubs"][0]["state"] == "unreachable")
        clock.advance(timedelta(days=-5000))
        steady.advance(timedelta(seconds=121))

        assert not ready(client)
        assert fresh_seconds(client) == 121
        assert numbers(client, signal) == [[number]]


@pytest.mark.parametrize("days", [-4000, 4000])
def test_a_start_with_another_date_is_ready_again_by_itself(
    hub: FakeHub, options: MatcherOptions, clock: FakeClock, rng: random.Random, days: int
) -> None:
    """What was remembered by the wrong clock neither lasts for ever nor stands in the way."""
    signal = random_signal(rng)
    number = hub.put(signal)
    steady = FakeClock(NOON)
    with running(options, clock, steady) as client:
        eventually(lambda: ready(client))
    clock.advance(timedelta(days=days))
    hub.stop()

    with running(options, clock, steady) as client:
        assert numbers(client, signal) == [[number]]
        steady.advance(timedelta(seconds=121))
        assert not ready(client)
        hub.start()
        hub.put(random_signal(rng))  # news, which end a long poll
        eventually(lambda: ready(client))
        assert fresh_seconds(client) == 0


def test_a_response_sent_before_a_jump_is_not_sent_again(
    hub: FakeHub, options: MatcherOptions, clock: FakeClock, rng: random.Random
) -> None:
    """Its id is remembered by how many came after it as well as by its day."""
    number = hub.put(random_signal(rng))
    response = {"id": "7" * 32, "number": number, "response": "seen"}
    other = {**response, "id": "8" * 32}
    with running(options, clock, FakeClock(NOON)) as client:
        eventually(lambda: ready(client))
        client.post("/v1/responses", json={"responses": [response]})
        eventually(lambda: "7" * 32 in hub.responses)
        clock.advance(timedelta(days=REMEMBER_DAYS + 1))
        client.post("/v1/responses", json={"responses": [other]})
        eventually(lambda: "8" * 32 in hub.responses)

        again = client.post("/v1/responses", json={"responses": [response]})

    assert again.json() == {"accepted": 0}
