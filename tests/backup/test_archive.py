"""The backup file: what goes in comes out, and nothing but the whole thing comes out."""

import io
from collections.abc import Iterable

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takeback.backup import archive
from takeback.errors import BadBackupKey, IntegrityFailure, TakebackError

IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())

values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary()
lines = st.dictionaries(st.text(min_size=1).filter(lambda name: name != "$bytes"), values)


def packed(content: Iterable[archive.Line]) -> bytes:
    """Return a backup of *content*."""
    target = io.BytesIO()
    archive.write(target, RECIPIENT, content)
    return target.getvalue()


def unpacked(text: bytes, identity: str = str(IDENTITY)) -> list[archive.Line]:
    """Return the lines of a backup."""
    found: list[archive.Line] = []
    archive.read(io.BytesIO(text), identity, found.append)
    return found


SAMPLE = packed([{"row": n} for n in range(200)])


@settings(max_examples=40)
@given(st.lists(lines, max_size=20))
def test_what_goes_in_comes_out(content: list[archive.Line]) -> None:
    """Numbers, text, bytes, yes and no, and nothing survive the journey."""
    assert unpacked(packed(content)) == content


def test_a_large_backup_comes_out_too() -> None:
    """Rows that fill many of age's chunks keep their order."""
    content: list[archive.Line] = [{"n": n, "b": bytes([n % 256]) * 50} for n in range(20_000)]

    assert unpacked(packed(content)) == content


def test_nothing_is_in_the_clear() -> None:
    """The file shows neither text nor bytes of a row."""
    text = packed([{"locator": "a place worth hiding", "signal": b"\x13\x57" * 16}])

    assert b"worth hiding" not in text
    assert b"\x13\x57\x13\x57" not in text


def test_someone_else_s_identity_does_not_open_it() -> None:
    """Another key is refused as a wrong key, not as a damaged file."""
    with pytest.raises(BadBackupKey):
        unpacked(packed([{"a": 1}]), str(pyrage.x25519.Identity.generate()))


@pytest.mark.parametrize("text", ["", "age1", "AGE-SECRET-KEY-1"])
def test_text_that_is_no_key_is_refused(text: str) -> None:
    """A mistyped recipient or identity is a clear error."""
    with pytest.raises(BadBackupKey):
        archive.write(io.BytesIO(), text, [])
    with pytest.raises(BadBackupKey):
        unpacked(packed([]), text)


@settings(max_examples=60)
@given(st.floats(0, 1, exclude_max=True))
def test_a_damaged_backup_is_refused(where: float) -> None:
    """A byte flipped anywhere, or an end cut off, is never taken for a backup."""
    place = int(where * len(SAMPLE))
    flipped = SAMPLE[:place] + bytes([SAMPLE[place] ^ 1]) + SAMPLE[place + 1 :]

    for bad in (flipped, SAMPLE[:place]):
        with pytest.raises(TakebackError):
            unpacked(bad)


def test_a_line_that_is_no_record_is_refused() -> None:
    """Only JSON objects are lines."""
    with pytest.raises(IntegrityFailure):
        archive.decode(b"[1]")
    with pytest.raises(IntegrityFailure):
        archive.decode(b"{")
