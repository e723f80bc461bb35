"""How many edited copies are recognised: 77 edits in 21 families, method by method.

Pictures are scaled to 768 pixels, edited, saved as JPEG and described by every method; what
is registered is the picture's own file. What was described is kept, so that a second run, or
one that was stopped, only does what is new.

    python -m benchmarks.robustness
    python -m benchmarks.robustness --corpus ../shared/corpus --plot robustness.svg
    python -m benchmarks.robustness --pictures 20 --direction registered --json
"""

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np
from benchmarks.robustness.compare import METHODS, Outcome, outcome
from benchmarks.robustness.corpus import Subject, held_out, subjects
from benchmarks.robustness.edits import EDITS
from benchmarks.robustness.measure import Kept, describe_all
from benchmarks.robustness.plot import draw
from benchmarks.robustness.table import families, family_recall, per_edit, tails
from numpy.typing import NDArray


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, help="folder of pictures, or with folder images")
    parser.add_argument("--pictures", type=int, help="how many of them; all if not given")
    parser.add_argument("--held-out", type=int, default=60, help="pictures nothing was tuned on")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--direction", choices=["uploaded", "registered"], action="append")
    parser.add_argument("--method", action="append", help="part of a column's title")
    parser.add_argument("--cache", type=Path, default=_cache(), help="where rows are kept")
    parser.add_argument("--edits", action="store_true", help="also a table of every edit")
    parser.add_argument("--parameters", action="store_true", help="print the edits and end")
    parser.add_argument("--plot", type=Path, help="write a plot of the first direction")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "takeback" / "robustness"


def main() -> int:
    """Measure and print."""
    options = arguments()
    if options.parameters:
        print("\n".join(map(str, EDITS)))
        return 0
    chosen = subjects(options.corpus, options.pictures)
    apart = held_out(chosen, options.held_out if len(chosen) > options.held_out else 0)
    methods = [m for m in METHODS if _wanted(m.title, options.method)]
    kept = Kept(options.cache)
    describers = sorted({name for m in methods for name in (m.upload, m.registered)})
    describe_all(chosen, describers, kept, options.processes)
    for direction in options.direction or ["uploaded", "registered"]:
        found = {m.title: outcome(m, chosen, kept, direction) for m in methods}
        report(direction, found, chosen, apart, options)
    return 0


def _wanted(title: str, parts: list[str] | None) -> bool:
    return not parts or any(part in title for part in parts)


def report(
    direction: str,
    found: dict[str, Outcome],
    chosen: list[Subject],
    apart: frozenset[str],
    options: argparse.Namespace,
) -> None:
    """Print what one direction gave."""
    groups = _groups(chosen, apart)
    if options.json:
        print(json.dumps({"direction": direction, **_figures(found, groups)}, indent=2))
        return
    for name, members in groups.items():
        print(f"\n## edited copy {direction}, {name}: {members.sum()} pictures\n")
        print(families(found, members))
    everything = np.ones(len(chosen), np.bool_)
    print(f"\n{tails({title: each for title, each in found.items() if '64' not in title})}")
    if options.edits:
        print(f"\n{per_edit(found, everything)}")
    if options.plot:
        draw(found, everything, options.plot)
        options.plot = None


def _groups(chosen: list[Subject], apart: frozenset[str]) -> dict[str, NDArray[np.bool_]]:
    held = np.array([subject.name in apart for subject in chosen])
    everything = np.ones(len(chosen), np.bool_)
    if not held.any():
        return {"all": everything}
    return {"all": everything, "tuned on": ~held, "held out": held}


def _figures(
    found: dict[str, Outcome], groups: dict[str, NDArray[np.bool_]]
) -> dict[str, dict[str, object]]:
    return {
        title: {
            "false_matches": each.false,
            "pairs": each.pairs,
            "tail": each.tail,
            "recall": {name: family_recall(each.found[group]) for name, group in groups.items()},
            "edits": {
                edit.name: float(share)
                for edit, share in zip(EDITS, each.found.mean(axis=0), strict=True)
            },
        }
        for title, each in found.items()
    }


if __name__ == "__main__":
    sys.exit(main())
