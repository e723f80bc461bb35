"""Proof of work: a small price on every try, asked without keeping anything.

A challenge says when it ends and carries an HMAC, so the hub remembers none it gave out;
it remembers only those that were used, until they end. Each process remembers its own.
When many use theirs, the next ones cost more, up to eight times as much.
"""

import hmac
import itertools
import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Final

from msgspec import UnsetType

from takeback.cases.wire import Challenge, Proof
from takeback.clock import Clock
from takeback.errors import BadProofOfWork

LIFETIME: Final = timedelta(minutes=10)

MOST_EXTRA_BITS: Final = 3
"""What a load of any size adds at most: 17 bits take a cheap phone half a second, rarely two;
``docs/explanation/case-access.md`` has the measurement."""

MINUTE: Final = 60.0


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
class Load:
    """How many proofs were taken in the last minute or so, and what that adds to the next.

    Only work that was done counts: asking for challenges makes nothing dearer for others.
    """

    comfortable: float
    """Proofs a second that add nothing; twice as many as this add another bit each time."""

    ticks: Callable[[], float] = time.monotonic
    """Seconds that only ever go up."""

    _level: float = 0.0
    _seen: float = field(init=False)

    def __post_init__(self) -> None:
        self._seen = self.ticks()

    def note(self) -> None:
        """Note that a proof was taken."""
        self._level = self._faded() + 1
        self._seen = self.ticks()

    def extra_bits(self) -> int:
        """Return how many bits more than usual to ask for."""
        a_second = self._faded() / MINUTE
        return sum(a_second >= self.comfortable * 2**step for step in range(MOST_EXTRA_BITS))

    def _faded(self) -> float:
        """Return how many of those noted still count: each fades away over a minute."""
        return self._level * math.exp((self._seen - self.ticks()) / MINUTE)


@dataclass(slots=True)
class Proofs:
    """Gives out challenges and takes each solution once."""

    key: bytes
    bits: int
    now: Clock
    load: Load
    _used: dict[str, int] = field(default_factory=dict)
    """Used challenges and the second in which each ends, oldest use first."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def challenge(self, *, keypoints: bool = True) -> Challenge:
        """Give out a fresh challenge; it says as well whether the hub takes keypoint signals."""
        ends = int((self.now() + LIFETIME).timestamp())
        bits = self.bits and self.bits + self.load.extra_bits()
        body = f"{ends}.{bits}.{secrets.token_hex(8)}"
        return Challenge(f"{body}.{self._mac(body)}", bits, keypoints)

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
            self.load.note()

    def _forget_ended(self) -> None:
        now = self.now().timestamp()
        ended = list(itertools.takewhile(lambda used: self._used[used] < now, self._used))
        for challenge in ended:
            del self._used[challenge]

    def _mac(self, body: str) -> str:
        return hmac.digest(self.key, body.encode(), "sha256").hex()[:32]
