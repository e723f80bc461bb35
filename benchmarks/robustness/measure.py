"""Edit every picture, describe every upload, and keep the rows outside the repository.

A run that was stopped goes on where it was: rows are kept for each picture and describer,
under a name that changes with the picture, the edits and the describer's code.
"""

import hashlib
import multiprocessing
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from benchmarks.robustness import edit
from benchmarks.robustness.corpus import Subject
from benchmarks.robustness.describe import DESCRIBERS, Rows, digest_of, edition
from benchmarks.robustness.edits import EDITS
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Described:
    """What one describer made of one picture and of all its edited copies."""

    rows: Rows
    """One file after the other: the picture itself, then each edit of ``EDITS``."""

    ends: NDArray[np.int64]
    """Behind the last row of each file."""

    def of(self, file: int) -> Rows:
        """Return the rows of one file: 0 is the picture itself, 1 the first edit."""
        return self.rows[self.ends[file - 1] if file else 0 : self.ends[file]]


@dataclass(frozen=True, slots=True)
class Kept:
    """The folder where rows are kept."""

    folder: Path

    def path(self, subject: Subject, describer: str) -> Path:
        """Return where the rows of one picture and describer belong."""
        parts = [digest_of(path) for path in (subject.path, *subject.companions)]
        parts += [_edits_edition(), edition(describer), subject.name]
        name = hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]
        return self.folder / describer / f"{name}.npz"

    def read(self, subject: Subject, describer: str) -> Described:
        """Read rows that are there."""
        with np.load(self.path(subject, describer)) as kept:
            return Described(kept["rows"], kept["ends"])


@cache
def _edits_edition() -> str:
    folder = Path(edit.__file__).parent
    return digest_of(folder / "edit.py", folder / "edits.py", *(folder / "families").glob("*.py"))


def uploads(subject: Subject) -> Iterator[bytes]:
    """Yield the picture's own file, then each edited copy."""
    yield subject.path.read_bytes()
    picture, others = subject.picture(), subject.others()
    for each in EDITS:
        yield each.upload(subject.name, picture, others)


def describe_all(
    subjects: Sequence[Subject], describers: Sequence[str], kept: Kept, processes: int
) -> None:
    """Describe whatever is not kept yet, telling how far it is."""
    missing = {subject: _missing(subject, describers, kept) for subject in subjects}
    todo = [subject for subject in subjects if missing[subject]]
    started = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as executor:
        jobs = [executor.submit(describe_one, each, missing[each]) for each in todo]
        for done, job in enumerate(as_completed(jobs), start=1):
            job.result()
            _tell(done, len(todo), time.monotonic() - started)


def _missing(subject: Subject, describers: Sequence[str], kept: Kept) -> dict[str, Path]:
    paths = {name: kept.path(subject, name) for name in describers}
    return {name: path for name, path in paths.items() if not path.exists()}


def describe_one(subject: Subject, wanted: Mapping[str, Path]) -> None:
    """Describe one picture and its edited copies by each describer, and keep that."""
    found: dict[str, list[Rows]] = {name: [] for name in wanted}
    for upload in uploads(subject):
        for name in wanted:
            found[name].append(DESCRIBERS[name](upload))
    for name, path in wanted.items():
        _write(path, found[name])


def _write(path: Path, files: Sequence[Rows]) -> None:
    """Keep the rows of every file of one picture, all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ends = np.cumsum([len(rows) for rows in files], dtype=np.int64)
    half = path.with_suffix(".part.npz")
    np.savez_compressed(half, rows=np.concatenate(files), ends=ends)
    half.rename(path)


def _tell(done: int, total: int, seconds: float) -> None:
    left = seconds / done * (total - done)
    end = "\n" if done == total else "\r"
    print(f"described {done} of {total} pictures, {left:.0f} s left ", end=end, file=sys.stderr)
