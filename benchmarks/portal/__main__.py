"""Every measurement of docs/reference/portal.md, one after the other.

python -m benchmarks.portal
python -m benchmarks.portal phone page
python -m benchmarks.portal equality recall --corpus ../shared/corpus
"""

import argparse
import subprocess
import sys
from pathlib import Path

OF_PICTURES = ("equality", "recall")
"""What is measured on many pictures: those of a corpus, or else scikit-image's."""

NAMES = (*OF_PICTURES, "phone", "page")


def main() -> int:
    """Run the measurements that were named, or all; return 1 if one failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--corpus", type=Path, help="folder of pictures, or with folder images")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(NAMES)):
        parser.error(f"no such measurement: {', '.join(unknown)}")
    return max(_run(name, options.corpus) for name in options.names or NAMES)


def _run(name: str, corpus: Path | None) -> int:
    print(f"── {name}", file=sys.stderr, flush=True)
    on = ["--corpus", str(corpus)] if corpus and name in OF_PICTURES else []
    command = [sys.executable, "-m", f"benchmarks.portal.{name}", *on]
    return int(subprocess.run(command, check=False).returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
