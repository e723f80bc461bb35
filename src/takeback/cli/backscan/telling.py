"""What a back-scan says: how far it is, what it found, what it would take."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from takeback.cli import talk
from takeback.cli.output import fields

if TYPE_CHECKING:
    from takeback.backscan.estimate import Estimate
    from takeback.backscan.scan import Progress

FIRST = 2.0
"""Seconds before a scan first says how far it is …"""

LATER = 10.0
"""… and between two such lines."""


@dataclass(slots=True)
class Telling:
    """Says how far a scan is, now and then."""

    _next: float = 0.0

    def __call__(self, progress: "Progress") -> None:
        """Say it if it is time to."""
        now = time.monotonic()
        if not progress.done:
            self._next = now + FIRST
            _begin(progress)
        elif now >= self._next:
            self._next = now + LATER
            talk.say(_line(progress))


def _begin(progress: "Progress") -> None:
    if 0 < progress.before < progress.rows:
        talk.say(f"going on: {progress.before:,} of {progress.rows:,} were done before")


def _line(progress: "Progress") -> str:
    done = progress.before + progress.done
    return (
        f"{done:,} of {progress.rows:,}, {progress.rate:,.1f} a second, "
        f"{duration(progress.left)} left; {progress.hits:,} hits, {progress.refused:,} refused"
    )


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan did."""

    rows: int
    """Files or signals of the input."""

    scanned: int
    """Of these, in all runs."""

    now: int
    """Of these, in this run."""

    refused: int
    hits: int
    seconds: float
    """Of this run."""

    per_second: float
    hashing: float
    """Share of the workers' time, 0 to 1, that went into decoding and hashing."""

    matching: float
    reading: float
    mark: int
    """How far the bank was when the scan was planned; later entries are found by ``--since``."""

    results: str


def summary(progress: "Progress", folder: Path) -> Summary:
    """Return what a scan did."""
    seconds = progress.seconds
    return Summary(
        rows=progress.rows,
        scanned=progress.before + progress.done,
        now=progress.done,
        refused=progress.refused,
        hits=progress.hits,
        seconds=round(progress.elapsed, 3),
        per_second=round(progress.rate, 1),
        hashing=_share(seconds.hash, seconds.total),
        matching=_share(seconds.match, seconds.total),
        reading=_share(seconds.read, seconds.total),
        mark=progress.mark,
        results=str(folder),
    )


def lines_of(done: Summary) -> list[str]:
    """Return the lines of a summary."""
    scanned = f"{done.scanned:,} of {done.rows:,}"
    return fields(
        {
            "scanned": scanned,
            "refused": f"{done.refused:,}",
            "hits": f"{done.hits:,}",
            "a second": f"{done.per_second:,.1f}",
            "hashing": f"{done.hashing:.0%}",
            "since": str(done.mark),
            "results": done.results,
        }
    )


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def estimated(made: "Estimate", folder: Path) -> list[str]:
    """Return the lines that say what a scan would do and take."""
    what = "files" if made.kind == "files" else "signals"
    lines = [
        f"would scan {made.left:,} of {made.rows:,} {what} in {made.shards:,} parts, "
        f"by {made.workers} workers, into {folder}",
        f"of {made.sampled:,} tried {made.refused:,} were refused; {made.hits:,} hits",
        f"{1000 * made.seconds_each:,.2f} ms of a processor each, on this machine",
        f"about {made.processor_hours:,.2f} processor hours, {duration(3600 * made.hours)}",
    ]
    return lines if made.cost is None else [*lines, f"about {made.cost:,.2f} at the price given"]


def duration(seconds: float) -> str:
    """Say how long, in the two largest units that fit."""
    if seconds == float("inf"):
        return "unknown time"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    first = next((at for at, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2])
