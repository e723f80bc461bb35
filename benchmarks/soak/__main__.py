"""A matcher under load for half an hour: look-ups, changes and merges, held to a linear scan.

A hub of ours offers 100 new entries and 10 withdrawals a second to a real matcher of two
answering processes; meanwhile it is asked 1,000 signals a second over HTTP. Every changed
signal is looked up once the change is stored, and those answers as well as one in fifty of the
others are compared with a linear scan over everything that may or must be found at that
moment. The memory of every process is sampled each second.

    python -m benchmarks.soak --minutes 30
    python -m benchmarks.soak --minutes 2 --entries 1000000
"""

import argparse
import asyncio
import shutil
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from benchmarks.figures import keep
from benchmarks.index.banks import random_bits
from benchmarks.places import cache_folder
from benchmarks.served.filling import fill
from benchmarks.served.programs import cores_for_server, matcher
from benchmarks.soak.report import figures, paragraph
from benchmarks.soak.run import Rates, Soak


def main() -> int:
    """Run, print, keep the figures; return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--entries", type=int, default=10_000_000, help="to begin with")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--lookups", type=int, default=1000, help="a second")
    parser.add_argument("--adds", type=int, default=100, help="a second")
    parser.add_argument("--withdrawals", type=int, default=10, help="a second")
    parser.add_argument("--cache", type=Path, default=cache_folder())
    options = parser.parse_args()
    soak = asyncio.run(run(options))
    print(paragraph(soak))
    found = figures(soak)
    keep("soak", found, {"rates": asdict(soak.rates), "told": paragraph(soak)})
    for fault, count in Counter([*soak.asking.errors, *soak.wrong]).most_common(20):
        print(f"{count} times: {fault}")
    return int(bool(soak.wrong or soak.asking.errors))


async def run(options: argparse.Namespace) -> Soak:
    """Prepare a bank, start the programs and let them run."""
    bank = random_bits(options.entries, seed=11)
    directory = options.cache / "soak"
    shutil.rmtree(directory, ignore_errors=True)
    rates = Rates(options.lookups, options.adds, options.withdrawals)
    soak = Soak(bank, rates, options.minutes * 60)
    await soak.hub.start()
    await asyncio.to_thread(fill, directory, bank, 0, soak.hub.url)
    more = ["--hashers", "1", "--processes", str(options.processes)]
    running = matcher(directory, cores_for_server(3), *more, hub=soak.hub.url)
    served = await asyncio.to_thread(running.__enter__)
    try:
        await soak.run(served, directory)
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)
        await soak.hub.stop()
        shutil.rmtree(directory, ignore_errors=True)
    return soak


if __name__ == "__main__":
    sys.exit(main())
