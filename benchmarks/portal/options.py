"""The command line that the benchmarks of pictures share."""

import argparse
from pathlib import Path


def arguments(description: str | None, pictures: int) -> argparse.Namespace:
    """Read the command line.

    Args:
        description: what the benchmark says of itself.
        pictures: how many are taken unless it is told otherwise.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, help="folder of pictures, or with folder images")
    parser.add_argument("--pictures", type=int, default=pictures, help="how many of them")
    return parser.parse_args()
