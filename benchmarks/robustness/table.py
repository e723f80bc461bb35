"""The tables: recall of each family and edit by each method, with intervals.

Intervals are Wilson's at 95 %. Edits of one picture are not independent, so a family's
interval counts each picture as one trial, however many edits the family has: it is wider
than it need be, never narrower.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from benchmarks.robustness.compare import TAIL, Outcome
from benchmarks.robustness.edits import EDITS, FAMILIES
from numpy.typing import NDArray

Z: Final = 1.959964
"""Of the normal distribution, for 95 %."""


def wilson(share: float, trials: int) -> tuple[float, float]:
    """Return the interval, 0 to 1, around a share of so many trials."""
    if not trials:
        return 0.0, 1.0
    weight = 1 + Z * Z / trials
    middle = (share + Z * Z / (2 * trials)) / weight
    reach = Z / weight * math.sqrt(share * (1 - share) / trials + Z * Z / (4 * trials * trials))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def family_recall(found: NDArray[np.bool_]) -> dict[str, float]:
    """Return each family's recall, the mean of its edits, and under ``mean`` theirs."""
    shares = {
        family: float(found[:, [n for n, e in enumerate(EDITS) if e.family == family]].mean())
        for family in FAMILIES
    }
    return {**shares, "mean": sum(shares.values()) / len(shares)}


def families(outcomes: Mapping[str, Outcome], chosen: NDArray[np.bool_]) -> str:
    """Lay out family × method, in percent, for the pictures that were chosen."""
    recalls = {title: family_recall(each.found[chosen]) for title, each in outcomes.items()}
    trials = int(chosen.sum())
    rows = [
        [family, *(interval(recalls[title][family], trials) for title in recalls)]
        for family in (*FAMILIES, "mean")
    ]
    false = [f"{each.false} of {each.pairs:.1e}" for each in outcomes.values()]
    return markdown(["family", *recalls], [*rows, ["false matches", *false]])


def means(outcomes: Mapping[str, Outcome], groups: Mapping[str, NDArray[np.bool_]]) -> str:
    """Lay out the mean over the families for each method and group of pictures, in percent."""
    rows = [
        [title, *(f"{100 * family_recall(each.found[own])['mean']:.1f}" for own in groups.values())]
        for title, each in outcomes.items()
    ]
    return markdown(["mean over the families", *groups], rows)


def tails(outcomes: Mapping[str, Outcome]) -> str:
    """Lay out how near different pictures come, where distances are of 256 bits."""
    rows = [
        [title, f"{each.pairs:.1e}", *(str(count) for count in each.tail.values())]
        for title, each in outcomes.items()
        if each.tail and "64" not in title
    ]
    return markdown(["different pictures", "pairs", *(f"≤ {bits}" for bits in TAIL)], rows)


def per_edit(outcomes: Mapping[str, Outcome], chosen: NDArray[np.bool_]) -> str:
    """Lay out edit × method, in percent."""
    recalls = {title: each.found[chosen].mean(axis=0) for title, each in outcomes.items()}
    rows = [
        [edit.name, *(f"{100 * recalls[title][number]:.0f}" for title in recalls)]
        for number, edit in enumerate(EDITS)
    ]
    return markdown(["edit", *recalls], rows)


def interval(share: float, trials: int) -> str:
    """Print a share in percent with its interval."""
    low, high = wilson(share, trials)
    return f"{100 * share:.1f} ({100 * low:.0f}–{100 * high:.0f})"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
