"""Proof of work: a small price on every try, asked without keeping anything.

A challenge says when it ends and carries an HMAC, so the hub remembers none it gave out;
it remembers only those that were used, until they end. Each process remembers its own.
"""

import hmac
import itertools
import secrets
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Final

from msgspec import UnsetType

from takeback.cases.wire import Challenge, Proof
from takeback.clock import Clock
from takeback.errors import BadProofOfWork

LIFETIME: Final = timedelta(minutes=10)


def leading_zero_bits(digest: bytes) -> int:
    """Count the zero bits before the first one bit."""
    return len(digest) * 8 - int.from_bytes(digest).bit_length()


def solves(challenge: str, solution: str, bits: int) -> bool:
    """Say whether SHA-256(challenge + ":" + solution) begins with *bits* zero bits."""
    digest = sha256(f"{challenge}:{solution}".encode()).digest()
    return leading_zero_bits(digest) >= bits


def solve(challenge: Challenge) -> Proof:
    """Find a solution by trying; 14 bits take some 16,000 tries."""
    for number in itertools.count():
        if solves(challenge.challenge, str(number), challenge.bits):
            break
    return Proof(challenge.challenge, str(number))


@dataclass(slots=True)
class Proofs:
    """Gives out challenges and takes each solution once."""

    key: bytes
    bits: int
    now: Clock
    _used: dict[str, int] = field(default_factory=dict)
    """Used challenges and the second in which each ends, oldest use first."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def challenge(self, *, keypoints: bool = True) -> Challenge:
        """Give out a fresh challenge; it says as well whether the hub takes keypoint signals."""
        ends = int((self.now() + LIFETIME).timestamp())
        body = f"{ends}.{self.bits}.{secrets.token_hex(8)}"
        return Challenge(f"{body}.{self._mac(body)}", self.bits, keypoints)

    def take(self, proof: Proof | UnsetType | None) -> None:
        """Accept *proof*, once.

        Raises:
            BadProofOfWork: it is missing, wrong, not from this hub, too old or used before.
        """
        if self.bits == 0:
            return
        if not isinstance(proof, Proof) or not self._genuine(proof):
            raise BadProofOfWork("the proof of work is missing, wrong or expired")
        self._use(proof.challenge)

    def _genuine(self, proof: Proof) -> bool:
        body, _, mac = proof.challenge.rpartition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(body).encode()):
            return False
        ends, bits, _ = body.split(".")
        return int(ends) > self.now().timestamp() and solves(
            proof.challenge, proof.solution, int(bits)
        )

    def _use(self, challenge: str) -> None:
        with self._lock:
            self._forget_ended()
            if challenge in self._used:
                raise BadProofOfWork("this proof of work was used before")
            self._used[challenge] = int(challenge.split(".")[0])

    def _forget_ended(self) -> None:
        now = self.now().timestamp()
        ended = list(itertools.takewhile(lambda used: self._used[used] < now, self._used))
        for challenge in ended:
            del self._used[challenge]

    def _mac(self, body: str) -> str:
        return hmac.digest(self.key, body.encode(), "sha256").hex()[:32]
