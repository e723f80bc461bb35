"""How fast and how large ``Index`` is, beside threatexchange's ``PDQIndex``, on one core.

Random banks; queries are *planted* (a bank entry with 0 to 31 bits flipped) or *unrelated*.
Each call asks for one query. Every answer of ours is
compared with a linear oracle: one that compares all entries, in numpy.

    python -m benchmarks.index_search
    python -m benchmarks.index_search --rows 1000000 10000000 --json
"""

import argparse
import ctypes
import gc
import json
import os
import platform
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from takeback.matching import Index
from takeback.matching.exact.index import warm_up

Signals = NDArray[np.uint8]
Rows = list[tuple[int, int, int]]

RADIUS = 31
WANTED_RATIOS = {1_000_000: 8.0, 10_000_000: 25.0}
PEER_BITE = 2_500_000
"""The peer is fed in bites: a Python string and an array for every entry at once fill memory."""

BLOCK = 50
ORACLE_BITE = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """One kind of query: microseconds a call."""

    queries: str
    matches: int
    ours_p50: float
    ours_p99: float
    peer_p50: float
    peer_p99: float

    @property
    def ratio(self) -> float:
        """How many times as fast as the peer, at the median."""
        return self.peer_p50 / self.ours_p50


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was measured on one bank."""

    rows: int
    add_seconds: float
    settle_seconds: float
    ours_bytes_per_row: float
    peer_build_seconds: float
    peer_bytes_per_row: float
    times: list[Times]
    flat_p50: float | None
    checked: int
    wrong: int
    machine: str

    @property
    def ratio(self) -> float:
        """The smaller of the ratios over the kinds of query."""
        return min(times.ratio for times in self.times)

    @property
    def met(self) -> bool:
        """Whether the ratio is reached, where one is wanted, and no answer is wrong."""
        return self.wrong == 0 and self.ratio >= WANTED_RATIOS.get(self.rows, 0)


def random_signals(count: int, seed: int) -> Signals:
    """Draw signals whose bits are independent."""
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def planted(bank: Signals, count: int) -> Signals:
    """Take entries of *bank* and flip 0 to 31 of their bits."""
    rng = np.random.default_rng(2)
    bits = np.unpackbits(bank[rng.integers(0, len(bank), count)], axis=1)
    for row in bits:
        row[rng.permutation(256)[: rng.integers(0, RADIUS + 1)]] ^= 1
    return np.packbits(bits, axis=1)


def linear_search(bank: Signals, queries: Signals) -> Rows:
    """Compare every query with every entry; words are kept by column, which numpy likes."""
    columns = np.ascontiguousarray(bank.view(np.uint64).T)
    words = queries.view(np.uint64)
    found: list[tuple[int, int, int]] = []
    for begin in range(0, len(bank), ORACLE_BITE):
        bite = columns[:, begin : begin + ORACLE_BITE]
        for number, query in enumerate(words):
            distances = np.bitwise_count(bite ^ query[:, None]).sum(axis=0, dtype=np.uint16)
            near = np.flatnonzero(distances <= RADIUS)
            found += [(number, int(distances[i]), begin + int(i)) for i in near]
    return [(number, entry, distance) for number, distance, entry in sorted(found)]


def resident_bytes() -> int:
    """Return the memory that this process occupies once what is free is given back (Linux)."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that *call* takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peer_entries(bank: Signals) -> Iterator[tuple[str, int]]:
    """Give the bank in the form that the peer is fed with."""
    return ((signal.tobytes().hex(), entry) for entry, signal in enumerate(bank))


def fed_peer(bank: Signals) -> tuple[Any, float]:
    """Build the peer's index, and return it with the seconds that took."""
    peer: Any = PDQIndex()
    entries = peer_entries(bank)
    seconds = 0.0
    while bite := list(islice(entries, PEER_BITE)):
        seconds += timed(partial(peer.add_all, bite))
    return peer, seconds


def compare(name: str, index: Index, peer: Any, queries: Signals) -> Times:  # noqa: ANN401
    """Time both on the same queries, a block of them in turn."""
    ours: list[float] = []
    theirs: list[float] = []
    for begin in range(0, len(queries), BLOCK):
        block = queries[begin : begin + BLOCK]
        ours += [timed(partial(index.search, query[None])) for query in block]
        theirs += [timed(partial(peer.query, query.tobytes().hex())) for query in block]
    ours_p50, ours_p99 = microseconds(ours)
    peer_p50, peer_p99 = microseconds(theirs)
    return Times(
        queries=name,
        matches=len(index.search(queries)),
        ours_p50=ours_p50,
        ours_p99=ours_p99,
        peer_p50=peer_p50,
        peer_p99=peer_p99,
    )


def microseconds(seconds: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile."""
    p50, p99 = np.percentile(seconds, [50, 99]) * 1e6
    return float(p50), float(p99)


def flat_p50(bank: Signals, queries: Signals) -> float:
    """Time faiss's flat binary index, which compares every entry."""
    flat = faiss.IndexBinaryFlat(256)
    flat.add(bank)
    calls = (partial(flat.range_search, query[None], RADIUS + 1) for query in queries)
    return microseconds([timed(call) for call in calls])[0]


def measure(count: int, queries: int, *, check: int, flat: bool) -> Result:
    """Measure everything on a bank of *count* entries."""
    bank = random_signals(count, seed=1)
    kinds = {"planted": planted(bank, queries), "unrelated": random_signals(queries, seed=3)}
    index = Index()
    before = resident_bytes()
    add_seconds = timed(lambda: index.add(np.arange(count), bank))
    settle_seconds = timed(index.settle)
    between = resident_bytes()
    peer, peer_seconds = fed_peer(bank)
    after = resident_bytes()
    times = [compare(name, index, peer, signals) for name, signals in kinds.items()]
    del peer
    checked = np.concatenate([signals[: check // 2] for signals in kinds.values()])
    ours: set[tuple[int, int, int]] = set(index.search(checked, limit=None))
    return Result(
        rows=count,
        add_seconds=add_seconds,
        settle_seconds=settle_seconds,
        ours_bytes_per_row=(between - before) / count,
        peer_build_seconds=peer_seconds,
        peer_bytes_per_row=(after - between) / count,
        times=times,
        flat_p50=flat_p50(bank, kinds["unrelated"][:100]) if flat else None,
        checked=len(checked),
        wrong=len(ours ^ set(linear_search(bank, checked))),
        machine=machine(),
    )


def slowest_while_merging(count: int) -> float:
    """Return the seconds that the slowest search took while a thread merged *count* entries."""
    bank = random_signals(count, seed=1)
    index = Index()
    index.add(np.arange(count // 2), bank[: count // 2])
    index.settle()
    index.add(np.arange(count // 2, count), bank[count // 2 :])
    merging = threading.Thread(target=index.settle)
    merging.start()
    times: list[float] = []
    while merging.is_alive():
        times.append(timed(partial(index.search, bank[:1])))
    return max(times)


def family_times(count: int, members: int) -> dict[str, float]:
    """Return the median microseconds of queries for a family of near-copies, by limit."""
    bank = random_signals(count + members, seed=1)
    bits = np.unpackbits(np.repeat(bank[:1], members, axis=0), axis=1)
    rng = np.random.default_rng(4)
    for row in bits:
        row[rng.permutation(256)[: rng.integers(0, 13)]] ^= 1
    bank[count:] = np.packbits(bits, axis=1)
    index = Index()
    index.add(np.arange(len(bank)), bank)
    index.settle()
    limits = (1, 10, 100, None)
    calls = {
        str(limit): [partial(index.search, q[None], limit=limit) for q in bank[-40:]]
        for limit in limits
    }
    return {limit: microseconds([timed(c) for c in asked])[0] for limit, asked in calls.items()}


def machine() -> str:
    """Name the processor and the versions that matter."""
    try:
        listing = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        names = re.findall(r"model name\s*:\s*(.+)", listing)
    except OSError:
        names = []
    return f"{names[0] if names else platform.processor()}, Python {platform.python_version()}"


def table(result: Result) -> str:
    """Lay the result out for a person."""
    return "\n".join(_lines(result))


def _lines(r: Result) -> Iterable[str]:
    yield f"{r.rows:,} random signals, radius {RADIUS}, one query a call, one core of {r.machine}"
    yield ""
    yield "microseconds      Index p50      p99   PDQIndex p50      p99   ratio   matches"
    for t in r.times:
        yield (
            f"{t.queries:<16} {t.ours_p50:10.1f} {t.ours_p99:8.1f} {t.peer_p50:14.1f}"
            f" {t.peer_p99:8.1f} {t.ratio:7.1f} {t.matches:9}"
        )
    if r.flat_p50:
        yield f"faiss flat, unrelated: p50 {r.flat_p50:.0f}"
    yield (
        f"build: Index {r.add_seconds:.1f} s until every entry is found and"
        f" {r.settle_seconds:.1f} s more for the tables, PDQIndex {r.peer_build_seconds:.1f} s"
    )
    yield (
        f"memory an entry: Index {r.ours_bytes_per_row:.0f} bytes,"
        f" PDQIndex {r.peer_bytes_per_row:.0f} bytes"
    )
    yield f"{r.wrong} rows differ from the linear oracle's on {r.checked} queries"
    wanted = WANTED_RATIOS.get(r.rows)
    if wanted:
        yield f"{r.ratio:.1f} times as fast (wanted: {wanted:.0f}): {'met' if r.met else 'MISSED'}"


def main() -> int:
    """Measure, print, and return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description="Measure Index against threatexchange's PDQIndex.")
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--queries", type=int, default=1000, help="of each kind")
    parser.add_argument("--check", type=int, default=1000, help="queries for the linear oracle")
    parser.add_argument("--flat", action="store_true", help="time faiss's flat index too")
    parser.add_argument("--merge", type=int, metavar="N", help="search while N rows are merged")
    parser.add_argument("--family", type=int, metavar="N", help="N near-copies beside a million")
    parser.add_argument("--json", action="store_true", help="print one object a bank")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    faiss.omp_set_num_threads(1)
    warm_up()
    met = True
    for count in options.rows:
        result = measure(count, options.queries, check=options.check, flat=options.flat)
        met &= result.met
        print(json.dumps(asdict(result)) if options.json else table(result) + "\n", flush=True)
    if options.merge:
        print(f"slowest search in a merge: {slowest_while_merging(options.merge) * 1000:.1f} ms")
    if options.family:
        print(f"family, p50 by limit: {family_times(1_000_000, options.family)}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
