"""Record ids: what they look like and how they are made.

An id says its kind (``case_…``, ``item_…``) and nothing else: 80 random bits, no
counter and no time, so that two ids tell nothing about each other.
"""

import secrets
from typing import NewType

CaseId = NewType("CaseId", str)
ItemId = NewType("ItemId", str)
WithdrawalId = NewType("WithdrawalId", str)
PlatformId = NewType("PlatformId", str)
StaffId = NewType("StaffId", str)
KeyId = NewType("KeyId", str)
EntryId = NewType("EntryId", int)
"""Row number of a bank entry. Never leaves the hub: platforms see a number of their own."""

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no i, l, o or u, which are misread by hand."""


def random_text(length: int) -> str:
    """Return *length* random base-32 characters, five bits each."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_id(kind: str) -> str:
    """Return a fresh id, for example ``case_7m3k9x0q2v5t8w1z``."""
    return f"{kind}_{random_text(16)}"
