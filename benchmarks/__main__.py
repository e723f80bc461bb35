"""Every measurement of docs/reference/performance.md, one after the other.

Each runs in a process of its own, on an otherwise quiet machine if you want figures worth
quoting. It takes about twenty minutes
and 8 GB of memory, most of both for ten million signals and a million pictures.

    python -m benchmarks
    python -m benchmarks hash_picture case_openings
    python -m benchmarks --json > figures.json
"""

import argparse
import json
import os
import platform
import subprocess
import sys

MEASUREMENTS = {
    "hash_picture": [],
    "index_search": ["--rows", "1000000", "10000000", "--flat"],
    "keypoint_index": ["--pictures", "1000000"],
    "case_openings": [],
    "freshness": [],
    "stopncii_page": [],
    "matcher": [],
    "audit_verify": [],
}
"""The module of each measurement, with its options."""


def main() -> int:
    """Run the measurements that were named, or all; return 1 if one failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(MEASUREMENTS)):
        parser.error(f"no such measurement: {', '.join(unknown)}")
    names = options.names or list(MEASUREMENTS)
    results = {name: _run(name, as_json=options.json) for name in names}
    if options.json:
        print(json.dumps({"machine": _machine(), **results}, indent=2))
    return int(None in results.values())


def _run(name: str, *, as_json: bool) -> object:
    """Run one measurement; return what it found, or None when it failed."""
    print(f"── {name}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", *MEASUREMENTS[name]]
    if not as_json:
        return None if subprocess.run(command, check=False).returncode else "printed"
    finished = subprocess.run([*command, "--json"], check=False, stdout=subprocess.PIPE)
    return None if finished.returncode else _objects(finished.stdout.decode())


def _objects(text: str) -> list[object]:
    """Read the JSON objects that a measurement printed one after the other."""
    decoder, found = json.JSONDecoder(), []
    while text := text.lstrip():
        each, end = decoder.raw_decode(text)
        found.append(each)
        text = text[end:]
    return found


def _machine() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }


if __name__ == "__main__":
    sys.exit(main())
