"""Reading a small form, for pages without JavaScript: as strict and as bounded as JSON.

One encoding, ``application/x-www-form-urlencoded``, which can't carry a file; ``multipart`` is
refused before a byte of it is read. Every field is known, comes once and is text.
"""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from litestar.exceptions import HTTPException

from takeback.errors import MalformedBody
from takeback.web.body import JsonRequest, is_plain

MOST_FIELDS: Final = 20

_FORM_TYPE: Final = re.compile(
    r"application/x-www-form-urlencoded\s*(;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE
)


class FormRequest(JsonRequest):
    """A request whose body is a form; its handler takes it like a JSON document."""

    async def json(self) -> object:
        """Return the fields as the type that the handler asks for."""
        wanted = self.route_handler.parsed_data_field
        return read(await self.body(), wanted.annotation if wanted else dict)

    def _require_type(self, content_type: str, content_encoding: str | None) -> None:
        if not is_plain(content_encoding) or not _FORM_TYPE.fullmatch(content_type.strip()):
            raise HTTPException(status_code=415)


def read(body: bytes, kind: type[Any]) -> object:
    """Read the fields of a form as a *kind*; empty ones are left at their defaults.

    Raises:
        MalformedBody: it is no form, or a field is unknown, given twice or not as described.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )
        fields = dict(pairs)
        if len(fields) == len(pairs):
            return msgspec.convert(fields, kind)
    except (ValueError, msgspec.ValidationError):
        pass
    raise MalformedBody("the form is not as described")
