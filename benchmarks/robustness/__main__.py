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
from pathlib import Path

import numpy as np
from benchmarks.robustness.compare import METHODS, Direction, Outcome, outcome
from benchmarks.robustness.corpus import Dull, Subject, held_out, related, showing, subjects
from benchmarks.robustness.crops import described_crops
from benchmarks.robustness.edits import EDITS
from benchmarks.robustness.lookups import Filling, Hits, run
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
    run_ = Run(options)
    report = Report(_groups(run_.chosen, options))
    for direction in options.direction or DIRECTIONS:
        report.direction(direction, run_.direction(direction))
        print(report.said(), flush=True)
    report.low_texture(run_.low_texture())
    print(report.said())
    _write(report, options)
    return 0


class Run:
    """One run of the benchmark: what it works on, and what it has found."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self.chosen = subjects(options.corpus, options.pictures)
        self._kept = Kept(options.cache, copies=options.keep_copies)
        describers = sorted({s.describer for m in METHODS for s in (m.upload, m.registered)})
        describe_all(self.chosen, ["query", *describers], self._kept, options.processes)
        crops = described_crops(
            subjects(options.corpus), "reporter", options.crops, options.cache, options.processes
        )
        self._filling = Filling(crops, options.bank)
        self._ours: dict[str, Outcome] = {}

    def direction(self, direction: Direction) -> dict[str, Outcome]:
        """Return what every method found in one direction."""
        trial = Trial(f"edited copy {direction}", self.chosen, direction == "uploaded")
        found = self._outcomes(trial)
        if direction == "uploaded":
            self._ours = found
        others = {m.title: outcome(m, self.chosen, self._kept, direction) for m in METHODS}
        return {**found, **others}

    def low_texture(self) -> dict[str, Outcome]:
        """Return what ours found where there is little texture."""
        found = {}
        if self._ours:
            found["the quarter with the fewest keypoints"] = _only(
                self._ours[WITH], self._fewest_keypoints()
            )
        for dull in (Dull.PALE, Dull.SOFT):
            found.update(self._dulled(dull))
        return found

    def _dulled(self, dull: Dull) -> dict[str, Outcome]:
        few = [each.dulled(dull) for each in self.chosen[: self._options.dulled]]
        describe_all(few, ["query", ORIGINAL], self._kept, self._options.processes)
        trial = Trial(f"{dull} uploaded", few)
        hits = self._hits(trial)
        return {
            f"originals {dull}, registered so": self._judged(trial, hits, DULLED)[WITH],
            f"originals {dull} only before they were edited": self._judged(trial, hits)[WITH],
        }

    def _outcomes(self, trial: Trial) -> dict[str, Outcome]:
        return self._judged(trial, self._hits(trial))

    def _hits(self, trial: Trial) -> list[Hits]:
        return run(trial, self._kept, self._filling, self._options.processes)

    def _judged(self, trial: Trial, hits: list[Hits], first: int = 0) -> dict[str, Outcome]:
        seen = related(self.chosen)
        shown = seen if trial.edited_uploaded else showing(seen)
        wrong = false_hits(hits, shown, self._filling.crops.sources)
        return outcomes(trial, hits, wrong, self._filling.pictures, first)

    def _fewest_keypoints(self) -> NDArray[np.bool_]:
        """Tell which pictures are of the quarter with the fewest keypoints."""
        counts = np.array([_keypoints(self._kept, each) for each in self.chosen])
        few = np.zeros(len(counts), np.bool_)
        few[np.argsort(counts, kind="stable")[: max(1, len(counts) // 4)]] = True
        return few


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
