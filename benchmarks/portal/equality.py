"""A browser's signals beside Python's, of the same files in every form that phones have.

Fifty pictures, each written in the next of fifteen forms, are hashed by a real Chromium as the
portal does and by ``hash_picture``. A keypoint counts as found where the browser has the same one
to the last bit: its place, size, direction and all 256 bits of its patch. That is stricter than
a pixel and a half.

    python -m benchmarks.portal.equality --corpus ../shared/corpus
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from benchmarks.portal.making import Maker, NotMade, started_maker
from benchmarks.portal.options import arguments
from benchmarks.portal.variants import VARIANTS, Variant
from benchmarks.robustness.corpus import subjects
from PIL import Image

from takeback.cases.wire import KeypointDocument, PdqDocument, SignalDocument
from takeback.cli.case.items import prepare_file
from takeback.hashing import Signal
from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.signal_types import SignalType, from_text

PICTURES: Final = 50
MOST_BITS: Final = 2
"""Of the whole picture's signal that may differ."""

LEAST_FOUND: Final = 0.9
"""Share of Python's keypoints that the browser has too."""

MOST_AWAY: Final = 8
"""Median of the bits in which the browser's nearest keypoint differs."""

LONGEST: Final = 1600
"""Pixels along a picture's longest side, before it is written in some form."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One file, seen by both."""

    variant: str
    views: tuple[int, ...]
    """Bits in which the whole and each view differ, the whole first."""

    same_views: bool
    """Whether both have the same views, in the same order."""

    away: tuple[int, ...]
    """Bits from each of Python's keypoints to the browser's nearest."""

    found: int
    """How many of them the browser has to the last bit."""


@dataclass(frozen=True, slots=True)
class Equality:
    """All files together."""

    files: Sequence[Compared]

    @property
    def bits(self) -> int:
        """The most bits in which a whole picture's signals differ."""
        return max(each.views[0] for each in self.files)

    @property
    def found(self) -> float:
        """The share of Python's keypoints that the browser has."""
        return sum(each.found for each in self.files) / sum(len(each.away) for each in self.files)

    @property
    def away(self) -> float:
        """The median of bits between Python's keypoints and the browser's."""
        return median(bits for each in self.files for bits in each.away)

    @property
    def held(self) -> bool:
        """Whether all numbers are reached, and both see the same views."""
        near = self.bits <= MOST_BITS and self.found >= LEAST_FOUND and self.away <= MOST_AWAY
        return near and all(each.same_views for each in self.files)

    def lines(self) -> Iterator[str]:
        """Yield a table of the forms, and the numbers."""
        yield "| form | files | bits of the whole | bits of any view | same keypoints |"
        yield "| --- | --- | --- | --- | --- |"
        for variant in VARIANTS:
            if files := [each for each in self.files if each.variant == variant.name]:
                yield _row(variant.name, Equality(files))
        yield _row("all", self)
        yield f"median distance of keypoints: {self.away:g} bits"
        yield f"wanted: within {MOST_BITS} bits; {LEAST_FOUND:.0%}; within {MOST_AWAY} bits"


def _row(name: str, part: Equality) -> str:
    views = max(max(each.views) for each in part.files)
    return f"| {name} | {len(part.files)} | {part.bits} | {views} | {100 * part.found:.1f} % |"


def main(corpus: Path | None, *, pictures: int = PICTURES) -> Equality:
    """Measure, and print the table.

    Args:
        corpus: folder of pictures, or with a folder ``images``; scikit-image's without one.
        pictures: how many of them.
    """
    with tempfile.TemporaryDirectory() as folder, started_maker() as maker:
        files = list(_compared(corpus, pictures, Path(folder), maker))
    equality = Equality(files)
    print("\n".join(equality.lines()))
    return equality


def _compared(corpus: Path | None, pictures: int, home: Path, maker: Maker) -> Iterator[Compared]:
    chosen = zip(subjects(corpus, pictures), cycle(VARIANTS), strict=False)
    for subject, variant in chosen:
        file = home / f"picture{variant.suffix}"
        with Image.open(subject.path) as picture:
            picture.thumbnail((LONGEST, LONGEST))
            file.write_bytes(variant.write(picture.convert("RGB")))
        yield compared(variant, file, maker)


def compared(variant: Variant, file: Path, maker: Maker) -> Compared:
    """Hash one file with both.

    Raises:
        NotMade: the browser made no signals of it.
    """
    ours = prepare_file(file).document(keypoints=True).signals
    try:
        theirs = maker.make(file).with_keypoints
    except NotMade as problem:
        problem.add_note(variant.name)
        raise
    away, found = _keypoints(ours, theirs)
    views, others = _views(ours), _views(theirs)
    shared = [view for view in views if view in others]
    return Compared(
        variant=variant.name,
        views=tuple(views[view].distance(others[view]) for view in shared),
        same_views=list(views) == list(others),
        away=away,
        found=found,
    )


def _views(documents: Sequence[SignalDocument]) -> dict[str, Signal]:
    pdq = (each for each in documents if isinstance(each, PdqDocument))
    return {each.view: Signal.parse(each.value) for each in pdq}


def _keypoints(
    ours: Sequence[SignalDocument], theirs: Sequence[SignalDocument]
) -> tuple[tuple[int, ...], int]:
    """Return how far each of our keypoints is from their nearest, and how many are the same."""
    mine, other = _packed(ours), _packed(theirs)
    if mine is None or other is None:
        return (256,) * (0 if mine is None else len(mine)), 0
    differing = np.bitwise_count(mine.bits[:, None, :] ^ other.bits[None, :, :]).sum(axis=2)
    places = (mine.places[:, None, :] == other.places[None, :, :]).all(axis=2)
    same = ((differing == 0) & places).any(axis=1)
    return tuple(int(bits) for bits in differing.min(axis=1)), int(same.sum())


def _packed(documents: Sequence[SignalDocument]) -> KeypointSignals | None:
    packed = (each.value for each in documents if isinstance(each, KeypointDocument))
    texts = [from_text(SignalType.KEYPOINTS, value) for value in packed]
    return KeypointSignals.unpack(texts[0]) if texts else None


if __name__ == "__main__":
    options = arguments(__doc__, PICTURES)
    sys.exit(not main(options.corpus, pictures=options.pictures).held)
