"""Reading what a caller sends: bounded, in time, strict, and never repeated back.

An upload is bytes and is not looked at here; JSON is read by ``strictjson``.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from litestar.exceptions import HTTPException

from takeback.errors import BodyTooLarge, PictureTooLarge, TooBusy, VideoTooLarge
from takeback.hashing.kinds import Kind
from takeback.matcher.asgi import Incoming
from takeback.strictjson import decode

JSON_BYTES: Final = 1024 * 1024
"""Largest JSON body; 10,000 signals are about 670,000 bytes."""

ROOM: Final = 64 * 1024 * 1024
"""Bytes of JSON that may be on their way at once, of all callers together."""

QUICK: Final = 16 * 1024
"""Bytes that are decoded faster than a thread is found for them."""

SECONDS: Final = 60
"""Within which a body must have arrived …"""

VIDEO_SECONDS: Final = 300
"""… and one that may be as long as a video."""

Body = TypeVar("Body")

_JSON_TYPE = re.compile(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)
_UPLOAD_TYPE = re.compile(r"((image|video)/[a-z0-9.+-]+|application/octet-stream)", re.IGNORECASE)


def is_upload(incoming: Incoming) -> bool:
    """Tell whether the body says it is a picture or video.

    Raises:
        HTTPException: it says it is neither that nor JSON, or that it is compressed.
    """
    require_plain(incoming)
    kind = content_type(incoming)
    if _UPLOAD_TYPE.fullmatch(kind):
        return True
    if not _JSON_TYPE.fullmatch(kind):
        raise HTTPException(status_code=415)
    return False


def require_plain(incoming: Incoming) -> None:
    """Do nothing for a body that is not compressed.

    Raises:
        HTTPException: it is.
    """
    if incoming.header(b"content-encoding").strip().lower() not in {"", "identity"}:
        raise HTTPException(status_code=415)


def content_type(incoming: Incoming) -> str:
    """Return what the body says it is."""
    return incoming.header(b"content-type").strip()


@dataclass(slots=True)
class Room:
    """Bytes that may be in memory at once, of all bodies together."""

    left: int = ROOM

    @contextmanager
    def holding(self) -> Iterator["Taken"]:
        """Hold what one body takes, until the way out."""
        taken = Taken(self)
        try:
            yield taken
        finally:
            self.left += taken.size


@dataclass(slots=True)
class Taken:
    """What one body holds of a room."""

    room: Room
    size: int = 0

    def add(self, size: int) -> None:
        """Hold more.

        Raises:
            TooBusy: there is no room.
        """
        if size > self.room.left:
            raise TooBusy("too many bodies are on their way")
        self.room.left -= size
        self.size += size


class Arriving:
    """A body while it is received, in one place in memory."""

    def __init__(self, incoming: Incoming, taken: Taken | None = None) -> None:
        self._incoming = incoming
        self._taken = taken
        self._read = bytearray()
        self._over = False

    async def head(self, size: int) -> bytes:
        """Receive the first *size* bytes, or all there are, and return them.

        Raises:
            HTTPException: they don't arrive in time.
        """
        await self._until(size, SECONDS)
        return bytes(self._read[:size])

    async def rest(self, limit: int, seconds: float) -> bytearray:
        """Receive all of it and return it; the caller may empty it.

        Raises:
            BodyTooLarge: it has more than *limit* bytes, or says so.
            HTTPException: it doesn't arrive in time.
            TooBusy: there is no room for it.
        """
        if declared(self._incoming) <= limit:
            await self._until(limit + 1, seconds)
        if len(self._read) > limit or declared(self._incoming) > limit:
            raise BodyTooLarge(f"the body is larger than {limit} bytes")
        return self._read

    async def chunks(self, seconds: float) -> AsyncIterator[bytes]:
        """Receive it piece by piece; nothing is kept.

        Raises:
            HTTPException: it doesn't arrive in time, or the caller has gone.
        """
        try:
            async with asyncio.timeout(seconds):
                while not self._over:
                    yield await self._some()
        except TimeoutError:
            raise HTTPException(status_code=408) from None

    async def _until(self, size: int, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while len(self._read) < size and not self._over:
                    some = await self._some()
                    if self._taken is not None:
                        self._taken.add(len(some))
                    self._read += some
        except TimeoutError:
            raise HTTPException(status_code=408) from None

    async def _some(self) -> bytes:
        message = await self._incoming.receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(status_code=400)  # nobody reads this
        self._over = not message.get("more_body", False)
        body: bytes = message.get("body", b"")
        return body


def declared(incoming: Incoming) -> int:
    """Return how long the body says it is; 0 where it does not say."""
    length = incoming.header(b"content-length")
    return int(length) if length.isdecimal() else 0


async def read_upload(arriving: Arriving, kind: Kind, limit: int) -> bytearray:
    """Receive the rest of a picture or video.

    Raises:
        PictureTooLarge: it has more than *limit* bytes.
        VideoTooLarge: the same of a video.
    """
    try:
        return await arriving.rest(limit, VIDEO_SECONDS if kind == "video" else SECONDS)
    except BodyTooLarge:
        too_large = VideoTooLarge if kind == "video" else PictureTooLarge
        raise too_large(f"the file is larger than {limit} bytes") from None


async def read_json(incoming: Incoming, room: Room) -> bytes:
    """Receive a JSON body.

    Raises:
        BodyTooLarge: it is longer than any such body.
        HTTPException: it does not say that it is JSON in UTF-8, or does not arrive in time.
        TooBusy: there is no room for it.
    """
    if is_upload(incoming):
        raise HTTPException(status_code=415)
    if 0 < declared(incoming) <= QUICK:  # whoever fills the room keeps no small one out
        return bytes(await Arriving(incoming).rest(JSON_BYTES, SECONDS))
    with room.holding() as taken:
        return bytes(await Arriving(incoming, taken).rest(JSON_BYTES, SECONDS))


async def decoded(body: bytes, kind: type[Body]) -> Body:
    """Decode a JSON body strictly.

    Raises:
        MalformedBody: it is something else.
    """
    if len(body) > QUICK:
        return await asyncio.to_thread(decode, body, kind)
    return decode(body, kind)
