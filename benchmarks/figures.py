"""Where measurements leave their figures, and whence the table takes them.

Each measurement leaves one file, ``benchmarks/results/NAME.json``: the figures of the table by
their keys, whatever else is worth keeping, the machine and how busy it was. Git ignores them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import description, load, now

FOLDER: Final = Path(__file__).parent / "results"

Figures = Mapping[str, float]


def keep(name: str, figures: Figures, details: object = None) -> Path:
    """Write the figures of one measurement over those it left before."""
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{name}.json"
    content = {
        "measured": now(),
        "load": load(),
        "machine": description(),
        "figures": {key: round(value, 6) for key, value in figures.items()},
        "details": details,
    }
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return file


def kept() -> dict[str, dict[str, Any]]:
    """Return every measurement's file by its name, oldest first."""
    files = {file.stem: json.loads(file.read_text()) for file in FOLDER.glob("*.json")}
    files.pop("table", None)
    return dict(sorted(files.items(), key=lambda each: str(each[1]["measured"])))


def all_figures() -> dict[str, float]:
    """Return every figure that was kept; where two measurements gave one, the newer."""
    found: dict[str, float] = {}
    for content in kept().values():
        found.update(content["figures"])
    return found
