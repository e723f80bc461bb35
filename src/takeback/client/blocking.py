"""The client for programs that wait."""

import time
from collections.abc import Iterable
from contextlib import closing
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from takeback.client import calls
from takeback.client.calls import Call, Outcome, Send, Views
from takeback.client.documents import Answer, Health, Opinion, Response
from takeback.client.errors import MatcherError
from takeback.client.patience import ending
from takeback.client.signals import Signal
from takeback.client.transport import (
    FAILURES,
    OPTIONS,
    Address,
    Key,
    Reading,
    failure,
    headers_of,
    timeout_of,
)
from takeback.client.uploads import Upload

T = TypeVar("T")


class Client:
    """Asks one matcher. Keeps connections open, so make one and share it, also among threads.

    Every method takes ``within``, the seconds it may take in all, asking again included; without
    it the client's own limit holds. Every method raises a leaf of
    :class:`takeback.client.errors.MatcherError`.
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
        from takeback.client.ontime import Transport  # here: imports httpcore2

        self._address = Address.of(url, key, allow_http=allow_http)
        self._within = within
        self._http = httpx2.Client(transport=Transport(), **OPTIONS)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def match(
        self,
        upload: Upload,
        *,
        limit: int = 10,
        views: Views = "all",
        within: float | None = None,
    ) -> Answer:
        """Ask what a picture or a video matches.

        Args:
            upload: a path, an open binary file, or the bytes.
            limit: most matches answered, 1 to 100.
            views: ``plain`` compares a picture whole alone, a sixteenth of the work.
            within: seconds this may take in all.

        Raises:
            OSError: the path can't be read.
        """
        return self._drive(calls.match(upload, limit, views, self._limit(within)))

    def look_up(
        self, signals: Iterable[Signal], *, limit: int = 10, within: float | None = None
    ) -> Answer:
        """Ask which entries lie near signals, one result each, in order.

        Any number of them; they are sent 10,000 at a time.

        Args:
            signals: hexadecimal digits, bytes, or whatever has 32 of them.
            limit: most matches answered for one signal, 1 to 100.
            within: seconds this may take in all.
        """
        return self._drive(calls.look_up(signals, limit, self._limit(within)))

    def respond(
        self, responses: Response | Iterable[Response], *, within: float | None = None
    ) -> int:
        """Say what you did about matches; returns how many the matcher had not heard of yet."""
        return self._drive(calls.respond(responses, self._limit(within)))

    def opine(self, opinions: Opinion | Iterable[Opinion], *, within: float | None = None) -> int:
        """Say what you think of entries; returns how many were taken.

        Sent again only when the matcher certainly took nothing: if the connection breaks,
        the error's ``untouched`` is false and it is for you to decide.
        """
        return self._drive(calls.opine(opinions, self._limit(within)))

    def ready(self, *, within: float | None = None) -> Health:
        """Ask once whether answers are true and full now.

        Raises:
            Unavailable: they are not; the message says why.
        """
        return self._drive(calls.ready(self._limit(within)))

    def _limit(self, within: float | None) -> float:
        return self._within if within is None else within

    def _drive(self, call: Call[T]) -> T:
        with closing(call):
            try:
                request = next(call)
                while True:
                    request = call.send(self._send(request))
            except StopIteration as end:
                value: T = end.value
                return value

    def _send(self, request: Send) -> Outcome:
        time.sleep(request.pause)
        try:
            with ending(request.until):
                return self._exchange(request, self._address.key_text())
        except FAILURES as problem:
            return failure(problem, request)
        except MatcherError as problem:
            return problem

    def _exchange(self, request: Send, key: str) -> Outcome:
        with self._http.stream(
            request.method,
            self._address.url + request.path,
            params=request.params,
            headers=headers_of(request, key),
            content=request.body,
            timeout=timeout_of(request),
        ) as response:
            reading = Reading(response, request)
            for piece in response.iter_bytes():
                reading.take(piece)
        return reading.outcome(key)
