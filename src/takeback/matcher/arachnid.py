"""``POST /v1/pdq/``: a batch of PDQ signals in the shape of Arachnid Shield's look-up.

Of the members of a near match those are null that nobody here can know: a bank holds signals
and no file, so there is no digest of one. The classification is the name of our bank.
"""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from litestar import Response, Router, post
from msgspec import UNSET, Meta, Struct

from takeback.errors import MalformedSignal
from takeback.exchange.wire import MAX_LOOKUP
from takeback.hashing.signal import MATCH_DISTANCE, SIGNAL_BYTES, Signal
from takeback.matcher.bodies import read_json
from takeback.matcher.documents import HubMatch, MatchResult
from takeback.matcher.fast import FEW, LookUps, Question
from takeback.matcher.handlers import AnyRequest, caller_of, incoming_of
from takeback.strictjson import decode

MOST: Final = 10
"""Near matches of one signal that are answered, surest first."""

NONE: Final = "no-known-match"

JSON: Final = "application/json"


class PdqRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """PDQ signals, in hexadecimal or as Arachnid writes them in base64."""

    hashes: Annotated[
        list[Annotated[str, Meta(max_length=64)]], Meta(min_length=1, max_length=MAX_LOOKUP)
    ]


class NearMatch(Struct, frozen=True):
    """One entry that is near."""

    distance: int
    classification: str
    """The bank that the entry is in."""

    timestamp: int = 0
    """Seconds into a video; 0 for a picture."""

    sha1_base32: str | None = None
    sha256_hex: str | None = None


class Scanned(Struct, frozen=True):
    """What one signal matches."""

    classification: str
    """The bank of the surest match."""

    match_type: Literal["near"] | None
    """Never ``exact``: that is said of files, and signals are all that is compared."""

    near_match_details: list[NearMatch] | None


class PdqAnswer(Struct, frozen=True):
    """What each signal matches, by the text that was sent."""

    scanned_hashes: dict[str, Scanned]


NOTHING: Final = Scanned(NONE, None, None)


def routes(lookups: LookUps) -> Router:
    """Return Arachnid's address."""

    @post("/v1/pdq", status_code=200)
    async def pdq(request: AnyRequest) -> Response[bytes]:
        """Compare signals with every bank."""
        caller = caller_of(request)
        body = await read_json(incoming_of(request), lookups.room)
        texts, asked = await lookups.read(body, read, caller)
        results = (await lookups.find(asked, caller)).results
        if len(texts) <= FEW:
            return Response(written(texts, results), media_type=JSON)
        return Response(await lookups.apart(written, texts, results), media_type=JSON)

    return Router("/", route_handlers=[pdq])


def read(body: bytes) -> tuple[list[str], Question]:
    """Return the texts that a ``PdqRequest`` holds, and what is asked.

    Raises:
        MalformedBody: it is no such document.
        MalformedSignal: a text is no signal.
    """
    texts = decode(body, PdqRequest).hashes
    signals = np.frombuffer(b"".join(map(_bits, texts)), np.uint8)
    return texts, Question(signals.reshape(-1, SIGNAL_BYTES), MOST, MATCH_DISTANCE)


def written(texts: Sequence[str], results: Sequence[MatchResult]) -> bytes:
    """Return a ``PdqAnswer`` as JSON."""
    matched = zip(texts, results, strict=True)
    return msgspec.json.encode(PdqAnswer({text: scanned(result) for text, result in matched}))


def scanned(result: MatchResult) -> Scanned:
    """Describe a result as Arachnid would."""
    if not result.matches:
        return NOTHING
    return Scanned(result.matches[0].bank, "near", [_near(match) for match in result.matches])


def _near(match: HubMatch) -> NearMatch:
    return NearMatch(0 if match.distance is UNSET else match.distance, match.bank)


def _bits(text: str) -> bytes:
    if len(text) == 2 * SIGNAL_BYTES:
        return Signal.parse(text).bits
    try:
        bits = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        bits = b""
    if len(bits) != SIGNAL_BYTES:
        raise MalformedSignal("not a PDQ signal")
    return bits
