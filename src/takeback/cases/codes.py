"""Code, PIN and recovery slip: made, read from what people type, and made unreadable.

The database holds an HMAC of code and slip and an Argon2id digest of the PIN, both under
keys from the hub's key file, which is in no backup. Nothing here can be turned back.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from argon2.low_level import Type, hash_secret_raw
from msgspec import UNSET, UnsetType

from takeback.cases.words import CODE_LENGTH, WORDS, from_words
from takeback.errors import MalformedCode
from takeback.hubkeys import HubKeys
from takeback.ids import ALPHABET, random_text

PIN_DIGITS: Final = 6
SLIP_LENGTH: Final = 25
"""Base-32 characters of a recovery slip: 125 bits, because it opens alone."""

ARGON2_MEMORY_KIB: Final = 19_456
ARGON2_PASSES: Final = 2
ARGON2_LANES: Final = 1
"""The second configuration of the OWASP Password Storage Cheat Sheet for Argon2id."""

_MISREAD: Final = str.maketrans("oil", "011")

Kdf = Callable[[bytes, bytes], bytes]
"""Turns a secret and a 16-byte salt into 32 bytes, slowly."""


def argon2id(secret: bytes, salt: bytes) -> bytes:
    """Derive 32 bytes from *secret* with Argon2id: 19 MiB, two passes, one lane."""
    return hash_secret_raw(
        secret, salt, ARGON2_PASSES, ARGON2_MEMORY_KIB, ARGON2_LANES, 32, Type.ID
    )


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens a case, in plain text: only ever in memory and shown once."""

    code: str
    pin: str
    slip: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A device's own mark of one try, so that a try whose answer was lost can be repeated."""

    mac: bytes
    on: date


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the database keeps of the secrets."""

    code_mac: bytes
    pin_digest: bytes
    slip_mac: bytes
    attempt: Attempt | None = None
    """The try that these were the answer to, if the device marked it."""


def new_secrets() -> Secrets:
    """Make a code of 65 bits, a PIN of six digits and a slip of 125 bits."""
    pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"
    return Secrets(random_text(CODE_LENGTH), pin, grouped(random_text(SLIP_LENGTH)))


def unknown_credentials() -> Credentials:
    """Return credentials for which nobody has a code, PIN or slip, nor ever will."""
    code_mac, pin_digest, slip_mac = (secrets.token_bytes(32) for _ in range(3))
    return Credentials(code_mac, pin_digest, slip_mac)


def grouped(text: str) -> str:
    """Put a hyphen after every five characters, for copying by hand."""
    return "-".join(text[start : start + 5] for start in range(0, len(text), 5))


def parse_code(text: str) -> str:
    """Read a code as people type it: 13 characters or six words, in any spacing.

    Raises:
        MalformedCode: it is neither.
    """
    words = text.split()
    if len(words) == WORDS and not _base32(text, CODE_LENGTH):
        return from_words(words)
    return _required(_base32(text, CODE_LENGTH), "a code has 13 letters and digits, or six words")


def parse_slip(text: str) -> str:
    """Read a recovery slip, in any spacing.

    Raises:
        MalformedCode: it does not have 25 letters and digits.
    """
    return _required(_base32(text, SLIP_LENGTH), "a recovery slip has 25 letters and digits")


def parse_pin(text: str) -> str:
    """Read a PIN, in any spacing.

    Raises:
        MalformedCode: it does not have six digits.
    """
    pin = "".join(text.split())
    digits = len(pin) == PIN_DIGITS and pin.isascii() and pin.isdigit()
    return _required(pin if digits else "", "a PIN has six digits")


def _base32(text: str, length: int) -> str:
    """Return the characters that *text* means, or nothing."""
    plain = "".join(text.replace("-", " ").split()).lower().translate(_MISREAD)
    fits = len(plain) == length and all(character in ALPHABET for character in plain)
    return plain if fits else ""


def _required(text: str, otherwise: str) -> str:
    if not text:
        raise MalformedCode(otherwise)
    return text


@dataclass(frozen=True, slots=True)
class Digester:
    """Turns secrets into what is stored."""

    code_key: bytes
    slip_key: bytes
    salt_key: bytes
    attempt_key: bytes
    kdf: Kdf

    @classmethod
    def of(cls, keys: HubKeys, kdf: Kdf) -> "Digester":
        """Derive the keys from the hub's key file."""
        return cls(
            code_key=keys.derive("case-code"),
            slip_key=keys.derive("case-slip"),
            salt_key=keys.derive("pin-salt"),
            attempt_key=keys.derive("case-attempt"),
            kdf=kdf,
        )

    def code_mac(self, code: str) -> bytes:
        """Return the 32 bytes under which a case with *code* is found."""
        return hmac.digest(self.code_key, code.encode(), "sha256")

    def slip_mac(self, slip: str) -> bytes:
        """Return the 32 bytes under which a case with *slip* is found."""
        return hmac.digest(self.slip_key, slip.encode(), "sha256")

    def attempt(self, purpose: str, mark: str | UnsetType, on: date) -> Attempt | None:
        """Return what is kept of a device's *mark* for *purpose*, or None without one."""
        if mark is UNSET:
            return None
        return Attempt(hmac.digest(self.attempt_key, f"{purpose}:{mark}".encode(), "sha256"), on)

    def pin_digest(self, code: str, pin: str) -> bytes:
        """Run the one slow step, over PIN and code together.

        The salt comes from the code and the hub's key, so it is there for an unknown code
        as well, and a stolen database has none to start guessing with.
        """
        salt = hmac.digest(self.salt_key, code.encode(), "sha256")[:16]
        return self.kdf(f"{pin}:{code}".encode(), salt)

    def digest(self, made: Secrets, attempt: Attempt | None = None) -> Credentials:
        """Return what is stored of *made*; runs the slow step once."""
        return Credentials(
            self.code_mac(made.code),
            self.pin_digest(made.code, made.pin),
            self.slip_mac(parse_slip(made.slip)),
            attempt,
        )
