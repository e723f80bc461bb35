"""What can be chosen on the command line of the robustness programs."""

import argparse
import os
from pathlib import Path
from typing import Final

MILLION: Final = 1_000_000
REALLY_DESCRIBED: Final = 20_900


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of what all of them take."""
    found = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("--corpus", type=Path, help="folder of pictures, or with folder images")
    found.add_argument("--pictures", type=int, help="how many of them; all if not given")
    found.add_argument("--processes", type=int, default=2)
    found.add_argument("--cache", type=Path, default=cache(), help="where work is kept")
    found.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into a page")
    return found


def with_bank(found: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add how the bank is padded."""
    found.add_argument("--bank", type=int, default=MILLION, help="strangers registered")
    text = "how many of the strangers are described crops"
    found.add_argument("--crops", type=int, default=REALLY_DESCRIBED, help=text)
    return found


def cache() -> Path:
    """Return the folder where work is kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "takeback" / "robustness"
