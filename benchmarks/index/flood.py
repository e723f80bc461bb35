"""A hundred thousand near-copies, or identical signals, in a million random ones.

Their own look-ups ask for the nearest ten; everybody else's run beside them, in turn with the
same look-ups in an index without the flood.

    python -m benchmarks.index.flood
"""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.figures import keep
from benchmarks.index import ours
from benchmarks.index.banks import flipped, planted, random_bits
from benchmarks.index.race import Ask, Lane, race, times
from benchmarks.machine import keep_to, load
from benchmarks.places import cache_folder
from numpy.typing import NDArray

from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import warm_up

Signals = NDArray[np.uint8]

NEAREST: Final = 10
QUESTIONS: Final = 500
SPREAD: Final = 12
"""Bits of the founder that are flipped in a near-copy, at most."""

OWN, OTHERS, WITHOUT = "the flood's own", "everybody else's", "everybody else's, without it"


def main() -> int:
    """Measure both floods, print, and keep the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--cache", type=Path, default=cache_folder())
    options = parser.parse_args()
    keep_to(1)
    warm_up()
    bank = random_bits(options.rows, seed=1)
    figures: dict[str, float] = {}
    for name, spread in (("near-copies", SPREAD), ("identical", 0)):
        members = flipped(np.repeat(bank[:1], options.members, axis=0), spread, seed=4)
        figures |= measured(name, bank, members, options.cache)
    keep("flood", figures)
    for key, value in figures.items():
        print(f"{key:36} {value:10.3f}")
    print(f"load {load()}")
    return 0


def measured(name: str, bank: Signals, members: Signals, cache: Path) -> dict[str, float]:
    """Race the flood's look-ups and others', with and without the flood."""
    folders = [cache / "flood-with", cache / "flood-without"]
    ours.built(np.concatenate([bank, members]), folders[0])
    ours.built(bank, folders[1])
    flooded, plain = (ours.opened(folder) for folder in folders)
    others = planted(bank[1:], QUESTIONS)
    found = race(
        {
            OWN: Lane(_nearest(flooded), members[:: len(members) // QUESTIONS][:QUESTIONS]),
            OTHERS: Lane(_nearest(flooded), others),
            WITHOUT: Lane(_nearest(plain), others),
        }
    )
    for folder in folders:
        shutil.rmtree(folder)
    own, beside, without = (times(found[lane]) for lane in (OWN, OTHERS, WITHOUT))
    return {
        f"flood.{name} p50 ms": own.p50,
        f"flood.{name} p99 ms": own.p99,
        f"flood.others beside {name}": beside.p50 / without.p50,
    }


def _nearest(index: FollowedIndex) -> Ask:
    return lambda question: lambda: index.search(question[None], limit=NEAREST)


if __name__ == "__main__":
    sys.exit(main())
