"""The machine that figures come from, and what a process occupies on it (Linux)."""

import ctypes
import gc
import os
import platform
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("numpy", "numba", "faiss-cpu", "threatexchange", "pillow")

ALLOWED = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
"""The cores that this process was given when it started."""


def description() -> dict[str, object]:
    """Return what a reader of figures wants to know."""
    return {
        "processor": processor(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(_kibibytes("/proc/meminfo", "MemTotal") / 2**20, 1),
        "last_level_cache": _last_level_cache(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "commit": _commit(),
    }


def in_words(machine: dict[str, object]) -> str:
    """Return the description as one line."""
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB,"
        f" cache {machine['last_level_cache']}, Python {machine['python']}"
    )


def processor() -> str:
    """Name the processor."""
    try:
        listing = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    names = re.findall(r"model name\s*:\s*(.+)", listing)
    return names[0] if names else platform.processor()


def load() -> float:
    """Return how many processes wanted a core during the last minute."""
    return round(os.getloadavg()[0], 2)


def now() -> str:
    """Return the minute, as results are dated."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


def keep_to(count: int) -> None:
    """Let this thread, and those it starts, run on the last so many of its cores only."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, ALLOWED[-count:])


@contextmanager
def cores(count: int) -> Iterator[None]:
    """Keep this thread to so many cores for the block."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    keep_to(count)
    try:
        yield
    finally:
        if before:
            os.sched_setaffinity(0, before)


def give_back_memory() -> None:
    """Hand what was freed back to the system."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def resident_bytes() -> int:
    """Return the memory that this process occupies once what is free is given back."""
    give_back_memory()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def memory_of(process: int) -> dict[str, int]:
    """Return the bytes a process has in memory: all, its own alone, and of mapped files."""
    status = f"/proc/{process}/status"
    return {
        "resident": _kibibytes(status, "VmRSS") * 1024,
        "own": _kibibytes(status, "RssAnon") * 1024,
        "files": (_kibibytes(status, "RssFile") + _kibibytes(status, "RssShmem")) * 1024,
    }


def _kibibytes(file: str, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+)", Path(file).read_text(encoding="ascii"))
    return int(found[1]) if found else 0


def _last_level_cache() -> str:
    sizes = sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"))
    return sizes[-1].read_text().strip() if sizes else "unknown"


def _commit() -> str:
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, check=False)
    return told.stdout.decode().strip()
