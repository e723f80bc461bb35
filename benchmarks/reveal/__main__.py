"""What signals reveal: pictures redrawn from their signals alone, and how like they are.

By least squares only; no network is trained. Photographs are redrawn by what was fitted on
other photographs; what is published was drawn by this program and redrawn by what was fitted
on drawn shapes. Sheets of photographs go to a folder of your own, never into the repository.

    python -m benchmarks.reveal
    python -m benchmarks.reveal --corpus ../shared/corpus --sheets /tmp/reveal
    python -m benchmarks.reveal --publish docs/explanation/what-signals-reveal
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.reveal.drawn import heaps
from benchmarks.reveal.keyed import broken
from benchmarks.reveal.leaks import AS_IT_IS, DEFENDED, Inverse, fitted
from benchmarks.reveal.paint import Grey
from benchmarks.reveal.pictures import photographs
from benchmarks.reveal.sheets import write_drawn, write_photographs
from benchmarks.reveal.study import (
    FOLDS,
    Table,
    heap_figures,
    likeness_table,
    pan_table,
    price_table,
    reading_table,
)

DEFENCES: Final = tuple({AS_IT_IS, *(replace(leak.defence, step=1) for leak in DEFENDED)})
"""Those whose patches are to be guessed in a way of their own."""


def main() -> int:
    """Measure, print and draw."""
    options = arguments()
    shapes = list(heaps(options.shapes))
    from_shapes = fitted(shapes, DEFENCES)
    if options.publish:
        write_drawn(from_shapes, options.publish)
        return 0
    pictures = photographs(options.corpus, options.pictures)
    inverses = list(_inverses(pictures, shapes))
    _say(f"{len(pictures)} photographs")
    results = _results(pictures, inverses, from_shapes, options)
    print(
        json.dumps(results, indent=2) if options.json else "\n\n".join(map(text, results.items()))
    )
    if options.sheets:
        write_photographs(inverses, pictures[:20], options.sheets)
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, help="a folder of ordinary photographs")
    parser.add_argument("--pictures", type=int, default=209, help="how many of them")
    parser.add_argument("--measured", type=int, default=80, help="how many are drawn again")
    parser.add_argument("--shapes", type=int, default=40, help="drawn pictures to fit on")
    parser.add_argument("--pairs", type=int, default=20_000, help="for wrong matches")
    parser.add_argument("--sheets", type=Path, help="where to show photographs side by side")
    parser.add_argument("--publish", type=Path, help="only draw the page's pictures, there")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _inverses(pictures: Sequence[Grey], shapes: Sequence[Grey]) -> list[Inverse]:
    found = []
    for fold in range(FOLDS):
        others = [each for number, each in enumerate(pictures) if number % FOLDS != fold]
        found.append(fitted([*others, *shapes], DEFENCES))
        _say(f"fitted {fold + 1} of {FOLDS}")
    return found


def _results(
    pictures: Sequence[Grey],
    inverses: Sequence[Inverse],
    from_shapes: Inverse,
    options: argparse.Namespace,
) -> dict[str, Table]:
    measured = pictures[: options.measured]
    results = {"likeness, photographs": likeness_table(inverses, pictures, len(measured))}
    _say("redrawn")
    results["letters and outlines, drawn"] = reading_table(from_shapes)
    results["patches without places"] = {"80": heap_figures(inverses, measured)}
    results["a video that pans"] = pan_table(inverses, measured[::2])
    _say("read")
    results["price"] = price_table(measured, options.pairs)
    _say("recalled")
    results["keying"] = {name: {"share": value} for name, value in broken(pictures).items()}
    return results


def text(result: tuple[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Lay a table out for a person."""
    title, rows = result
    columns = list(next(iter(rows.values())))
    lines = [f"## {title}", f"{'':46}" + "".join(f"{name:>26}" for name in columns)]
    lines += [
        f"{name:46}" + "".join(f"{row[c]:>26.3f}" for c in columns) for name, row in rows.items()
    ]
    return "\n".join(lines)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
