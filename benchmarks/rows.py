"""The table of figures and what each is held to, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Held = Literal["at least", "at most", "told"]

MILLION: Final = 1_000_000
SMALL, MIDDLE, LARGE = MILLION, 10 * MILLION, 100 * MILLION


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    what: str
    key: str
    """Of the figure in the results."""

    held: Held
    """How it is held to its target."""

    target: float
    unit: str
    command: str
    """What measures it, after ``python -m benchmarks.``."""

    def met(self, figures: Mapping[str, float]) -> bool | None:
        """Tell whether the target is reached; None if it was not measured or is only told."""
        if self.key not in figures or self.held == "told":
            return None
        value = figures[self.key]
        return value >= self.target if self.held == "at least" else value <= self.target


@dataclass(frozen=True, slots=True)
class Source:
    """What measures some rows, and how its figures' keys begin."""

    prefix: str
    command: str

    def at_least(self, target: float, unit: str, key: str, what: str) -> Row:
        """Return a row whose figure must not be below *target*."""
        return Row(what, f"{self.prefix}.{key}", "at least", target, unit, self.command)

    def at_most(self, target: float, unit: str, key: str, what: str) -> Row:
        """Return a row whose figure must not be above *target*."""
        return Row(what, f"{self.prefix}.{key}", "at most", target, unit, self.command)

    def told(self, unit: str, key: str, what: str) -> Row:
        """Return a row that is held to nothing."""
        return Row(what, f"{self.prefix}.{key}", "told", 0.0, unit, self.command)


def _bank(name: str, rows: int) -> Source:
    return Source(f"index.{name}.{rows}", f"index --rows {rows} --banks {name}")


def _upkeep(rows: int) -> Source:
    return Source(f"upkeep.{rows}", f"upkeep --rows {rows}")


RANDOM, PLAIN, FRAMED = _bank("random", MIDDLE), _bank("plain", MIDDLE), _bank("framed", MIDDLE)
CLUSTERED, HUGE, LESS = _bank("clustered", MIDDLE), _bank("random", LARGE), _bank("random", SMALL)
KEPT, KEPT_SMALL, KEPT_HUGE = _upkeep(MIDDLE), _upkeep(SMALL), _upkeep(LARGE)
FLOOD = Source("flood", "index.flood")
HTTP = Source(f"served.{MIDDLE}", f"served --rows {MIDDLE}")
UPLOADS = Source("served.pictures", f"served --rows {MIDDLE}")
SOAK = Source("soak", "soak --minutes 30")
BACKSCAN = Source("backscan", "backscan")

TIMES: Final = "times"
MS: Final = "ms"
BYTES: Final = "B"
SECOND: Final = "s"
A_SECOND: Final = "/s"

ROWS: Final = (
    RANDOM.at_least(30, TIMES, "times PDQIndex", "look-up p50, 10 M random: PDQIndex takes"),
    RANDOM.at_least(
        10, TIMES, "times best faiss", "look-up p50, 10 M random: best exact faiss takes"
    ),
    RANDOM.told(MS, "p50", "look-up p50, 10 M random"),
    RANDOM.told(MS, "p99", "look-up p99, 10 M random"),
    LESS.told(TIMES, "times PDQIndex", "look-up p50, 1 M random: PDQIndex takes"),
    LESS.told(TIMES, "times best faiss", "look-up p50, 1 M random: best exact faiss takes"),
    LESS.told(MS, "p50", "look-up p50, 1 M random"),
    CLUSTERED.told(MS, "p99", "look-up p99, 10 M clustered"),
    PLAIN.at_most(1.3, TIMES, "against random", "look-up p50, 10 M plain crops, random takes 1"),
    FRAMED.at_most(1.3, TIMES, "against random", "look-up p50, 10 M framed, random takes 1"),
    PLAIN.at_most(0.5, MS, "p99", "look-up p99, 10 M plain crops"),
    FRAMED.at_most(3, MS, "p99", "look-up p99, 10 M framed"),
    FRAMED.told(TIMES, "times PDQIndex", "look-up p50, 10 M framed: PDQIndex takes"),
    FRAMED.told(MS, "p99 PDQIndex", "PDQIndex's p99 there"),
    HUGE.at_most(1.2, MS, "p50", "look-up p50, 100 M random"),
    HUGE.told(MS, "p99", "look-up p99, 100 M random"),
    KEPT_SMALL.at_most(120, BYTES, "bytes an entry", "memory beside the signal, 1 M"),
    KEPT.at_most(100, BYTES, "bytes an entry", "memory beside the signal, 10 M"),
    KEPT_HUGE.at_most(60, BYTES, "bytes an entry", "memory beside the signal, 100 M"),
    KEPT.at_least(1.5, "M/s", "build million a second", "built on two cores, 10 M"),
    KEPT_HUGE.told("M/s", "build million a second", "built on two cores, 100 M"),
    KEPT_HUGE.at_most(1, SECOND, "open seconds", "open an existing index, 100 M"),
    KEPT.at_most(50, MS, "first look-up ms", "first look-up of a process that warmed up"),
    KEPT.at_most(10, MS, "add p50 ms", "added until another process finds it, p50"),
    KEPT.told(MS, "add p99 ms", "… p99"),
    KEPT.at_most(10, MS, "withdraw p50 ms", "withdrawn until no process finds it, p50"),
    KEPT.told(MS, "withdraw p99 ms", "… p99"),
    KEPT.at_most(10, MS, "add during a merge p50 ms", "added, while segments are merged, p50"),
    KEPT.told(MS, "add during a merge p99 ms", "… p99"),
    KEPT.at_most(10, MS, "withdraw during a merge p50 ms", "withdrawn, while merging, p50"),
    KEPT.told(MS, "withdraw during a merge p99 ms", "… p99"),
    FLOOD.at_most(
        5, MS, "near-copies p50 ms", "100,000 near-copies: own look-ups, nearest ten, p50"
    ),
    FLOOD.at_most(5, MS, "identical p50 ms", "100,000 identical: own look-ups, nearest ten, p50"),
    FLOOD.told(
        TIMES, "others beside near-copies", "everybody else's look-ups beside them, without them 1"
    ),
    HTTP.at_least(3000, A_SECOND, "requests a second", "HTTP look-ups, 10 M, one core"),
    HTTP.at_most(4, MS, "p99 ms", "HTTP look-up p99, 10 M, one core"),
    HTTP.told(MS, "p50 ms", "HTTP look-up p50 (HMA with 1 M: 122 requests/s, p50 6.9 ms)"),
    HTTP.at_least(
        5000, A_SECOND, "batch signals a second", "HTTP signals in batches, 10 M, one core"
    ),
    HTTP.at_most(50, MS, "first look-up ms", "HTTP: the first look-up once the matcher is ready"),
    HTTP.told(SECOND, "start seconds", "a matcher of 10 M is ready after"),
    UPLOADS.at_least(
        20, A_SECOND, "all views a second", "HTTP 2 MP JPEGs, all views (HMA, one: 12)"
    ),
    UPLOADS.at_least(60, A_SECOND, "plain view a second", "HTTP 2 MP JPEGs, plain view"),
    UPLOADS.told(A_SECOND, "all views and keypoints a second", "HTTP 2 MP JPEGs, with keypoints"),
    SOAK.at_least(29.5, "minutes", "minutes", "soak: how long"),
    SOAK.at_least(990, A_SECOND, "look-ups a second", "soak: look-ups"),
    SOAK.at_least(99, A_SECOND, "adds a second", "soak: adds"),
    SOAK.at_least(9.5, A_SECOND, "withdrawals a second", "soak: withdrawals"),
    SOAK.at_most(0, "", "errors", "soak: errors"),
    SOAK.at_most(0, "", "wrong", "soak: wrong answers"),
    SOAK.at_least(1, "%", "compared percent", "soak: look-ups compared with the linear scan"),
    SOAK.at_most(3, "%", "memory growth percent", "soak: memory grows after five minutes by"),
    BACKSCAN.at_least(1.8, TIMES, "two workers times one", "back-scan: two workers do, one does 1"),
    BACKSCAN.at_least(90, "%", "decode and hash percent", "back-scan: time in decode and hash"),
    BACKSCAN.at_most(
        *(120, SECOND, "million against ten million seconds"),
        "back-scan: 1 M ready signals against 10 M, two cores",
    ),
)
"""Every row of the table, in its order."""
