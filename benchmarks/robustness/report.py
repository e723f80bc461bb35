"""All that one run found, laid out as tables with the names that a page knows them by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from benchmarks.robustness import wanted
from benchmarks.robustness.compare import Outcome
from benchmarks.robustness.edits import EDITS, FAMILIES
from benchmarks.robustness.table import (
    families,
    family_recall,
    interval,
    markdown,
    means,
    per_edit,
    tails,
)
from numpy.typing import NDArray

HASHES: Final = ("phash", "dhash", "whash")
"""Beginnings of the titles that have a table of their own: one would be too wide."""


@dataclass(slots=True)
class Report:
    """Tables by name, as they come."""

    groups: Mapping[str, NDArray[np.bool_]]
    """Pictures of each group, all first."""

    tables: dict[str, str] = field(default_factory=dict)
    found: dict[str, Mapping[str, Outcome]] = field(default_factory=dict)
    dull: Mapping[str, Outcome] = field(default_factory=dict)
    _said: int = 0

    @property
    def everything(self) -> NDArray[np.bool_]:
        """All pictures."""
        return next(iter(self.groups.values()))

    def direction(self, name: str, found: Mapping[str, Outcome]) -> None:
        """Add what every method found in one direction."""
        self.found[name] = found
        hashes = {title: each for title, each in found.items() if title.startswith(HASHES)}
        others = {title: each for title, each in found.items() if title not in hashes}
        self.tables[f"{name}, families"] = families(others, self.everything)
        self.tables[f"{name}, families by imagehash"] = families(hashes, self.everything)
        self.tables[f"{name}, means"] = means(found, self.groups)
        self.tables[f"{name}, different pictures"] = tails(found)
        self.tables[f"{name}, edits"] = per_edit(found, self.everything)

    def low_texture(self, found: Mapping[str, Outcome]) -> None:
        """Add what was found where there is little texture, and with it what was wanted."""
        self.dull = found
        self.tables["low texture"] = _family_columns(found)
        self.tables["wanted"] = wanted.table(self.wanted(), list(self.groups))

    def wanted(self) -> list[wanted.Wanted]:
        """Return what was wanted of all that was measured."""
        goals = [
            goal
            for name, found in self.found.items()
            for goal in wanted.of_direction(name, found, self.groups)
        ]
        return goals + [wanted.low_texture(name, each) for name, each in self.dull.items()]

    def said(self) -> str:
        """Return the tables that were added since the last time, as text."""
        new = list(self.tables.items())[self._said :]
        self._said = len(self.tables)
        return "\n".join(f"\n## {name}\n\n{table}" for name, table in new)


def figures(report: Report) -> dict[str, object]:
    """Return every figure, for programs."""
    return {
        name: {title: _figures(each, report.groups) for title, each in found.items()}
        for name, found in [*report.found.items(), ("low texture", report.dull)]
    }


def _figures(each: Outcome, groups: Mapping[str, NDArray[np.bool_]]) -> dict[str, object]:
    own = {name: group for name, group in groups.items() if len(group) == len(each.found)}
    return {
        "false_matches": each.false,
        "pairs": each.pairs,
        "tail": dict(each.tail),
        "recall": {name: family_recall(each.found[group]) for name, group in own.items()}
        or family_recall(each.found),
        "edits": dict(zip((e.name for e in EDITS), each.found.mean(axis=0).tolist(), strict=True)),
    }


def _family_columns(found: Mapping[str, Outcome]) -> str:
    """Lay out family × group of pictures, each group with as many as it has."""
    recalls = [family_recall(each.found) for each in found.values()]
    sizes = [len(each.found) for each in found.values()]
    rows = [
        [name, *(interval(r[name], size) for r, size in zip(recalls, sizes, strict=True))]
        for name in (*FAMILIES, "mean")
    ]
    rows.append(["pictures", *map(str, sizes)])
    return markdown(["family", *found], rows)
