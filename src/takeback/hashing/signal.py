"""PDQ signals as values: parse, print, compare.

A signal is the 256-bit PDQ hash of one picture. This module never sees a picture
and needs no library: ``pdq.py`` makes signals and measures quality, ``matching``
searches, ``arrays.py`` packs many of them for numpy.

Source: Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing
Algorithm" (2019). Test vectors: ``vectors/pdq.json``.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

from takeback.errors import MalformedSignal

SIGNAL_TYPE: Final = "pdq"
"""Name of the algorithm that every signal here was made with."""

SIGNAL_BITS: Final = 256
"""Bits in a signal."""

SIGNAL_BYTES: Final = SIGNAL_BITS // 8
"""Bytes in a signal."""

MATCH_DISTANCE: Final = 31
"""Largest distance, in bits, that is a match (``PDQ_CONFIDENT_MATCH_THRESHOLD`` in pytx)."""

MINIMUM_QUALITY: Final = 50
"""Smallest quality, 0-100, that may be registered or looked up; below it chance decides."""

_HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Signal:
    """The PDQ hash of one picture. Equal signals are interchangeable."""

    bits: bytes
    """32 bytes, most significant bit first."""

    def __post_init__(self) -> None:
        if len(self.bits) != SIGNAL_BYTES:
            raise MalformedSignal(f"expected {SIGNAL_BYTES} bytes, got {len(self.bits)}")

    def __str__(self) -> str:
        return self.bits.hex()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the 64-digit hexadecimal form that every PDQ tool exchanges.

        Raises:
            MalformedSignal: *text* is not exactly 64 lower-case hexadecimal digits.
        """
        if not _HEX.fullmatch(text):
            raise MalformedSignal("not a PDQ signal")
        return cls(bytes.fromhex(text))

    def distance(self, other: "Signal") -> int:
        """Count the bits in which two signals differ.

        Returns:
            Hamming distance in bits, 0 (identical) to 256 (complementary). Two
            unrelated pictures average 128; ``MATCH_DISTANCE`` or less is a match.
        """
        return (int.from_bytes(self.bits) ^ int.from_bytes(other.bits)).bit_count()

    def inverted(self) -> "Signal":
        """Return the signal of the negative: every frequency changes sign, so every bit does."""
        return Signal(bytes(byte ^ 0xFF for byte in self.bits))
