"""Marks of forms: when each was drawn, so that one kept by a browser can't be sent again for long.

A mark is a second, 32 random digits and an HMAC over both; the hub remembers none. As a whole it
is the attempt that a recovery is kept under, and no attempt that a JSON client could send: who
finds a form in a browser's history can't use it by another way in, for longer.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from msgspec import Meta

from takeback.clock import Clock
from takeback.errors import FormTooOld

LIFETIME: Final = timedelta(minutes=10)
"""Enough to type 25 characters, and to ask again when the answer is lost on its way."""

Mark = Annotated[str, Meta(pattern=r"\A[0-9]{1,12}\.[0-9a-f]{32}\.[0-9a-f]{32}\Z")]


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks forms, and knows its own."""

    key: bytes
    now: Clock

    def draw(self) -> Mark:
        """Mark a form that is drawn now."""
        body = f"{int(self.now().timestamp())}.{secrets.token_hex(16)}"
        return f"{body}.{self._mac(body)}"

    def check(self, mark: Mark) -> None:
        """Accept a form that this hub drew within the last minutes.

        Raises:
            FormTooOld: it is older, or from elsewhere.
        """
        body, _, mac = mark.rpartition(".")
        genuine = hmac.compare_digest(mac, self._mac(body))
        ends = int(body.split(".")[0]) + LIFETIME.total_seconds()
        if not genuine or self.now().timestamp() >= ends:
            raise FormTooOld("the form was open for more than ten minutes")

    def _mac(self, body: str) -> str:
        return hmac.digest(self.key, body.encode(), "sha256").hex()[:32]
