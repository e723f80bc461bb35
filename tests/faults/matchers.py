"""Matchers as real processes, told apart by what each does, for tests that end some of them."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from takeback.hashing import Signal
from tests.matcher.conftest import random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually

PROGRAM = """
import sys
from pathlib import Path
from takeback.matcher.options import MatcherOptions, Source
from takeback.matcher.server import run_matcher

url, key_file, data, port, processes = sys.argv[1:]
source = Source(url=url, key_file=Path(key_file), name="hub")
options = MatcherOptions(
    sources=(source,), data=Path(data), port=int(port), processes=int(processes),
    hashers=1, video_hashers=0,
)
run_matcher(options, listening=lambda address: print(address, flush=True))
"""


@dataclass
class Team:
    """One matcher: the process that was started, and those that it started."""

    program: subprocess.Popen[str]
    url: str
    data: Path

    @property
    def pids(self) -> list[int]:
        """The processes that answer; the supervisor itself where there is but one."""
        return [pid for pid in children(self.program.pid) if is_worker(pid)]

    def keeper(self) -> int:
        """Return the process that keeps the directory; 0 while none does."""
        return keeper_of(self.data)

    def reader(self) -> int:
        """Return a process that only answers."""
        return next(pid for pid in self.pids if pid != self.keeper())

    def client(self) -> httpx2.Client:
        """Return a client of it."""
        return httpx2.Client(base_url=self.url, trust_env=False, timeout=20)

    def is_ready(self) -> bool:
        """Tell whether it answers, and answers fully."""
        with suppress(httpx2.HTTPError), self.client() as client:
            return client.get("/ready").status_code == 200
        return False


@contextmanager
def team(
    hub: FakeHub, key_file: Path, data: Path, processes: int = 3, port: int = 0
) -> Iterator[Team]:
    """Run a matcher; it is killed on the way out, with all its processes."""
    program = subprocess.Popen(
        [
            *(sys.executable, "-c", PROGRAM),
            *(hub.url, str(key_file), str(data), str(port), str(processes)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert program.stdout is not None
    try:
        team = Team(program, program.stdout.readline().strip(), data)
        assert team.url
        yield team
    finally:
        own = children(program.pid)
        program.kill()
        program.wait()
        program.stdout.close()
        eventually(lambda: not any(map(alive, own)), 30)


def children(pid: int) -> list[int]:
    """Return the processes that a process started."""
    with suppress(FileNotFoundError):
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    return []


def is_worker(pid: int) -> bool:
    """Tell whether a process is one that answers."""
    with suppress(OSError):
        return b"takeback.matcher.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be reaped does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def keeper_of(data: Path) -> int:
    """Return the process that holds the lock of a directory; 0 while none does."""
    inode = (data / "matcher.lock").stat().st_ino
    for line in Path("/proc/locks").read_text().splitlines():
        words = line.split()
        if "FLOCK" in words and words[-3].endswith(f":{inode}"):
            return int(words[-4])
    return 0


def kill(pid: int) -> None:
    """Kill a process in the middle of whatever it does, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not alive(pid))


@dataclass
class Hammer:
    """Callers that never stop asking about the same signals."""

    url: str
    wanted: list[tuple[Signal, list[str]]]
    answers: int = 0
    wrong: list[object] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Requests that got no answer."""

    refused: int = 0
    """Answers that said: later."""

    over: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        """Ask until it is over, over one connection as long as that lasts."""
        body = {"signals": [str(each) for each, _ in self.wanted]}
        with httpx2.Client(base_url=self.url, trust_env=False, timeout=20) as client:
            while not self.over.is_set():
                try:
                    answer = client.post("/v1/lookup", json=body)
                except httpx2.HTTPError as error:
                    self.failed.append(type(error).__name__)
                    self.over.wait(0.01)
                    continue
                self._judge(answer)

    def _judge(self, answer: httpx2.Response) -> None:
        if answer.status_code == 503:
            self.refused += 1
            return
        self.answers += 1
        results = answer.json()["results"]
        got = [[match["number"] for match in one["matches"]] for one in results]
        if got != [numbers for _, numbers in self.wanted]:
            self.wrong.append(got)


@contextmanager
def hammering(
    team: Team, wanted: list[tuple[Signal, list[str]]], callers: int = 2
) -> Iterator[Hammer]:
    """Ask all the while."""
    hammer = Hammer(team.url, wanted)
    threads = [threading.Thread(target=hammer.ask) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield hammer
    finally:
        hammer.over.set()
        for thread in threads:
            thread.join()


def filled(hub: FakeHub, rng: random.Random, count: int = 20) -> list[tuple[Signal, list[str]]]:
    """Register signals; return them and one that nobody registered, with what is to be answered."""
    drawn = [random_signal(rng) for _ in range(count)]
    return [*((each, [hub.put(each)]) for each in drawn), (random_signal(rng), [])]
