"""A hub that is gone for a day: what is held goes on matching, and everybody is told."""

import random
from dataclasses import replace
from datetime import timedelta

from takeback.matcher.options import MatcherOptions
from tests.conftest import FakeClock
from tests.matcher.conftest import random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, numbers, ready, running

DAY = timedelta(days=1)


def test_a_day_without_the_hub_costs_nothing_but_readiness(
    hub: FakeHub, options: MatcherOptions, clock: FakeClock, rng: random.Random
) -> None:
    """Answers go on, also after a restart; what was said meanwhile arrives when it is back."""
    kept, withdrawn, later = (random_signal(rng) for _ in range(3))
    number, gone = hub.put(kept), hub.put(withdrawn)
    response = {"id": "7" * 32, "number": number, "response": "seen"}
    with running(options, clock) as client:
        eventually(lambda: ready(client))
        hub.stop()
        eventually(lambda: client.get("/health").json()["hubs"][0]["state"] == "unreachable")
        clock.advance(DAY)

        assert numbers(client, kept, withdrawn) == [[number], [gone]]
        answer = client.get("/ready")
        assert (answer.status_code, "hub: stale" in answer.json()["detail"]) == (503, True)
        assert client.post("/v1/responses", json={"responses": [response]}).status_code == 202

    with running(options, clock) as client:
        assert numbers(client, kept, withdrawn) == [[number], [gone]]
        assert not ready(client)
        marker = hub.withdraw(gone)
        added = hub.put(later)
        hub.start()
        eventually(lambda: ready(client))
        eventually(lambda: numbers(client, kept, withdrawn, later) == [[number], [], [added]])
        eventually(lambda: hub.confirmed == [marker])
        eventually(lambda: "7" * 32 in hub.responses)


def test_readiness_is_red_beyond_what_was_chosen_and_not_before(
    hub: FakeHub, options: MatcherOptions, clock: FakeClock
) -> None:
    """``--stale-after`` is the platform's to say."""
    with running(replace(options, stale_after=3600), clock) as client:
        eventually(lambda: ready(client))
        hub.stop()
        eventually(lambda: client.get("/health").json()["hubs"][0]["state"] == "unreachable")

        clock.advance(timedelta(minutes=59))
        assert ready(client)
        clock.advance(timedelta(minutes=2))
        assert not ready(client)
