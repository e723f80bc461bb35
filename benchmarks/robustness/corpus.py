"""The pictures that are edited: a folder's, or the photographs in scikit-image's wheel."""

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import skimage.data
from benchmarks.robustness.edit import Picture, sized
from PIL import Image

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


@dataclass(frozen=True, slots=True)
class Subject:
    """One picture of the corpus, and those it is put together with."""

    path: Path
    companions: tuple[Path, ...]

    @property
    def name(self) -> str:
        """What seeds its edits."""
        return self.path.name

    def picture(self) -> Picture:
        """Return it as it is edited."""
        return _loaded(self.path)

    def others(self) -> list[Picture]:
        """Return its companions."""
        return [_loaded(path) for path in self.companions]


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


def _loaded(path: Path) -> Picture:
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        return sized(picture)
