"""Texts that are no key, whatever they look like."""

from collections.abc import Callable

import pytest

from takeback.errors import NotSignedIn

KEY_ID = "key_7m3k9x0q2v5t8w1z"
SECRET = "A" * 43

HOSTILE_KEYS = [
    "",
    " ",
    "tb_",
    "tb__",
    "\x00",
    "\ud800",
    "키" * 20,
    "A" * 1_000_000,
    f"tb_{KEY_ID}_",
    f"tb_{KEY_ID}_{SECRET}",
    f"tb_{KEY_ID}_{SECRET}A",
    f"tb_{KEY_ID}_{SECRET[:-1]}",
    f"tb_{KEY_ID}_{SECRET[:-1]}=",
    f"tb_{KEY_ID}_{SECRET[:-1]}\n{SECRET}",
    f"TB_{KEY_ID}_{SECRET}",
    f"tb_{KEY_ID.upper()}_{SECRET}",
    f"tb_key_' OR 1=1 --____{SECRET}",
    f"tb_key_%%%%%%%%%%%%%%%%_{SECRET}",
    f"tb_staff_0000000000000000_{SECRET}",
    f"Bearer tb_{KEY_ID}_{SECRET}",
    f"tb_{KEY_ID}_" + "\uff21" * 43,
]

THE_ANSWER = "this key opens nothing here"


def answer(sign_in: Callable[[], object]) -> str:
    """Return the words in which a key is refused."""
    with pytest.raises(NotSignedIn) as refusal:
        sign_in()
    return str(refusal.value)
