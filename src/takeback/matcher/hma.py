"""HMA's addresses, for whoever has programs that speak to a Hasher-Matcher-Actioner.

The shapes are those of HMA 1.1.7. What differs is said in docs/how-to/move-from-hma.md: nothing
is fetched, nothing is left to a coin, and an answer that would be incomplete is none.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from litestar import Response, Router, get, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from takeback import problems
from takeback.errors import MalformedBody, MalformedSignal, NotAllowed, NotReady
from takeback.hashing.picture import PictureSignals
from takeback.hashing.signal import MATCH_DISTANCE, MINIMUM_QUALITY, SIGNAL_BYTES, Signal
from takeback.hashing.signal_types import SignalType
from takeback.matcher.bodies import Room, decoded, read_json
from takeback.matcher.edge import described
from takeback.matcher.handlers import AnyRequest, caller_of, incoming_of
from takeback.matcher.hmafiles import FileSignals, receive
from takeback.matcher.lookup import HeldBanks
from takeback.matcher.service import Matcher
from takeback.matcher.state import Held
from takeback.matching.lookup.found import Found

MOST: Final = 100
"""Matches of one signal that are answered, surest first."""

TYPES: Final[Mapping[str, SignalType]] = {"pdq": SignalType.PDQ, "video_md5": SignalType.MD5}
"""HMA's names of the types of signal that are spoken here."""

NO_DISTANCE: Final = "-"
"""What HMA says where a type of signal knows no distance."""

ALIVE, NOT_LOADED, STALE = "I-AM-ALIVE", "INDEX-NOT-LOADED", "INDEX-STALE"

_FILE: Final = "Send the file as multipart/form-data, in a field photo or video; not compressed."

HINTS: Final[Mapping[str, str]] = {
    "/h/hash": _FILE,
    "/m/lookup": f"{_FILE} Or give a signal as ?signal= and ?signal_type= instead.",
    "/m/compare": "Send application/json in UTF-8; not compressed.",
}
"""What is said of another content type, by address."""

ByBank = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Hma:
    """Answers as HMA does, from what is held."""

    matcher: Matcher

    def find(self, signal: str, kind: str) -> Found[Held]:
        """Return what a signal matches.

        Raises:
            MalformedSignal: it is none of its type.
            NotReady: not every bank was read yet; no match would not be true.
        """
        banks = self._whole_banks()
        if _type(kind) == SignalType.MD5:
            return banks.find_file(_digest(signal), MOST)
        row = np.frombuffer(Signal.parse(signal).bits, np.uint8).reshape(1, SIGNAL_BYTES)
        return self.matcher.look_up(row, MOST)[0]

    def find_picture(self, picture: PictureSignals) -> Found[Held]:
        """Return what a picture matches whole, upright, turned or mirrored."""
        if picture.quality < MINIMUM_QUALITY:
            return Found()
        found = self._whole_banks().find_picture(picture, MOST)
        near = (match for match in found.matches if match[1].distance is not None)
        return replace(found, matches=tuple(near))

    def _whole_banks(self) -> HeldBanks:
        banks = self.matcher.banks
        if banks is None:
            raise NotAllowed("this matcher holds no bank, so it has no numbers to give")
        if not self.matcher.vitals.loaded() or banks.missing():
            raise NotReady("index not yet ready")
        return banks

    def sizes(self) -> Mapping[str, int]:
        """Return how many entries there are of each of HMA's types."""
        banks = self.matcher.banks
        sizes = banks.sizes() if banks else {}
        return {name: sizes.get(kind, 0) for name, kind in TYPES.items()}

    def built_to(self) -> int:
        """Return since when, in seconds since 1970, every bank is known to be up to date."""
        ages = [hub.fresh_seconds for hub in self.matcher.vitals.document().hubs]
        known = [age for age in ages if age is not None]
        return int(time.time() - max(known)) if len(known) == len(ages) else -1

    def status(self) -> str:
        """Say in HMA's words how it goes."""
        vitals = self.matcher.vitals
        if not vitals.loaded():
            return NOT_LOADED
        return STALE if vitals.stale() else ALIVE


def routes(matcher: Matcher, room: Room) -> list[Router]:
    """Return HMA's addresses."""
    hma = Hma(matcher)
    handlers = [*_hashing(matcher), *_looking_up(hma, matcher), *_facts(hma, room)]
    work = Router("/", route_handlers=handlers, exception_handlers={Exception: _on_error})
    return [work, Router("/", route_handlers=_status(hma))]


def _hashing(matcher: Matcher) -> list[HTTPRouteHandler]:
    @get("/h/hash", sync_to_thread=False)
    def hash_address() -> None:
        """Refuse: a matcher that fetched addresses could be sent anywhere in its network."""
        raise _nothing_is_fetched()

    @post("/h/hash", status_code=200)
    async def hash_file(request: AnyRequest) -> dict[str, str]:
        """Hash one file."""
        caller_of(request).spend(1)
        with ExitStack() as stack:
            made = await receive(incoming_of(request), matcher, stack)
        return _chosen(made.texts(), request.query_params.get("types"))

    return [hash_address, hash_file]


def _looking_up(hma: Hma, matcher: Matcher) -> list[HTTPRouteHandler]:
    @get("/m/raw_lookup", sync_to_thread=False)
    def raw_lookup(request: AnyRequest) -> dict[str, Any]:
        """Return the ids of what a signal matches, with distances if asked for."""
        caller_of(request).spend(1)
        query = request.query_params
        found = hma.find(_required(query, "signal"), _required(query, "signal_type"))
        matches = [each for bank in _by_bank(found, query.get("banks")).values() for each in bank]
        if _is_true(query.get("include_distance", "false")):
            return {"matches": matches}
        return {"matches": [each["bank_content_id"] for each in matches]}

    @get("/m/lookup", sync_to_thread=False)
    def lookup_signal(request: AnyRequest) -> ByBank:
        """Return what a signal matches, by bank."""
        caller_of(request).spend(1)
        return _looked_up(hma, request)

    @post("/m/lookup", status_code=200)
    async def lookup_file(request: AnyRequest) -> dict[str, Any]:
        """Return what a file matches, by type of signal and bank; or what a signal does."""
        caller_of(request).spend(1)
        if "signal" in request.query_params:
            return _looked_up(hma, request)
        with ExitStack() as stack:
            made = await receive(incoming_of(request), matcher, stack)
        banks = request.query_params.get("banks")
        found = await asyncio.to_thread(_found, hma, made)
        return {kind: _by_bank(found, banks) for kind in made.texts()}

    return [raw_lookup, lookup_signal, lookup_file]


def _looked_up(hma: Hma, request: AnyRequest) -> ByBank:
    query = request.query_params
    if "url" in query:
        raise _nothing_is_fetched()
    found = hma.find(_required(query, "signal"), _required(query, "signal_type"))
    return _by_bank(found, query.get("banks"))


def _found(hma: Hma, made: FileSignals) -> Found[Held]:
    if made.picture is not None:
        return hma.find_picture(made.picture)
    return hma.find(made.md5, "video_md5")


def _facts(hma: Hma, room: Room) -> list[HTTPRouteHandler]:
    @post("/m/compare", status_code=200)
    async def compare(request: AnyRequest) -> dict[str, Any]:
        """Return whether two signals of each type are a match, and their distance."""
        caller_of(request).spend(1)
        text = await read_json(incoming_of(request), room)
        body = await decoded(text, dict[str, list[str]])
        return {kind: _compared(kind, signals) for kind, signals in body.items()}

    @get("/m/index/status", sync_to_thread=False)
    def index_status(request: AnyRequest) -> dict[str, Any]:
        """Return how large the index of each type is, and how far it reaches."""
        loaded, built_to = hma.matcher.vitals.loaded(), hma.built_to()
        one = request.query_params.get("signal_type")
        wanted = hma.sizes() if one is None else {one: hma.sizes()[_named(one)]}
        return {
            kind: {"present": loaded, "built_to": built_to if loaded else -1, "size": size}
            for kind, size in wanted.items()
        }

    return [compare, index_status]


def _status(hma: Hma) -> list[HTTPRouteHandler]:
    @get("/status", sync_to_thread=False)
    def status() -> Response[str]:
        """Say whether answers are true, for a load balancer."""
        said = hma.status()
        return Response(said, status_code=200 if said == ALIVE else 503, media_type="text/plain")

    @get("/status/live", sync_to_thread=False)
    def live() -> Response[str]:
        """Say that the process is alive."""
        return Response(ALIVE, media_type="text/plain")

    return [status, live]


def _by_bank(found: Found[Held], banks: str | None) -> ByBank:
    """Describe matches by the name of the bank each is in."""
    wanted = set(banks.split(",")) if banks else None
    described: ByBank = {}
    for held, evidence in found.matches:
        if wanted is not None and held.bank not in wanted:
            continue
        distance = NO_DISTANCE if evidence.distance is None else str(evidence.distance)
        match = {"bank_content_id": held.id, "distance": distance}
        described.setdefault(held.bank, []).append(match)
    return described


def _compared(kind: str, signals: Sequence[str]) -> list[Any]:
    if len(signals) != 2:
        raise _malformed("give exactly two signals of a type")
    if _type(kind) == SignalType.MD5:
        return [_digest(signals[0]) == _digest(signals[1]), {}]
    distance = Signal.parse(signals[0]).distance(Signal.parse(signals[1]))
    return [distance <= MATCH_DISTANCE, {"distance": distance}]


def _chosen(texts: Mapping[str, str], types: str | None) -> dict[str, str]:
    """Keep the types that were asked for."""
    if types is None:
        return dict(texts)
    wanted = [name.strip() for name in types.split(",") if name.strip()]
    if not wanted or not set(wanted) <= texts.keys():
        raise _malformed("types must be of the signals that are made of such a file")
    return {name: texts[name] for name in wanted}


def _required(query: Mapping[str, str], name: str) -> str:
    value = query.get(name)
    if not value:
        raise _malformed(f"{name} is required")
    return value


def _is_true(word: str) -> bool:
    if word.lower() not in {"true", "1", "false", "0"}:
        raise _malformed("include_distance must be true or false")
    return word.lower() in {"true", "1"}


def _named(kind: str) -> str:
    if kind not in TYPES:
        raise _malformed("signal_type must be pdq or video_md5")
    return kind


def _type(kind: str) -> SignalType:
    return TYPES[_named(kind)]


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text.strip())
    except ValueError:
        digest = b""
    if len(digest) != 16 or len(text.strip()) != 32:
        raise MalformedSignal("not an MD5 digest")
    return digest


def _malformed(detail: str) -> MalformedBody:
    malformed = MalformedBody(detail)
    malformed.hint = "docs/how-to/move-from-hma.md shows what is expected."
    return malformed


def _nothing_is_fetched() -> NotAllowed:
    refused = NotAllowed("this matcher fetches no address: it could be sent anywhere")
    refused.hint = "Send the file itself with POST, or its signal."
    return refused


def _on_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer as everywhere, with the ``message`` that HMA's callers look for."""
    problem, headers = described(error, request.scope["state"]["request_id"])
    if isinstance(error, HTTPException) and error.status_code == 415:
        problem["hint"] = HINTS.get(request.scope["path"], problem["hint"])
    return Response(
        {**problem, "message": problem["detail"]},
        status_code=problem["status"],
        headers=dict(headers),
        media_type=problems.MEDIA_TYPE,
    )
