"""Starting our own programs as real processes, and stopping every one of them."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from takeback.errors import NotReady

START_SECONDS = 60.0
"""How long a program may take to say its address."""

STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Program:
    """A running program and where it answers."""

    name: str
    url: str
    process: subprocess.Popen[str]

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.process.poll() is None


@contextmanager
def running(
    name: str, arguments: Sequence[str], logs: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """Run ``takeback`` with *arguments* until the end of the block; its log goes to *logs*.

    Args:
        name: of the program and of its log, which goes on where an earlier run ended.
        arguments: what follows ``takeback`` on the command line.
        logs: the folder of the log.
        settings: ``TAKEBACK_`` names and values; none of ours are handed on.

    Raises:
        NotReady: it ended, or said no address in time.
    """
    log = logs / f"{name}.log"
    environment = {**_environment(), **(settings or {})}
    with log.open("a") as errors, _started(arguments, errors.fileno(), environment) as process:
        try:
            yield Program(name, _address(name, process, log), process)
        finally:
            _stop(process)


def _started(
    arguments: Sequence[str], errors: int, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "takeback.cli.main", *arguments]
    # A session of its own: Ctrl-C reaches the demonstration, which then stops its programs.
    return subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env=environment,
        start_new_session=True,
    )


def _environment() -> dict[str, str]:
    """Return our environment without settings: the programs get their own."""
    return {name: text for name, text in os.environ.items() if not name.startswith("TAKEBACK_")}


def _address(name: str, process: subprocess.Popen[str], log: Path) -> str:
    """Return the first line that the program prints."""
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    try:
        line = process.stdout.readline() if process.stdout else ""
    finally:
        timer.cancel()
    if not line:
        raise NotReady(f"the {name} did not start; its log ends: {log.read_text()[-2000:]}")
    return line.strip()


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
