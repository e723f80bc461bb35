"""``POST /v1/lookup``: signals in, matches out, with nothing between the socket and the index.

One signal, or a few, is searched where the request is read: that takes less than handing it to a
thread. A batch is read, searched slice by slice and written in a thread of its own, so that nobody
who asks for one signal waits for ten thousand; the number of batches under way is bounded.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final, TypeVar

import msgspec
import numpy as np
from msgspec import Meta, Struct

from takeback.errors import BadInput, TooBusy
from takeback.exchange.wire import MAX_LOOKUP
from takeback.hashing.signal import MATCH_DISTANCE, SIGNAL_BYTES
from takeback.matcher.access import Caller
from takeback.matcher.asgi import Incoming, Send, reply
from takeback.matcher.bodies import QUICK, Room, read_json
from takeback.matcher.documents import (
    LookupRequest,
    MatchAnswer,
    MatchRequest,
    MatchResult,
    hub_match,
)
from takeback.matcher.lookup import HeldBanks, Signals
from takeback.matcher.service import Matcher
from takeback.matcher.state import Held
from takeback.matcher.timings import Timings
from takeback.matching.lookup.found import Found
from takeback.strictjson import decode

FEW: Final = 16
"""Signals that are searched at once; more are a batch."""

SLICE: Final = 64
"""Signals of a batch that are searched in one go."""

BATCHES: Final = 4
"""Batches under way; one more is refused."""

NOTHING: Final = MatchResult([], more=False)
"""The result of a signal that matches nothing."""

T = TypeVar("T")

_ENCODE: Final = msgspec.json.Encoder().encode
_HEX: Final = b"0123456789abcdef"
_KEYS: Final = (b'"signals"', b'"limit"', b'"radius"')


class _Quick(Struct, frozen=True, forbid_unknown_fields=True):
    """The same, before the signals' digits are looked at."""

    signals: Annotated[
        list[Annotated[str, Meta(min_length=64, max_length=64)]],
        Meta(min_length=1, max_length=MAX_LOOKUP),
    ]
    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    radius: Annotated[int, Meta(ge=0, le=MATCH_DISTANCE)] = MATCH_DISTANCE


_QUICK: Final = msgspec.json.Decoder(_Quick)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    signals: Signals
    limit: int
    radius: int


def question_of(body: bytes) -> Question:
    """Read a look-up as strictly as any other body, but in a tenth of the time.

    A document that passes here has no text but signals, so that nothing is left of what
    ``strictjson`` looks for except a key given twice. One that does not pass is read again
    there, which says what is wrong.

    Raises:
        MalformedBody: it is no such document.
    """
    try:
        asked = _QUICK.decode(body)
        digits = "".join(asked.signals).encode("ascii")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _slowly(body)
    if b"\\" in body or digits.translate(None, _HEX) or any(body.count(key) > 1 for key in _KEYS):
        return _slowly(body)
    return _question(digits, asked.limit, asked.radius)


def _slowly(body: bytes) -> Question:
    asked = decode(body, LookupRequest)
    return _question("".join(asked.signals).encode(), asked.limit, asked.radius)


def _question(digits: bytes, limit: int, radius: int) -> Question:
    signals = np.frombuffer(bytes.fromhex(digits.decode()), np.uint8).reshape(-1, SIGNAL_BYTES)
    return Question(signals, limit, radius)


@dataclass(slots=True)
class LookUps:
    """Answers look-ups of signals."""

    matcher: Matcher
    room: Room
    timings: Timings
    thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="batch")
    )
    """Where slices of batches are searched, one after the other."""

    batches: int = 0
    """Batches under way."""

    async def __call__(self, incoming: Incoming, send: Send, caller: Caller) -> None:
        """Answer one request."""
        body = await read_json(incoming, self.room)
        began = time.perf_counter()
        asked = await self.read(body, question_of, caller)
        await reply(send, await self.answer(asked, caller))
        size = "one" if len(asked.signals) <= FEW else "batch"
        self.timings.lookups.labels(size).observe(time.perf_counter() - began)

    async def read(self, body: bytes, reading: Callable[[bytes], T], caller: Caller) -> T:
        """Return what *reading* makes of a body; a malformed one is paid for as one look-up.

        Raises:
            BadInput: it is malformed.
            QuotaSpent: the caller has no look-up left for a body that takes long to read.
        """
        try:
            if len(body) <= QUICK:
                return reading(body)
            caller.spend(0)
            return await self.apart(reading, body)
        except BadInput:
            caller.spend(1)
            raise

    async def answer(self, asked: Question, caller: Caller) -> bytes:
        """Return a ``MatchAnswer`` as JSON; raises what ``find`` does."""
        answer = await self.find(asked, caller)
        if len(answer.results) <= FEW:
            return _ENCODE(answer)
        return await self.apart(_ENCODE, answer)

    async def find(self, asked: Question, caller: Caller) -> MatchAnswer:
        """Return one result for each signal, and have *caller* pay for them.

        Raises:
            NotReady: no bank was read yet.
            TooBusy: too many batches are under way.
            QuotaSpent: the caller has used up its look-ups.
            Unavailable: hubs are asked, and none answered.
        """
        if len(asked.signals) <= FEW:
            return await self._found(asked, caller)
        with self._one_batch():
            return await self._found(asked, caller)

    @contextmanager
    def _one_batch(self) -> Iterator[None]:
        if self.batches >= BATCHES:
            raise TooBusy("too many batches are under way")
        self.batches += 1
        try:
            yield
        finally:
            self.batches -= 1

    async def _found(self, asked: Question, caller: Caller) -> MatchAnswer:
        banks = self.matcher.banks
        missing = banks.missing() if banks is not None else []
        caller.spend(len(asked.signals))
        if banks is None:
            return await self._asked(asked)
        if len(asked.signals) <= FEW:
            return MatchAnswer(self._results(banks, asked), missing)
        return MatchAnswer(await self._batch(banks, asked), missing)

    async def _batch(self, banks: HeldBanks, asked: Question) -> list[MatchResult]:
        """Search a batch slice by slice; slices of several batches take turns."""
        results: list[MatchResult] = []
        for begin in range(0, len(asked.signals), SLICE):
            some = replace(asked, signals=asked.signals[begin : begin + SLICE])
            results += await self.apart(self._results, banks, some)
        return results

    def _results(self, banks: HeldBanks, asked: Question) -> list[MatchResult]:
        found = self.matcher.look_up(asked.signals, asked.limit, asked.radius)
        return [result_of(banks, each) for each in found]

    async def _asked(self, asked: Question) -> MatchAnswer:
        """Ask the hubs; they answer up to the threshold, and what is beyond the radius goes."""
        texts = [row.tobytes().hex() for row in asked.signals]
        answer = await self.matcher.match_signals(MatchRequest(texts, asked.limit))
        if asked.radius == MATCH_DISTANCE:
            return answer
        return MatchAnswer([_within(each, asked.radius) for each in answer.results], answer.missing)

    async def apart(self, act: Callable[..., T], *given: Any) -> T:  # noqa: ANN401 - passed on
        """Do something in the thread of batches."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, act, *given)


def result_of(banks: HeldBanks, found: Found[Held]) -> MatchResult:
    """Describe what one signal matches."""
    if not found.matches and not found.more:
        return NOTHING
    matches = [hub_match(held, evidence, banks.hub_of(held)) for held, evidence in found.matches]
    return MatchResult(matches, more=found.more)


def _within(result: MatchResult, radius: int) -> MatchResult:
    near = [match for match in result.matches if match.distance <= radius]  # type: ignore[operator]
    return msgspec.structs.replace(result, matches=near)
