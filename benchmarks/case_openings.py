"""How many cases a second the hub opens on SQLite, on two cores, with real Argon2id.

Each opening is whole: one item with eight signals, checked, held by the bank and audited,
after one Argon2id of 19 MiB, t = 2, p = 1. Only the caller's own proof of work is left out,
and the budget of openings is lifted. The target is 25 a second.

    python -m benchmarks.case_openings
    python -m benchmarks.case_openings --openings 400 --threads 4 --json
"""

import argparse
import json
import os
import platform
import secrets
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from takeback.app import Hub, open_hub
from takeback.cases.codes import argon2id
from takeback.cases.wire import (
    ItemDocument,
    PdqDocument,
    RegistrationDocument,
    SignalDocument,
    View,
)
from takeback.settings import Settings

TARGET = 25
VIEWS: tuple[View, ...] = (
    "whole",
    "mirror",
    "stored",
    "centre_1x1",
    "centre_4x5",
    "centre_3x4",
    "centre_9x16",
    "centre_16x9",
)


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured."""

    openings_per_second: float
    """Median over the rounds."""
    slowest_round: float
    milliseconds_p50: float
    """Of one opening, while all threads are busy."""
    milliseconds_p99: float
    argon2id_milliseconds: float
    """Of one Argon2id alone, on one idle core; the median of nine."""
    openings: int
    threads: int
    cores: int
    machine: str


def document() -> RegistrationDocument:
    """Return an adult's registration of one made-up picture in eight views."""
    signals: list[SignalDocument] = [PdqDocument(secrets.token_hex(32), 90, view) for view in VIEWS]
    return RegistrationDocument(1, "shared", "adult", "en", items=[ItemDocument(signals)])


def timed(hub: Hub) -> float:
    """Open one case; return seconds."""
    sent = document()
    started = time.perf_counter()
    hub.cases.open(sent, check_proof=False)
    return time.perf_counter() - started


def one_argon2id() -> float:
    """Run the slow step once; return seconds."""
    started = time.perf_counter()
    argon2id(secrets.token_bytes(20), secrets.token_bytes(16))
    return time.perf_counter() - started


def measure(openings: int, rounds: int, threads: int) -> Result:
    """Open cases in several rounds against one hub in a new folder."""
    alone = statistics.median(one_argon2id() for _ in range(9))
    settings = {"openings_per_second": 1_000_000, "unvouched_pictures_per_day": 10**9}
    with (
        tempfile.TemporaryDirectory() as folder,
        open_hub(Settings(data=Path(folder) / "hub", **settings)) as hub,  # type: ignore[arg-type]
        ThreadPoolExecutor(threads) as pool,
    ):
        list(pool.map(lambda _: timed(hub), range(threads * 2)))
        speeds: list[float] = []
        latencies: list[float] = []
        for _ in range(rounds):
            started = time.perf_counter()
            latencies += pool.map(lambda _: timed(hub), range(openings))
            speeds.append(openings / (time.perf_counter() - started))
    percentiles = statistics.quantiles(latencies, n=100)
    return Result(
        openings_per_second=round(statistics.median(speeds), 1),
        slowest_round=round(min(speeds), 1),
        milliseconds_p50=round(percentiles[49] * 1e3, 1),
        milliseconds_p99=round(percentiles[98] * 1e3, 1),
        argon2id_milliseconds=round(alone * 1e3, 1),
        openings=openings * rounds,
        threads=threads,
        cores=len(os.sched_getaffinity(0)),
        machine=f"{platform.machine()}, Python {platform.python_version()}",
    )


def main() -> None:
    """Measure on two cores and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--openings", type=int, default=150, help="in each of five rounds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    result = measure(options.openings, options.rounds, options.threads)
    if options.json:
        print(json.dumps(asdict(result)))
        return
    met = "met" if result.openings_per_second >= TARGET else "MISSED"
    print(f"{result.openings_per_second:8.1f} openings/s, median of {options.rounds} rounds")
    print(f"{result.slowest_round:8.1f} openings/s in the slowest round")
    print(f"{result.milliseconds_p50:8.1f} ms an opening (p50), p99 {result.milliseconds_p99} ms")
    print(f"{result.argon2id_milliseconds:8.1f} ms one Argon2id alone")
    print(f"{TARGET:8} openings/s is the target: {met}")
    print(f"{result.threads} threads on {result.cores} cores, {result.machine}")


if __name__ == "__main__":
    main()
