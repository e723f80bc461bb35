"""The ``lookup`` tier: no list is held, the hub is asked."""

import asyncio
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from takeback.errors import QuotaSpent
from takeback.exchange.wire import LookupResult, Match
from takeback.hashing import hash_picture
from takeback.hashing.place import EVERYWHERE
from takeback.matcher import fast
from takeback.matcher.access import CallerKeys
from takeback.matcher.asking import AskedHub, together
from takeback.matcher.options import MatcherOptions, Source
from takeback.matcher.quotas import Quotas
from tests.matcher.conftest import jpeg, near, photograph, random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, numbers, ready, running


@pytest.fixture
def other() -> Iterator[FakeHub]:
    """A second hub, with the same key."""
    hub = FakeHub().start()
    yield hub
    hub.stop()


@pytest.fixture
def asking(options: MatcherOptions, other: FakeHub, key_file: Path) -> MatcherOptions:
    """Options of a matcher that asks two hubs."""
    second = Source(url=other.url, key_file=key_file, name="other")
    return replace(options, ask=True, sources=(*options.sources, second))


def test_the_answers_of_all_hubs_are_one(
    hub: FakeHub, other: FakeHub, asking: MatcherOptions, rng: random.Random
) -> None:
    """Nearest first, each with its hub's name; nothing is read from a feed."""
    signal = random_signal(rng)
    far, close = hub.put(near(signal, 9)), other.put(near(signal, 2))
    with running(asking) as client:
        eventually(lambda: ready(client))
        answer = client.post("/v1/match", json={"signals": [str(signal)]}).json()

    assert [(m["hub"], m["number"], m["distance"]) for m in answer["results"][0]["matches"]] == [
        ("other", close, 2),
        ("hub", far, 9),
    ]
    assert answer["missing"] == []
    assert not any("/v1/feed" in asked for asked in [*hub.asked, *other.asked])


def test_a_hub_that_does_not_answer_is_named(
    hub: FakeHub, other: FakeHub, asking: MatcherOptions, rng: random.Random
) -> None:
    """The others still answer, and no match is never passed off as known."""
    signal = random_signal(rng)
    number = hub.put(signal)
    other.stop()
    with running(asking) as client:
        answer = client.post("/v1/match", json={"signals": [str(signal)]}).json()
        assert answer["missing"] == ["other"]
        assert [match["number"] for match in answer["results"][0]["matches"]] == [number]
        assert "other: unreachable" in client.get("/ready").text

        hub.stop()

        assert client.post("/v1/match", json={"signals": [str(signal)]}).status_code == 503


def test_a_picture_is_asked_about_in_all_eight_ways(hub: FakeHub, asking: MatcherOptions) -> None:
    """A turned copy matches in this tier too; several near signals are one match."""
    picture = photograph()
    number = hub.put(hash_picture(jpeg(picture)).whole)
    with running(asking) as client:
        eventually(lambda: ready(client))
        answer = client.post(
            "/v1/match",
            content=jpeg(picture.rotate(180)),
            headers={"content-type": "application/octet-stream"},
        )

    assert [match["number"] for match in answer.json()["results"][0]["matches"]] == [number]


KEY = "1" * 40
JPEG = {"content-type": "image/jpeg", "authorization": f"Bearer {KEY}"}


def test_a_caller_pays_for_each_signal_that_a_hub_is_asked_about(
    hub: FakeHub, options: MatcherOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight for a picture that matches whole, eight for each of its views if it does not."""
    known = jpeg(photograph())
    hub.put(hash_picture(known).whole)
    paid: list[float] = []
    asked: list[int] = []
    take, ask = Quotas.take, AskedHub.ask

    def counted(self: Quotas, *given: Any, owed: bool = False) -> float:  # noqa: ANN401
        paid.append(given[-1])
        return take(self, *given, owed=owed)

    async def heard(self: AskedHub, signals: Sequence[str]) -> list[LookupResult]:
        asked.append(len(signals))
        return await ask(self, signals)

    monkeypatch.setattr(Quotas, "take", counted)
    monkeypatch.setattr(AskedHub, "ask", heard)
    keys = tmp_path / "callers"
    keys.write_text(f"uploads {KEY} 600\n")
    with running(replace(options, ask=True, require_key_file=keys)) as client:
        eventually(lambda: ready(client))
        client.post("/v1/match", content=known, headers=JPEG)
        assert (sum(asked), sum(paid)) == (8, 8)
        client.post("/v1/match", content=jpeg(photograph("chelsea")), headers=JPEG)
        assert sum(paid) == sum(asked) > 16


def test_what_is_owed_is_paid_off_before_the_next_question(tmp_path: Path) -> None:
    """Also by a caller that had nothing left when it turned out."""
    keys = tmp_path / "callers"
    keys.write_text(f"uploads {KEY} 60\n")
    caller = CallerKeys(keys).accept(f"Bearer {KEY}")

    caller.spend(60)
    caller.owe(120)

    with pytest.raises(QuotaSpent) as refused:
        caller.spend(1)
    assert 110 < refused.value.retry_after <= 120


def test_batches_that_hubs_are_asked_about_are_bounded_too(
    asking: MatcherOptions, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as where the bank is here; one more is refused with a time to return."""
    many = [str(random_signal(rng)) for _ in range(fast.FEW + 1)]
    ask = AskedHub.ask
    answers: list[httpx2.Response] = []

    async def slowly(self: AskedHub, signals: Sequence[str]) -> list[LookupResult]:
        await asyncio.sleep(1)
        return await ask(self, signals)

    def post(url: httpx2.URL) -> None:
        with httpx2.Client(base_url=url) as each:
            answers.append(each.post("/v1/lookup", json={"signals": many}))

    monkeypatch.setattr(AskedHub, "ask", slowly)
    with running(asking) as client:
        asking_now = [
            threading.Thread(target=post, args=(client.base_url,)) for _ in range(fast.BATCHES + 1)
        ]
        for each in asking_now:
            each.start()
        for each in asking_now:
            each.join()

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * fast.BATCHES + [503]


def test_a_refused_key_is_not_the_callers_fault(
    hub: FakeHub, other: FakeHub, asking: MatcherOptions, rng: random.Random
) -> None:
    """The caller is told to try later, not to sign in."""
    hub.key = other.key = "another"
    with running(asking) as client:
        answer = client.post("/v1/match", json={"signals": [str(random_signal(rng))]})

        assert answer.status_code == 503
        assert "hub: refused" in client.get("/ready").text


def test_a_response_to_one_of_two_hubs_says_which(
    other: FakeHub, asking: MatcherOptions, rng: random.Random
) -> None:
    """Without a list, only the name tells whose number it is."""
    number = other.put(random_signal(rng))
    response = {"id": "7" * 32, "number": number, "response": "seen"}
    with running(asking) as client:
        unclear = client.post("/v1/responses", json={"responses": [response]})
        unknown = client.post("/v1/responses", json={"responses": [{**response, "hub": "no"}]})
        clear = client.post("/v1/responses", json={"responses": [{**response, "hub": "other"}]})
        eventually(lambda: "7" * 32 in other.responses)

    assert (unclear.status_code, unknown.status_code, clear.status_code) == (400, 404, 202)


def test_switching_to_asking_deletes_the_list(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """A platform that was moved to the other tier keeps no list behind."""
    signal = random_signal(rng)
    hub.put(signal)
    with running(options) as client:
        eventually(lambda: len(numbers(client, signal)[0]) == 1 if ready(client) else False)
    assert signal.bits in stored(options)

    with running(replace(options, ask=True)):
        pass

    assert signal.bits not in stored(options)


def stored(options: MatcherOptions) -> bytes:
    """Return all bytes of the state file and what lies beside it."""
    return b"".join(path.read_bytes() for path in options.data.rglob("*") if path.is_file())


def test_the_least_distance_of_an_entry_counts() -> None:
    """One entry near several of the eight signals is one match."""
    far, close = (Match("a" * 32, d, "whole", "adult", "review") for d in (20, 3))
    results = [LookupResult([far], False), LookupResult([close], False)]

    found = together({"hub": results}, "whole", EVERYWHERE, 10)

    assert [(match.distance, match.hub) for match in found.matches] == [(3, "hub")]
    assert not found.more
