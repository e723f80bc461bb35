"""The table of every figure, from what the measurements kept, with plots.

Writes ``table.md``, ``table.json`` and plots beside the results, and with ``--write`` the table
into a page of the documentation and the plots beside it. Returns 1 if a target is missed.

    python -m benchmarks.table
    python -m benchmarks.table --write docs/reference/performance.md
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.figures import FOLDER, all_figures, kept
from benchmarks.machine import in_words
from benchmarks.robustness.page import put
from benchmarks.rows import ROWS, Row

from benchmarks import plots

PLACE: Final = "figures"
"""The table's name on the page."""


def main() -> int:
    """Print the table and write everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table into a page")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    figures = all_figures()
    table = f"{told_machines()}\n\n{laid_out(figures)}"
    (FOLDER / "table.md").write_text(f"{table}\n")
    (FOLDER / "table.json").write_text(json.dumps(as_data(figures), indent=1) + "\n")
    plots.draw_all(kept(), FOLDER)
    print(table)
    if options.write:
        pictures = plots.draw_all(kept(), options.write.parent)
        put(options.write, {PLACE: f"{table}{_shown(pictures)}"} | told_of_the_soak())
    return int(any(row.met(figures) is False for row in ROWS))


def laid_out(figures: Mapping[str, float]) -> str:
    """Return the table as Markdown."""
    head = "| What | Target | Measured | | `python -m benchmarks.` … |\n|---|---|---|---|---|\n"
    return head + "\n".join(_line(row, figures) for row in ROWS)


def _line(row: Row, figures: Mapping[str, float]) -> str:
    measured = figures.get(row.key)
    value = "not measured" if measured is None else f"{_number(measured)} {row.unit}"
    target = "" if row.held == "told" else f"{_bound(row)} {_number(row.target)} {row.unit}"
    verdict = {True: "met", False: "**missed**", None: ""}[row.met(figures)]
    return f"| {row.what} | {target.strip()} | {value.strip()} | {verdict} | `{row.command}` |"


def _bound(row: Row) -> str:
    return "≥" if row.held == "at least" else "≤"


def _number(value: float) -> str:
    """Three digits are enough of anything but counts."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def as_data(figures: Mapping[str, float]) -> list[dict[str, object]]:
    """Return the table for programs."""
    return [
        {
            "what": row.what,
            "held": row.held,
            "target": row.target,
            "unit": row.unit,
            "measured": figures.get(row.key),
            "met": row.met(figures),
        }
        for row in ROWS
    ]


def _shown(pictures: Mapping[str, str]) -> str:
    return "".join(f"\n\n![{words}]({name})" for name, words in pictures.items())


def told_of_the_soak() -> dict[str, str]:
    """Return what the last soak said of itself, if there was one."""
    soak = kept().get("soak")
    return {"soak": soak["details"]["told"]} if soak else {}


def told_machines() -> str:
    """Say on which machines and when it was measured."""
    shown = {row.key for row in ROWS}
    results = [each for each in kept().values() if shown & each["figures"].keys()]
    machines = dict.fromkeys(in_words(each["machine"]) for each in results)
    if not machines:
        return "Nothing was measured yet."
    days = sorted(each["measured"] for each in results)
    loads = [each["load"] for each in results]
    return (
        f"Measured {days[0]} to {days[-1]} (UTC) on: {'; '.join(machines)};"
        f" processes that wanted a core when each ended: {min(loads):.1f} to {max(loads):.1f}."
    )


if __name__ == "__main__":
    sys.exit(main())
