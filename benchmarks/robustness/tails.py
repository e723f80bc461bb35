"""How the number of pairs falls towards what suffices, carried on to a million pictures.

The nearer two unrelated pictures, the rarer: counts of pairs within so many bits, or with so
many votes, fall by about the same factor with each step. Where none was seen to suffice, that
factor says what to expect, and how many pairs were looked at says what it can't exceed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from benchmarks.robustness.table import markdown
from numpy.typing import NDArray

from takeback.hashing import MATCH_DISTANCE
from takeback.matching.evidence import NEEDED, Ground, judge_distance

A_MILLION_EACH: Final = 1e12
"""Pairs of a million uploads and a million registered pictures."""

NEAR: Final = np.dtype(
    [
        ("upload", "U24"),
        ("registered", "U24"),
        ("measure", np.int16),
        ("passed", np.bool_),
        ("sampled", np.bool_),
        ("count", np.int64),
    ]
)
"""Views of both sides (``KEYPOINTS`` and the look for keypoints), distance or votes, whether the
rule was content, whether only some uploads were looked at so closely, and how many pairs."""

Near = NDArray[np.void]
"""Shape (n,), dtype ``NEAR``."""

Pairs = tuple[int, int]
"""Pairs of pictures that were looked at, and those that were looked at more closely."""

KEYPOINTS: Final = "keypoints"

FARTHEST: Final = 70
"""Largest distance of pairs that are counted."""

CERTAIN: Final = 0.95

ENOUGH: Final = 4
"""Pairs that a step needs to be fitted."""

FITTED: Final = 20
"""Steps next to what suffices that are fitted, at most."""


def most_expected(seen: int, certain: float = CERTAIN) -> float:
    """Return the largest mean of a Poisson distribution with which so few are still seen."""
    low, high = 0.0, 10.0 + 3.0 * seen
    for _ in range(60):
        middle = (low + high) / 2
        terms = (middle**n / math.factorial(n) for n in range(seen + 1))
        low, high = (
            (middle, high) if math.exp(-middle) * sum(terms) > 1 - certain else (low, middle)
        )
    return high


def carried_on(within: Mapping[int, int], wanted: int) -> float:
    """Return how many pairs are to be expected at a step where there are too few to count.

    Args:
        within: pairs that are as good as each step or better; steps count away from a match,
            as distances do.
        wanted: the step.
    """
    steps = sorted(step for step, count in within.items() if count >= ENOUGH and step >= wanted)
    steps = steps[:FITTED]
    if len(steps) < 2:
        return math.nan
    logs = np.log([within[step] for step in steps])
    slope, level = np.polyfit(steps, logs, 1, w=np.sqrt([within[step] for step in steps]))
    return float(np.exp(level + slope * wanted))


@dataclass(frozen=True, slots=True)
class Way:
    """One way to match, and what was seen of it."""

    ground: Ground
    wanted: int
    """The step that suffices: a distance, or minus the votes."""

    matched: int
    """Pairs that matched."""

    pairs: int
    """Pairs that were looked at."""

    within: Mapping[int, int]
    """Pairs that are as good as each step, counted beyond what suffices as well."""

    pairs_within: int
    """Pairs that were looked at for that."""

    def expected(self) -> float:
        """Return how many false matches a million uploads have against a million pictures."""
        if self.matched:
            return self.matched / self.pairs * A_MILLION_EACH
        return carried_on(self.within, self.wanted) / self.pairs_within * A_MILLION_EACH

    def at_most(self) -> float:
        """Return a bound that holds whatever the shape of the tail."""
        return most_expected(self.matched) / self.pairs * A_MILLION_EACH

    def row(self) -> list[str]:
        """Return a row of the table."""
        votes = self.ground is Ground.KEYPOINTS
        suffices = f"{-self.wanted} votes" if votes else f"≤ {self.wanted} bits"
        steps = (-2, -3, -4, -5, -6) if votes else (31, 40, 50, 60, 70)
        counted = ", ".join(f"{abs(s)}: {_up_to(self.within, s)}" for s in steps)
        expected = self.expected()
        figures = ("–" if math.isnan(expected) else f"{expected:.2g}", f"{self.at_most():.2g}")
        looked = f"{self.pairs:.2e}", str(self.matched), f"{counted} (of {self.pairs_within:.1e})"
        return [self.ground, suffices, *looked, *figures]


def ways(parts: Sequence[tuple[Near, Pairs]]) -> list[Way]:
    """Add up what the uploads of all pictures gave, way by way."""
    near = np.concatenate([rows for rows, _ in parts])
    pairs, sampled = (sum(each[k] for _, each in parts) for k in (0, 1))
    voted = near["upload"] == KEYPOINTS
    votes = near[voted]
    found = [
        Way(
            Ground.KEYPOINTS,
            -NEEDED,
            _sum(votes, votes["passed"]),
            pairs,
            _within(-votes["measure"], votes["count"]),
            pairs,
        )
    ]
    close = near[~voted]
    kinds = [_rule(upload, registered) for upload, registered in close[["upload", "registered"]]]
    for kind in sorted({WHOLE, *(kind for kind in kinds if kind)}, reverse=True):
        own = close[[each == kind for each in kinds]]
        far = own[own["sampled"]]
        matched = _sum(own, own["passed"] & ~own["sampled"])
        within = _within(far["measure"], far["count"])
        found.append(Way(Ground(kind[0]), kind[1], matched, pairs, within, sampled))
    return found


def table(parts: Sequence[tuple[Near, Pairs]]) -> str:
    """Lay out what is to be expected of each way to match."""
    head = ["ground", "suffices", "pairs", "matched", "pairs this near, or nearer"]
    head += ["expected in 10⁶ uploads × 10⁶ pictures", "at most (95 %)"]
    return markdown(head, [way.row() for way in ways(parts)])


WHOLE: Final = (Ground.WHOLE.value, MATCH_DISTANCE)
"""A way that is in the table even if nothing came near."""


@cache
def _rule(upload: str, registered: str) -> tuple[str, int] | None:
    """Ask the rule which ground two views give, and up to which distance."""
    judged = [judge_distance(bits, upload, registered, None) for bits in range(FARTHEST)]
    passed = [(each.ground.value, bits) for bits, each in enumerate(judged) if each]
    return passed[-1] if passed else None


def _within(steps: NDArray[np.int16], counts: NDArray[np.int64]) -> dict[int, int]:
    """Return how many are at each step or a better one."""
    better = 0
    found = {}
    for step in np.unique(steps).tolist():
        better += int(counts[steps == step].sum())
        found[step] = better
    return found


def _up_to(within: Mapping[int, int], wanted: int) -> int:
    return max((count for step, count in within.items() if step <= wanted), default=0)


def _sum(near: Near, chosen: NDArray[np.bool_]) -> int:
    return int(near["count"][chosen].sum())
