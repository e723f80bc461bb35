"""The client for programs that await; asyncio only."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from takeback.client import calls
from takeback.client.calls import Call, Outcome, Send, Views
from takeback.client.documents import Answer, Health, Opinion, Response
from takeback.client.errors import MatcherError
from takeback.client.patience import left
from takeback.client.signals import Signal
from takeback.client.transport import (
    FAILURES,
    OPTIONS,
    Address,
    Key,
    Reading,
    failure,
    headers_of,
    out_of_time,
    timeout_of,
)
from takeback.client.uploads import Body, FileBody, Upload

T = TypeVar("T")


class AsyncClient:
    """Asks one matcher as :class:`takeback.client.Client` does, from a coroutine.

    The same methods with the same meaning. Files are read in threads, so that nothing else
    waits for a disk.
    """

    def __init__(
        self, url: str, key: Key = None, *, within: float = 60.0, allow_http: bool = False
    ) -> None:
        """Prepare to ask; nothing is sent yet.

        Args:
            url: the matcher's address, such as ``http://127.0.0.1:8090``.
            key: what its ``--require-key-file`` asks for, or the path of a file that holds it.
            within: seconds that one call may take in all.
            allow_http: send uploads and the key in the clear to another machine, too.

        Raises:
            ValueError: the address or the key can't be used.
        """
        self._address = Address.of(url, key, allow_http=allow_http)
        self._within = within
        self._http = httpx2.AsyncClient(**OPTIONS)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address.url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def match(
        self,
        upload: Upload,
        *,
        limit: int = 10,
        views: Views = "all",
        within: float | None = None,
    ) -> Answer:
        """Ask what a picture or a video matches; see :meth:`takeback.client.Client.match`."""
        return await self._drive(calls.match(upload, limit, views, self._limit(within)))

    async def look_up(
        self, signals: Iterable[Signal], *, limit: int = 10, within: float | None = None
    ) -> Answer:
        """Ask which entries lie near signals; see :meth:`takeback.client.Client.look_up`."""
        return await self._drive(calls.look_up(signals, limit, self._limit(within)))

    async def respond(
        self, responses: Response | Iterable[Response], *, within: float | None = None
    ) -> int:
        """Say what you did about matches; see :meth:`takeback.client.Client.respond`."""
        return await self._drive(calls.respond(responses, self._limit(within)))

    async def opine(
        self, opinions: Opinion | Iterable[Opinion], *, within: float | None = None
    ) -> int:
        """Say what you think of entries; see :meth:`takeback.client.Client.opine`."""
        return await self._drive(calls.opine(opinions, self._limit(within)))

    async def ready(self, *, within: float | None = None) -> Health:
        """Ask once whether answers are true and full; see :meth:`takeback.client.Client.ready`."""
        return await self._drive(calls.ready(self._limit(within)))

    def _limit(self, within: float | None) -> float:
        return self._within if within is None else within

    async def _drive(self, call: Call[T]) -> T:
        with closing(call):
            try:
                request = next(call)
                while True:
                    request = call.send(await self._send(request))
            except StopIteration as end:
                value: T = end.value
                return value

    async def _send(self, request: Send) -> Outcome:
        await asyncio.sleep(request.pause)
        try:
            async with asyncio.timeout(left(request.until)):
                return await self._exchange(request, self._address.key_text())
        except TimeoutError:
            return out_of_time()
        except FAILURES as problem:
            return failure(problem, request)
        except MatcherError as problem:
            return problem

    async def _exchange(self, request: Send, key: str) -> Outcome:
        async with self._http.stream(
            request.method,
            self._address.url + request.path,
            params=request.params,
            headers=headers_of(request, key),
            content=_content(request.body),
            timeout=timeout_of(request),
        ) as response:
            reading = Reading(response, request)
            async for piece in response.aiter_bytes():
                reading.take(piece)
        return reading.outcome(key)


def _content(body: Body | None) -> AsyncIterator[bytes] | bytes | None:
    return _in_threads(iter(body)) if isinstance(body, FileBody) else body


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield *pieces*, each read in a thread."""
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece
