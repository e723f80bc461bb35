"""The study as tables of figures: rows by name, columns by name."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from benchmarks.reveal.drawn import drawings, page
from benchmarks.reveal.leaks import (
    ALL_VIEWS,
    DEFENDED,
    EIGHTY,
    EVERYTHING,
    EXACT,
    FORTY,
    LEAKS,
    ONE,
    PUZZLES,
    TWENTY,
    Inverse,
)
from benchmarks.reveal.measure import (
    COARSE,
    READ,
    Likeness,
    correlation,
    letters_read,
    likenesses,
    outlines_found,
    structure,
)
from benchmarks.reveal.paint import Grey
from benchmarks.reveal.patch import cut, exact_spots, levels_removed
from benchmarks.reveal.pictures import levelled, reduced
from benchmarks.reveal.recall import QUARTER, WAYS, recall, wrong_matches
from benchmarks.reveal.ridge import signs_of
from benchmarks.reveal.whole import panned

from takeback.hashing.keypoints import describe

Table = dict[str, dict[str, float]]

FOLDS: Final = 4
"""Photographs are redrawn by inverses that were fitted on the other three quarters."""

PUZZLED: Final = 40
"""Pictures on which a jigsaw is tried; it takes a hundred times as long."""

PAGES: Final = 6
PANNED: Final = (1, 10, 60)
"""Frames of a pan, one signal each."""

READERS: Final = (ONE, ALL_VIEWS, TWENTY, FORTY, EIGHTY, EVERYTHING, *DEFENDED)


def likeness_table(
    inverses: Sequence[Inverse], photographs: Sequence[Grey], measured: int
) -> Table:
    """Measure every leak on the first *measured* photographs, among all of them."""
    table = {"nothing": _row(_nothing(inverses, photographs[:measured]))}
    for leak in (*LEAKS, *DEFENDED):
        table[leak.name] = _row(likenesses(inverses, photographs, leak, measured))
    for leak in PUZZLES:
        table[leak.name] = _row(likenesses(inverses, photographs, leak, PUZZLED))
    return table


def _nothing(inverses: Sequence[Inverse], photographs: Sequence[Grey]) -> list[Likeness]:
    """Take the mean of other pictures for every picture."""
    found = []
    for number, picture in enumerate(photographs):
        usual, small = inverses[number % len(inverses)].usual(), reduced(picture, COARSE)
        found.append(Likeness(correlation(usual, small), 0.0, structure(usual, small), 0.0, -1))
    return found


def _row(found: Sequence[Likeness]) -> dict[str, float]:
    known = [each for each in found if each.rank >= 0]
    return {
        "correlation": float(np.mean([each.correlation for each in found])),
        "fine": float(np.mean([each.fine for each in found])),
        "structure": float(np.mean([each.structure for each in found])),
        "area": float(np.mean([each.area for each in found])),
        "told from others": float(np.mean([each.rank == 0 for each in known])) if known else 0.0,
    }


def reading_table(inverse: Inverse) -> Table:
    """Read letters on drawn pages and find the outlines of drawn figures."""
    pages, figures = [page(seed) for seed in range(PAGES)], drawings()
    table: Table = {}
    for leak in READERS:
        read = [letters_read(inverse.redraw(leak, sheet, READ)[0], known) for sheet, known in pages]
        row = {
            f"letters of {size}": float(np.mean([each[size] for each in read])) for size in read[0]
        }
        for each in figures:
            drawing = inverse.redraw(leak, each.picture, READ)[0]
            row[f"outlines of {each.name}"] = outlines_found(drawing, each.outlines)
            row[f"{each.name}"] = correlation(
                reduced(drawing, COARSE), reduced(each.picture, COARSE)
            )
        table[leak.name] = row
    return table


def pan_table(inverses: Sequence[Inverse], photographs: Sequence[Grey]) -> Table:
    """Redraw a scene from the frames of a video that has whole-picture signals only."""
    table: Table = {}
    for frames in PANNED:
        alike = [
            correlation(
                reduced(panned(inverses[number % len(inverses)].whole[1], each, frames), COARSE),
                reduced(each, COARSE),
            )
            for number, each in enumerate(photographs)
        ]
        table[f"{frames} frames"] = {"correlation": float(np.mean(alike))}
    return table


def heap_figures(inverses: Sequence[Inverse], photographs: Sequence[Grey]) -> dict[str, float]:
    """Compare guessed patches with those that were hashed, places aside."""
    alike = [_patch_likeness(inverses[n % len(inverses)], p) for n, p in enumerate(photographs)]
    found = np.concatenate(alike)
    return {
        "median correlation of a patch": float(np.median(found)),
        "share of patches above 0.9": float((found > 0.9).mean()),
    }


def _patch_likeness(
    inverse: Inverse, picture: Grey
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    described = describe(picture)
    true = levels_removed(cut(levelled(picture), exact_spots(described)[:80]))
    guessed = inverse.patch[EXACT](signs_of(described.registered(80).bits))
    return np.array([correlation(a, b) for a, b in zip(guessed, true, strict=True)])


def price_table(photographs: Sequence[Grey], pairs: int) -> Table:
    """Measure what each defence costs in recall, and in matches of different pictures."""
    found, wrong = recall(photographs), wrong_matches(photographs, pairs)
    return {
        way.name: {
            "hard edits": float(np.mean(list(found[way.name].values()))),
            QUARTER: found[way.name][QUARTER],
            "wrong of a million pairs": wrong[way.name] / pairs * 1e6,
        }
        for way in WAYS
    }
