"""What was wanted of recognition, and by how much it is met or missed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from benchmarks.robustness.compare import Outcome
from benchmarks.robustness.edits import EDITS, FAMILIES
from benchmarks.robustness.outcomes import WITH, WITHOUT
from benchmarks.robustness.table import family_recall, markdown
from numpy.typing import NDArray

Groups = Mapping[str, NDArray[np.bool_]]
"""Which pictures belong to which group, the first being all."""

HARD_EDITS: Final = {
    "crop 25% off-centre": 85.0,
    "photo of screen, strong": 85.0,
    "emoji 25% area": 90.0,
    "large text (3 lines)": 90.0,
}
"""Edits of which so many percent are wanted, with keypoints."""

FAMILY_WANTED: Final = 90.0
LOW_TEXTURE_WANTED: Final = 90.0
MEANS_WANTED: Final = {
    "uploaded": {WITHOUT: 68.0, WITH: 97.5},
    "registered": {WITHOUT: 60.0, WITH: 90.0},
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One figure that was wanted, and what was reached, in percent."""

    what: str
    least: float
    reached: tuple[float, ...]
    """Of each group of pictures, that of all first."""

    @property
    def met(self) -> bool:
        """Whether it is met on all pictures together."""
        return self.reached[0] >= self.least

    def row(self) -> list[str]:
        """Return a row of the table."""
        apart = self.reached[0] - self.least
        said = f"met, by {apart:.1f}" if self.met else f"**missed by {-apart:.1f}**"
        return [self.what, f"{self.least:g}", *(f"{each:.1f}" for each in self.reached), said]


def of_direction(direction: str, found: Mapping[str, Outcome], groups: Groups) -> Iterator[Wanted]:
    """Yield what was wanted of one direction."""
    side = "edited copy uploaded" if direction == "uploaded" else "edited copy registered"
    for title, least in MEANS_WANTED[direction].items():
        means = tuple(_recall(found[title], group, "mean") for group in groups.values())
        yield Wanted(f"{side}, mean of the families, {title}", least, means)
    if direction == "uploaded":
        worst = min(FAMILIES, key=lambda name: family_recall(found[WITH].found)[name])
        reached = tuple(_recall(found[WITH], group, worst) for group in groups.values())
        yield Wanted(f"{side}, every family; worst: {worst}", FAMILY_WANTED, reached)
        yield from _hard(found[WITH], groups)


def low_texture(name: str, found: Outcome) -> Wanted:
    """Return what was wanted of pictures with little texture."""
    return Wanted(name, LOW_TEXTURE_WANTED, (100 * family_recall(found.found)["mean"],))


def table(wanted: list[Wanted], groups: list[str]) -> str:
    """Lay them out."""
    most = max(len(each.reached) for each in wanted)
    head = ["wanted", "at least, %", *groups[:most], ""]
    rows = [each.row() for each in wanted]
    padded = [row[:-1] + ["–"] * (len(head) - len(row)) + row[-1:] for row in rows]
    return markdown(head, padded)


def _hard(found: Outcome, groups: Groups) -> Iterator[Wanted]:
    for number, edit in enumerate(EDITS):
        if edit.name in HARD_EDITS:
            reached = tuple(100 * float(found.found[g, number].mean()) for g in groups.values())
            yield Wanted(f"{edit.name}, {WITH}", HARD_EDITS[edit.name], reached)


def _recall(found: Outcome, group: NDArray[np.bool_], family: str) -> float:
    return 100 * family_recall(found.found[group])[family]
