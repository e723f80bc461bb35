"""What the uploads of a trial found, with and without keypoints, and what was wrong.

Whatever a match shows, it is wrong only if the upload doesn't show it: an edited copy may
rightly match a crop of its original, or another picture it was put together with.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from benchmarks.robustness.compare import Outcome
from benchmarks.robustness.edits import EDITS
from benchmarks.robustness.lookups import GROUNDS, HALVES, Hits
from benchmarks.robustness.trials import COPIES, Trial, sources_of
from numpy.typing import NDArray

from takeback.matching.evidence import Ground

WITHOUT: Final = "ours, without keypoints"
ALONE: Final = "ours, keypoints alone"
WITH: Final = "ours, with keypoints"

TITLES: Final[Mapping[str, frozenset[Ground]]] = {
    WITHOUT: frozenset({Ground.WHOLE, Ground.VIEW}),
    ALONE: frozenset({Ground.KEYPOINTS}),
    WITH: frozenset(GROUNDS),
}
"""The grounds that count in each column."""


Shown = Sequence[frozenset[int]]
"""For each picture of the corpus, which pictures an upload of it may rightly match."""


def outcomes(
    trial: Trial, hits: Sequence[Hits], wrong: Sequence[Hits], strangers: int, first: int = 0
) -> dict[str, Outcome]:
    """Return what each column of ours found.

    Args:
        trial: what was looked up.
        hits: what the uploads of each picture matched.
        wrong: those of them that are wrong.
        strangers: how many there were.
        first: the entry of the first original; ``DULLED`` for those that were made dull.
    """
    pairs = len(trial.subjects) * len(EDITS) * (strangers + len(trial.subjects))
    return {
        title: Outcome(
            found=_found(trial, [each[_of(each, grounds)] for each in hits], first),
            false=sum(_pairs(each[_of(each, grounds)]) for each in wrong),
            pairs=pairs,
        )
        for title, grounds in TITLES.items()
    }


def false_hits(
    hits: Sequence[Hits], shown: Shown, crops: Sequence[NDArray[np.int64]]
) -> list[Hits]:
    """Return the matches of each picture's uploads with what none of them shows.

    Args:
        hits: of each picture.
        shown: what they may match.
        crops: for each half, the pictures that the first strangers to its uploads show.
    """
    return [
        each[~np.isin(sources_of(each["entry"], crops[number % HALVES]), list(seen))]
        for number, (each, seen) in enumerate(zip(hits, shown, strict=False))
    ]


def _of(hits: Hits, grounds: frozenset[Ground]) -> NDArray[np.bool_]:
    return np.isin(hits["ground"], [GROUNDS.index(ground) for ground in grounds])


def _pairs(hits: Hits) -> int:
    """Count the pairs of an upload and an entry, on however many grounds they match."""
    return len(np.unique(hits[["edit", "entry"]]))


def _found(trial: Trial, hits: Sequence[Hits], first: int) -> NDArray[np.bool_]:
    """Tell of each picture and edit whether the copy matched the original or was matched."""
    found = np.zeros((len(hits), len(EDITS)), np.bool_)
    for number, each in enumerate(hits):
        if trial.edited_uploaded:
            found[number, each["edit"][each["entry"] == first + number]] = True
        else:
            own = (each["entry"] - COPIES) // 100 == number
            found[number, (each["entry"][own] - COPIES) % 100] = True
    return found
