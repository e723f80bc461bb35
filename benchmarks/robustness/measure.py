"""Edit every picture, describe every upload, and keep that outside the repository.

A run that was stopped goes on where it was: what was described is kept for each picture and
describer, under a name that changes with the picture, the edits and the describer's code.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.robustness import edit
from benchmarks.robustness.corpus import Dull, Subject
from benchmarks.robustness.describe import DESCRIBERS, edition
from benchmarks.robustness.describe import File as Rows
from benchmarks.robustness.editions import digest_of
from benchmarks.robustness.edits import EDITS
from benchmarks.robustness.progress import in_processes
from numpy.typing import NDArray

COPIES: Final = "copies"
"""Name that the edited copies themselves are kept under, if they are."""

ORIGINAL: Final = "original"
"""Name of the describer *reporter* where it describes the picture itself only, no copies."""

NOTHING: Final = np.empty(0, np.uint8)


@dataclass(frozen=True, slots=True)
class Described:
    """What one describer made of one picture and of all its edited copies."""

    rows: Rows
    """One file after the other: the picture itself, then each edit of ``EDITS``."""

    ends: NDArray[np.int64]
    """Behind the last row of each file."""

    def of(self, file: int) -> Rows:
        """Return what was made of one file: 0 is the picture itself, 1 the first edit."""
        return self.rows[self.ends[file - 1] if file else 0 : self.ends[file]]

    def files(self) -> list[Rows]:
        """Return what was made of each file."""
        return [self.rows[begin:end] for begin, end in pairwise([0, *self.ends.tolist()])]


@dataclass(frozen=True, slots=True)
class Kept:
    """The folder where all is kept."""

    folder: Path

    copies: bool = False
    """Whether the edited copies are kept too: 12 MB a picture, two seconds saved when the code
    of a describer changed."""

    def path(self, subject: Subject, describer: str) -> Path:
        """Return where what a describer made of one picture belongs."""
        return self.folder / describer / f"{subject_digest(subject, edition(describer))}.npz"

    def read(self, subject: Subject, describer: str) -> Described:
        """Read what is there."""
        with np.load(self.path(subject, describer)) as kept:
            return Described(kept["rows"], kept["ends"])

    def write(self, subject: Subject, describer: str, files: Sequence[Rows]) -> None:
        """Keep what was made of every file of one picture, all or nothing."""
        ends = np.cumsum([len(rows) for rows in files], dtype=np.int64)
        write(self.path(subject, describer), rows=np.concatenate(files), ends=ends)

    def missing(self, subject: Subject, describers: Sequence[str]) -> list[str]:
        """Name the describers of which nothing is kept yet."""
        return [name for name in describers if not self.path(subject, name).exists()]


def subject_digest(subject: Subject, *more: str) -> str:
    """Name a picture, its companions, what is done to them, and by which code."""
    parts = [_file_digest(path) for path in (subject.path, *subject.companions)]
    parts += [_edits_edition(), *more, subject.name]
    if subject.dull is not Dull.NOT:
        parts.append(subject.dull)
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def write(path: Path, **arrays: NDArray[np.generic]) -> None:
    """Write arrays to a file, all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part.npz")
    np.savez(half, allow_pickle=False, **arrays)
    half.rename(path)


def uploads(subject: Subject) -> Iterator[bytes]:
    """Yield the picture's own file, then each edited copy."""
    yield subject.file()
    picture, others = subject.picture(), subject.others()
    for each in EDITS:
        yield each.upload(subject.name, picture, others)


def describe_all(
    chosen: Sequence[Subject], describers: Sequence[str], kept: Kept, processes: int
) -> None:
    """Describe whatever is not kept yet, telling how far it is."""
    missing = {subject: kept.missing(subject, describers) for subject in chosen}
    tasks = [(subject, names, kept) for subject, names in missing.items() if names]
    for _ in in_processes(_describe, tasks, processes, f"describing with {', '.join(describers)}"):
        pass


def describe_one(subject: Subject, describers: Sequence[str], kept: Kept) -> None:
    """Describe one picture and its edited copies by each describer, and keep that."""
    found: Mapping[str, list[Rows]] = {name: [] for name in describers}
    for number, upload in enumerate(_copies(subject, kept)):
        for name in describers:
            wanted = name != ORIGINAL or number == 0
            found[name].append(DESCRIBERS[name](upload) if wanted else NOTHING)
    for name in describers:
        kept.write(subject, name, found[name])


def _describe(task: tuple[Subject, Sequence[str], Kept]) -> None:
    describe_one(*task)


def _copies(subject: Subject, kept: Kept) -> Iterator[bytes]:
    """Yield what ``uploads`` does, kept from an earlier run if that is wanted."""
    if not kept.copies:
        yield from uploads(subject)
        return
    if kept.missing(subject, [COPIES]):
        files = [np.frombuffer(file, np.uint8) for file in uploads(subject)]
        kept.write(subject, COPIES, files)
    for file in kept.read(subject, COPIES).files():
        yield file.tobytes()


@cache
def _file_digest(path: Path) -> str:
    return digest_of(path)


@cache
def _edits_edition() -> str:
    folder = Path(edit.__file__).parent
    return digest_of(folder / "edit.py", folder / "edits.py", *(folder / "families").glob("*.py"))
