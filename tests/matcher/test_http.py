"""The matcher's addresses: what is refused, with which words, and what is never said."""

import io
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from takeback.errors import BadSettings
from takeback.matcher.options import MatcherOptions
from tests.matcher.conftest import jpeg, photograph, random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, numbers, ready, running

SIGNAL = "0f" * 32


def test_every_bad_body_gets_a_problem_and_none_is_repeated(options: MatcherOptions) -> None:
    """Each refusal is problem+json with a hint; the matcher goes on."""
    marked = "c0ffee" * 10
    wrong = {
        "empty": b"",
        "no json": marked.encode(),
        "deep": b"[" * 50_000,
        "charset": b'{"signals": ["\xff' + marked.encode() + b'"]}',
        "short": b'{"signals": ["%s"]}' % marked.encode(),
        "upper case": b'{"signals": ["%s"]}' % (SIGNAL.upper().encode()),
        "none": b'{"signals": []}',
        "number": b'{"signals": [7]}',
        "nan": b'{"signals": ["%s"], "limit": NaN}' % SIGNAL.encode(),
        "unknown field": b'{"signals": ["%s"], "%s": 1}' % (SIGNAL.encode(), marked.encode()),
        "twice": b'{"signals": ["%s"], "signals": ["%s"]}' % (SIGNAL.encode(), SIGNAL.encode()),
        "limit": b'{"signals": ["%s"], "limit": 101}' % SIGNAL.encode(),
        "too many": b'{"signals": [%s]}' % b",".join([b'"%s"' % SIGNAL.encode()] * 10_001),
        "too long": b'{"signals": ["' + b"0" * 2_000_000 + b'"]}',
    }
    headers = {"content-type": "application/json"}
    with running(options) as client:
        eventually(lambda: ready(client))
        for name, body in wrong.items():
            answer = client.post("/v1/match", content=body, headers=headers)
            assert answer.status_code == (413 if name == "too long" else 400), name
            assert answer.headers["content-type"] == "application/problem+json", name
            assert answer.json()["hint"], name
            assert marked not in answer.text, name
            assert SIGNAL not in answer.text, name
        assert numbers(client, SIGNAL) == [[]]


def test_only_json_and_pictures_are_taken(options: MatcherOptions) -> None:
    """Another content type, a compressed body or another method is refused in our words."""
    with running(options) as client:
        for kind in (
            "text/plain",
            "application/json; charset=latin-1",
            "image/",
            "multipart/x",
            "",
        ):
            answer = client.post("/v1/match", content=b"x", headers={"content-type": kind})
            assert answer.status_code == 415, kind
            assert "application/json" in answer.json()["hint"], kind
        packed = {"content-type": "application/json", "content-encoding": "gzip"}
        assert client.post("/v1/match", content=b"x", headers=packed).status_code == 415
        picture = {"content-type": "image/png"}
        assert client.post("/v1/responses", content=b"x", headers=picture).status_code == 415
        assert client.get("/v1/match").status_code == 405
        assert client.get("/v2").json()["title"] == "Not Found"
        assert client.post("/v1/match?limit=0", headers=picture).status_code == 400


def test_pictures_that_are_none_get_their_own_error(options: MatcherOptions) -> None:
    """Typed errors, and the next picture is answered."""
    whole = jpeg(photograph())
    flat = io.BytesIO()
    Image.new("RGB", (300, 300), "navy").save(flat, "PNG")
    options = replace(options, picture_bytes=len(whole))
    with running(options) as client:
        eventually(lambda: ready(client))

        def send(content: bytes) -> httpx2.Response:
            return client.post("/v1/match", content=content, headers={"content-type": "image/jpeg"})

        assert send(b"").json()["type"] == "urn:takeback:error:not-a-picture"
        assert send(b"nonsense").status_code == 415
        assert send(whole[: len(whole) // 2]).json()["title"] == "Picture truncated"
        assert send(whole + b"x").status_code == 413
        assert send(flat.getvalue()).json()["results"] == [
            {"matches": [], "more": False, "quality": 0, "looked_up": False}
        ]
        assert send(whole).json()["results"][0]["looked_up"] is True
        metrics = client.get("/metrics").text
    assert 'pictures_total{outcome="PictureTruncated"} 1.0' in metrics
    assert 'pictures_total{outcome="low_quality"} 1.0' in metrics


def test_one_picture_too_many_is_refused_with_a_time_to_return(options: MatcherOptions) -> None:
    """The bound is on pictures under way, and it is said when to come back."""
    options = replace(options, hashers=1, waiting_pictures=0)
    picture = jpeg(photograph())
    headers = {"content-type": "image/jpeg"}
    refused: list[httpx2.Response] = []
    with running(options) as client, httpx2.Client(base_url=client.base_url) as second:
        eventually(lambda: ready(client))

        def slowly() -> Iterator[bytes]:
            yield picture[:1000]
            eventually(lambda: busy().status_code == 503)
            refused.append(busy())
            yield picture[1000:]

        def busy() -> httpx2.Response:
            return second.post("/v1/match", content=b"x", headers=headers)

        answer = client.post("/v1/match", content=slowly(), headers=headers)

    assert refused[0].headers["retry-after"] == "1"
    assert refused[0].json()["title"] == "Too busy"
    assert answer.json()["results"][0]["looked_up"] is True


def test_reports_that_the_hub_would_refuse_are_refused_here(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """While the caller still listens; all together or none."""
    number = hub.put(random_signal(rng))
    good = {"id": "1" * 32, "number": number, "response": "seen"}
    with running(options) as client:
        for bad in (
            {**good, "response": "removed"},
            {**good, "response": "kept"},
            {**good, "id": "short"},
            {**good, "number": "A" * 32},
            {**good, "confirmed_by_person": "yes"},
        ):
            answer = client.post("/v1/responses", json={"responses": [good, bad]})
            assert answer.status_code == 400
        negative = {"number": number, "opinion": "negative"}
        assert client.post("/v1/opinions", json={"opinions": [negative]}).status_code == 400
        assert "outbox_waiting 0.0" in client.get("/metrics").text


def test_an_opinion_reaches_the_hub(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """Opinions take the same way as responses."""
    number = hub.put(random_signal(rng))
    opinion = {"number": number, "opinion": "negative", "reason": "not_intimate", "hub": "hub"}
    with running(options) as client:
        assert client.post("/v1/opinions", json={"opinions": [opinion]}).status_code == 202
        eventually(lambda: hub.opinions)

    assert (hub.opinions[0].number, hub.opinions[0].reason) == (number, "not_intimate")


def test_one_report_the_hub_refuses_does_not_hold_up_the_others(
    hub: FakeHub, options: MatcherOptions
) -> None:
    """The refused one is found among many and kept aside."""
    bad = "ee" * 16
    hub.refused_numbers = {bad}
    responses = [
        {"id": f"{n:032x}", "number": bad if n == 7 else f"{n:032x}", "response": "seen"}
        for n in range(20)
    ]
    with running(options) as client:
        client.post("/v1/responses", json={"responses": responses})
        eventually(lambda: len(hub.responses) == 19)
        eventually(lambda: "reports_refused 1.0" in client.get("/metrics").text)

    assert f"{7:032x}" not in hub.responses


FIRST, SECOND, THIRD = ("1" * 40, "2" * 40, "3" * 40)


def test_callers_need_a_key_where_keys_are_asked_for(
    options: MatcherOptions, tmp_path: Path
) -> None:
    """All work and all numbers are behind it; whether it is alive is not."""
    keys = tmp_path / "callers"
    keys.write_text(f"{FIRST}\n{SECOND}\n")
    with running(replace(options, require_key_file=keys)) as client:
        eventually(lambda: ready(client))
        body = {"signals": [SIGNAL]}
        for header in (
            "",
            "Bearer",
            f"Bearer {THIRD}",
            f"Basic {FIRST}",
            f"Bearer {FIRST[:-1]}",
            "bearer",
        ):
            refused = client.post("/v1/match", json=body, headers={"authorization": header})
            assert refused.status_code == 401, header
            assert refused.headers["www-authenticate"] == "Bearer"
        assert client.get("/metrics").status_code == 401
        assert client.get("/health").status_code == 200
        for allowed in (
            {"authorization": f"Bearer {FIRST}"},
            {"authorization": f"Bearer {SECOND}"},
        ):
            assert client.post("/v1/match", json=body, headers=allowed).status_code == 200
        keys.write_text(f"{THIRD}\n")
        late = client.post("/v1/match", json=body, headers={"authorization": f"Bearer {FIRST}"})
        assert late.status_code == 401
        keys.write_text("")
        nobody = client.post("/v1/match", json=body, headers={"authorization": f"Bearer {THIRD}"})
        assert nobody.status_code == 503


def test_without_keys_only_this_machine_is_answered(options: MatcherOptions) -> None:
    """A proxy in front, or a web page that was made to look local, opens nothing."""
    body = {"signals": [SIGNAL]}
    with running(options) as client:
        eventually(lambda: ready(client))
        for host in ("matcher.example", "127.0.0.1.example:8090", "[", "evil@127.0.0.2.example"):
            answer = client.post("/v1/match", json=body, headers={"host": host})
            assert answer.status_code == 403, host
        for host in ("localhost:8090", "127.0.0.1", "[::1]:80"):
            answer = client.post("/v1/match", json=body, headers={"host": host})
            assert answer.status_code == 200, host


@pytest.mark.parametrize("text", ["\n", "secret\n", f"{FIRST}\nsecret\n"])
def test_an_empty_file_or_a_short_key_is_refused_before_listening(
    options: MatcherOptions, tmp_path: Path, text: str
) -> None:
    """It would let nobody in, or anybody who guesses: neither was meant."""
    keys = tmp_path / "callers"
    keys.write_text(text)
    with pytest.raises(BadSettings), running(replace(options, require_key_file=keys)):
        pass


def test_ten_thousand_signals_are_looked_up_in_one_call(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """One result for each, in the order asked."""
    signals = [random_signal(rng) for _ in range(10_000)]
    first, last = hub.put(signals[0]), hub.put(signals[-1])
    with running(options) as client:
        eventually(lambda: ready(client))
        found = numbers(client, *signals)

    assert (found[0], found[-1], sum(map(len, found))) == ([first], [last], 2)


def test_the_limit_cuts_and_says_so(
    hub: FakeHub, options: MatcherOptions, rng: random.Random
) -> None:
    """Nearest first, and whether there are more."""
    signal = random_signal(rng)
    for _ in range(3):
        hub.put(signal)
    with running(options) as client:
        eventually(lambda: ready(client))
        answer = client.post("/v1/match", json={"signals": [str(signal)], "limit": 2}).json()

    assert (len(answer["results"][0]["matches"]), answer["results"][0]["more"]) == (2, True)


def test_a_matcher_loads_no_database_library() -> None:
    """What a platform runs needs no hub."""
    program = (
        "import sys, takeback.matcher.server;"
        "print([name for name in ('sqlalchemy', 'alembic', 'takeback.app') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
