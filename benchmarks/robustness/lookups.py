"""Look up every upload in one bank of a million pictures, through the real indexes and rule.

What each upload matched is kept like what it was hashed to; the bank is filled only if
something is missing.
"""

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks import padding
from benchmarks.robustness.bank import Bank, Hit
from benchmarks.robustness.crops import Crops
from benchmarks.robustness.editions import code_of, hashing_edition, matching_edition
from benchmarks.robustness.filling import pad
from benchmarks.robustness.measure import Kept, subject_digest, write
from benchmarks.robustness.progress import in_processes
from benchmarks.robustness.trials import Trial
from numpy.typing import NDArray

from takeback.matching.evidence import Ground

GROUNDS: Final = (Ground.WHOLE, Ground.VIEW, Ground.KEYPOINTS)

HIT: Final = np.dtype(
    [
        ("edit", np.int16),
        ("entry", np.int64),
        ("ground", np.uint8),
        ("measure", np.int16),
        ("score", np.float32),
        ("look", "U24"),
    ]
)
"""The upload's edit; the entry; the ground's number in ``GROUNDS``; distance or votes; the
score; how the upload was looked at."""

Hits = NDArray[np.void]
"""Shape (n,), dtype ``HIT``: all that the uploads of one picture matched."""


@dataclass(slots=True)
class Filling:
    """A bank that is filled when it is first needed."""

    crops: Crops
    pictures: int
    """How many strangers."""

    _bank: Bank | None = field(default=None, repr=False)

    @property
    def bank(self) -> Bank:
        """Return the bank, filled."""
        if self._bank is None:
            self._bank = Bank()
            pad(self._bank, self.crops, self.pictures)
        return self._bank

    @property
    def name(self) -> str:
        """Name its contents and the code that fills and asks it."""
        folder = Path(__file__).parent
        files = [folder / f"{name}.py" for name in ("bank", "crops", "filling", "trials")]
        code = code_of([*files, Path(padding.__file__)])
        return f"{self.pictures} {len(self.crops)} {code} {matching_edition()} {hashing_edition()}"


def run(trial: Trial, kept: Kept, filling: Filling, processes: int) -> list[Hits]:
    """Look up all uploads of a trial; return what those of each picture matched."""
    paths = [_path(trial, number, kept, filling) for number in range(len(trial.subjects))]
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    if missing:
        for number, hits in _searched(trial, missing, kept, filling.bank, processes):
            write(paths[number], hits=hits)
    return [_read(path) for path in paths]


def _searched(
    trial: Trial, missing: Sequence[int], kept: Kept, bank: Bank, processes: int
) -> Iterator[tuple[int, Hits]]:
    """Register a trial's entries, look its uploads up, and withdraw the entries again."""
    entries = [trial.entries(number, kept) for number in range(len(trial.subjects))]
    for each in entries:
        bank.register(each)
    bank.settle()
    gc.freeze()
    _SHARED.update(trial=trial, kept=kept, bank=bank)
    yield from in_processes(_look_up, missing, processes, f"looking up, {trial.name}", start="fork")
    for each in entries:
        bank.withdraw(each)


_SHARED: Final[dict[str, object]] = {}
"""What forked processes find in memory: copying the bank would take longer than searching it."""


def _look_up(number: int) -> Hits:
    """Look up all uploads of one picture."""
    trial, kept, bank = _SHARED["trial"], _SHARED["kept"], _SHARED["bank"]
    assert isinstance(trial, Trial)
    assert isinstance(kept, Kept)
    assert isinstance(bank, Bank)
    wanted = trial.wanted(number)
    rows = [
        row(edit, hit)
        for edit, upload in trial.uploads(number, kept)
        for hit in bank.look_up(upload, partial(_is_enough, wanted))
    ]
    return np.array(rows, HIT)


def _is_enough(wanted: frozenset[int], hit: Hit) -> bool:
    return hit.entry in wanted and hit.evidence.ground is Ground.KEYPOINTS


def row(edit: int, hit: Hit) -> tuple[int, int, int, int, float, str]:
    """Return what is kept of a match."""
    why = hit.evidence
    ground = GROUNDS.index(why.ground)
    return edit, hit.entry, ground, why.distance or why.votes or 0, why.score, why.upload_view


def _path(trial: Trial, number: int, kept: Kept, filling: Filling) -> Path:
    name = subject_digest(trial.subjects[number], trial.name, filling.name)
    return kept.folder / "hits" / f"{name}.npz"


def _read(path: Path) -> Hits:
    with np.load(path) as kept:
        hits: Hits = kept["hits"]
    return hits
