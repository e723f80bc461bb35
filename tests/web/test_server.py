"""A hub starts by its roles, bounds what it reads, and stops without cutting anybody off."""

import os
import re
import signal as signals
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from takeback.app import open_hub
from takeback.db import Database
from takeback.errors import BadSettings
from takeback.settings import PREFIX
from takeback.web import body as bodies
from takeback.web.portal.routes import REGISTRATION_LIMIT
from takeback.web.server import running
from tests.conftest import FakeClock
from tests.web.conftest import (
    JSON_HEAD,
    REGISTRATION,
    Served,
    access,
    half_sent,
    serving,
    settings_for,
    signal,
    wait_until,
)


@pytest.mark.parametrize(
    ("role", "there", "missing"),
    [
        ("portal", ["/", "/v1/challenge"], ["/v1/feed", "/FetchHashes"]),
        ("partner", ["/v1/feed", "/FetchHashes"], ["/", "/v1/challenge"]),
        ("worker", [], ["/", "/v1/challenge", "/v1/feed", "/FetchHashes"]),
    ],
)
def test_a_role_serves_its_own_addresses_only(
    tmp_path: Path, role: str, there: list[str], missing: list[str]
) -> None:
    """Health, readiness and metrics are everywhere."""
    with serving(settings_for(tmp_path), FakeClock(), frozenset({role})) as served:
        found = {path: served.http.get(path).status_code for path in [*there, *missing]}
        ops = [served.http.get(path).status_code for path in ("/health", "/ready", "/metrics")]

    assert {path for path, status in found.items() if status != 404} == set(there)
    assert ops == [200, 200, 200]


def test_the_worker_runs_in_its_own_role(tmp_path: Path) -> None:
    """What is due is done by the process that has the role, and by no other."""
    clock = FakeClock()
    with serving(settings_for(tmp_path), clock, frozenset({"portal"})) as served:
        opened = served.open_case(signal(1))
        served.http.post("/v1/cases/withdrawal", json=access(opened))
        clock.advance(timedelta(days=8))
        time.sleep(1.2)
        before = served.http.post("/v1/cases/receipt", json=access(opened)).status_code
    with serving(settings_for(tmp_path), clock) as served:
        wait_until(
            lambda: served.http.post("/v1/cases/receipt", json=access(opened)).status_code == 404
        )

    assert before == 200


def test_a_role_that_there_is_not_is_refused(tmp_path: Path) -> None:
    """Before anything listens."""
    settings = settings_for(tmp_path)
    with (
        open_hub(settings) as hub,
        pytest.raises(BadSettings, match="no such role: desk"),
        running(hub, settings, frozenset({"desk"})),
    ):
        raise AssertionError("it started")


def test_a_port_that_is_taken_is_refused_in_plain_words(tmp_path: Path, served: Served) -> None:
    """The message says which port."""
    port = int(served.url.rpartition(":")[2])
    settings = replace(settings_for(tmp_path), port=port)
    with (
        open_hub(settings) as hub,
        pytest.raises(BadSettings, match=f"can't listen on port {port}"),
        running(hub, settings),
    ):
        raise AssertionError("it started")


def test_a_hub_that_stops_lets_long_polls_go(tmp_path: Path) -> None:
    """Who waits for news gets an empty page, at once."""
    answers: list[int] = []
    with serving(settings_for(tmp_path), FakeClock()) as served:
        headers = served.bearer(served.platform("waits", feed=True))
        after = httpx2.get(f"{served.url}/v1/feed", headers=headers).json()["cursor"]

        def wait() -> None:
            url = f"{served.url}/v1/feed?wait=30&after={after}"
            answers.append(httpx2.get(url, headers=headers, timeout=40).status_code)

        poll = threading.Thread(target=wait)
        poll.start()
        time.sleep(0.4)
        began = time.monotonic()
    poll.join()

    assert answers == [200]
    assert time.monotonic() - began < 5


def test_a_database_that_is_away_makes_the_hub_unready_and_not_dead(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Health says that the process lives; readiness says that it can't answer."""

    def away(_database: object) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr(Database, "reading", away)
    health = served.http.get("/health")
    ready = served.http.get("/ready")

    assert (health.status_code, ready.status_code) == (200, 503)
    assert ready.json()["detail"] == "the database does not answer"
    assert ready.headers["retry-after"]


def test_a_body_that_comes_too_slowly_is_given_up(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait for a body has an end."""
    monkeypatch.setattr(bodies, "SECONDS", 0.3)

    with half_sent(served, f"{JSON_HEAD}Content-Length: 100", b'{"version"') as connection:
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 408")


def test_a_body_that_promises_too_much_is_refused_before_it_is_read(served: Served) -> None:
    """Its length alone is enough."""
    with half_sent(served, f"{JSON_HEAD}Content-Length: 999999999", b"{") as connection:
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 413")


def test_a_body_without_a_length_is_counted_while_it_is_read(served: Served) -> None:
    """Chunks do not get around the limit."""
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"

    head = f"{JSON_HEAD}Transfer-Encoding: chunked"

    with half_sent(served, head, chunk * 20, "/v1/cases/receipt") as connection:
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 413")


def test_slow_registrations_leave_room_for_withdrawals(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can send those; nobody may keep her from taking her case back with them."""
    opened = served.open_case(signal(1))
    rooms = {REGISTRATION_LIMIT: bodies.Room(100), bodies.LIMIT: bodies.Room(1000)}
    monkeypatch.setattr(bodies, "_rooms", rooms)
    head = f"{JSON_HEAD}Content-Length: 1000"

    with half_sent(served, head, b" " * 100, "/v1/cases"):
        wait_until(lambda: rooms[REGISTRATION_LIMIT].free == 0)
        refused = served.http.post("/v1/cases", json={})
        withdrawn = served.http.post("/v1/cases/withdrawal", json=access(opened))

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert withdrawn.status_code == 200


@pytest.mark.parametrize("length", ["-1", "x", "1, 2", "9" * 30])
def test_a_length_that_is_none_is_refused(served: Served, length: str) -> None:
    """Whatever is wrong with it, the answer is a refusal of the 4xx kind."""
    with half_sent(served, f"{JSON_HEAD}Content-Length: {length}", b"{}") as connection:
        answer = connection.recv(4096)

    assert re.match(rb"HTTP/1.1 4\d\d ", answer)


def test_a_client_that_goes_away_leaves_the_hub_as_it_was(served: Served) -> None:
    """Half a registration is no registration."""
    heads = served.hub.bank.head_seq()
    with half_sent(served, f"{JSON_HEAD}Content-Length: 1000", b'{"version": 1,'):
        pass

    assert served.http.get("/ready").status_code == 200
    assert served.hub.bank.head_seq() == heads


@contextmanager
def _serve(directory: Path, **changes: Any) -> Iterator["subprocess.Popen[str]"]:  # noqa: ANN401
    """Run ``takeback serve`` as a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    environment |= {PREFIX + name.upper(): str(value) for name, value in changes.items()}
    command = "from takeback.cli.main import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", command, "serve", "--data", str(directory), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def _address(program: "subprocess.Popen[str]") -> str:
    """Wait for the address that the program prints."""
    assert program.stdout
    return program.stdout.readline().strip()


@pytest.mark.parametrize("number", [signals.SIGTERM, signals.SIGINT])
def test_the_program_stops_on_a_signal_with_exit_code_zero(
    tmp_path: Path, number: signals.Signals
) -> None:
    """It finishes what is under way, closes its database and says nothing of anybody."""
    with _serve(tmp_path / "hub") as program:
        refused = httpx2.post(f"{_address(program)}/v1/cases", json=REGISTRATION)
        program.send_signal(number)
        _, said = program.communicate(timeout=20)

    assert program.returncode == 0
    assert refused.json()["type"] == "urn:takeback:error:bad-proof-of-work"
    assert '"event": "hub.stopped"' in said
    assert "Traceback" not in said
    assert not [line for line in said.splitlines() if '"request"' in line and "127.0.0.1" in line]


def test_an_opened_case_survives_a_kill(tmp_path: Path) -> None:
    """What was acknowledged is there after the process was killed and started again."""
    with _serve(tmp_path / "hub", proof_of_work_bits=0) as program:
        opened = httpx2.post(f"{_address(program)}/v1/cases", json=REGISTRATION).json()
        program.kill()
    body = {"access": {"code": opened["code"], "pin": opened["pin"]}}

    with _serve(tmp_path / "hub", proof_of_work_bits=0) as program:
        receipt = httpx2.post(f"{_address(program)}/v1/cases/receipt", json=body)

    assert receipt.json()["case_id"] == opened["case_id"]
