"""A browser's processes, all of them: found, held to a share of one core, weighed.

Chromium's own slow-down is for pages only and does not reach Workers, so the kernel does it: a
control group (version 1 or 2) with a quota, for which one has to be root; else ``cpulimit``.
"""

import os
import re
import shutil
import subprocess
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

PERIOD_US: Final = 10_000
"""Length of a turn: short, so that what is short of time is slow rather than jerky."""

V1: Final = Path("/sys/fs/cgroup/cpu")
V2: Final = Path("/sys/fs/cgroup")

CANNOT: Final = (
    "a slow phone can't be imitated here: be root where control groups can be written, or "
    "`apt-get install cpulimit`"
)


class CannotLimit(RuntimeError):
    """Neither way to hold processes back is there."""


def pids_of(browser: Browser) -> list[int]:
    """Return every process of *browser*, its own first."""
    devtools = browser.new_browser_cdp_session()
    told = devtools.send("SystemInfo.getProcessInfo")["processInfo"]
    devtools.detach()
    [first] = [each["id"] for each in told if each["type"] == "browser"]
    return [first, *_below(first, _children())]


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    return children


def _below(pid: int, children: dict[int, list[int]]) -> Iterator[int]:
    for child in children.get(pid, []):
        yield child
        yield from _below(child, children)


@contextmanager
def held_back(browser: Browser, share: float) -> Iterator[str]:
    """Hold a whole browser to *share* of one core, and yield in words how.

    Raises:
        CannotLimit: nothing here can.
    """
    pids = pids_of(browser)
    if (V1 / "cpu.cfs_quota_us").exists() and os.access(V1, os.W_OK):
        limits = {"cpu.cfs_period_us": str(PERIOD_US), "cpu.cfs_quota_us": _quota(share)}
        with _group(V1, limits, pids):
            yield "a control group, version 1"
    elif "cpu" in _read(V2 / "cgroup.subtree_control") and os.access(V2, os.W_OK):
        with _group(V2, {"cpu.max": f"{_quota(share)} {PERIOD_US}"}, pids):
            yield "a control group, version 2"
    elif cpulimit := shutil.which("cpulimit"):
        with _cpulimit(cpulimit, pids[0], share):
            yield "cpulimit"
    else:
        raise CannotLimit(CANNOT)


def _quota(share: float) -> str:
    return str(round(share * PERIOD_US))


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@contextmanager
def _group(parent: Path, limits: dict[str, str], pids: Sequence[int]) -> Iterator[None]:
    """Put processes into a group of their own; what they start is in it too."""
    group = parent / f"takeback-{uuid.uuid4().hex[:8]}"
    group.mkdir()
    try:
        for name, value in limits.items():
            (group / name).write_text(value)
        _move(pids, group)
        yield
    finally:
        _move([int(pid) for pid in _read(group / "cgroup.procs").split()], parent)
        group.rmdir()


def _move(pids: Sequence[int], group: Path) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            (group / "cgroup.procs").write_text(str(pid))


@contextmanager
def _cpulimit(program: str, pid: int, share: float) -> Iterator[None]:
    command = [program, "--include-children", "--limit", str(round(share * 100)), "--pid", str(pid)]
    limiter = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        limiter.terminate()
        limiter.wait()


@dataclass(frozen=True, slots=True)
class Weight:
    """The memory of a whole browser, in bytes; what processes share counts once."""

    total: int = 0
    """The sum of proportional set sizes."""

    own: int = 0
    """The same without the program's own files, which the kernel may drop and read again."""

    def __or__(self, other: "Weight") -> "Weight":
        """Return the larger of each."""
        return Weight(max(self.total, other.total), max(self.own, other.own))


def weight(pids: Sequence[int]) -> Weight:
    """Weigh processes now."""
    each = [_rolled_up(pid) for pid in pids]
    files = sum(sizes.get("Pss_File", 0) for sizes in each)
    total = sum(sizes.get("Pss", 0) for sizes in each)
    return Weight(total, total - files)


def _rolled_up(pid: int) -> dict[str, int]:
    """Return what the kernel says of a process's memory, in bytes; nothing once it has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        return {
            name: int(size) * 1024 for name, size in (_NUMBER.findall(line)[0] for line in lines)
        }
    return {}


_NUMBER: Final = re.compile(r"(\w+): +(\d+) kB")


@dataclass
class Scales:
    """The memory of a whole browser at most, weighed fifty times a second."""

    pids: Sequence[int]
    most: Weight = Weight()

    _done: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Weigh until told to stop."""
        while not self._done.wait(0.02):
            self.most |= weight(self.pids)

    def stop(self) -> None:
        """Weigh no more."""
        self._done.set()


@contextmanager
def weighed(browser: Browser) -> Iterator[Scales]:
    """Weigh a browser's memory as long as the block runs."""
    scales = Scales(pids_of(browser))
    thread = threading.Thread(target=scales.watch)
    thread.start()
    try:
        yield scales
    finally:
        scales.stop()
        thread.join()
