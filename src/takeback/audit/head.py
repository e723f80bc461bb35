"""The signed head of the log, and its copy outside the database.

Whoever cuts rows off the end of the log leaves a shorter log that is right in itself. The
copy, a small file beside the database, tells the two apart: the log only ever grows.
"""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from takeback.errors import IntegrityFailure

_PURPOSE = b"takeback audit head\n"


@dataclass(frozen=True, slots=True)
class SignedHead:
    """What the hub vouches for: so many events, and one root over all of them."""

    size: int
    root: bytes
    """RFC 6962 root over the first *size* events, 32 bytes."""
    signature: bytes
    """Ed25519 over :func:`signed_bytes`."""

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Tell whether the signature is right."""
        try:
            key.verify(self.signature, signed_bytes(self.size, self.root))
        except InvalidSignature:
            return False
        return True


def signed_bytes(size: int, root: bytes) -> bytes:
    """Return what a head's signature is over: a purpose, eight bytes of size, the root."""
    return _PURPOSE + size.to_bytes(8, "big") + root


def read_head(path: Path) -> SignedHead | None:
    """Read the copy of the head, or None when there is none yet.

    Raises:
        IntegrityFailure: the file is there and is no head.
    """
    try:
        members = json.loads(path.read_text())
        root, signature = (bytes.fromhex(members[name]) for name in ("root", "signature"))
        return SignedHead(int(members["size"]), root, signature)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        raise IntegrityFailure(
            f"{path.name}, the copy of the audit log's head, is damaged"
        ) from None


def write_head(path: Path, head: SignedHead) -> None:
    """Replace the copy of the head in one step; a crash leaves the old one or the new one."""
    members = {"size": head.size, "root": head.root.hex(), "signature": head.signature.hex()}
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(json.dumps(members) + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
