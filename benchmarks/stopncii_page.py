"""How long one page of the StopNCII API takes, and whether memory stays flat while paging.

A bank of 100,000 active signals on SQLite in a new folder; every page of 800 is read as the
stock client reads it, checked for loss and doubling, and encoded to JSON. The first walk also
writes down what is served; the second is the walk of a client that dropped its checkpoint.
The target is 20 ms a page.

    python -m benchmarks.stopncii_page
    python -m benchmarks.stopncii_page --signals 10000 --json
"""

import argparse
import json
import os
import resource
import statistics
import tempfile
import time
from array import array
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import numpy as np

from takeback.accounts.model import Platform, Role, Staff
from takeback.app import Hub, open_hub
from takeback.hashing.arrays import array_to_signals
from takeback.ids import CaseId, ItemId, new_id
from takeback.matching.model import ADULT, BankSignal
from takeback.settings import Settings

TARGET_MILLISECONDS = 20.0
PAGE = 800
IN_ONE_ITEM = 1_000


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured."""

    first_walk_p50: float
    """Milliseconds for one page, JSON included."""
    first_walk_p99: float
    second_walk_p50: float
    second_walk_p99: float
    kilobytes_a_page: float
    memory_growth: float
    """Mebibytes that the process grew by from its tenth page to its last."""
    signals: int
    pages: int
    cores: int


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk over every page."""

    milliseconds: list[float]
    sizes: list[int]
    signals: "array[int]"
    """One 64-bit digest of each signal read, so that counting takes next to no memory."""


def main() -> None:
    """Fill a bank, walk it twice, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result = measured(options.signals)
    if options.json:
        print(json.dumps(asdict(result)))
        return
    print(f"SQLite, {result.signals} signals, {result.pages} pages, {result.cores} cores")
    print(f"first walk   p50 {result.first_walk_p50:6.2f} ms  p99 {result.first_walk_p99:6.2f} ms")
    print(
        f"second walk  p50 {result.second_walk_p50:6.2f} ms  p99 {result.second_walk_p99:6.2f} ms"
    )
    print(f"a page is {result.kilobytes_a_page:.0f} kB; memory grew {result.memory_growth:.1f} MiB")
    print(f"target: {TARGET_MILLISECONDS:.0f} ms a page, memory flat")


def measured(signals: int) -> Result:
    """Return what two walks over a bank of so many *signals* took."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), unvouched_pictures_per_day=signals)
        with open_hub(settings) as hub:
            fill(hub, signals)
            platform = partner(hub)
            walk(hub, platform, pages=10)
            before = peak_mebibytes()
            platform = partner(hub)
            first, second = walk(hub, platform), walk(hub, platform)
            growth = peak_mebibytes() - before
    for each in (first, second):
        assert len(each.signals) == len(set(each.signals)) == signals, "lost or doubled"
    return Result(
        *percentiles(first),
        *percentiles(second),
        statistics.mean(first.sizes) / 1000,
        growth,
        signals,
        len(first.sizes),
        os.cpu_count() or 1,
    )


def fill(hub: Hub, signals: int) -> None:
    """Register so many made-up signals for partners, a thousand in each case."""
    drawn = np.random.default_rng(2).integers(0, 256, (signals, 32), np.uint8)
    for start in range(0, signals, IN_ONE_ITEM):
        some = [
            BankSignal(each.bits, 90)
            for each in array_to_signals(drawn[start : start + IN_ONE_ITEM])
        ]
        case_id, item_id = CaseId(new_id("case")), ItemId(new_id("item"))
        hub.bank.register(case_id, item_id, ADULT, some, partners=True, vouched=False)


def partner(hub: Hub) -> Platform:
    """Add a platform that has the feed."""
    first, second = approvers(hub)
    platform = hub.platforms.add(new_id("name"), first)
    hub.platforms.approve_feed(platform.id, first)
    return hub.platforms.approve_feed(platform.id, second)


def approvers(hub: Hub) -> tuple[Staff, Staff]:
    """Return two members of staff, made at the first call."""
    known = list(hub.staff.list())
    if not known:
        lead, _ = hub.staff.add("first", Role.LEAD, None)
        known = [lead, hub.staff.add("second", Role.LEAD, lead)[0]]
    return known[0], known[1]


def walk(hub: Hub, platform: Platform, pages: int | None = None) -> Walk:
    """Fetch from the start, as a client without a checkpoint does."""
    done = Walk([], [], array("q"))
    token: str | None = None
    while pages is None or len(done.sizes) < pages:
        started = time.perf_counter()
        answer = hub.exchange.stopncii.fetch(platform, 10, PAGE, token)
        body = msgspec.json.encode(answer)
        done.milliseconds.append((time.perf_counter() - started) * 1000)
        done.sizes.append(len(body))
        done.signals.extend(hash(record.hash_value) for record in answer.hash_records)
        token = answer.next_page_token
        if token is None:
            break
    return done


def percentiles(done: Walk) -> tuple[float, float]:
    """Return the median and the 99th percentile of a walk's pages."""
    ranked = sorted(done.milliseconds)
    return statistics.median(ranked), ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]


def peak_mebibytes() -> float:
    """Return the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
