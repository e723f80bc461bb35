"""How many edited copies are recognised: 77 edits in 21 families, method by method.

Pictures are scaled to 768 pixels, edited, saved as JPEG and described by every method; what
is registered is the picture's own file. Ours are looked up in a bank padded to a million
pictures. All work is kept, so that a second run, or one that was stopped, only does what is new.

    python -m benchmarks.robustness
    python -m benchmarks.robustness --corpus ../shared/corpus --processes 3
    python -m benchmarks.robustness --pictures 6 --bank 20000 --crops 2000 --dulled 3
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from benchmarks.robustness.compare import METHODS, Direction, Outcome, outcome, sides
from benchmarks.robustness.corpus import Dull, Subject, held_out, related, showing, subjects
from benchmarks.robustness.crops import described_crops
from benchmarks.robustness.edits import EDITS
from benchmarks.robustness.lookups import HALVES, Filling, found, look_up
from benchmarks.robustness.measure import ORIGINAL, Kept, describe_all
from benchmarks.robustness.options import parser, with_bank
from benchmarks.robustness.outcomes import WITH, false_hits, outcomes
from benchmarks.robustness.page import put
from benchmarks.robustness.plot import draw
from benchmarks.robustness.report import Report, figures
from benchmarks.robustness.signals import unpack
from benchmarks.robustness.trials import DULLED, Trial
from numpy.typing import NDArray

DIRECTIONS: tuple[Direction, ...] = ("uploaded", "registered")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    found = with_bank(parser(__doc__))
    found.add_argument("--held-out", type=int, default=60, help="pictures nothing was tuned on")
    found.add_argument("--dulled", type=int, default=60, help="originals that are made dull")
    found.add_argument("--direction", choices=DIRECTIONS, action="append")
    found.add_argument("--keep-copies", action="store_true", help="keep edited copies: 12 MB each")
    found.add_argument("--parameters", action="store_true", help="print the edits and end")
    found.add_argument("--plot", type=Path, help="write a plot of the first direction")
    found.add_argument("--json", type=Path, help="write all figures")
    return found.parse_args()


def main() -> int:
    """Measure and print."""
    options = arguments()
    if options.parameters:
        print("\n".join(map(str, EDITS)))
        return 0
    run = Run(options)
    run.look_up()
    report = Report(_groups(run.chosen, options))
    for direction in options.direction or DIRECTIONS:
        report.direction(direction, run.direction(direction))
    report.low_texture(run.low_texture())
    print(report.said())
    _write(report, options)
    return 0


class Run:
    """One run of the benchmark: what it works on, and what it has found."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self.chosen = subjects(options.corpus, options.pictures)
        self._kept = Kept(options.cache, copies=options.keep_copies)
        dulled = [d for d in (Dull.PALE, Dull.SOFT) if options.dulled]
        self._trials: dict[str, Trial] = {
            **{each: _direction(each, self.chosen) for each in options.direction or DIRECTIONS},
            **{each: _dulled(each, self.chosen[: options.dulled]) for each in dulled},
        }
        self._describe()
        crops = described_crops(
            subjects(options.corpus), "reporter", options.crops, options.cache, options.processes
        )
        self._filling = Filling(crops, options.bank)
        self._ours: dict[str, Outcome] = {}

    def look_up(self) -> None:
        """Do all that takes long, or read that it was done."""
        look_up(list(self._trials.values()), self._kept, self._filling, self._options.processes)

    def direction(self, direction: Direction) -> dict[str, Outcome]:
        """Return what every method found in one direction."""
        found = self._found(self._trials[direction])
        if direction == "uploaded":
            self._ours = found
        others = {m.title: outcome(m, self.chosen, self._kept, direction) for m in METHODS}
        return {**found, **others}

    def low_texture(self) -> dict[str, Outcome]:
        """Return what ours found where there is little texture."""
        found = {}
        if self._ours:
            few = self._fewest_keypoints()
            found["the quarter with the fewest keypoints"] = _only(self._ours[WITH], few)
        for dull in (each for each in (Dull.PALE, Dull.SOFT) if each in self._trials):
            trial = self._trials[dull]
            found[f"{dull}, registered so"] = self._found(trial, DULLED)[WITH]
            found[f"{dull}, registered as it was"] = self._found(trial)[WITH]
        return found

    def _describe(self) -> None:
        """Describe every picture by every method, and dull ones by ours."""
        processes = self._options.processes
        for direction in self._options.direction or DIRECTIONS:
            every = {each.describer for m in METHODS for each in sides(m, direction)}
            wanted = ["query", ORIGINAL, *sorted(every - {ORIGINAL})]
            describe_all(self.chosen, wanted, self._kept, processes)
        dull = [s for trial in self._trials.values() for s in trial.subjects if s.dull]
        describe_all(dull, ["query", ORIGINAL], self._kept, processes)

    def _found(self, trial: Trial, first: int = 0) -> dict[str, Outcome]:
        hits = found(trial, self._kept, self._filling)
        seen = related(self.chosen)
        shown = seen if trial.edited_uploaded else showing(seen)
        crops = [self._filling.strangers(half).sources for half in range(HALVES)]
        wrong = false_hits(hits, shown, crops)
        return outcomes(trial, hits, wrong, self._filling.pictures, first)

    def _fewest_keypoints(self) -> NDArray[np.bool_]:
        """Tell which pictures are of the quarter with the fewest keypoints."""
        counts = np.array([_keypoints(self._kept, each) for each in self.chosen])
        few = np.zeros(len(counts), np.bool_)
        few[np.argsort(counts, kind="stable")[: max(1, len(counts) // 4)]] = True
        return few


def _direction(direction: Direction, chosen: Sequence[Subject]) -> Trial:
    if direction == "uploaded":
        return Trial("edited copy uploaded", chosen)
    return Trial("edited copy registered alone", chosen, edited_uploaded=False)


def _dulled(dull: Dull, chosen: Sequence[Subject]) -> Trial:
    return Trial(f"{dull} uploaded", [each.dulled(dull) for each in chosen])


def _keypoints(kept: Kept, subject: Subject) -> int:
    """Count what is found in a picture that is looked up, at most 300."""
    looks = unpack(kept.read(subject, "query").of(0)).keypoints
    return len(looks[0].plain) if looks else 0


def _only(found: Outcome, chosen: NDArray[np.bool_]) -> Outcome:
    return Outcome(found.found[chosen], found.false, found.pairs)


def _groups(chosen: list[Subject], options: argparse.Namespace) -> dict[str, NDArray[np.bool_]]:
    everything = np.ones(len(chosen), np.bool_)
    if len(chosen) <= options.held_out:
        return {"all": everything}
    apart = held_out(chosen, options.held_out)
    held = np.array([subject.name in apart for subject in chosen])
    return {"all": everything, "tuned on": ~held, "held out": held}


def _write(report: Report, options: argparse.Namespace) -> None:
    """Write what was asked for."""
    if options.plot:
        draw(report.found[DIRECTIONS[0]], report.everything, options.plot)
    if options.json:
        options.json.write_text(json.dumps(figures(report), indent=2))
    if options.write:
        put(options.write, report.tables)


if __name__ == "__main__":
    sys.exit(main())
