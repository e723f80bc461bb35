"""kill -9 at random points: nothing that was acknowledged is lost, on either side."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from takeback.hashing import Signal
from tests.matcher.conftest import random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, numbers

PROGRAM = """
import sys
from pathlib import Path
from takeback.matcher.options import MatcherOptions, Source
from takeback.matcher.server import run_matcher

url, key_file, data = sys.argv[1:]
source = Source(url=url, key_file=Path(key_file), name="hub")
options = MatcherOptions(
    sources=(source,), data=Path(data), port=0, hashers=1, video_hashers=0
)
run_matcher(options, listening=lambda address: print(address, flush=True))
"""
KILLS = 6


@contextmanager
def process(hub: FakeHub, key_file: Path, data: Path) -> Iterator[tuple[int, httpx2.Client]]:
    """Run a matcher as a process of its own; it is killed on the way out."""
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, hub.url, str(key_file), str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert started.stdout is not None
    try:
        url = started.stdout.readline().strip()
        with httpx2.Client(base_url=url, trust_env=False, timeout=10) as client:
            yield started.pid, client
    finally:
        started.kill()
        started.wait()
        started.stdout.close()


def disturb(hub: FakeHub, rng: random.Random, live: dict[str, Signal]) -> list[str]:
    """Let the bank change a little, and return the markers of what was withdrawn."""
    markers = []
    for _ in range(rng.randrange(1, 30)):
        if live and rng.random() < 0.4:
            number = rng.choice(sorted(live))
            del live[number]
            markers.append(hub.withdraw(number))
        else:
            drawn = random_signal(rng)
            live[hub.put(drawn)] = drawn
    return markers


def respond_until_killed(
    pid: int, client: httpx2.Client, hub: FakeHub, rng: random.Random
) -> list[str]:
    """Send responses until the matcher is killed; return the ids it acknowledged."""
    acknowledged = []
    killer = threading.Timer(rng.uniform(0.02, 1.5), os.kill, (pid, signal.SIGKILL))
    killer.start()
    with suppress(httpx2.HTTPError):
        while True:
            one = f"{rng.getrandbits(128):032x}"
            response = {"id": one, "number": f"{hub.seq:032x}", "response": "seen"}
            answer = client.post("/v1/responses", json={"responses": [response]})
            if answer.status_code == 202:
                acknowledged.append(one)
    killer.join()
    return acknowledged


@pytest.mark.parametrize("seed", [11])
def test_nothing_acknowledged_is_lost_by_kills(
    hub: FakeHub, key_file: Path, tmp_path: Path, seed: int
) -> None:
    """Bank, confirmations and responses are whole after kill -9, again and again."""
    rng = random.Random(seed)
    live: dict[str, Signal] = {}
    markers: list[str] = []
    acknowledged: list[str] = []
    for _ in range(KILLS):
        with process(hub, key_file, tmp_path / "data") as (pid, client):
            markers += disturb(hub, rng, live)
            acknowledged += respond_until_killed(pid, client, hub, rng)
    with process(hub, key_file, tmp_path / "data") as (_, client):
        eventually(lambda: set(acknowledged) <= hub.responses.keys())
        eventually(lambda: set(markers) <= set(hub.confirmed))
        wanted = [[number] for number in live]
        eventually(lambda: numbers(client, *live.values()) == wanted)
        eventually(
            lambda: f"takeback_matcher_entries {float(len(live))}" in client.get("/metrics").text
        )

    assert len(acknowledged) > KILLS


def test_children_end_with_a_matcher_that_was_killed(
    hub: FakeHub, key_file: Path, tmp_path: Path
) -> None:
    """No process that hashes is left behind."""
    with process(hub, key_file, tmp_path / "data") as (pid, client):
        eventually(lambda: client.get("/ready").status_code == 200)
        children = (Path(f"/proc/{pid}/task/{pid}/children")).read_text().split()
        assert children

    eventually(lambda: not any(alive(child) for child in children))


def alive(pid: str) -> bool:
    """Tell whether a process runs; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
