"""The pictures that are edited: a folder's, or the photographs in scikit-image's wheel."""

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
import skimage.data
from benchmarks.robustness.edit import Picture, jpeg, sized
from PIL import Image, ImageFilter

IN_WHEEL: Final = (
    "brick.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "rocket.jpg",
    "text.png",
)
"""Photographs and textures without people."""

COMPANIONS: Final = 3
"""Other pictures that each picture is put together with."""

DULLED_QUALITY: Final = 95
"""JPEG quality of an original that was made dull."""


class Dull(StrEnum):
    """How an original was made poorer in texture before anything else."""

    NOT = ""
    PALE = "quarter contrast"
    """A quarter of the contrast about level 128, as in fog or on skin."""

    SOFT = "blurred"
    """Blurred by a Gaussian whose sigma is 4/512 of the longest side."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One picture of the corpus, and those it is put together with."""

    path: Path
    companions: tuple[Path, ...]
    dull: Dull = Dull.NOT

    @property
    def name(self) -> str:
        """What seeds its edits."""
        return self.path.name

    def dulled(self, dull: Dull) -> "Subject":
        """Return the same picture, made dull first."""
        return replace(self, dull=dull)

    def file(self) -> bytes:
        """Return what is registered: its own file, or one that was made dull."""
        if self.dull is Dull.NOT:
            return self.path.read_bytes()
        with Image.open(self.path) as picture:
            return jpeg(_made(self.dull, picture.convert("RGB")), DULLED_QUALITY)

    def picture(self) -> Picture:
        """Return it as it is edited."""
        return _loaded(self.file())

    def others(self) -> list[Picture]:
        """Return its companions."""
        return [_loaded(path.read_bytes()) for path in self.companions]


def subjects(folder: Path | None, count: int | None = None) -> list[Subject]:
    """Return the pictures of a folder, its subfolder ``images``, or of scikit-image.

    Args:
        folder: where to look.
        count: how many; a choice that does not depend on their names' order.
    """
    paths = sorted(_files(folder), key=_chance)[:count]
    return [Subject(path, _companions(number, paths)) for number, path in enumerate(paths)]


def held_out(all_subjects: Sequence[Subject], count: int) -> frozenset[str]:
    """Name the pictures that nothing was tuned on: a choice by the digest of their names."""
    ranked = sorted(all_subjects, key=lambda subject: _chance(subject.path, "held out"))
    return frozenset(subject.name for subject in ranked[:count])


def related(chosen: Sequence[Subject]) -> list[frozenset[int]]:
    """Return for each picture itself and its companions, which some edits really show."""
    place = {str(each.path): number for number, each in enumerate(chosen)}
    return [
        frozenset({number, *(place[str(path)] for path in each.companions)})
        for number, each in enumerate(chosen)
    ]


def showing(seen: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    """Turn ``related`` around: return for each picture those whose edited copies may show it."""
    return [
        frozenset(number for number, each in enumerate(seen) if picture in each)
        for picture in range(len(seen))
    ]


def _files(folder: Path | None) -> Iterable[Path]:
    if folder is None:
        return (Path(skimage.data.__file__).parent / name for name in IN_WHEEL)
    inner = folder / "images"
    return (path for path in (inner if inner.is_dir() else folder).iterdir() if _is_picture(path))


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"}


def _chance(path: Path, salt: str = "order") -> bytes:
    return hashlib.sha256(f"{salt}|{path.name}".encode()).digest()


def _companions(number: int, paths: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(paths[(number + step) % len(paths)] for step in range(1, COMPANIONS + 1))


def _loaded(data: bytes) -> Picture:
    with Image.open(io.BytesIO(data)) as picture:
        return sized(picture)


def _made(dull: Dull, picture: Picture) -> Picture:
    if dull is Dull.SOFT:
        return picture.filter(ImageFilter.GaussianBlur(4 * max(picture.size) / 512))
    return Image.fromarray((96 + np.asarray(picture) // 4).astype(np.uint8))
