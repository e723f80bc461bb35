"""A matcher over real HTTP, beside a hub: the whole of what a platform sees."""

import random
from dataclasses import replace

from PIL import ImageOps

from takeback.hashing import hash_picture
from takeback.matcher.options import MatcherOptions
from tests.matcher.conftest import photograph, jpeg, near, random_signal
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
        assert result["quality"] >= 50
        assert (
            client.post(
                "/v1/match",
                content=jpeg(photograph("chelsea")),
                headers={"content-type": "image/jpeg"},
            ).json()["results"][0]["matches"]
            == []
        )


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
