"""How soon a registration matches and a withdrawal stops matching at a following matcher.

A hub and a matcher as real processes over HTTP on loopback, SQLite in a new folder. A
reporter's device opens a case and withdraws it; from the moment the hub's answer is there,
the matcher is asked every few milliseconds. Measured with the hub in one process, and with
the reporters' part and the platforms' part in a process each, where one learns of the
other's changes from the database. The target is a median under one second, both ways.

    python -m benchmarks.freshness
    python -m benchmarks.freshness --registrations 200 --json
"""

import argparse
import json
import os
import platform
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx2

from takeback.app import open_hub
from takeback.cases.wire import ItemDocument, PdqDocument, RegistrationDocument
from takeback.cli.demo.programs import running
from takeback.cli.demo.stage import keys_of, prepare
from takeback.cli.reporterhub import ReporterHub
from takeback.settings import Settings

TARGET_SECONDS = 1.0
PERIOD = 0.002
"""Seconds between two questions to the matcher."""

PATIENCE = 30.0

TOGETHER: Sequence[Sequence[str]] = [[]]
"""One process that does everything."""

APART: Sequence[Sequence[str]] = [["portal"], ["partner", "worker"]]


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds from the hub's answer to the matcher's."""

    registered_p50: float
    registered_p95: float
    withdrawn_p50: float
    withdrawn_p95: float
    hub_processes: int
    registrations: int
    cores: int
    machine: str


def main() -> None:
    """Measure and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registrations", type=int, default=60)
    parser.add_argument("--json", action="store_true", help="print a JSON object for each")
    options = parser.parse_args()
    for roles in (TOGETHER, APART):
        result = measured(options.registrations, roles)
        print(json.dumps(asdict(result)) if options.json else table(result))


def table(result: Result) -> str:
    """Return what was measured, for people."""
    places = "a hub in one process" if result.hub_processes == 1 else "a hub in two processes"
    lines = [f"{places:<34}{'median':>10}{'95 %':>10}   target"]
    for what, median, most in (
        ("registered until it matches", result.registered_p50, result.registered_p95),
        ("withdrawn until it does not", result.withdrawn_p50, result.withdrawn_p95),
    ):
        met = "met" if median < TARGET_SECONDS else "MISSED"
        told = f"{median * 1000:>7.0f} ms{most * 1000:>7.0f} ms"
        lines.append(f"{what:<34}{told}   {TARGET_SECONDS:.0f} s: {met}")
    machine = f"{result.cores} cores, {result.machine}"
    return "\n".join([*lines, f"{result.registrations} registrations, {machine}", ""])


def measured(registrations: int, roles: Sequence[Sequence[str]]) -> Result:
    """Return what registering and withdrawing so often took.

    Args:
        registrations: how often.
        roles: for each process of the hub, what it does; reporters speak to the first and
            the matcher to the last.
    """
    known, gone = [], []
    with tempfile.TemporaryDirectory() as folder, programs(Path(folder), roles) as (hub, matcher):
        one_round(hub, matcher)
        for _ in range(registrations):
            registered, withdrawn = one_round(hub, matcher)
            known.append(registered)
            gone.append(withdrawn)
    return Result(
        *percentiles(known),
        *percentiles(gone),
        len(roles),
        registrations,
        os.cpu_count() or 1,
        f"{platform.machine()}, Python {platform.python_version()}",
    )


@contextmanager
def programs(
    folder: Path, roles: Sequence[Sequence[str]]
) -> Iterator[tuple[ReporterHub, httpx2.Client]]:
    """Start a hub and a platform's matcher that follows it."""
    settings = Settings(data=folder / "hub")
    with open_hub(settings) as desk:
        prepare(desk, folder)
    with ExitStack() as stack:
        data = ["--port", "0", "--data", str(settings.data)]
        hubs = []
        for number, some in enumerate(roles):
            chosen = [word for role in some for word in ("--role", role)]
            program = running(f"hub-{number}", ["serve", *data, *chosen], folder)
            hubs.append(stack.enter_context(program).url)
        key = ["--key-file", str(folder / "feed.key"), "--data", str(folder / "feed")]
        arguments = ["matcher", "--hub", hubs[-1], *key, "--port", "0", "--hashers", "1"]
        matcher = stack.enter_context(running("feed", arguments, folder)).url
        clients = [
            stack.enter_context(httpx2.Client(base_url=url, timeout=30, trust_env=False))
            for url in (hubs[0], matcher)
        ]
        wait_until(lambda: clients[1].get("/ready").is_success)
        yield ReporterHub(clients[0]), clients[1]


def one_round(hub: ReporterHub, matcher: httpx2.Client) -> tuple[float, float]:
    """Register a made-up signal and withdraw it; return seconds until each is known."""
    signal = secrets.token_hex(32)
    document = RegistrationDocument(
        version=1,
        kind="shared",
        age_band="adult",
        language="en",
        items=[ItemDocument([PdqDocument(signal, 100)])],
    )
    opened = hub.open(document)
    registered = wait_until(lambda: matches(matcher, signal))
    hub.withdraw(keys_of(opened), None)
    withdrawn = wait_until(lambda: not matches(matcher, signal))
    return registered, withdrawn


def matches(matcher: httpx2.Client, signal: str) -> bool:
    """Ask the matcher about one signal."""
    answer = matcher.post("/v1/match", json={"signals": [signal]})
    [result] = answer.raise_for_status().json()["results"]
    return bool(result["matches"])


def wait_until(holds: Callable[[], bool]) -> float:
    """Ask again and again until it holds; return seconds since the first time of asking."""
    started = time.perf_counter()
    while not holds():
        assert time.perf_counter() - started < PATIENCE, "it did not happen"
        time.sleep(PERIOD)
    return time.perf_counter() - started


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    return round(statistics.median(seconds), 4), round(statistics.quantiles(seconds, n=20)[-1], 4)


if __name__ == "__main__":
    main()
