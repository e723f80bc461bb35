"""Both clients behind one face, so that every test is about both; a matcher that is real."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from takeback.client import AsyncClient, Client
from takeback.hashing import Signal, hash_picture
from takeback.matcher.options import MatcherOptions, Source
from tests.client_library.badserver import BadServer, bad_server
from tests.matcher.conftest import jpeg, photograph
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, ready, running

KEY = "a-key-of-at-least-24-letters"


class Awaited:
    """An :class:`AsyncClient` whose methods can be called like those of a :class:`Client`."""

    def __init__(self, client: AsyncClient, runner: asyncio.Runner) -> None:
        """Wrap *client*, whose coroutines run in *runner*."""
        self._client = client
        self._runner = runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the method *name*, waited for."""
        method = getattr(self._client, name)

        def wait(*arguments: object, **options: object) -> object:
            return self._runner.run(method(*arguments, **options))

        return wait

    def __repr__(self) -> str:
        return repr(self._client)


Opening = Callable[..., Any]


@pytest.fixture(params=["waiting", "awaiting"])
def opened(request: pytest.FixtureRequest) -> Iterator[Opening]:
    """Opens a client of each kind in turn; all are closed at the end."""
    with ExitStack() as stack:
        if request.param == "waiting":
            yield lambda *given, **options: stack.enter_context(Client(*given, **options))
            return
        runner = stack.enter_context(asyncio.Runner())

        def open_one(*given: Any, **options: Any) -> Awaited:  # noqa: ANN401
            client = Awaited(AsyncClient(*given, **options), runner)
            stack.callback(client.close)
            return client

        yield open_one


@pytest.fixture
def server() -> Iterator[BadServer]:
    """A server that can behave badly."""
    with bad_server() as server:
        yield server


@pytest.fixture
def client(opened: Opening, server: BadServer) -> Any:  # noqa: ANN401 - of either kind
    """A client of that server, with a key, that gives up after three seconds."""
    return opened(server.url, KEY, within=3.0)


@dataclass(frozen=True, slots=True)
class Place:
    """A matcher and the hub it follows."""

    url: str
    hub: FakeHub
    number: str
    """Of the one registered picture."""

    key_file: Path
    """A key that the matcher accepts."""


@pytest.fixture(scope="package")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A matcher that knows one picture."""
    folder = tmp_path_factory.mktemp("matcher")
    hub = FakeHub().start()
    for name, key in (("hub.key", hub.key), ("callers.key", KEY)):
        (folder / name).write_text(key + "\n")
    options = MatcherOptions(
        sources=(Source(url=hub.url, key_file=folder / "hub.key", name="hub"),),
        data=folder / "matcher",
        port=0,
        hashers=1,
        video_hashers=0,
        require_key_file=folder / "callers.key",
    )
    number = hub.put(registered(), bank="adult", ask="remove")
    with running(options) as http:
        eventually(lambda: ready(http), 60)
        yield Place(str(http.base_url).rstrip("/"), hub, number, folder / "callers.key")
    hub.stop()


def registered() -> Signal:
    """Return the signal of the one registered picture."""
    return hash_picture(jpeg(photograph("coffee"))).whole
