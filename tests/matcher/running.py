"""A matcher in a thread of its own, over real HTTP, for tests."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx2

from takeback.clock import Clock, utc_now
from takeback.matcher.assembly import assembled
from takeback.matcher.board import since_boot
from takeback.matcher.options import MatcherOptions
from takeback.matcher.server import Server, application, listening_on, url_of
from takeback.matching.lookup.indexes import warm_up


@cache
def compiled() -> None:
    """Compile the loops once, as a matcher does before it listens: no request waits for that."""
    warm_up()


@contextmanager
def running(
    options: MatcherOptions, now: Clock | None = None, steady: Clock | None = None
) -> Iterator[httpx2.Client]:
    """Run a matcher and yield a client of it; *now* stands for every clock that is not given."""
    compiled()
    clocks = (now or utc_now, steady or now or since_boot)
    with assembled(options, *clocks) as assembly, listening_on(options.host, options.port) as sock:
        server = Server(application(assembly))
        failed: queue.Queue[BaseException] = queue.Queue()

        def serve() -> None:
            try:
                server.run(sockets=[sock])
            except BaseException as error:
                failed.put(error)
                raise

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            with httpx2.Client(base_url=url_of(sock), trust_env=False, timeout=20) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(20)
        assert failed.empty()
        assert not thread.is_alive()


def eventually(holds: Callable[[], object], seconds: float = 15.0) -> Any:  # noqa: ANN401
    """Wait until *holds* answers something true, and return that."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := holds():
            return found
        time.sleep(0.01)
    raise AssertionError("it did not come true in time")


def numbers(client: httpx2.Client, *signals: object) -> list[list[str]]:
    """Look signals up and return the numbers of each one's matches."""
    answer = client.post("/v1/match", json={"signals": [str(signal) for signal in signals]})
    assert answer.status_code == 200, answer.text
    return [[match["number"] for match in one["matches"]] for one in answer.json()["results"]]


def ready(client: httpx2.Client) -> bool:
    """Tell whether the matcher is ready."""
    return client.get("/ready").status_code == 200
