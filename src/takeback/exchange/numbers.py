"""Opaque numbers and cursors: how one platform knows entries, withdrawals, and its place.

A number is one block of 16 bytes under AES with a key that belongs to one platform and one
use. AES on exactly one block is a permutation: two things never get the same number, the hub
finds the thing again without a table, and without the key a number tells nothing, not even
how many there are or which came first. Each block carries zeros that a forged one lacks.
Decision 0013 says why this needs no mode of operation.

A cursor is sealed with AES-GCM and a random nonce, for its place moves with every change in
any bank: two cursors of one place have nothing in common, so that nobody sees it move.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from takeback.errors import EpochChanged, MalformedCursor, NotFound
from takeback.hubkeys import HubKeys
from takeback.ids import ALPHABET, EntryId, PlatformId, WithdrawalId

NumberUse = Literal["entry", "withdrawal"]
CursorUse = Literal["cursor", "page"]

BLOCK: Final = 16
NONCE: Final = 12
TAG: Final = 16
_ID: Final = 8
_SEQ: Final = 6
_EPOCH: Final = 6
_CURSOR: Final = NONCE + _EPOCH + _SEQ + TAG
_MARKER: Final = 10
_WITHDRAWAL: Final = "withdrawal_"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of one platform."""

    keys: HubKeys
    platform_id: PlatformId

    def of_entries(self, entry_ids: Sequence[EntryId]) -> list[str]:
        """Return this platform's number of each entry, in order."""
        return self._hide("entry", [entry_id.to_bytes(_ID, signed=True) for entry_id in entry_ids])

    def entry(self, number: str) -> EntryId:
        """Return the entry that *number* stands for at this platform.

        Raises:
            NotFound: it stands for none here.
        """
        payload = self._show("entry", number, _ID)
        if payload is None:
            raise NotFound("no such entry")
        return EntryId(int.from_bytes(payload, signed=True))

    def cursor(self, epoch: str, seq: int, use: CursorUse = "cursor") -> str:
        """Return an opaque form of a place in the feed, in this epoch; never the same again."""
        nonce = secrets.token_bytes(NONCE)
        place = bytes.fromhex(epoch) + seq.to_bytes(_SEQ)
        return (nonce + self._sealer(use).encrypt(nonce, place, None)).hex()

    def place(self, epoch: str, cursor: str, use: CursorUse = "cursor") -> int:
        """Return the place that *cursor* stands for.

        Raises:
            MalformedCursor: this hub made no such cursor for this platform.
            EpochChanged: the cursor is of another epoch.
        """
        payload = self._opened(use, cursor)
        if payload is None:
            raise MalformedCursor("this cursor was not made here, or not for you")
        if payload[:_EPOCH].hex() != epoch:
            raise EpochChanged("this cursor is of another epoch")
        return int.from_bytes(payload[_EPOCH:])

    def epoch(self, bank_epoch: str, platform_epoch: int) -> str:
        """Return this platform's name of an epoch, 12 hexadecimal digits."""
        purpose = f"feed-epoch/{self.platform_id}/{bank_epoch}/{platform_epoch}"
        return self.keys.derive(purpose, _EPOCH).hex()

    def marker(self, withdrawal_id: WithdrawalId) -> str:
        """Return this platform's marker of a withdrawal."""
        digits = (ALPHABET.index(each) for each in withdrawal_id.removeprefix(_WITHDRAWAL))
        value = 0
        for digit in digits:
            value = value * len(ALPHABET) + digit
        [text] = self._hide("withdrawal", [value.to_bytes(_MARKER)])
        return text

    def withdrawal(self, marker: str) -> WithdrawalId:
        """Return the withdrawal that *marker* stands for at this platform.

        Raises:
            NotFound: it stands for none here.
        """
        payload = self._show("withdrawal", marker, _MARKER)
        if payload is None:
            raise NotFound("no such withdrawal")
        value = int.from_bytes(payload)
        digits = [ALPHABET[(value >> shift) & 31] for shift in range(75, -1, -5)]
        return WithdrawalId(_WITHDRAWAL + "".join(digits))

    def _opened(self, use: CursorUse, text: str) -> bytes | None:
        """Return what :meth:`cursor` sealed, or None."""
        sealed = _bytes_of(text, _CURSOR)
        if sealed is None:
            return None
        try:
            return self._sealer(use).decrypt(sealed[:NONCE], sealed[NONCE:], None)
        except InvalidTag:
            return None

    def _hide(self, use: NumberUse, payloads: Sequence[bytes]) -> list[str]:
        """Return one number for each payload; equal payloads get equal numbers."""
        blocks = b"".join(payload.ljust(BLOCK, b"\0") for payload in payloads)
        hidden = self._cipher(use).encryptor().update(blocks).hex()
        return [hidden[at : at + 2 * BLOCK] for at in range(0, len(hidden), 2 * BLOCK)]

    def _show(self, use: NumberUse, text: str, size: int) -> bytes | None:
        """Return the payload of a number that :meth:`_hide` made, or None."""
        block = _bytes_of(text, BLOCK)
        if block is None:
            return None
        plain = self._cipher(use).decryptor().update(block)
        return plain[:size] if not any(plain[size:]) else None

    def _cipher(self, use: NumberUse) -> Cipher[ECB]:
        return _cipher(self.keys, f"feed-{use}/{self.platform_id}")

    def _sealer(self, use: CursorUse) -> AESGCM:
        return _sealer(self.keys, f"feed-{use}/{self.platform_id}")


def _bytes_of(text: str, size: int) -> bytes | None:
    """Return so many bytes from lower-case hexadecimal digits, or None for any other text."""
    try:
        read = bytes.fromhex(text)
    except ValueError:
        return None
    return read if len(read) == size and read.hex() == text else None


@lru_cache(maxsize=4096)
def _cipher(keys: HubKeys, purpose: str) -> Cipher[ECB]:
    # One block at a time: a permutation of 16-byte strings, never a message in several blocks.
    return Cipher(AES(keys.derive(purpose, BLOCK)), ECB())  # noqa: S305


@lru_cache(maxsize=4096)
def _sealer(keys: HubKeys, purpose: str) -> AESGCM:
    return AESGCM(keys.derive(purpose))
