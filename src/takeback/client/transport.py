"""What both clients share of HTTP: addresses, headers, time limits, and what each failure means.

Follows no redirect and no proxy of the environment: uploads and keys go to the address that
was given and nowhere else.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final, TypedDict
from urllib.parse import urlsplit

import httpx2

from takeback.client.calls import Outcome, Send
from takeback.client.errors import BadAnswer, KeyRefused, OutOfTime, Unavailable, Unreachable
from takeback.client.patience import left
from takeback.client.refusals import refusal
from takeback.client.uploads import FileBody

ANSWER_BYTES: Final = 256 * 1024 * 1024
"""Most bytes of an answer that are read, after decompression."""

CONNECT: Final = 5.0
"""Seconds that making a connection may take, so that there is time to try again."""

SHORTEST: Final = 0.001
"""Seconds a request is given even when its time is over; 0 would mean for ever to some."""

IN_THE_CLEAR: Final = (
    "a matcher on another machine needs https, or plain http to be allowed: "
    "uploads and the key would travel in the clear"
)
"""Why plain HTTP to another machine is refused."""

Key = str | os.PathLike[str] | None
"""A key, or the path of a file that holds one, read at every use so that it can be rotated."""


class Options(TypedDict):
    """How httpx2's clients are set up."""

    headers: Mapping[str, str]
    follow_redirects: bool
    trust_env: bool


OPTIONS: Final[Options] = {
    "headers": {"user-agent": "takeback-client"},
    "follow_redirects": False,
    "trust_env": False,
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a matcher is, and with which key."""

    url: str
    key: Key = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str, key: Key, *, allow_http: bool = False) -> "Address":
        """Check *url*, an address such as ``http://127.0.0.1:8090``, and *key*.

        Raises:
            ValueError: one of them can't be used, or both would travel in the clear to another
                machine; neither is in the message.
        """
        try:
            parts = urlsplit(url)
            odd = parts.username is not None or parts.query or parts.fragment or parts.port == 0
        except ValueError:
            raise ValueError("the address of the matcher can't be read") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or odd:
            raise ValueError("the address of a matcher looks like http://127.0.0.1:8090")
        if parts.scheme == "http" and not (allow_http or _is_loopback(parts.hostname)):
            raise ValueError(IN_THE_CLEAR)
        address = cls(url.rstrip("/"), key)
        if isinstance(key, str):
            _checked(key)
        return address

    def key_text(self) -> str:
        """Return the key, or nothing where there is none.

        Raises:
            KeyRefused: the key file can't be read, or holds no key.
        """
        if self.key is None or isinstance(self.key, str):
            return self.key or ""
        try:
            return _checked(Path(self.key).read_text().strip())
        except (OSError, ValueError):
            refused = KeyRefused("the key file can't be read, or holds no key")
            refused.hint = "Check that the file is there, readable, and has one key in it."
            raise refused from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked(key: str) -> str:
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("the key holds what can't be part of a key")
    return key


def headers_of(request: Send, key: str) -> dict[str, str]:
    """Return the headers that *request* needs beside those of every request."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    if request.body is not None:
        headers["content-type"] = request.media_type
    if isinstance(request.body, FileBody):
        headers["content-length"] = str(request.body.size)
    return headers


def timeout_of(request: Send) -> httpx2.Timeout:
    """Return how long each step of *request* may take; both clients watch the whole as well."""
    remaining = max(SHORTEST, left(request.until))
    return httpx2.Timeout(remaining, connect=min(CONNECT, remaining))


class Reading:
    """An answer that is being received, within the request's time and a bound of bytes."""

    def __init__(self, response: httpx2.Response, request: Send) -> None:
        self.response = response
        self.until = request.until
        self.received = bytearray()

    def take(self, piece: bytes) -> None:
        """Add a piece of the answer.

        Raises:
            OutOfTime: the time limit passed.
            BadAnswer: it is longer than any answer.
        """
        self.received += piece
        if not left(self.until):
            raise out_of_time()
        if len(self.received) > ANSWER_BYTES:
            raise BadAnswer("the answer is longer than any answer may be")

    def outcome(self, key: str) -> Outcome:
        """Return what all of it means."""
        content = bytes(self.received)
        if self.response.is_success:
            return content
        return refusal(self.response.status_code, self.response.headers, content, key)


def out_of_time() -> OutOfTime:
    """Return the error for a time limit that passed, after something was sent."""
    error = OutOfTime("the matcher did not answer within the time limit")
    error.untouched = False
    return error


def failure(problem: Exception, request: Send) -> Unavailable:
    """Return what an error of httpx2 means; its own words may name the address and are left out."""
    made = isinstance(problem, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
    if isinstance(problem, httpx2.TimeoutException) and not left(request.until):
        error: Unavailable = out_of_time()
    else:
        error = Unreachable(f"the matcher can't be reached ({type(problem).__name__})")
    error.untouched = made
    return error


FAILURES: Final = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError)
"""Every error of httpx2 that a request can end with."""
