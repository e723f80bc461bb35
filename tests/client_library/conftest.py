"""Both clients behind one face, so that every test is about both."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from takeback.client import AsyncClient, Client
from tests.client_library.badserver import BadServer, bad_server

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
