"""The hub as a reporter's device sees it: documents out, documents back, over HTTP.

What is sent are the types of ``cases/wire.py``, none of which can hold a picture. This file
never sees one, and keeps nothing.
"""

import hashlib
import itertools
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec

from takeback.cases.wire import (
    Access,
    AccessRequest,
    AddItemsRequest,
    Challenge,
    Choices,
    ChoicesRequest,
    ItemDocument,
    Opened,
    Proof,
    Receipt,
    RecoveryRequest,
    RegistrationDocument,
    WithdrawalRequest,
)
from takeback.cli.refusals import refusal
from takeback.errors import HubUnreachable, UnsafeAddress
from takeback.exchange.client import is_loopback

Answer = TypeVar("Answer")

TIMEOUT = 30.0
"""Seconds to wait for an answer."""

TRIES = 3
PAUSE = 1.0
"""How often, and after how many seconds, what may be sent twice is sent again."""

HARDEST_PROOF = 24
"""Leading zero bits beyond which a challenge is refused: minutes of work, and no hub asks it."""


@dataclass(frozen=True, slots=True)
class ReporterHub:
    """One hub, at one address."""

    http: httpx2.Client

    def open(self, document: RegistrationDocument) -> Opened:
        """Open a case. What comes back is shown once and never again.

        An answer that is lost on the way is asked for again, and opens no second case.
        """
        marked = msgspec.structs.replace(document, attempt=secrets.token_hex(16))
        return self._persist(
            lambda: self._post(
                "/v1/cases", msgspec.structs.replace(marked, proof=self._proof()), Opened
            )
        )

    def takes_keypoints(self) -> bool:
        """Tell whether this hub takes keypoint signals; if not, nobody need be asked."""
        return self._challenge().keypoints

    def add(self, access: Access, items: list[ItemDocument]) -> Receipt:
        """Add items to the case."""
        request = AddItemsRequest(access=self._proven(access), items=items)
        return self._post("/v1/cases/items", request, Receipt)

    def receipt(self, access: Access) -> Receipt:
        """Read the receipt."""
        request = AccessRequest(access=self._proven(access))
        return self._post("/v1/cases/receipt", request, Receipt)

    def withdraw(self, access: Access, item_id: str | None, *, undo: bool = False) -> Receipt:
        """Withdraw the case or one item; or undo that."""
        place = "/v1/cases/withdrawal/undo" if undo else "/v1/cases/withdrawal"
        request = WithdrawalRequest(access=self._proven(access), item_id=item_id or msgspec.UNSET)
        return self._post(place, request, Receipt)

    def choose(self, access: Access, choices: Choices) -> Receipt:
        """Replace the reporter's choices."""
        request = ChoicesRequest(access=self._proven(access), choices=choices)
        return self._post("/v1/cases/choices", request, Receipt)

    def resume(self, access: Access) -> Receipt:
        """Let items count again that a restore of the hub suspended."""
        request = AccessRequest(access=self._proven(access))
        return self._post("/v1/cases/resumption", request, Receipt)

    def recover(self, slip: str) -> Opened:
        """Exchange the recovery slip for a new code, PIN and slip."""
        marked = RecoveryRequest(slip=slip, attempt=secrets.token_hex(16))
        return self._persist(
            lambda: self._post(
                "/v1/cases/recovery", msgspec.structs.replace(marked, proof=self._proof()), Opened
            )
        )

    def _persist(self, send: Callable[[], Answer]) -> Answer:
        """Send again when no answer came back; what is sent must bear being sent twice."""
        for _ in range(TRIES - 1):
            try:
                return send()
            except (httpx2.TransportError, HubUnreachable):
                time.sleep(PAUSE)
        return send()

    def _proven(self, access: Access) -> Access:
        return msgspec.structs.replace(access, proof=self._proof())

    def _proof(self) -> Proof:
        return solve(self._challenge())

    def _challenge(self) -> Challenge:
        return self._answer(self.http.get("/v1/challenge"), Challenge)

    def _post(self, place: str, document: msgspec.Struct, kind: type[Answer]) -> Answer:
        body = msgspec.json.encode(document)
        headers = {"content-type": "application/json"}
        return self._answer(self.http.post(place, content=body, headers=headers), kind)

    def _answer(self, response: httpx2.Response, kind: type[Answer]) -> Answer:
        if not response.is_success:
            raise refusal(response)
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError:
            raise HubUnreachable("the address answered, but not as a hub does") from None


@contextmanager
def reporter_hub(url: str) -> Iterator[ReporterHub]:
    """Open a connection to the hub at *url* and close it on the way out.

    Raises:
        UnsafeAddress: code and PIN would travel unencrypted to *url*.
        HubUnreachable: there is no hub there, or it does not answer.
    """
    place = urlsplit(url)
    host = place.hostname or ""
    if not _safe(place.scheme, host):
        raise UnsafeAddress("the hub's address must begin with https://")
    try:
        with httpx2.Client(
            base_url=url, timeout=TIMEOUT, trust_env=not is_loopback(host)
        ) as client:
            yield ReporterHub(client)
    except httpx2.TransportError:
        raise HubUnreachable("the hub can't be reached") from None


def _safe(scheme: str, host: str) -> bool:
    """Tell whether what is sent can be read only by the hub."""
    if scheme == "http":
        return is_loopback(host) or host.endswith(".onion")
    return scheme == "https" and host != ""


def solve(challenge: Challenge) -> Proof:
    """Find the solution of *challenge* by trying.

    Raises:
        HubUnreachable: the challenge is harder than any hub's.
    """
    if challenge.bits > HARDEST_PROOF:
        raise HubUnreachable("the hub asks for a proof of work that no hub needs")
    start = hashlib.sha256(f"{challenge.challenge}:".encode())
    for number in itertools.count():
        trial = start.copy()
        trial.update(b"%x" % number)
        if int.from_bytes(trial.digest()) >> (256 - challenge.bits) == 0:
            break
    return Proof(challenge=challenge.challenge, solution=f"{number:x}")
