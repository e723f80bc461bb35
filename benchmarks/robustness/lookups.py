"""Look up every upload in one bank of a million pictures, through the real indexes and rule.

What each upload matched is kept like what it was hashed to; the bank is filled only if
something is missing.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from benchmarks.robustness.bank import Bank, Hit
from benchmarks.robustness.crops import Crops
from benchmarks.robustness.editions import code_of, hashing_edition, matching_edition
from benchmarks.robustness.edits import EDITS
from benchmarks.robustness.filling import pad
from benchmarks.robustness.measure import Kept, subject_digest, write
from benchmarks.robustness.progress import in_processes
from benchmarks.robustness.trials import Trial, copy
from numpy.typing import NDArray

from benchmarks import padding
from takeback.hashing import PictureSignals
from takeback.matching.evidence import Ground

Result = TypeVar("Result")

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

HALVES: Final = 2
"""Uploads of one half of the corpus are looked up among crops of the other."""

Hits = NDArray[np.void]
"""Shape (n,), dtype ``HIT``: all that the uploads of one picture matched."""


@dataclass(slots=True)
class Filling:
    """A bank of strangers, filled when it is first needed.

    Uploads of every second picture are looked up among crops of the others, and pictures
    drawn from these: whoever is registered, and what is drawn from it, would be no stranger.
    """

    crops: Crops
    pictures: int
    """How many strangers."""

    _filled: tuple[int, Bank] | None = field(default=None, repr=False)

    def bank(self, half: int) -> Bank:
        """Return the bank of strangers to the uploads of one half, 0 or 1."""
        if self._filled is None or self._filled[0] != half:
            self._filled = None  # one such bank is all that memory may hold
            bank = Bank()
            pad(bank, self.strangers(half), self.pictures)
            self._filled = (half, bank)
        return self._filled[1]

    def strangers(self, half: int) -> Crops:
        """Return the crops that uploads of one half are looked up among."""
        return self.crops.chosen(half_of(self.crops.sources) != half)

    @property
    def name(self) -> str:
        """Name its contents and the code that fills and asks it."""
        folder = Path(__file__).parent
        files = [folder / f"{name}.py" for name in ("bank", "crops", "filling", "trials")]
        code = code_of([*files, Path(padding.__file__)])
        return f"{self.pictures} {len(self.crops)} {code} {matching_edition()} {hashing_edition()}"


def half_of(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the half, 0 or 1, that numbered pictures belong to."""
    return numbers % HALVES


def look_up(trials: Sequence[Trial], kept: Kept, filling: Filling, processes: int) -> None:
    """Look up what was not looked up before, bank by bank and trial by trial."""
    for half in range(HALVES):
        for trial in trials:
            paths = _paths(trial, kept, filling)
            missing = [n for n in range(half, len(paths), HALVES) if not paths[n].exists()]
            if missing:
                for number, hits in _searched(trial, missing, kept, filling.bank(half), processes):
                    write(paths[number], hits=hits)


def found(trial: Trial, kept: Kept, filling: Filling) -> list[Hits]:
    """Return what the uploads of each picture matched."""
    return [_read(path) for path in _paths(trial, kept, filling)]


def _searched(
    trial: Trial, missing: Sequence[int], kept: Kept, bank: Bank, processes: int
) -> Iterator[tuple[int, Hits]]:
    """Look up what some pictures have to look up, with all that is registered."""
    entries = [trial.entries(number, kept) for number in range(len(trial.subjects))]
    look_up_ = _originals_searched if trial.edited_uploaded else _copies_searched
    yield from look_up_(Search(trial, kept, bank, entries, missing), processes)


@dataclass(frozen=True, slots=True)
class Search:
    """What forked processes find in memory: copying a bank would take longer than searching it."""

    trial: Trial
    kept: Kept
    bank: Bank
    entries: Sequence[dict[int, PictureSignals]]
    """Of each picture."""

    missing: Sequence[int]
    """Pictures whose uploads are looked up."""


_SHARED: Final[list[Search]] = []


def _originals_searched(search: Search, processes: int) -> Iterator[tuple[int, Hits]]:
    """Register all originals, look up the copies of picture after picture, and withdraw them."""
    for each in search.entries:
        search.bank.register(each)
    name = f"looking up, {search.trial.name}"
    yield from _forked(search, _look_up, search.missing, processes, name)
    for each in search.entries:
        search.bank.withdraw(each)


def _copies_searched(search: Search, processes: int) -> Iterator[tuple[int, Hits]]:
    """Look up all originals for each edit, with one copy of every picture registered.

    All copies of a picture at once would be many times the same picture, which nobody registers.
    """
    found: dict[int, list[Hits]] = {number: [] for number in search.missing}
    name, edits = f"looking up, {search.trial.name}, edit by edit", range(len(EDITS))
    for _, hits in _forked(search, _look_up_edit, edits, processes, name):
        for number, each in hits.items():
            found[number].append(each)
    yield from ((number, np.concatenate(each)) for number, each in found.items())


def _forked(
    search: Search,
    work: Callable[[int], Result],
    tasks: Sequence[int],
    processes: int,
    name: str,
) -> Iterator[tuple[int, Result]]:
    search.bank.settle()
    gc.freeze()
    _SHARED.append(search)
    yield from in_processes(work, tasks, processes, name, start="fork")
    _SHARED.clear()


def _look_up(number: int) -> Hits:
    """Look up all uploads of one picture."""
    search = _SHARED[-1]
    wanted = search.trial.wanted(number)
    rows = [
        row(edit, hit)
        for edit, upload in search.trial.uploads(number, search.kept)
        for hit in search.bank.look_up(upload, partial(_is_enough, wanted))
    ]
    return np.array(rows, HIT)


def _look_up_edit(edit: int) -> dict[int, Hits]:
    """Look up all originals while the copies that one edit makes are registered."""
    search = _SHARED[-1]
    copies = [copy(number, edit) for number in range(len(search.entries))]
    own = {entry: each[entry] for entry, each in zip(copies, search.entries, strict=True)}
    search.bank.register(own)
    found = {}
    for number in search.missing:
        enough = partial(_is_enough, frozenset([copies[number]]))
        hits = search.bank.look_up(_original(number), enough)
        found[number] = np.array([row(edit, hit) for hit in hits], HIT)
    search.bank.withdraw(own)
    return found


@cache
def _original(number: int) -> PictureSignals:
    """Read an original, once in each process."""
    search = _SHARED[-1]
    ((_, upload),) = search.trial.uploads(number, search.kept)
    return upload


def _is_enough(wanted: frozenset[int], hit: Hit) -> bool:
    return hit.entry in wanted and hit.evidence.ground is Ground.KEYPOINTS


def row(edit: int, hit: Hit) -> tuple[int, int, int, int, float, str]:
    """Return what is kept of a match."""
    why = hit.evidence
    ground = GROUNDS.index(why.ground)
    return edit, hit.entry, ground, why.distance or why.votes or 0, why.score, why.upload_view


def _paths(trial: Trial, kept: Kept, filling: Filling) -> list[Path]:
    name = filling.name
    return [
        kept.folder / "hits" / f"{subject_digest(subject, trial.name, name)}.npz"
        for subject in trial.subjects
    ]


def _read(path: Path) -> Hits:
    with np.load(path) as kept:
        hits: Hits = kept["hits"]
    return hits
