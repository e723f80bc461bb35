"""A matcher over real HTTP, beside a hub: the whole of what a platform sees."""

import io
import json
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageOps

from takeback.hashing import hash_picture
from takeback.matcher.options import MatcherOptions, Source
from tests.conftest import FakeClock
from tests.matcher.conftest import jpeg, near, photograph, random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, numbers, ready, running

ID = "0" * 31


def test_what_the_hub_publishes_matches_and_what_it_withdraws_does_not(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """Follow, match, withdraw, confirm: the main road."""
    signal, other = random_signal(rng), random_signal(rng)
    with running(options) as client:
        eventually(lambda: ready(client))
        number = hub.put(signal)
        eventually(lambda: numbers(client, signal) == [[number]])
        assert numbers(client, near(signal, 31), near(signal, 32), other) == [[number], [], []]

        marker = hub.withdraw(number)

        eventually(lambda: hub.confirmed == [marker])
        assert numbers(client, signal) == [[]]


def test_a_turned_and_mirrored_copy_of_a_picture_matches(
    hub: FakeHub, options: MatcherOptions
) -> None:
    """An upload is looked up in all eight ways."""
    picture = photograph()
    number = hub.put(hash_picture(jpeg(picture)).whole, ask="remove", bank="adult")
    copy = ImageOps.mirror(picture.resize((300, 200))).rotate(90, expand=True)
    with running(options) as client:
        eventually(lambda: ready(client))

        answer = client.post(
            "/v1/match", content=jpeg(copy, 60), headers={"content-type": "image/jpeg"}
        )

        (result,) = answer.json()["results"]
        (match,) = result["matches"]
        assert (match["number"], match["hub"], match["ask"]) == (number, "hub", "remove")
        assert match["place"] == [[0, 0], [0, 1], [1, 1], [1, 0]]
        assert result["quality"] >= 50
        assert (
            client.post(
                "/v1/match",
                content=jpeg(photograph("chelsea")),
                headers={"content-type": "image/jpeg"},
            ).json()["results"][0]["matches"]
            == []
        )


def test_a_picture_inside_a_frame_matches_and_the_answer_says_where(
    hub: FakeHub, options: MatcherOptions
) -> None:
    """What had to be looked through is named; for the picture itself that is nothing."""
    picture = photograph()
    number = hub.put(hash_picture(jpeg(picture)).whole)
    framed = ImageOps.pad(picture, (600, 800), color="white")
    with running(options) as client:
        eventually(lambda: ready(client))

        def result(upload: bytes) -> dict[str, Any]:
            headers = {"content-type": "image/jpeg"}
            answer = client.post("/v1/match", content=upload, headers=headers)
            return dict(answer.json()["results"][0])

        inside, itself = result(jpeg(framed)), result(jpeg(picture))
        other = result(jpeg(ImageOps.pad(photograph("chelsea"), (600, 800), color="white")))

    (framed_match,), (itself_match,) = inside["matches"], itself["matches"]
    assert (framed_match["number"], framed_match["ground"]) == (number, "view")
    assert framed_match["upload_view"] == "trimmed"
    corners = [x for corner in framed_match["place"] for x in corner]
    assert corners == pytest.approx([0.0, 0.25, 1.0, 0.25, 1.0, 0.75, 0.0, 0.75], abs=0.01)
    assert (itself_match["ground"], itself_match["upload_view"]) == ("whole", "whole")
    assert itself_match["place"] == [[0, 0], [1, 0], [1, 1], [0, 1]]
    assert other["matches"] == []


def test_a_response_reaches_the_hub_once_it_is_back(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """What was taken is sent, however long the hub is away, and sent once."""
    number = hub.put(random_signal(rng))
    response = {
        "id": ID + "1",
        "number": number,
        "response": "removed",
        "confirmed_by_person": True,
        "ground": "intimate",
    }
    with running(replace(options, stale_after=1000)) as client:
        eventually(lambda: ready(client))
        hub.stop()
        first = client.post("/v1/responses", json={"responses": [response]})
        again = client.post("/v1/responses", json={"responses": [response]})
        hub.start()

        eventually(lambda: ID + "1" in hub.responses)

    assert (first.status_code, first.json()) == (202, {"accepted": 1})
    assert (again.status_code, again.json()) == (202, {"accepted": 0})
    assert hub.responses[ID + "1"].ground == "intimate"


def test_a_restart_answers_at_once_without_any_hub(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """The bank is on the disk; what the hub says meanwhile is read when it is back."""
    kept, withdrawn = random_signal(rng), random_signal(rng)
    number, other = hub.put(kept), hub.put(withdrawn)
    with running(options) as client:
        eventually(lambda: ready(client))
    hub.stop()
    marker = hub.withdraw(other)

    with running(options) as client:
        assert numbers(client, kept, withdrawn) == [[number], [other]]
        hub.start()
        eventually(lambda: numbers(client, kept, withdrawn) == [[number], []])
        eventually(lambda: hub.confirmed == [marker])


def test_a_hub_that_restarts_is_followed_further(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """Its cursors are still good, and nothing is read twice."""
    before, after = random_signal(rng), random_signal(rng)
    first = hub.put(before)
    with running(options) as client:
        eventually(lambda: ready(client))
        hub.stop()
        second = hub.put(after)
        hub.start()
        eventually(lambda: numbers(client, before, after) == [[first], [second]])

    assert sum("after=" not in asked for asked in hub.asked if "/v1/feed" in asked) == 1


def test_a_rewritten_history_is_read_again_while_matching_goes_on(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """What the new epoch lacks stops; what it holds never did."""
    kept, lost, new = (random_signal(rng) for _ in range(3))
    number, forgotten = hub.put(kept), hub.put(lost)
    with running(options) as client:
        eventually(lambda: ready(client))
        del hub.entries[forgotten]
        hub.begin_epoch("epoch-2")
        added = hub.put(new)

        eventually(lambda: numbers(client, kept, lost, new) == [[number], [], [added]])


def test_a_revoked_key_keeps_the_bank_and_is_reported(
    hub: FakeHub,
    options: MatcherOptions,
    rng: random.Random,
    logged: io.StringIO,
) -> None:
    """Protection does not end with a key; the platform is told that a person is needed."""
    signal = random_signal(rng)
    number = hub.put(signal)
    with running(options) as client:
        eventually(lambda: ready(client))
        hub.key = "another"
        hub.put(random_signal(rng))
        eventually(lambda: not ready(client))

        problem = client.get("/ready").json()
        assert "hub: refused" in problem["detail"]
        assert problem["hint"].startswith("Check the key")
        assert client.get("/health").status_code == 200
        assert numbers(client, signal) == [[number]]

    (refused,) = [line for line in logged.getvalue().splitlines() if "refused" in line]
    assert json.loads(refused)["level"] == "error"


def test_garbage_from_the_hub_changes_nothing(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """The last good state goes on matching until the hub makes sense again."""
    signal, later = random_signal(rng), random_signal(rng)
    number = hub.put(signal)
    with running(options) as client:
        eventually(lambda: ready(client))
        hub.faults = [(200, b"{]", {}), (200, b'{"epoch": 1}', {}), (500, b"", {})]
        hub.put(random_signal(rng))
        eventually(lambda: not hub.faults)
        assert numbers(client, signal) == [[number]]
        second = hub.put(later)

        eventually(lambda: numbers(client, signal, later) == [[number], [second]])


def test_before_the_first_reading_no_match_is_never_said(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """An empty index must not look like an innocent upload."""
    hub.stop()
    body = {"signals": [str(random_signal(rng))]}
    with running(options) as client:
        answer = client.post("/v1/match", json=body)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "hub: not read yet" in client.get("/ready").json()["detail"]
        hub.start()
        eventually(lambda: client.post("/v1/match", json=body).status_code == 200)


def test_a_hub_that_was_not_read_yet_is_named(
    hub: FakeHub, options: MatcherOptions, key_file: Path, rng: random.Random
) -> None:
    """One hub that is away takes nothing from what the other protects."""
    signal = random_signal(rng)
    number = hub.put(signal)
    away = Source(url="http://127.0.0.1:1", key_file=key_file, name="away")
    with running(replace(options, sources=(*options.sources, away))) as client:
        eventually(lambda: client.get("/health").json()["hubs"][0]["state"] == "following")
        answer = client.post("/v1/match", json={"signals": [str(signal)]}).json()

    assert answer["missing"] == ["away"]
    assert [match["number"] for match in answer["results"][0]["matches"]] == [number]


def test_a_stale_bank_is_reported(
    hub: FakeHub, options: MatcherOptions, clock: FakeClock, rng: random.Random
) -> None:
    """Matching goes on; readiness turns red and the metrics say how old the bank is."""
    signal = random_signal(rng)
    number = hub.put(signal)
    with running(options, clock) as client:
        eventually(lambda: ready(client))
        hub.stop()
        eventually(lambda: client.get("/health").json()["hubs"][0]["state"] == "unreachable")
        assert ready(client)
        clock.advance(timedelta(seconds=121))

        assert "hub: stale" in client.get("/ready").json()["detail"]
        assert 'fresh_seconds{hub="hub"} 121.0' in client.get("/metrics").text
        assert numbers(client, signal) == [[number]]


def test_nothing_of_a_person_is_logged_or_counted(
    hub: FakeHub,
    options: MatcherOptions,
    rng: random.Random,
    logged: io.StringIO,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """No signal, number, id, key or file name in log and metrics, on good days and bad."""
    signal = random_signal(rng)
    number = hub.put(signal)
    response = {"id": "5" * 32, "number": number, "response": "seen"}
    with running(options) as client:
        eventually(lambda: ready(client))
        numbers(client, signal)
        client.post("/v1/match", content=jpeg(photograph()), headers={"content-type": "image/png"})
        client.post("/v1/responses", json={"responses": [response]})
        eventually(lambda: hub.responses)
        hub.faults = [(500, str(signal).encode(), {})]
        hub.withdraw(number)
        eventually(lambda: numbers(client, signal) == [[]])
        said = client.get("/metrics").text + client.get("/health").text

    said += logged.getvalue() + "".join(capfd.readouterr())
    assert "hub" in logged.getvalue()
    assert "takeback_matcher_lookups_total" in said
    for secret in (str(signal), number, "5" * 32, hub.key):
        assert secret not in said
