"""Random crops of the corpus, really described: to pad a bank with, or to look up in one.

Crops of one picture are kept together, so that it is always known what a crop shows: a match
of a copy with a crop of the same picture is right, though nobody asked for it.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import numpy as np
from benchmarks.robustness.corpus import Subject
from benchmarks.robustness.describe import DESCRIBERS, File
from benchmarks.robustness.edit import Picture, jpeg
from benchmarks.robustness.editions import digest_of, hashing_edition
from benchmarks.robustness.measure import write
from benchmarks.robustness.progress import in_processes
from benchmarks.robustness.signals import unpack
from numpy.typing import NDArray
from PIL import Image

from takeback.hashing import PictureSignals

Role = Literal["reporter", "query"]

BLOCK: Final = 20
"""Crops of one picture that are described and kept together."""

SHARES: Final = (0.15, 1.0)
"""Of a picture's sides, drawn apart for width and height."""

SIDES: Final = (256, 768)
"""Longest side of a crop in pixels; a smaller part is not enlarged."""

QUALITY: Final = 90
"""JPEG quality a crop is saved with."""


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Described crops of numbered pictures."""

    pictures: Sequence[File]
    """What each crop was hashed to."""

    sources: NDArray[np.int64]
    """Shape (n,): number of the picture that each was cut out of."""

    def __len__(self) -> int:
        return len(self.pictures)

    def picture(self, number: int) -> PictureSignals:
        """Return one crop's signals."""
        return unpack(self.pictures[number])

    def first(self, count: int) -> "Crops":
        """Return the first *count*: of all pictures as many, give or take one."""
        return Crops(self.pictures[:count], self.sources[:count])

    def chosen(self, wanted: NDArray[np.bool_]) -> "Crops":
        """Return some of them."""
        pictures = [self.pictures[number] for number in np.flatnonzero(wanted).tolist()]
        return Crops(pictures, self.sources[wanted])


def described_crops(
    chosen: Sequence[Subject], role: Role, count: int, folder: Path, processes: int
) -> Crops:
    """Describe so many crops of all pictures together, or read those that are kept."""
    each = -(-count // len(chosen))
    tasks = [
        (subject, role, block, _path(folder, subject, role, block))
        for subject in chosen
        for block in range(-(-each // BLOCK))
    ]
    missing = [task for task in tasks if not task[-1].exists()]
    for _ in in_processes(_describe, missing, processes, f"describing crops as {role}"):
        pass
    blocks = iter([_read(path) for *_, path in tasks])
    own = [[file for _ in range(-(-each // BLOCK)) for file in next(blocks)] for _ in chosen]
    mixed = [(number, files[k]) for k in range(each) for number, files in enumerate(own)]
    sources = np.array([number for number, _ in mixed], np.int64)
    return Crops([file for _, file in mixed], sources).first(count)


def crop(picture: Picture, chance: np.random.Generator) -> bytes:
    """Cut a random rectangle out of a picture, every second time mirrored; return a JPEG."""
    wide, high = chance.uniform(*SHARES, 2)
    width, height = max(64, round(picture.width * wide)), max(64, round(picture.height * high))
    left = int(chance.integers(0, max(1, picture.width - width)))
    top = int(chance.integers(0, max(1, picture.height - height)))
    part = picture.crop((left, top, left + width, top + height))
    longest = int(chance.integers(*SIDES))
    part.thumbnail((longest, longest))
    if chance.random() < 0.5:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return jpeg(part, QUALITY)


def _describe(task: tuple[Subject, Role, int, Path]) -> None:
    """Describe one block of one picture's crops and keep it."""
    subject, role, block, path = task
    seed = hashlib.sha256(f"crops|{role}|{block}|{subject.name}".encode()).digest()
    chance = np.random.default_rng(list(seed))
    with Image.open(io.BytesIO(subject.file())) as opened:
        picture = opened.convert("RGB")
    files = [DESCRIBERS[role](crop(picture, chance)) for _ in range(BLOCK)]
    write(path, files=np.concatenate(files), ends=np.cumsum([len(file) for file in files]))


def _read(path: Path) -> list[File]:
    with np.load(path) as kept:
        files, ends = kept["files"], kept["ends"].tolist()
    return [files[begin:end] for begin, end in pairwise([0, *ends])]


def _path(folder: Path, subject: Subject, role: Role, block: int) -> Path:
    parts = f"{digest_of(subject.path)}|{hashing_edition()}|{_edition()}|{block}"
    return folder / f"crops-{role}" / f"{hashlib.sha256(parts.encode()).hexdigest()[:32]}.npz"


def _edition() -> str:
    """Name how crops are made."""
    return f"{BLOCK} {SHARES} {SIDES} {QUALITY}"
