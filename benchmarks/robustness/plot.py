"""A picture of the table: families downwards, recall to the right, one mark a method."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from benchmarks.robustness.compare import Outcome
from benchmarks.robustness.edits import FAMILIES
from benchmarks.robustness.table import family_recall
from numpy.typing import NDArray


def draw(outcomes: Mapping[str, Outcome], chosen: NDArray[np.bool_], path: Path) -> None:
    """Write the plot; the file's ending chooses its format."""
    mpl.use("agg")
    from matplotlib import pyplot  # it reads the backend when it is imported

    names = [*FAMILIES, "mean"]
    figure, axes = pyplot.subplots(figsize=(8, 9), layout="constrained")
    places = np.arange(len(names))
    for number, (title, each) in enumerate(outcomes.items()):
        recall = family_recall(each.found[chosen])
        shift = (number - len(outcomes) / 2) * 0.08
        axes.plot([100 * recall[name] for name in names], places + shift, "o", label=title)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_xlim(-2, 102)
    axes.set_xlabel("recall, %")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize="small")
    figure.savefig(path)
    pyplot.close(figure)
