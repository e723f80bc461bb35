"""Proof that one event is in the log, checkable by anyone who has the hub's public key."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from takeback.audit import tree
from takeback.audit.head import SignedHead


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """One event, the hashes beside its path through the tree, and the signed head."""

    seq: int
    event: str
    """The event's canonical JSON text."""
    path: tuple[bytes, ...]
    head: SignedHead

    def holds(self, key: Ed25519PublicKey) -> bool:
        """Tell whether the event is in the log that *key* signed."""
        leaf = tree.leaf_hash(self.event.encode())
        included = tree.includes(leaf, self.seq - 1, self.head.size, self.path, self.head.root)
        return included and self.head.is_signed_by(key)
