"""A matcher as a real process, kept to some cores."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
from benchmarks.machine import ALLOWED
from benchmarks.served.filling import URL

START_SECONDS: Final = 600.0
"""A directory without indexes is indexed first."""


@dataclass(frozen=True, slots=True)
class Served:
    """A matcher that is ready."""

    url: str
    process: int
    until_listening: float
    """Seconds from the start of the process until it said its address …"""

    until_ready: float
    """… and until it said that it was ready."""


@contextmanager
def matcher(
    directory: Path, cores: Sequence[int], *options: str, hub: str = URL
) -> Iterator[Served]:
    """Run ``takeback matcher`` on a directory until the end of the block.

    Args:
        directory: its data; its log goes beside it.
        cores: on which it and all its processes run.
        options: more of them.
        hub: the hub that it follows.
    """
    key = directory.with_suffix(".key")
    key.write_text("key-1")
    command = [
        *(sys.executable, "-m", "takeback.cli.main", "matcher", "--port", "0"),
        *("--hub", hub, "--key-file", str(key), "--data", str(directory)),
        *("--stale-after", "86400", *options),
    ]
    started = time.perf_counter()
    with directory.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen(
            ["taskset", "-c", ",".join(map(str, cores)), *command],
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield _ready(process, started)
    finally:
        process.terminate()
        process.wait(60)
        if process.stdout:
            process.stdout.close()


def _ready(process: "subprocess.Popen[bytes]", started: float) -> Served:
    assert process.stdout is not None
    url = process.stdout.readline().decode().strip()
    assert url, "the matcher did not start; its log says why"
    listening = time.perf_counter() - started
    while not _is_ready(url):
        assert time.perf_counter() - started < START_SECONDS, "the matcher did not get ready"
        assert process.poll() is None, "the matcher ended"
        time.sleep(0.05)
    return Served(url, process.pid, listening, time.perf_counter() - started)


def _is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/ready", trust_env=False, timeout=60).is_success
    except httpx2.HTTPError:
        return False


def cores_for_server(count: int) -> list[int]:
    """Return the last cores: the server's. Whoever asks has the others."""
    return ALLOWED[-count:]


def cores_for_load() -> list[int]:
    """Return all cores but the server's one."""
    return ALLOWED[:-1] or ALLOWED
