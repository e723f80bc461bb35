"""The hub's own secrets: one key file, and a key for each purpose derived from it.

The file never enters the database or a backup: a stolen backup finds no case by its code.
The operator keeps a copy of the file elsewhere; without it no code finds its case.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from takeback.errors import IntegrityFailure, NotFound

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class HubKeys:
    """A key for each purpose, all derived from one master key."""

    master: bytes

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """Return *length* bytes for *purpose*; different purposes give unrelated keys."""
        return HKDF(
            algorithm=hashes.SHA256(), length=length, salt=None, info=f"takeback/{purpose}".encode()
        ).derive(self.master)

    def signer(self) -> Ed25519PrivateKey:
        """Return the key that signs the audit log."""
        return Ed25519PrivateKey.from_private_bytes(self.derive("audit-signature"))

    def check_value(self) -> str:
        """Return 16 hexadecimal digits that tell two key files apart and reveal neither."""
        return self.derive("check-value", 8).hex()


def load_or_create(path: Path) -> HubKeys:
    """Read the key file, or make one, readable by this user only.

    Raises:
        IntegrityFailure: the file is there but is no key.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return load(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return load(path)


def load(path: Path) -> HubKeys:
    """Read the key file.

    Raises:
        NotFound: there is none.
        IntegrityFailure: it is no key.
    """
    try:
        master = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        raise NotFound("the hub's key file is not there; put your copy of it back") from None
    except ValueError:
        raise IntegrityFailure("the hub's key file is damaged") from None
    if len(master) != KEY_BYTES:
        raise IntegrityFailure("the hub's key file is damaged")
    return HubKeys(master)
