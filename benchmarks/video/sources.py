"""The videos of the benchmark: which are registered, and which have nothing to do with them.

Films are photographs over which a camera moves, with a cut every four seconds. Half of the
photographs are for registered films, half for strangers; the corpus' own videos are both, as
each is a stranger to all others.
"""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import skimage.data
from PIL import Image

from takeback.cli.demo.film import film

SIZE: Final = (960, 540)
"""Of drawn films."""

FILM_SECONDS: Final = 60.0
STRANGER_SECONDS: Final = 12.0
FILM_PICTURES: Final = 15
STRANGER_PICTURES: Final = 3
MOST_FILMS: Final = 8
DRAWN: Final = 90
"""Pictures that are drawn, a third of them for registered films."""

IN_WHEEL: Final = (
    "brick.png",
    "chelsea.png",
    "coffee.png",
    "grass.png",
    "gravel.png",
    "rocket.jpg",
)
"""Ordinary pictures without people that scikit-image brings along."""

Opener = Callable[[], Image.Image]


@dataclass(frozen=True, slots=True)
class Source:
    """One video that somebody has."""

    name: str
    path: Path

    @property
    def is_real(self) -> bool:
        """Whether it was filmed, not drawn."""
        return not self.name.startswith(("film", "stranger"))


def drawn(number: int) -> Image.Image:
    """Draw a picture: coloured noise at four sizes, laid over each other."""
    rng = np.random.default_rng(number)
    canvas = np.zeros((540, 960, 3))
    for side in (4, 9, 24, 60):
        noise = rng.integers(0, 256, (side * 9 // 16 + 2, side, 3)).astype(np.uint8)
        layer = Image.fromarray(noise).resize((960, 540), Image.Resampling.BICUBIC)
        canvas += np.asarray(layer, np.float64) * rng.uniform(0.5, 1.5)
    canvas -= canvas.min()
    return Image.fromarray((canvas * (255 / canvas.max())).astype(np.uint8))


def registered(corpus: Path | None, cache: Path) -> list[Source]:
    """Return the videos that are registered, drawing what is not there yet."""
    openers, _ = pictures(corpus)
    count = min(MOST_FILMS, max(1, len(openers) // FILM_PICTURES))
    parts = [openers[number::count][:FILM_PICTURES] for number in range(count)]
    films = [_film(f"film{n}", part, FILM_SECONDS, cache) for n, part in enumerate(parts)]
    return [*films, *_videos(corpus, cache)]


def strangers(corpus: Path | None, cache: Path) -> list[Source]:
    """Return videos that show nothing of what is registered."""
    _, openers = pictures(corpus)
    steps = range(0, len(openers) - STRANGER_PICTURES + 1, STRANGER_PICTURES)
    parts = [openers[step : step + STRANGER_PICTURES] for step in steps]
    return [
        _film(f"stranger{number}", part, STRANGER_SECONDS, cache)
        for number, part in enumerate(parts)
    ]


def _film(name: str, openers: Sequence[Opener], seconds: float, cache: Path) -> Source:
    path = cache / f"{name}-{len(openers)}.mp4"
    if not path.exists():
        begun = path.with_suffix(".part.mp4")
        film([opener() for opener in openers], seconds, begun, size=SIZE)
        begun.rename(path)
    return Source(name, path)


def _videos(corpus: Path | None, cache: Path) -> list[Source]:
    if corpus is None:
        return []
    return [_copied(path, cache) for path in sorted((corpus / "videos").glob("*.mp4"))]


def _copied(path: Path, cache: Path) -> Source:
    """Return a copy where signals can be kept beside it."""
    copy = cache / path.name
    if not copy.exists():
        shutil.copyfile(path, copy)
    return Source(path.stem, copy)


def pictures(corpus: Path | None) -> tuple[list[Opener], list[Opener]]:
    """Return how to open the pictures for registered films, and those for strangers."""
    folder = corpus / "images" if corpus else Path(skimage.data.__file__).parent
    names = sorted(path.name for path in folder.iterdir()) if corpus else list(IN_WHEEL)
    shuffled = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    photographs = [_opener(folder / name) for name in shuffled]
    drawings: list[Opener] = [lambda number=n: drawn(number) for n in range(DRAWN)]  # type: ignore[misc]
    half, third = len(photographs) // 2, DRAWN // 3
    ours = photographs[:half] + ([] if corpus else drawings[:third])
    return ours, photographs[half:] + drawings[third:]


def _opener(path: Path) -> Opener:
    return lambda: _opened(path)


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")
