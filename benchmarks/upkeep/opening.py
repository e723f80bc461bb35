"""Opening an index in a fresh process: how long, how much memory, and the first look-up."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VERIFIED: Final = "verified*"
"""The files that note which segments were verified since the machine started."""

QUESTIONS: Final = 300
"""After so many all pages of tables and rows that look-ups need are in memory."""

OPEN: Final = """
import json, sys
from pathlib import Path
from time import perf_counter
import numpy as np
from benchmarks.machine import keep_to, resident_bytes
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import warm_up

directory, warm = Path(sys.argv[1]), sys.argv[2] == "warm"
keep_to(1)
if warm:
    warm_up()
questions = np.random.default_rng(9).integers(0, 256, (int(sys.argv[3]), 1, 32), dtype=np.uint8)
before = resident_bytes()
started = perf_counter()
index = FollowedIndex.open(directory)
opened = perf_counter()
index.search(questions[0])
first = perf_counter()
for question in questions:
    index.search(question)
print(json.dumps([opened - started, first - opened, resident_bytes() - before]))
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """What fresh processes took."""

    seconds: float
    unverified_seconds: float
    """With every checksum to be compared, as once after the machine has started."""

    first: float
    """Seconds of the first look-up, after ``warm_up`` as in a matcher."""

    cold: float
    """The same without ``warm_up``: compiled code is loaded from the disk meanwhile."""

    resident: int
    """Bytes of memory more than before it was opened, after some look-ups."""


def opened_afresh(directory: Path) -> Opened:
    """Open an index in processes of their own, the middle of three where it counts."""
    warm = sorted(_run(directory, "warm") for _ in range(3))[1]
    _, cold, _ = _run(directory, "cold")
    touched = _run(directory, "warm", questions=20_000)
    for note in directory.glob(VERIFIED):
        note.unlink()
    unverified, _, _ = _run(directory, "warm")
    return Opened(warm[0], unverified, warm[1], cold, int(touched[2]))


def _run(directory: Path, how: str, questions: int = QUESTIONS) -> list[float]:
    command = [sys.executable, "-c", OPEN, str(directory), how, str(questions)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return [float(value) for value in json.loads(told)]
