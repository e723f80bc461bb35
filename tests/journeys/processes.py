"""Our programs as real processes: started, killed with -9, started again in the same place.

The hub of the story that stands beside them is the same hub on the same database: what staff
do on its machine, and where a test looks at the end. Nothing is replaced.
"""

import random
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import httpx2

from takeback.accounts.model import IssuedKey, Platform, Role, Scope
from takeback.cli.demo.programs import Program, running
from takeback.cli.demo.telling import wait_until
from takeback.cli.privatefile import write_new
from takeback.cli.reporterhub import ReporterHub
from takeback.clock import utc_now
from takeback.settings import PREFIX, Settings
from tests.conftest import FakeClock
from tests.journeys.story import Story, telling

PORTS = range(20_000, 32_000)
"""Below those that the system gives to outgoing connections: ours is free when we come back."""


class TrueClock(FakeClock):
    """The time that the programs have too; moving it on moves only the hub beside them."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        """Return the instant it is, plus what it was moved on by."""
        return utc_now() + self.ahead

    def advance(self, by: timedelta) -> None:
        """Move the clock on."""
        self.ahead += by


@dataclass
class Runner:
    """One program, which may be killed and started again as often as one likes."""

    name: str
    arguments: Sequence[str]
    logs: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: free_port())
    program: Program | None = None
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        """Where it answers, now or once it is started again."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All that it logged so far, over every start."""
        return (self.logs / f"{self.name}.log").read_text()

    def start(self) -> Self:
        """Start it and wait until it listens."""
        arguments = [*self.arguments, "--port", str(self.port)]
        self.program = self._running.enter_context(
            running(self.name, arguments, self.logs, self.settings)
        )
        return self

    def kill(self) -> None:
        """Kill it with -9, in the middle of whatever it does."""
        assert self.program is not None
        self.program.process.kill()
        self.program.process.wait()
        self._running.close()

    def stop(self) -> None:
        """Ask it to stop and wait until it has."""
        self._running.close()

    def is_ready(self) -> bool:
        """Tell whether it answers, and answers fully."""
        try:
            answer = httpx2.get(f"{self.url}/ready", timeout=5, trust_env=False)
        except httpx2.TransportError:
            return False
        return answer.status_code == httpx2.codes.OK

    def http(self) -> httpx2.Client:
        """Return a client of it."""
        return httpx2.Client(base_url=self.url, timeout=30, trust_env=False)


@dataclass
class Stage:
    """A hub's staff, its platforms, and the programs that were started."""

    folder: Path
    settings: Settings
    story: Story
    _programs: ExitStack

    def hub(self, *roles: str, name: str = "hub", **changes: str) -> Runner:
        """Start a hub with all roles, or only some; *changes* are settings of this process."""
        options = [word for role in roles for word in ("--role", role)]
        environment = environment_of(self.settings) | {
            PREFIX + setting.upper(): value for setting, value in changes.items()
        }
        return self._started(Runner(name, ["serve", *options], self.folder, environment))

    def matcher(self, hub: Runner, platform: Platform, *options: str) -> Runner:
        """Start a platform's matcher that follows *hub*."""
        key_file = self.folder / f"{platform.name}.key"
        write_new(key_file, self.key(platform, "partner"))
        place = ["--hub", hub.url, "--key-file", str(key_file)]
        data = ["--data", str(self.folder / platform.name), "--hashers", "1"]
        arguments = ["matcher", *place, *data, *options]
        return self._started(Runner(platform.name, arguments, self.folder))

    def key(self, platform: Platform, scope: Scope) -> str:
        """Give a platform a key, and return what it sends."""
        return self.issued(platform, scope).text

    def issued(self, platform: Platform, scope: Scope) -> IssuedKey:
        """Give a platform a key."""
        operator = self.story.staff[Role.OPERATOR]
        return self.story.hub.platforms.issue_key(platform.id, operator, scope)

    def client(self, runner: Runner) -> httpx2.Client:
        """Return a client that is closed with the stage."""
        return self._programs.enter_context(runner.http())

    def reporter(self, hub: Runner) -> ReporterHub:
        """Return *hub* as a reporter's device sees it."""
        return ReporterHub(self.client(hub))

    def bearer(self, hub: Runner, platform: Platform) -> httpx2.Client:
        """Return a client of *hub* that sends a key of the platform's."""
        client = self.client(hub)
        client.headers["authorization"] = f"Bearer {self.key(platform, 'partner')}"
        return client

    def _started(self, runner: Runner) -> Runner:
        self._programs.callback(runner.stop)
        runner.start()
        assert wait_until(runner.is_ready), runner.log
        return runner


@contextmanager
def staged(folder: Path, settings: Settings) -> Iterator[Stage]:
    """Open a hub beside the programs, and stop every program on the way out."""
    with telling(settings, TrueClock()) as story, ExitStack() as programs:
        yield Stage(folder, settings, story, programs)


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the settings as a program reads them; a default is left out."""
    plain = Settings()
    return {
        PREFIX + each.name.upper(): str(getattr(settings, each.name))
        for each in fields(Settings)
        if getattr(settings, each.name) != getattr(plain, each.name)
    }


def free_port() -> int:
    """Return a port that nobody listens on."""
    for port in random.SystemRandom().sample(PORTS, 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no port is free")


def matches(matcher: httpx2.Client, signals: Sequence[str]) -> list[list[dict[str, object]]]:
    """Return what a matcher says of each signal."""
    answer = matcher.post("/v1/match", json={"signals": list(signals)})
    assert answer.status_code == 200, answer.text
    return [result["matches"] for result in answer.json()["results"]]
