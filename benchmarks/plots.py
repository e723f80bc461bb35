"""Plots of look-ups: how long ours and its peers take as banks grow, and on which banks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes

Results = Mapping[str, Mapping[str, Any]]

KIND = "unrelated"
"""The question that most uploads are."""


def draw_all(results: Results, folder: Path) -> dict[str, str]:
    """Write every plot for which something was measured; return the files and what they show."""
    races = [each["details"] for name, each in results.items() if name.startswith("index-")]
    if not races:
        return {}
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "takeback"
    size = max((race["rows"] for race in races if race["bank"] != "random"), default=0)
    at_size = [race for race in races if race["rows"] == size]
    drawn = {"lookups-by-size.svg": "Milliseconds of a look-up by the size of a random bank"}
    _draw(folder / "lookups-by-size.svg", _by_size, races)
    if at_size:
        drawn["lookups-by-bank.svg"] = f"Milliseconds of a look-up in banks of {size:,} signals"
        _draw(folder / "lookups-by-bank.svg", _by_bank, at_size)
    return drawn


def _draw(path: Path, plot: Any, races: list[Any]) -> None:  # noqa: ANN401
    from matplotlib import pyplot  # it reads the backend when it is imported

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    plot(axes, races)
    axes.set_yscale("log")
    axes.set_ylabel("milliseconds, one look-up, one thread")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _by_size(axes: Axes, races: list[Any]) -> None:
    """Random banks: medians as lines, 99th percentiles dotted."""
    chosen = sorted((r for r in races if r["bank"] == "random"), key=lambda race: int(race["rows"]))
    lanes = list(dict.fromkeys(lane for race in chosen for lane in race["times"][KIND]))
    for number, lane in enumerate(lanes):
        raced = [race for race in chosen if lane in race["times"][KIND]]
        sizes = [race["rows"] for race in raced]
        for part, line in (("p50", "o-"), ("p99", "o:")):
            values = [race["times"][KIND][lane][part] for race in raced]
            axes.plot(sizes, values, line, color=f"C{number}", label=f"{lane}, {part}")
    axes.set_xscale("log")
    axes.set_xlabel("signals in the bank, random bits")


def _by_bank(axes: Axes, races: list[Any]) -> None:
    """All banks of one size: a bar from the median to the 99th percentile."""
    lanes = list(dict.fromkeys(lane for race in races for lane in race["times"][KIND]))
    for number, lane in enumerate(lanes):
        raced = [place for place, race in enumerate(races) if lane in race["times"][KIND]]
        for place in raced:
            took = races[place]["times"][KIND][lane]
            x = place + (number - (len(lanes) - 1) / 2) * 0.12
            label = lane if place == raced[0] else None
            axes.plot([x, x], [took["p50"], took["p99"]], "o-", color=f"C{number}", label=label)
    axes.set_xticks(range(len(races)), [race["bank"] for race in races])
    axes.set_xlabel(f"banks of {races[0]['rows']:,} signals; dots at the median and at 99 %")
