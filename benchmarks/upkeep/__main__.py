"""What the index costs beside look-ups: building, memory, opening, and changes as others see them.

Built on two cores. Opened, and asked for the first time, by fresh processes. Changes are made by
one process and looked for by this one, again and again, first with nothing else going on and
then while the first merges segments; the clock starts before the call that changes.

    python -m benchmarks.upkeep --rows 1000000 10000000
"""

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figures, keep
from benchmarks.index import ours
from benchmarks.index.banks import LARGE, random_signals
from benchmarks.machine import load
from benchmarks.places import cache_folder
from benchmarks.upkeep.changes import Seen, changes_seen
from benchmarks.upkeep.opening import opened_afresh

from takeback.matching.exact.index import warm_up

SIGNAL_BYTES = 32


def main() -> int:
    """Measure at every size, print, and keep the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--changes", type=int, default=200, help="of each kind")
    parser.add_argument("--cache", type=Path, default=cache_folder())
    options = parser.parse_args()
    warm_up()
    for rows in options.rows:
        directory = options.cache / f"upkeep-{rows}"
        figures = measured(rows, directory, options.changes)
        shutil.rmtree(directory, ignore_errors=True)
        keep(f"upkeep-{rows}", figures)
        for name, value in figures.items():
            print(f"{name:44} {value:14,.3f}")
        print(f"load {load()}\n", flush=True)
    return 0


def measured(rows: int, directory: Path, changes: int) -> Figures:
    """Return every figure of one size."""
    seconds = ours.built(random_signals(rows, directory.parent), directory)
    opened = opened_afresh(directory)
    on_disk = ours.bytes_on_disk(directory) / rows - SIGNAL_BYTES
    in_memory = opened.resident / rows - SIGNAL_BYTES
    found = {
        "bytes an entry": max(on_disk, in_memory),
        "build million a second": rows / seconds / 1e6,
        "bytes on disk an entry": on_disk,
        "bytes in memory an entry": in_memory,
        "open seconds": opened.seconds,
        "open after a restart of the machine seconds": opened.unverified_seconds,
        "first look-up ms": opened.first * 1000,
        "first look-up without warm-up ms": opened.cold * 1000,
    }
    if rows <= LARGE:
        found |= dict(_changes(changes_seen(directory, rows, changes)))
    return {f"upkeep.{rows}.{name}": value for name, value in found.items()}


def _changes(seen: Seen) -> Iterator[tuple[str, float]]:
    for name, milliseconds in seen.items():
        for part, value in milliseconds.items():
            yield f"{name} {part}", value


if __name__ == "__main__":
    sys.exit(main())
