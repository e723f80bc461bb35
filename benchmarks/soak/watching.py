"""The memory of a program and all its processes, second by second (Linux)."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
from benchmarks.machine import memory_of


@dataclass(slots=True)
class Watch:
    """Samples of one program."""

    root: int
    samples: list[tuple[float, dict[int, dict[str, int]]]] = field(default_factory=list)
    """When, and by process what ``memory_of`` says."""

    segments: set[str] = field(default_factory=set)
    """Names of all files of segments that were ever seen."""

    def sample(self, directory: Path) -> None:
        """Look at every process, and at what segments there are."""
        found = {}
        for process in family_of(self.root):
            try:
                found[process] = memory_of(process)
            except OSError:  # it ended meanwhile
                continue
        self.samples.append((perf_counter(), found))
        self.segments |= {file.name for file in directory.glob("signals/segment-*")}

    def total(self, kind: str, begin: float, end: float) -> float:
        """Return the median over a stretch of time of all processes together, in bytes."""
        sums = [
            sum(memory[kind] for memory in each.values())
            for when, each in self.samples
            if begin <= when <= end
        ]
        return float(np.median(sums)) if sums else 0.0

    def by_process(self, begin: float, end: float) -> dict[int, float]:
        """Return each process's median of what is resident, in bytes."""
        found = defaultdict(list)
        for when, each in self.samples:
            if begin <= when <= end:
                for process, memory in each.items():
                    found[process].append(memory["resident"])
        return {process: float(np.median(values)) for process, values in found.items()}


def family_of(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    children = defaultdict(list)
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = status.read_text(encoding="latin-1").rpartition(")")[2].split()
        except OSError:
            continue
        children[int(after_name[1])].append(int(status.parent.name))
    found, at = [root], 0
    while at < len(found):
        found += children[found[at]]
        at += 1
    return found
