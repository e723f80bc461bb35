"""``POST /v1/lookup``: signals in, matches out, strictly, and nobody waits for a batch."""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from takeback.errors import MalformedBody
from takeback.matcher import fast
from takeback.matcher.documents import LookupRequest
from takeback.matcher.fast import LookUps, question_of
from takeback.matcher.options import MatcherOptions
from takeback.strictjson import decode
from tests.matcher.conftest import near, random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, ready, running

JSON = {"content-type": "application/json"}
SIGNAL = "0f" * 32
KEY = "1" * 40


def look_up(client: httpx2.Client, **body: Any) -> Any:  # noqa: ANN401
    """Ask and return the results."""
    answer = client.post("/v1/lookup", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def test_a_look_up_answers_as_a_match_of_signals_does(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """One kind of answer for both addresses."""
    signal = random_signal(rng)
    hub.put(signal, bank="adult", ask="remove")
    body = {"signals": [str(near(signal, 3)), SIGNAL], "limit": 5}
    with running(options) as client:
        eventually(lambda: ready(client))
        answer = client.post("/v1/lookup", json=body)
        assert answer.json() == client.post("/v1/match", json=body).json()

    (match,) = answer.json()["results"][0]["matches"]
    assert (match["distance"], match["bank"], match["ask"], match["hub"]) == (
        *(3, "adult", "remove"),
        "hub",
    )
    assert answer.json()["results"][1] == {"matches": [], "more": False, "looked_up": True}


def test_the_radius_bounds_what_is_near(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """From equal signals alone to the threshold; a limit says that there is more."""
    signal = random_signal(rng)
    for bits in (0, 9, 31):
        hub.put(near(signal, bits))
    with running(options) as client:
        eventually(lambda: ready(client))
        for radius, count in ((0, 1), (8, 1), (9, 2), (30, 2), (31, 3)):
            (result,) = look_up(client, signals=[str(signal)], radius=radius)
            assert len(result["matches"]) == count, radius
        (cut,) = look_up(client, signals=[str(signal)], limit=1)

    assert (len(cut["matches"]), cut["more"]) == (1, True)


def test_a_batch_has_a_result_for_each_signal_in_the_order_asked(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """Ten thousand, of which some match."""
    signals = [random_signal(rng) for _ in range(10_000)]
    known = {place: hub.put(signals[place]) for place in (0, 63, 64, 5_000, 9_999)}
    with running(options) as client:
        eventually(lambda: ready(client))
        results = look_up(client, signals=[str(signal) for signal in signals])

    found = {n: each["matches"][0]["number"] for n, each in enumerate(results) if each["matches"]}
    assert (len(results), found) == (10_000, known)


@contextmanager
def slices_of(seconds: float, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let each slice of a batch take so long."""
    search = LookUps._results

    def slowly(self: LookUps, banks: Any, asked: Any) -> Any:  # noqa: ANN401
        if len(asked.signals) > fast.FEW:
            time.sleep(seconds)
        return search(self, banks, asked)

    with monkeypatch.context() as changed:
        changed.setattr(LookUps, "_results", slowly)
        yield


def test_one_signal_does_not_wait_for_a_batch(
    options: MatcherOptions, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is answered while the batch is far from its end."""
    many = [str(random_signal(rng)) for _ in range(100 * fast.SLICE)]
    with running(options) as client, slices_of(0.05, monkeypatch):
        eventually(lambda: ready(client))
        batch = threading.Thread(target=lambda: look_up(client, signals=many))
        batch.start()
        time.sleep(0.2)
        with httpx2.Client(base_url=client.base_url) as second:
            began = time.monotonic()
            for _ in range(5):
                look_up(second, signals=[SIGNAL])
            took = time.monotonic() - began
        assert batch.is_alive()
        batch.join()

    assert took < 2


def test_one_batch_too_many_is_refused_with_a_time_to_return(
    options: MatcherOptions, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches wait in no queue without an end, and those under way are answered."""
    many = [str(random_signal(rng)) for _ in range(20 * fast.SLICE)]
    answers: list[httpx2.Response] = []

    def ask(url: httpx2.URL) -> None:
        with httpx2.Client(base_url=url, timeout=60) as each:
            answers.append(each.post("/v1/lookup", json={"signals": many}))

    with running(options) as client, slices_of(0.02, monkeypatch):
        eventually(lambda: ready(client))
        asking = [
            threading.Thread(target=ask, args=(client.base_url,)) for _ in range(fast.BATCHES + 2)
        ]
        for each in asking:
            each.start()
        for each in asking:
            each.join()

    refused = [answer for answer in answers if answer.status_code == 503]
    assert 1 <= len(refused) <= 2
    assert all(answer.headers["retry-after"] == "1" for answer in refused)
    assert sum(answer.status_code == 200 for answer in answers) >= fast.BATCHES


HOSTILE = {
    "nothing": b"",
    "no JSON": b"signals",
    "another form": b'["%s"]' % SIGNAL.encode(),
    "a key given twice": b'{"signals": ["%s"], "signals": []}' % SIGNAL.encode(),
    "a limit given twice": b'{"signals": ["%s"], "limit": 1, "limit": 2}' % SIGNAL.encode(),
    "the same key in disguise": b'{"signals": ["%s"], "signal\\u0073": ["%s"]}'
    % (SIGNAL.encode(), SIGNAL.encode()),
    "capitals": b'{"signals": ["%s"]}' % SIGNAL.upper().encode(),
    "no digits": b'{"signals": ["%s"]}' % (b"0z" * 32),
    "other digits": '{"signals": ["%s"]}'.replace("%s", "٣" * 64).encode(),
    "spaces": b'{"signals": ["%s"]}' % (b"0 " * 32),
    "one digit more": b'{"signals": ["%s0"]}' % SIGNAL.encode(),
    "digits of two signals in one": b'{"signals": ["%s", "%s"]}' % (b"0" * 63, b"0" * 65),
    "a number": b'{"signals": [7]}',
    "no signal": b'{"signals": []}',
    "too many": b'{"signals": [%s]}' % b",".join([b'"%s"' % SIGNAL.encode()] * 10_001),
    "NaN": b'{"signals": ["%s"], "limit": NaN}' % SIGNAL.encode(),
    "Infinity": b'{"signals": ["%s"], "radius": Infinity}' % SIGNAL.encode(),
    "a fraction": b'{"signals": ["%s"], "limit": 1.5}' % SIGNAL.encode(),
    "a limit of none": b'{"signals": ["%s"], "limit": 0}' % SIGNAL.encode(),
    "a radius beyond the threshold": b'{"signals": ["%s"], "radius": 32}' % SIGNAL.encode(),
    "another field": b'{"signals": ["%s"], "bank": 1}' % SIGNAL.encode(),
    "invalid UTF-8": b'{"signals": ["\xff%s"]}' % SIGNAL[:62].encode(),
    "a byte-order mark": b"\xef\xbb\xbf" + b'{"signals": ["%s"]}' % SIGNAL.encode(),
    "an array in an array": b"[" * 100_000,
    "an object in an object": b'{"signals":' * 50_000,
    "a lone surrogate": b'{"signals": ["\\ud800"]}',
    "something after it": b'{"signals": ["%s"]} {}' % SIGNAL.encode(),
    "half of it": b'{"signals": ["%s"' % SIGNAL.encode(),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_look_up_is_refused_and_never_repeated(body: bytes) -> None:
    """By the quick reading as by the strict one."""
    with pytest.raises(MalformedBody) as refused:
        question_of(body)

    assert SIGNAL[:16] not in str(refused.value)


def test_the_quick_reading_and_the_strict_one_agree(rng: random.Random) -> None:
    """On documents that were damaged at random, also by one byte only."""
    good = json.dumps({"signals": [str(random_signal(rng))] * 2, "limit": 3, "radius": 7}).encode()
    taken = 0
    for _ in range(3_000):
        body = bytearray(good)
        for _ in range(rng.randrange(3)):
            body[rng.randrange(len(body))] = rng.choice(b'0a"\\{}[],:\xff -.eE1')
        try:
            strict = decode(bytes(body), LookupRequest)
        except MalformedBody:
            strict = None
        try:
            quick = question_of(bytes(body))
        except MalformedBody:
            quick = None
        assert (quick is None) == (strict is None), bytes(body)
        if quick is not None and strict is not None:
            taken += 1
            assert [row.tobytes().hex() for row in quick.signals] == strict.signals
            assert (quick.limit, quick.radius) == (strict.limit, strict.radius)
    assert taken > 500


def test_a_bad_look_up_gets_a_problem_over_http(options: MatcherOptions) -> None:
    """Problem documents, whatever went wrong, and then the next is answered."""
    with running(options) as client:
        eventually(lambda: ready(client))
        for headers, body, status in (
            (JSON, HOSTILE["NaN"], 400),
            (JSON, b" " * 2_000_000, 413),
            ({"content-type": "text/plain"}, b"x", 415),
            ({"content-type": "image/png"}, b"x", 415),
            ({**JSON, "content-encoding": "gzip"}, b"x", 415),
        ):
            answer = client.post("/v1/lookup", content=body, headers=headers)
            assert answer.status_code == status, status
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["hint"]
        got = client.get("/v1/lookup")
        assert (got.status_code, got.headers["allow"]) == (405, "POST")
        assert look_up(client, signals=[SIGNAL])[0]["matches"] == []


def test_a_malformed_question_is_paid_for(options: MatcherOptions, tmp_path: Path) -> None:
    """And a caller with nothing left has no long body read, whatever is in it."""
    keys = tmp_path / "callers"
    keys.write_text(f"small {KEY} 3\n")
    key = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    long = b'{"signals": [' + b'"x",' * 20_000
    with running(replace(options, require_key_file=keys)) as client:
        eventually(lambda: ready(client))
        paths = ("/v1/lookup", "/v1/match", "/v1/pdq/", "/m/compare")
        malformed = [client.post(path, content=b"{", headers=key) for path in paths]
        late = [client.post(path, content=long, headers=key) for path in paths]

    assert [answer.status_code for answer in malformed] == [400] * 4
    assert [answer.status_code for answer in late] == [429] * 4


def test_before_a_bank_was_read_a_look_up_is_refused(hub: FakeHub, options: MatcherOptions) -> None:
    """No match would not be true."""
    hub.stop()
    with running(options) as client:
        answer = client.post("/v1/lookup", json={"signals": [SIGNAL]})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_matcher_that_asks_its_hubs_looks_up_too(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """The hub answers up to the threshold; the radius is kept here."""
    signal = random_signal(rng)
    hub.put(near(signal, 5))
    hub.put(near(signal, 20))
    with running(replace(options, ask=True)) as client:
        (whole,) = look_up(client, signals=[str(signal)])
        (part,) = look_up(client, signals=[str(signal)], radius=10)
        ids = client.get("/m/raw_lookup", params={"signal": str(signal), "signal_type": "pdq"})

    assert [match["distance"] for match in whole["matches"]] == [5, 20]
    assert [match["distance"] for match in part["matches"]] == [5]
    assert ids.status_code == 403
