"""PDQ signals as callers have them, turned into the hexadecimal form that is sent."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, Protocol, TypeVar

from takeback.client.errors import MalformedSignal

T = TypeVar("T")

SIGNAL_BYTES: Final = 32
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")


class HasBits(Protocol):
    """A signal as a value, such as ``takeback.hashing.Signal``."""

    @property
    def bits(self) -> bytes:
        """32 bytes, most significant bit first."""


Signal = str | bytes | bytearray | memoryview | HasBits | Iterable[int]
"""64 hexadecimal digits, 32 bytes, a value with ``bits``, or 32 numbers from 0 to 255, which a
row of a numpy array of uint8 is too."""


def as_text(signal: Signal) -> str:
    """Return the 64 lower-case hexadecimal digits of *signal*.

    Raises:
        MalformedSignal: it is no PDQ signal.
    """
    if isinstance(signal, str):
        if not _HEX.fullmatch(signal):
            raise MalformedSignal("not a PDQ signal")
        return signal.lower()
    content = _bytes_of(signal)
    if len(content) != SIGNAL_BYTES:
        raise MalformedSignal(f"a PDQ signal has {SIGNAL_BYTES} bytes")
    return content.hex()


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut *items* into lists of *size*, the last one shorter."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def _bytes_of(signal: bytes | bytearray | memoryview | HasBits | Iterable[int]) -> bytes:
    content: Any = getattr(signal, "bits", signal)
    if isinstance(content, int):  # bytes(32) would be 32 zeros, a signal that somebody may have
        raise MalformedSignal("not a PDQ signal")
    try:
        return bytes(content)
    except (TypeError, ValueError):
        raise MalformedSignal("not a PDQ signal") from None
