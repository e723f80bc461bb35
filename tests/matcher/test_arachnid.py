"""Arachnid Shield's look-up of PDQ signals, in its shape, from our banks."""

import base64
import random
import threading
import time
from dataclasses import replace

import httpx2
import pytest

from takeback.matcher import arachnid, fast
from takeback.matcher.options import MatcherOptions
from tests.matcher.conftest import near, random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, ready, running


def test_each_signal_has_what_it_matches_under_its_own_text(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """In hexadecimal or base64; what nobody here can know is null."""
    signal, stranger = random_signal(rng), random_signal(rng)
    hub.put(near(signal, 9), bank="under_18")
    packed = base64.b64encode(signal.bits).decode()
    with running(options) as client:
        eventually(lambda: ready(client))
        body = {"hashes": [str(signal), packed, str(stranger)]}
        answers = [client.post(path, json=body) for path in ("/v1/pdq/", "/v1/pdq")]

    scanned = {
        "classification": "under_18",
        "match_type": "near",
        "near_match_details": [
            {
                "distance": 9,
                "classification": "under_18",
                "timestamp": 0,
                "sha1_base32": None,
                "sha256_hex": None,
            }
        ],
    }
    none = {"classification": "no-known-match", "match_type": None, "near_match_details": None}
    assert answers[0].json() == {
        "scanned_hashes": {str(signal): scanned, packed: scanned, str(stranger): none}
    }
    assert answers[1].json() == answers[0].json()


def test_what_is_no_signal_is_refused(options: MatcherOptions) -> None:
    """Whole, and nothing of it is repeated."""
    with running(options) as client:
        eventually(lambda: ready(client))
        for bad in ([], ["c0ffee"], ["A" * 64], ["!" * 44], ["QUJD"], [7]):
            answer = client.post("/v1/pdq/", json={"hashes": bad})
            assert answer.status_code == 400, bad
            assert "c0ffee" not in answer.text


@pytest.mark.parametrize("part", ["_bits", "scanned"])
def test_nobody_waits_while_a_batch_is_read_or_written(
    options: MatcherOptions, rng: random.Random, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """This one takes three seconds, and a few signals are answered meanwhile."""
    many = [str(random_signal(rng)) for _ in range(300)]
    works = getattr(arachnid, part)
    begun = threading.Event()

    def slowly(given: object) -> object:
        begun.set()
        time.sleep(0.01)
        return works(given)

    with running(options) as client, httpx2.Client(base_url=client.base_url) as second:
        eventually(lambda: ready(client))
        monkeypatch.setattr(arachnid, part, slowly)
        batch = threading.Thread(target=lambda: client.post("/v1/pdq/", json={"hashes": many}))
        batch.start()
        assert begun.wait(10)
        began = time.monotonic()
        answer = second.post("/v1/lookup", json={"signals": many[: fast.FEW]})
        took = time.monotonic() - began
        batch.join()

    assert (answer.status_code, took < 1) == (200, True)


def test_a_platform_without_a_list_gets_its_hubs_answer(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """The shape needs no number of ours."""
    signal = random_signal(rng)
    hub.put(signal, bank="adult")
    with running(replace(options, ask=True)) as client:
        answer: httpx2.Response = client.post("/v1/pdq/", json={"hashes": [str(signal)]})

    assert answer.json()["scanned_hashes"][str(signal)]["match_type"] == "near"
