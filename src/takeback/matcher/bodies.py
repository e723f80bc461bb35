"""Reading what a caller sends: bounded, in time, strict, and never repeated back.

A picture is bytes and is not looked at here; JSON is read by ``strictjson``.
"""

import asyncio
import re
from typing import Any, Final, TypeVar

from anyio import fail_after
from litestar import Request
from litestar.exceptions import HTTPException

from takeback.errors import BodyTooLarge, PictureTooLarge
from takeback.strictjson import decode

JSON_BYTES: Final = 1024 * 1024
"""Largest JSON body; 10,000 signals are about 670,000 bytes."""

QUICK: Final = 16 * 1024
"""Bytes that are decoded faster than a thread is found for them."""

SECONDS: Final = 60
"""Within which a body must have arrived."""

AnyRequest = Request[Any, Any, Any]
Body = TypeVar("Body")

_JSON_TYPE = re.compile(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)
_PICTURE_TYPE = re.compile(r"(image/[a-z0-9.+-]+|application/octet-stream)", re.IGNORECASE)


def is_picture(request: AnyRequest) -> bool:
    """Tell whether the body says it is a picture.

    Raises:
        HTTPException: it says it is neither a picture nor JSON, or that it is compressed.
    """
    content_type = request.headers.get("content-type", "").strip()
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise HTTPException(status_code=415)
    if _PICTURE_TYPE.fullmatch(content_type):
        return True
    if not _JSON_TYPE.fullmatch(content_type):
        raise HTTPException(status_code=415)
    return False


async def read_picture(request: AnyRequest, limit: int) -> bytes:
    """Read the body as a picture.

    Raises:
        PictureTooLarge: it has more than *limit* bytes.
    """
    try:
        return await _read(request, limit)
    except BodyTooLarge:
        raise PictureTooLarge(f"the file is larger than {limit} bytes") from None


async def read_json(request: AnyRequest, kind: type[Body]) -> Body:
    """Read the body as *kind*.

    Raises:
        MalformedBody: it is something else.
        BodyTooLarge: it is longer than any such body.
        HTTPException: it does not say that it is JSON in UTF-8.
    """
    if is_picture(request):
        raise HTTPException(status_code=415)
    body = await _read(request, JSON_BYTES)
    if len(body) > QUICK:
        return await asyncio.to_thread(decode, body, kind)
    return decode(body, kind)


async def _read(request: AnyRequest, limit: int) -> bytes:
    read = bytearray()
    try:
        with fail_after(SECONDS):
            async for chunk in request.stream():
                read += chunk
                if len(read) > limit:
                    raise BodyTooLarge(f"the body is larger than {limit} bytes")
    except TimeoutError:
        raise HTTPException(status_code=408) from None
    return bytes(read)
