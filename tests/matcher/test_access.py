"""Keys, what each is good for, and the id that each request has."""

import base64
import hashlib
import io
import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from takeback.errors import BadSettings, NotReady, NotSignedIn, QuotaSpent
from takeback.matcher.access import CallerKeys
from takeback.matcher.options import MatcherOptions
from takeback.matcher.quotas import MOST_CALLERS, OWNER_BYTES, Quotas
from tests.matcher.running import eventually, ready, running

FIRST, SECOND, THIRD = ("1" * 40, "2" * 40, "3" * 40)
SIGNAL = "0f" * 32
OWNER, OTHER = (hashlib.sha256(name).digest()[:OWNER_BYTES] for name in (b"one", b"other"))


def keys_in(directory: Path, text: str) -> CallerKeys:
    """Return the keys of a file with *text*."""
    path = directory / "callers"
    path.write_text(text)
    return CallerKeys(path, directory / "quotas")


def test_a_line_is_a_key_or_has_a_name_or_a_quota_too(tmp_path: Path) -> None:
    """All three kinds in one file."""
    keys = keys_in(tmp_path, f"{FIRST}\n\n  upload {SECOND}  \nbatch.1\t{THIRD} 600\n")

    callers = [keys.accept(f"Bearer {key}") for key in (FIRST, SECOND, THIRD)]

    assert [(each.name, each.a_minute) for each in callers] == [
        *(("", 0), ("upload", 0)),
        ("batch.1", 600),
    ]


@pytest.mark.parametrize(
    "line",
    [
        f"up load {FIRST}",
        f"upload {FIRST} many",
        f"upload {FIRST} 0",
        f"upload {FIRST} 1 1",
        f"{FIRST} 600",
        "upload short",
        f"üpload {FIRST}",
    ],
)
def test_another_line_is_refused(tmp_path: Path, line: str) -> None:
    """With words that repeat no key."""
    with pytest.raises(BadSettings) as refused:
        keys_in(tmp_path, line + "\n").digests()

    assert FIRST not in str(refused.value)


def test_a_key_may_come_as_a_password(tmp_path: Path) -> None:
    """So that ``https://name:key@matcher`` works with any HTTP library."""
    keys = keys_in(tmp_path, f"upload {FIRST}\n")

    def basic(text: str) -> str:
        return "Basic " + base64.b64encode(text.encode()).decode()

    assert keys.accept(basic(f"whoever:{FIRST}")).name == "upload"
    for wrong in (basic(FIRST), basic(f"upload:{SECOND}"), "Basic !", "Basic ", f"Basic {FIRST}"):
        with pytest.raises(NotSignedIn):
            keys.accept(wrong)


def test_look_ups_beyond_the_quota_are_refused_until_there_is_room(tmp_path: Path) -> None:
    """Each signal counts; a large batch passes and is paid for by what follows."""
    clock = [1000.0]
    quotas = Quotas(tmp_path / "quotas", lambda: clock[0])

    assert quotas.take(OWNER, 60, 59) == 0
    assert quotas.take(OWNER, 60, 100) == 0
    assert quotas.take(OWNER, 60, 1) == pytest.approx(99)
    clock[0] += 98.5
    assert quotas.take(OWNER, 60, 1) == pytest.approx(0.5)
    clock[0] += 1
    assert quotas.take(OWNER, 60, 1) == 0
    assert quotas.take(OTHER, 60, 1) == 0
    clock[0] = 5
    assert quotas.take(OWNER, 60, 60) == 0, "the machine was started again: nobody waits for that"
    quotas.close()


def test_a_full_bucket_holds_one_minute(tmp_path: Path) -> None:
    """However long nobody asked."""
    clock = [1000.0]
    quotas = Quotas(None, lambda: clock[0])
    assert tmp_path.exists()

    quotas.take(OWNER, 60, 1)
    clock[0] += 1e6
    assert quotas.take(OWNER, 60, 61) == 0
    assert quotas.take(OWNER, 60, 1) == pytest.approx(1)


def test_a_debt_is_its_keys_wherever_the_key_is_written(tmp_path: Path) -> None:
    """A line that is put before it, or another file of keys, makes nobody pay for another."""
    keys = keys_in(tmp_path, f"one {FIRST} 60\ntwo {SECOND} 60\n")
    keys.accept(f"Bearer {FIRST}").spend(600)

    moved = keys_in(tmp_path, f"new {THIRD} 60\none {FIRST} 60\ntwo {SECOND} 60\n")
    other = CallerKeys(tmp_path / "others", tmp_path / "quotas")
    other.path.write_text(f"new {THIRD} 60\none {FIRST} 60\n")

    for file in (keys, moved, other):
        with pytest.raises(QuotaSpent):
            file.accept(f"Bearer {FIRST}").spend(1)
        file.accept(f"Bearer {THIRD}").spend(1)
    moved.accept(f"Bearer {SECOND}").spend(1)


def test_as_many_callers_as_a_file_may_have_each_have_a_bucket(tmp_path: Path) -> None:
    """None is given another's while there is debt in it."""
    quotas = Quotas(tmp_path / "quotas", lambda: 1000.0)
    owners = [hashlib.sha256(b"%d" % n).digest()[:OWNER_BYTES] for n in range(MOST_CALLERS)]

    for owner in owners:
        quotas.take(owner, 1, 100)

    assert all(quotas.take(owner, 1, 1) for owner in owners)


def test_who_has_no_key_is_not_told_what_is_wrong_with_the_file(
    tmp_path: Path, logged: io.StringIO
) -> None:
    """One sentence to whoever asks; what it is goes to the log, once."""
    keys = keys_in(tmp_path, "upload short\n")
    for _ in range(3):
        with pytest.raises(NotReady, match=r"^the keys of this matcher can't be read now$"):
            keys.accept("Bearer guessed")
    keys.path.unlink()
    with pytest.raises(NotReady, match=r"^the keys of this matcher can't be read now$"):
        keys.accept("Bearer guessed")

    assert logged.getvalue().count("fewer than 24 characters") == 1
    assert logged.getvalue().count("keys.unreadable") == 2


def spend(path: Path, times: int) -> int:
    """Take from a bucket; return how often that went well."""
    quotas = Quotas(path, lambda: 1000.0)
    return sum(quotas.take(OWNER, 1000, 1) == 0 for _ in range(times))


def test_processes_count_together(tmp_path: Path) -> None:
    """Four that each ask for half the quota get all of it, and no more."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        got = pool.starmap(spend, [(tmp_path / "quotas", 500)] * 4)

    assert sum(got) == 1000


def test_a_quota_is_said_over_http_with_a_time_to_return(
    options: MatcherOptions, tmp_path: Path
) -> None:
    """Another key is not held up, and a report is one too."""
    keys = tmp_path / "callers"
    keys.write_text(f"small {FIRST} 30\nlarge {SECOND}\n")
    body = {"signals": [SIGNAL] * 10}
    small, large = ({"authorization": f"Bearer {key}"} for key in (FIRST, SECOND))
    with running(replace(options, require_key_file=keys)) as client:
        eventually(lambda: ready(client))
        paths = ("/v1/lookup", "/v1/match", "/v1/lookup", "/v1/lookup", "/v1/match")
        answers = [client.post(path, json=body, headers=small) for path in paths]
        pdq = client.post("/v1/pdq/", json={"hashes": [SIGNAL]}, headers=small)
        ids = client.get(f"/m/raw_lookup?signal={SIGNAL}&signal_type=pdq", headers=small)
        other = client.post("/v1/lookup", json=body, headers=large)
        report = {"id": "1" * 32, "number": "2" * 32, "response": "seen"}
        reports = client.post("/v1/responses", json={"responses": [report]}, headers=small)
        metrics = client.get("/metrics", headers=large).text

    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    assert answers[-1].status_code == pdq.status_code == ids.status_code == 429
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].json()["title"] == "Quota spent"
    assert "Retry-After" in answers[-1].json()["hint"]
    assert (other.status_code, reports.status_code) == (200, 429)
    assert 'takeback_matcher_refused_total{status="429"}' in metrics
    assert FIRST not in (options.data / "quotas").read_bytes().decode("latin-1")


def test_every_answer_has_the_id_of_its_request(options: MatcherOptions) -> None:
    """The caller's own if it is one, else a new one, also where something is refused."""
    ids = set()
    with running(options) as client:
        for path in ("/health", "/v1/lookup", "/nowhere", "/m/compare"):
            given = client.get(path, headers={"x-request-id": "c0ffee-1:2_3=4.5"})
            strange = client.get(path, headers={"x-request-id": SIGNAL})
            refused = client.get(path, headers={"host": "elsewhere.example"})
            assert given.headers["x-request-id"] == "c0ffee-1:2_3=4.5", path
            assert refused.headers["cache-control"] == "no-store", path
            answers = (client.get(path), client.get(path), strange, refused)
            ids |= {answer.headers["x-request-id"] for answer in answers}

    assert len(ids) == 16
    assert SIGNAL not in ids


def test_whoever_has_no_key_learns_nothing_of_addresses(
    options: MatcherOptions, tmp_path: Path
) -> None:
    """Every address but those of load balancers answers alike."""
    keys = tmp_path / "callers"
    keys.write_text(f"{FIRST}\n")
    with running(replace(options, require_key_file=keys)) as client:
        eventually(lambda: ready(client))
        ask: Callable[[str], httpx2.Response] = client.get
        for path in ("/v1/lookup", "/nowhere", "/metrics", "/h/hash", "/m/index/status", "/"):
            refused = ask(path)
            assert refused.status_code == 401, path
            assert "--require-key-file" in refused.json()["hint"]
        for path in ("/health", "/ready", "/status", "/status/live"):
            assert ask(path).status_code == 200, path
        client.auth = ("upload", FIRST)
        assert ask("/m/index/status").status_code == 200
        malformed = client.post("/v1/lookup", json={})
        assert "matcher-api.md" in malformed.json()["hint"]
