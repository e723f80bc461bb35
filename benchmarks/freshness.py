"""How soon a registration matches at a following matcher, and a withdrawal no longer does.

A hub and a matcher run as real processes and speak HTTP on loopback, on SQLite. The clock
starts when the hub has acknowledged, and stops at the first answer of the matcher that
shows it; the matcher is asked without pause, so asking costs it something too. The target
is one second at the median for both.

    python -m benchmarks.freshness
    python -m benchmarks.freshness --cases 100 --json
"""

import argparse
import json
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx2

from takeback.cases.wire import ItemDocument, RegistrationDocument, SignalDocument
from takeback.cli.demo.stage import Stage, keys_of, set_up

TARGET_SECONDS = 1.0
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured, in milliseconds."""

    match_p50: float
    match_p99: float
    withdrawal_p50: float
    withdrawal_p99: float
    cases: int
    cores: int


def main() -> None:
    """Register and withdraw, and print how long each took to arrive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result = measured(options.cases)
    if options.json:
        print(json.dumps(asdict(result)))
        return
    print(f"hub and matcher on SQLite, {result.cases} cases, {result.cores} cores")
    print(f"registered to match   p50 {result.match_p50:6.1f} ms  p99 {result.match_p99:6.1f} ms")
    print(
        f"withdrawn to no match p50 {result.withdrawal_p50:6.1f} ms"
        f"  p99 {result.withdrawal_p99:6.1f} ms"
    )
    print(f"target: {TARGET_SECONDS * 1000:.0f} ms at the median")


def measured(cases: int) -> Result:
    """Return how long so many registrations and withdrawals took to arrive."""
    with tempfile.TemporaryDirectory() as folder, set_up(Path(folder)) as stage:
        until(lambda: stage.feed.http.get("/ready").is_success)
        times = [one_case(stage) for _ in range(cases)]
    matched, withdrawn = zip(*times, strict=True)
    return Result(*percentiles(matched), *percentiles(withdrawn), cases, os.cpu_count() or 1)


def one_case(stage: Stage) -> tuple[float, float]:
    """Register one signal and withdraw it; return how long each took to arrive."""
    signal = secrets.token_hex(32)
    item = ItemDocument(signals=[SignalDocument(value=signal, quality=90)])
    opened = stage.reporter.open(
        RegistrationDocument(
            version=1, kind="shared", age_band="adult", language="en", items=[item]
        )
    )
    matched = until(lambda: matches(stage.feed.http, signal))
    stage.reporter.withdraw(keys_of(opened), None)
    return matched, until(lambda: not matches(stage.feed.http, signal))


def matches(matcher: httpx2.Client, signal: str) -> bool:
    """Ask the matcher about one signal."""
    answer = matcher.post("/v1/match", json={"signals": [signal]}).json()
    return bool(answer["results"][0]["matches"])


def until(holds: Callable[[], bool]) -> float:
    """Return the milliseconds until *holds* says so."""
    started = time.perf_counter()
    while not holds():
        assert time.perf_counter() - started < PATIENCE, "it did not arrive"
    return (time.perf_counter() - started) * 1000


def percentiles(times: tuple[float, ...]) -> tuple[float, float]:
    """Return the median and the 99th percentile."""
    ranked = sorted(times)
    return statistics.median(ranked), ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]


if __name__ == "__main__":
    main()
