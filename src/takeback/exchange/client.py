"""How a platform speaks to a hub: one method for each address of the partner API.

Knows the wire documents and HTTP, no state and no loop: ``follow.py`` decides when to ask.
Whatever goes wrong comes back as one of our errors, never with words of the other side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec

from takeback.errors import (
    BadSettings,
    Conflict,
    EpochChanged,
    HubUnreachable,
    MalformedBody,
    MalformedCursor,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TakebackError,
    TooBusy,
)
from takeback.exchange.wire import (
    FeedPage,
    LookupAnswer,
    LookupRequest,
    Opinion,
    OpinionsRequest,
    Response,
    ResponsesRequest,
)

ANSWER_BYTES: Final = 64 * 1024 * 1024
"""Most bytes of an answer that are read, after decompression; a full page has about one million."""

PATIENCE: Final = 15.0
"""Seconds a hub may take to answer, beyond the time it was asked to wait."""

LONGEST_RETRY: Final = 3600.0
"""Seconds to which a hub's Retry-After is cut."""

_Document = TypeVar("_Document")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file that holds one key. Read at every use, so that a rotated key needs no restart."""

    path: Path

    def text(self) -> str:
        """Return the key.

        Raises:
            NotSignedIn: the file can't be read, is empty, or holds what can't be a key.
        """
        try:
            key = self.path.read_text().strip()
        except (OSError, UnicodeDecodeError):
            raise NotSignedIn("the key file can't be read") from None
        if not key or not key.isascii() or not key.isprintable():
            raise NotSignedIn("the key file holds no key")
        return key


def is_loopback(host: str) -> bool:
    """Tell whether *host* is this machine by its address or as ``localhost``."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_address(url: str) -> str:
    """Return *url* without a slash at its end, fit to send a key to.

    Raises:
        BadSettings: it is no plain http(s) address, or is neither https nor loopback.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        odd = parts.username or parts.query or parts.fragment or parts.port == 0
    except ValueError:
        raise BadSettings("the address of the hub can't be read") from None
    if parts.scheme not in {"http", "https"} or not host or odd:
        raise BadSettings("the address of a hub looks like https://hub.example")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadSettings("a hub on another machine needs https: the key would travel in the clear")
    return url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls one base address over HTTP and turns every failure into an error of ours."""

    url: str
    http: httpx2.AsyncClient = field(repr=False)
    ours: bool = True
    """Whether the other side sends our problem documents; see :func:`refusal`."""

    @classmethod
    def open(cls, url: str, *, ours: bool = True) -> Self:
        """Prepare calls to *url*; nothing is sent yet.

        Raises:
            BadSettings: the address is not fit to send a key to.
        """
        url = check_address(url)
        # A proxy of the environment is right for another machine and wrong for this one.
        trust_env = not is_loopback(urlsplit(url).hostname or "")
        http = httpx2.AsyncClient(
            trust_env=trust_env, follow_redirects=False, headers={"user-agent": "takeback"}
        )
        return cls(url, http, ours)

    async def close(self) -> None:
        """Close every connection."""
        await self.http.aclose()

    async def get(
        self,
        path: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        *,
        wait: float = 0.0,
    ) -> bytes:
        """Ask for *path*; the other side may take *wait* seconds longer than usual.

        Raises:
            HubUnreachable: no answer, one cut off, or one too long.
            TakebackError: the answer refuses; see :func:`refusal`.
        """
        return await self._send("GET", path, PATIENCE + wait, headers=headers, params=params)

    async def post(
        self, path: str, headers: Mapping[str, str], body: msgspec.Struct | None
    ) -> bytes:
        """Send *body* as JSON to *path*, or nothing.

        Raises:
            HubUnreachable: no answer, one cut off, or one too long.
            TakebackError: the answer refuses; see :func:`refusal`.
        """
        if body is None:
            return await self._send("POST", path, PATIENCE, headers=headers)
        headers = {"content-type": "application/json", **headers}
        content = msgspec.json.encode(body)
        return await self._send("POST", path, PATIENCE, headers=headers, content=content)

    async def _send(self, method: str, path: str, timeout: float, **parts: Any) -> bytes:  # noqa: ANN401 - httpx2's own
        try:
            async with self.http.stream(
                method, self.url + path, timeout=timeout, **parts
            ) as answer:
                received = await _read(answer)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as problem:
            raise HubUnreachable(f"no answer that can be read ({type(problem).__name__})") from None
        if not answer.is_success:
            raise self._refusal(answer, received)
        return received

    def _refusal(self, answer: httpx2.Response, content: bytes) -> TakebackError:
        status = answer.status_code
        if not self.ours and status in {400, 413, 422}:
            return MalformedBody(f"the server refused (status {status})")
        return refusal(status, answer.headers.get("retry-after"), content)


def decode(content: bytes, kind: type[_Document]) -> _Document:
    """Read the hub's answer as *kind*.

    Raises:
        HubUnreachable: it is something else.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise HubUnreachable("the answer is not what the interface describes") from None


_BY_TYPE: Final[Mapping[str, type[TakebackError]]] = {
    "urn:takeback:error:epoch-changed": EpochChanged,
    "urn:takeback:error:malformed-cursor": MalformedCursor,
}
_KEY: Final[Mapping[int, type[TakebackError]]] = {401: NotSignedIn, 403: NotAllowed}
_BY_STATUS: Final[Mapping[int, type[TakebackError]]] = {
    400: MalformedBody,
    404: NotFound,
    409: Conflict,
    413: MalformedBody,
    415: MalformedBody,
    422: MalformedBody,
}


class _Refusal(msgspec.Struct):
    """The one member of a problem document that decides anything here."""

    type: str = ""


def refusal(status: int, retry_after: str | None, content: bytes) -> TakebackError:
    """Make the error that a refusing answer stands for; it repeats no word of the answer.

    A final refusal, one that drops what was sent, needs the hub's own problem document: the
    404 of a proxy in front of it, for example, only means that the hub can't be reached.
    """
    if status in {429, 503}:
        busy = TooBusy(f"the hub asks to try later (status {status})")
        busy.retry_after = _seconds(retry_after)
        return busy
    kind = _KEY.get(status) or _final(status, _problem_type(content)) or HubUnreachable
    return kind(f"the hub refused (status {status})")


def _final(status: int, problem_type: str) -> type[TakebackError] | None:
    if not problem_type.startswith("urn:takeback:error:"):
        return None
    return _BY_TYPE.get(problem_type) or _BY_STATUS.get(status)


def _problem_type(content: bytes) -> str:
    try:
        return msgspec.json.decode(content, type=_Refusal).type
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""


def _seconds(retry_after: str | None) -> float:
    """Read Retry-After in seconds; a date or nonsense counts as one second."""
    text = (retry_after or "").strip()
    return min(float(text), LONGEST_RETRY) if text.isdecimal() and text.isascii() else 1.0


async def _read(answer: httpx2.Response) -> bytes:
    received = bytearray()
    async for chunk in answer.aiter_bytes():
        received += chunk
        if len(received) > ANSWER_BYTES:
            raise HubUnreachable("the answer is longer than any answer may be")
    return bytes(received)


@dataclass(frozen=True, slots=True)
class HubClient:
    """Our own partner API, as one platform uses it."""

    caller: Caller
    key: KeyFile
    page_size: int = 5000

    async def page(self, after: str | None, *, wait: float) -> FeedPage:
        """Ask for the records after a cursor; the hub may wait until there are some.

        Raises:
            EpochChanged: the cursor is of an earlier epoch.
            MalformedCursor: the cursor is not of this hub.
        """
        params = {"limit": str(self.page_size), "wait": str(int(wait))}
        if after is not None:
            params["after"] = after
        content = await self.caller.get("/v1/feed", self._headers(), params, wait=wait)
        return decode(content, FeedPage)

    async def look_up(self, request: LookupRequest) -> LookupAnswer:
        """Ask the hub which entries lie near the signals."""
        answer = decode(await self._post("/v1/lookup", request), LookupAnswer)
        if len(answer.results) != len(request.signals):
            raise HubUnreachable("the answer is not what the interface describes")
        return answer

    async def confirm(self, marker: str) -> None:
        """Say that nothing withdrawn up to *marker* matches here any more."""
        await self._post(f"/v1/withdrawals/{marker}/confirmation", None)

    async def respond(self, responses: Sequence[Response]) -> None:
        """Report what was done about matches; sending one again changes nothing."""
        await self._post("/v1/responses", ResponsesRequest(list(responses)))

    async def opine(self, opinions: Sequence[Opinion]) -> None:
        """Say what the platform thinks of entries."""
        await self._post("/v1/opinions", OpinionsRequest(list(opinions)))

    async def ping(self) -> None:
        """Ask whether the hub answers at all; needs no key."""
        await self.caller.get("/ready", {})

    async def _post(self, path: str, body: msgspec.Struct | None) -> bytes:
        return await self.caller.post(path, self._headers(), body)

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key.text()}"}
