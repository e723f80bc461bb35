"""Every measurement of docs/reference/performance.md, one after the other, then the table.

Each runs in a process of its own and leaves its figures in ``benchmarks/results``; the table is
made of what lies there, so that one may be run alone and the others kept. Measure on a machine
with nothing else to do. All of it takes about an hour and a half, 12 GB of memory and 10 GB of
disk for caches; ``BENCH_LARGE=1`` adds a hundred million signals: half an hour and 16 GB more.

    python -m benchmarks
    python -m benchmarks index upkeep
    python -m benchmarks table

The soak takes half an hour and is a target of its own: ``make soak-index``.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

SIZES: Final = ("--rows", "1000000", "10000000")
HUGE: Final = ("--rows", "100000000")

MEASUREMENTS: Final[Mapping[str, Sequence[Sequence[str]]]] = {
    "index": [["index", *SIZES]],
    "upkeep": [["upkeep", *SIZES]],
    "flood": [["index.flood"]],
    "served": [["served", "--rows", "10000000"]],
    "backscan": [["backscan"]],
    "hash_picture": [["hash_picture"]],
    "keypoint_index": [["keypoint_index", "--pictures", "1000000"]],
    "case_openings": [["case_openings"]],
    "freshness": [["freshness"]],
    "stopncii_page": [["stopncii_page"]],
    "audit_verify": [["audit_verify"]],
    "table": [["table"]],
}
"""The modules of each measurement, with their options."""

LARGE: Final[Mapping[str, Sequence[Sequence[str]]]] = {
    "index": [["index", *HUGE, "--banks", "random", "--peers", "flat"]],
    "upkeep": [["upkeep", *HUGE]],
}
"""What ``BENCH_LARGE=1`` adds."""


def main() -> int:
    """Run the measurements that were named, or all; return 1 if one failed or missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(MEASUREMENTS)):
        parser.error(f"no such measurement: {', '.join(unknown)}")
    large = LARGE if os.environ.get("BENCH_LARGE") == "1" else {}
    failed = [
        module
        for name in options.names or MEASUREMENTS
        for module, *arguments in (*MEASUREMENTS[name], *large.get(name, ()))
        if not _run(module, arguments)
    ]
    if failed:
        print(f"failed or missed a target: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def _run(module: str, arguments: Sequence[str]) -> bool:
    """Run one measurement; tell whether it ended well."""
    print(f"── {module} {' '.join(arguments)}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
