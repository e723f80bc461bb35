"""The texts of keys: how they are made, read and compared. Keeps none.

A key is 256 random bits, so its plain SHA-256 gives nothing away and needs no slow hashing.
"""

import hmac
import re
import secrets
from hashlib import sha256

from takeback.errors import NotSignedIn
from takeback.ids import ALPHABET

_KEY = re.compile(rf"tb_((?:key|staff)_[{ALPHABET}]{{16}})_[A-Za-z0-9_-]{{43}}")
_NOBODYS_DIGEST = bytes(32)


def new_key_text(record_id: str) -> str:
    """Return a fresh key for the record: ``tb_<id>_<43 characters>``."""
    return f"tb_{record_id}_{secrets.token_urlsafe(32)}"


def digest(text: str) -> bytes:
    """Return what is stored of a key."""
    return sha256(text.encode()).digest()


def record_id(text: str) -> str:
    """Return the id that a key's text names.

    Raises:
        NotSignedIn: the text is no key.
    """
    found = _KEY.fullmatch(text)
    if found is None:
        raise refused()
    return found[1]


def is_key(text: str, stored: bytes | None) -> bool:
    """Compare a key with what is stored, in a time that tells nothing; None never matches."""
    same = hmac.compare_digest(digest(text), stored or _NOBODYS_DIGEST)
    return same and stored is not None


def refused() -> NotSignedIn:
    """Return the one refusal there is, whatever was wrong."""
    return NotSignedIn("this key opens nothing here")
