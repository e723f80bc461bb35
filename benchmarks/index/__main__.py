"""Exact look-ups on random, clustered and realistic banks, beside the peers, one thread.

Ours is built on disk and mapped, as a matcher's processes search it. One question a call;
*planted* questions are entries with 0 to 31 bits flipped, *unrelated* ones random bits or crops
of photographs that are not in the bank, *near* ones crops that were too near to be kept,
*family* ones members of a family. Answers are compared with a linear scan.

    python -m benchmarks.index --rows 1000000
    python -m benchmarks.index --rows 10000000 --banks plain framed --corpus ../shared/corpus
    python -m benchmarks.index --rows 100000000 --banks random --peers flat

Ten million rows take 8 GB beside PDQIndex or MultiHash, a hundred million 16 GB with neither.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import faiss
from benchmarks.figures import keep
from benchmarks.index import ours
from benchmarks.index.banks import NAMES, RANDOM, Bank, made
from benchmarks.index.measure import PEERS, Ours, Result, measured
from benchmarks.index.report import details, table
from benchmarks.machine import keep_to
from benchmarks.places import cache_folder, corpus_folder

from takeback.matching.exact.index import warm_up


def main() -> int:
    """Measure every bank at every size; return 1 if an answer was wrong."""
    options = chosen()
    keep_to(1)
    faiss.omp_set_num_threads(1)
    warm_up()
    results = [each for rows in options.rows for each in measured_at(rows, options)]
    return int(any(result.wrong for result in results))


def chosen(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--banks", nargs="+", default=list(NAMES), choices=NAMES)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--questions", type=int, default=1000, help="of each kind")
    parser.add_argument("--few", type=int, default=300, help="questions of a kind put to a peer")
    parser.add_argument("--corpus", type=Path, default=corpus_folder(), help="photographs")
    parser.add_argument("--cache", type=Path, default=cache_folder(), help="for crops and indexes")
    return parser.parse_args(arguments)


def measured_at(rows: int, options: argparse.Namespace) -> list[Result]:
    """Measure the banks of one size; ours on random bits runs beside all the others."""
    folder = options.cache / f"index-{rows}"
    results = []
    control = None
    prepared = partial(made, rows=rows, questions=options.questions, corpus=options.corpus)
    if options.banks != [RANDOM]:
        control = put_up(prepared(RANDOM, cache=options.cache), folder / "control")
    for name in options.banks:
        bank = prepared(name, cache=options.cache)
        directory = folder / name
        seconds = ours.built(bank.signals, directory)
        beside = None if name == RANDOM else control
        result = measured(bank, directory, beside, options.peers, options.few)
        result.notes.append(f"ours built in {seconds:.1f} s")
        keep(f"index-{name}-{rows}", result.figures(), details(result))
        print(table(result), flush=True)
        results.append(result)
        shutil.rmtree(directory, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    return results


def put_up(bank: Bank, directory: Path) -> Ours:
    """Build ours on random bits, to be asked beside other banks."""
    ours.built(bank.signals, directory)
    return Ours(ours.opened(directory), bank.questions)


if __name__ == "__main__":
    sys.exit(main())
