"""A hub that answers over real HTTP on loopback, with platforms and keys to call it with."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx2
import msgspec
import pytest
from litestar import Litestar

from takeback.accounts.model import Platform, Role, Scope, Staff
from takeback.app import Hub, open_hub
from takeback.cases.wire import Opened
from takeback.settings import Settings
from takeback.web.application import ROLES
from takeback.web.demo import DemoClock
from takeback.web.server import running
from tests.conftest import FakeClock

REGISTRATION: Mapping[str, Any] = {
    "version": 1,
    "kind": "shared",
    "age_band": "adult",
    "language": "en",
}
"""The smallest registration; tests add to it."""


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines on asyncio, as uvicorn does."""
    return "asyncio"


def signal(number: int) -> str:
    """Return the text of a made-up signal; different numbers are far apart."""
    return f"{pow(3, 800 + number, 2**256):064x}"


def item(*signals: str) -> dict[str, Any]:
    """Return an item with these signals, as a device would send it."""
    return {"signals": [{"type": "pdq", "value": value, "quality": 90} for value in signals]}


@dataclass
class Served:
    """A running hub, an HTTP client for it, and what a test needs to set the stage."""

    hub: Hub
    url: str
    app: Litestar
    http: httpx2.Client
    staff: list[Staff] = field(default_factory=list)

    def open_case(self, *signals: str, **changes: Any) -> Opened:  # noqa: ANN401  JSON
        """Open a case with one item over HTTP."""
        document = {**REGISTRATION, "items": [item(*signals)] if signals else [], **changes}
        answer = self.http.post("/v1/cases", json=document)
        assert answer.status_code == 201, answer.text
        return msgspec.json.decode(answer.content, type=Opened)

    def platform(self, name: str, *, feed: bool = False, under_18: bool = False) -> Platform:
        """Add a platform; for the feed, two people approve it."""
        first, second = self.people()
        platform = self.hub.platforms.add(name, first)
        if feed:
            self.hub.platforms.approve_feed(platform.id, first)
            platform = self.hub.platforms.approve_feed(platform.id, second)
        if under_18:
            self.hub.platforms.mark(platform.id, second, handles_under_18=True)
        return self.hub.platforms.get(platform.id)

    def key(self, platform: Platform, scope: Scope = "partner") -> str:
        """Issue a key and return its text."""
        return self.hub.platforms.issue_key(platform.id, self.people()[0], scope).text

    def bearer(self, platform: Platform) -> dict[str, str]:
        """Return the header that signs *platform* in."""
        return {"authorization": f"Bearer {self.key(platform)}"}

    def people(self) -> tuple[Staff, Staff]:
        """Return an operator and a lead."""
        if not self.staff:
            first, _ = self.hub.staff.add("first", Role.OPERATOR, None)
            second, _ = self.hub.staff.add("second", Role.LEAD, first)
            self.staff += [first, second]
        return self.staff[0], self.staff[1]


def access(opened: Opened) -> dict[str, Any]:
    """Return code and PIN as a body has them."""
    return {"access": {"code": opened.code, "pin": opened.pin}}


@contextmanager
def serving(
    settings: Settings, clock: FakeClock | DemoClock, roles: frozenset[str] = ROLES
) -> Iterator[Served]:
    """Run a hub in a thread, as ``takeback serve`` would in a process."""
    demo = clock if isinstance(clock, DemoClock) else None
    with (
        open_hub(settings, now=clock) as hub,
        running(hub, settings, roles, demo=demo) as (server, url, sock),
    ):
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            wait_until(lambda: server.started)
            with httpx2.Client(base_url=url, timeout=40, trust_env=False) as http:
                yield Served(hub, url, cast("Litestar", server.edge.app), http)
        finally:
            server.should_exit = True
            thread.join()


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until *true* answers True; fail when it takes longer than *seconds*."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def settings_for(directory: Path, **changes: Any) -> Settings:  # noqa: ANN401
    """Return settings for a hub on a free port, without proof of work."""
    defaults = {"data": directory / "hub", "port": 0, "proof_of_work_bits": 0}
    rates = {"openings_per_second": 10_000, "openings_without_proof_per_second": 10_000}
    return Settings(**{**defaults, **rates, **changes})


JSON_HEAD = "Content-Type: application/json\r\n"


@contextmanager
def half_sent(
    served: Served, head: str, sent: bytes, path: str = "/v1/cases"
) -> Iterator[socket.socket]:
    """Send the head of a request and a part of its body, by hand."""
    host, port = served.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=20)) as connection:
        request = f"POST {path} HTTP/1.1\r\nHost: hub\r\n{head}\r\n\r\n"
        connection.sendall(request.encode() + sent)
        yield connection


@pytest.fixture(scope="module")
def hub_clock() -> FakeClock:
    """The clock of the module's hub."""
    return FakeClock()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, hub_clock: FakeClock) -> Iterator[Served]:
    """One hub for all tests of a module: each makes platforms and cases of its own."""
    with serving(settings_for(tmp_path_factory.mktemp("hub")), hub_clock) as running_hub:
        yield running_hub
