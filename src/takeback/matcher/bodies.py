"""Reading what a caller sends: bounded, in time, strict, and never repeated back.

An upload is bytes and is not looked at here; JSON is read by ``strictjson``.
"""

import asyncio
import re
from typing import Any, Final, TypeVar

from anyio import fail_after
from litestar import Request
from litestar.exceptions import HTTPException

from takeback.errors import BodyTooLarge, PictureTooLarge, VideoTooLarge
from takeback.hashing.kinds import Kind
from takeback.strictjson import decode

JSON_BYTES: Final = 1024 * 1024
"""Largest JSON body; 10,000 signals are about 670,000 bytes."""

QUICK: Final = 16 * 1024
"""Bytes that are decoded faster than a thread is found for them."""

SECONDS: Final = 60
"""Within which a body must have arrived …"""

VIDEO_SECONDS: Final = 300
"""… and one that may be as long as a video."""

AnyRequest = Request[Any, Any, Any]
Body = TypeVar("Body")

_JSON_TYPE = re.compile(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)
_UPLOAD_TYPE = re.compile(r"((image|video)/[a-z0-9.+-]+|application/octet-stream)", re.IGNORECASE)


def is_upload(request: AnyRequest) -> bool:
    """Tell whether the body says it is a picture or video.

    Raises:
        HTTPException: it says it is neither that nor JSON, or that it is compressed.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise HTTPException(status_code=415)
    if _UPLOAD_TYPE.fullmatch(content_type(request)):
        return True
    if not _JSON_TYPE.fullmatch(content_type(request)):
        raise HTTPException(status_code=415)
    return False


def content_type(request: AnyRequest) -> str:
    """Return what the body says it is."""
    return request.headers.get("content-type", "").strip()


class Arriving:
    """A body while it is received, in one place in memory."""

    def __init__(self, request: AnyRequest) -> None:
        self._chunks = aiter(request.stream())
        self._read = bytearray()

    async def head(self, size: int) -> bytes:
        """Receive the first *size* bytes, or all there are, and return them.

        Raises:
            HTTPException: they don't arrive in time.
        """
        await self._receive(size, SECONDS)
        return bytes(self._read[:size])

    async def rest(self, limit: int, seconds: float) -> bytearray:
        """Receive all of it and return it; the caller may empty it.

        Raises:
            BodyTooLarge: it has more than *limit* bytes.
            HTTPException: it doesn't arrive in time.
        """
        await self._receive(limit + 1, seconds)
        if len(self._read) > limit:
            raise BodyTooLarge(f"the body is larger than {limit} bytes")
        return self._read

    async def _receive(self, size: int, seconds: float) -> None:
        try:
            with fail_after(seconds):
                while len(self._read) < size:
                    self._read += await anext(self._chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise HTTPException(status_code=408) from None


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


async def read_json(request: AnyRequest, kind: type[Body]) -> Body:
    """Read the body as *kind*.

    Raises:
        MalformedBody: it is something else.
        BodyTooLarge: it is longer than any such body.
        HTTPException: it does not say that it is JSON in UTF-8.
    """
    if is_upload(request):
        raise HTTPException(status_code=415)
    body = bytes(await Arriving(request).rest(JSON_BYTES, SECONDS))
    if len(body) > QUICK:
        return await asyncio.to_thread(decode, body, kind)
    return decode(body, kind)
