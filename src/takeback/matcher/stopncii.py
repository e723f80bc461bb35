"""Any server of the StopNCII partner API as a feed, and as a receiver of feedback.

Read leniently, because one bad record must not cost the rest: a record that can't be used
is skipped and counted. ``ImagePDQ`` and ``VideoMD5`` are matched. ``Withdrawn`` and
``Deleted`` records drop the entry, which stock clients do not do.

Source: the client in python-threatexchange 1.2.17, ``exchanges/clients/stopncii/api.py``.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, field

from takeback.clock import Clock, utc_now
from takeback.errors import (
    EpochChanged,
    HubUnreachable,
    MalformedCursor,
    MalformedSignal,
    NotAllowed,
    NotFound,
    NotSignedIn,
)
from takeback.exchange.client import Caller, KeyFile, decode
from takeback.exchange.wire import FeedEntry, FeedPage, Opinion, Response
from takeback.hashing.signal_types import SignalType, from_text
from takeback.matcher.outbox import Report

FIRST_TIMESTAMP: Final = 10
"""Where every client of this interface begins."""

PAGE_SIZE: Final = 800

SLOW_SECONDS: Final = 45.0
"""Seconds that such a server may take longer than a hub of ours; stock clients wait 60."""

FORGET_SECONDS: Final = 5 * 86_400
"""Age of a checkpoint after which everything is fetched again. Stock clients do so after 30
days; a hub of ours tells of a withdrawal for seven, so that would be too late."""

TYPES: Final[Mapping[str, SignalType]] = {
    "ImagePDQ": SignalType.PDQ,
    "VideoMD5": SignalType.MD5,
}
"""The interface's types of signal that are matched, and what we call them."""

LIVE: Final = frozenset({"Active", "Received", "Unknown"})
GONE: Final = frozenset({"Withdrawn", "Deleted"})

Value = Literal["PendingReview", "Blocked", "NotBlocked"]


class _Answer(Struct):
    """``/FetchHashes``, as far as it is used; unknown members are ignored."""

    records: list[msgspec.Raw] = field(name="hashRecords", default_factory=list)
    next_timestamp: int = field(name="nextSetTimestamp", default=0)
    has_more: bool = field(name="hasMoreRecords", default=False)
    next_token: str | None = field(name="nextPageToken", default=None)

    @property
    def continues(self) -> bool:
        """Whether this round has another page."""
        return self.has_more and bool(self.next_token)


class _Record(Struct):
    """One record, as far as it is used."""

    signal_type: str = field(name="signalType")
    value: str = field(name="hashValue")
    status: str = field(name="hashStatus")


class _Feedback(Struct):
    """One opinion on one value."""

    value: str = field(name="hashValue")
    feedback: Value = field(name="feedbackValue")
    tags: list[str] = field(default_factory=list)


class _SubmitFeedback(Struct):
    """The body of ``/SubmitFeedback``."""

    count: int
    feedbacks: list[_Feedback] = field(name="hashFeedbacks")


class _Cursor(Struct, forbid_unknown_fields=True):
    """How far a server was read: our own text in the state file."""

    start: int
    at: int
    token: str = ""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one server, from one line: ``fetch key,subscription key[,feedback key]``."""

    fetch: str
    subscription: str
    feedback: str

    @classmethod
    def read(cls, file: KeyFile) -> "Keys":
        """Read the keys.

        Raises:
            NotSignedIn: the file holds something else.
        """
        parts = [part.strip() for part in file.text().split(",")]
        if len(parts) not in {2, 3} or not all(parts):
            raise NotSignedIn("the key file must hold fetch key,subscription key[,feedback key]")
        return cls(parts[0], parts[1], parts[2] if len(parts) == 3 else "")

    def headers(self, function_key: str) -> dict[str, str]:
        """Return the two headers of every call."""
        return {"x-functions-key": function_key, "Ocp-Apim-Subscription-Key": self.subscription}


@dataclass(slots=True)
class StopNciiFeed:
    """A ``follow.Feed`` over ``/FetchHashes``."""

    caller: Caller
    key: KeyFile
    secret: bytes
    """Makes the numbers of entries, so that a number tells nothing of its signal."""

    interval: float = 60.0
    """Seconds between two rounds of questions."""

    skip: Callable[[], None] = lambda: None
    """Called for each record that can't be used."""

    now: Clock = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def page(self, after: str | None, *, wait: float) -> FeedPage:
        """Fetch one page; before a new round, wait out the interval instead of *wait*."""
        cursor = self._cursor(after)
        if wait and not cursor.token:
            await self.sleep(max(0.0, cursor.at + self.interval - self._seconds()))
        keys = Keys.read(self.key)
        params = {"startTimestamp": str(cursor.start), "pageSize": str(PAGE_SIZE)}
        if cursor.token:
            params["nextPageToken"] = cursor.token
        content = await self.caller.get(
            "/FetchHashes", keys.headers(keys.fetch), params, wait=SLOW_SECONDS
        )
        answer = decode(content, _Answer)
        if answer.continues and answer.next_token == cursor.token:
            raise HubUnreachable("the server says there is more and does not move on")
        entries = [entry for record in answer.records for entry in self._entry(record)]
        return FeedPage(
            epoch="stopncii",
            cursor=self._next(cursor, answer),
            more=answer.continues,
            entries=entries,
            withdrawals=[],
        )

    def _cursor(self, after: str | None) -> _Cursor:
        if after is None:
            return _Cursor(FIRST_TIMESTAMP, self._seconds())
        try:
            cursor = msgspec.json.decode(after, type=_Cursor)
        except msgspec.DecodeError:
            raise MalformedCursor("the checkpoint can't be read") from None
        if cursor.at + FORGET_SECONDS < self._seconds():
            raise EpochChanged("the checkpoint is too old")
        return cursor

    def _seconds(self) -> int:
        return int(self.now().timestamp())

    def _next(self, cursor: _Cursor, answer: _Answer) -> str:
        """Stay at the same start within a round; move on with the server's time at its end."""
        if answer.continues:
            following = _Cursor(cursor.start, self._seconds(), answer.next_token or "")
        else:
            start = max(cursor.start, answer.next_timestamp)
            following = _Cursor(start, self._seconds())
        return msgspec.json.encode(following).decode()

    def _entry(self, raw: msgspec.Raw) -> list[FeedEntry]:
        """Read one record; none when it is not for us or can't be used."""
        try:
            record = msgspec.json.decode(raw, type=_Record)
        except (msgspec.DecodeError, RecursionError):
            self.skip()
            return []
        kind = TYPES.get(record.signal_type.rpartition(".")[2])
        if kind is None:
            return []
        signal = record.value.lower()
        if not _readable(kind, signal) or record.status not in LIVE | GONE:
            self.skip()
            return []
        number = hmac.digest(self.secret, signal.encode(), hashlib.sha256)[:16].hex()
        if record.status in GONE:
            return [FeedEntry(number=number, state="gone")]
        return [FeedEntry(number=number, state="active", signal=signal, type=kind)]


def _readable(kind: SignalType, signal: str) -> bool:
    try:
        return bool(from_text(kind, signal))
    except MalformedSignal:
        return False


RESPONSES: Final[Mapping[str, Value]] = {
    "under_review": "PendingReview",
    "removed": "Blocked",
    "kept": "NotBlocked",
}
OPINIONS: Final[Mapping[str, Value]] = {
    "positive": "Blocked",
    "negative": "NotBlocked",
    "investigate": "PendingReview",
}


@dataclass(frozen=True, slots=True)
class StopNciiReceiver:
    """Turns reports into feedback on ``/SubmitFeedback``."""

    caller: Caller
    key: KeyFile
    signal_of: Callable[[str], str | None]
    """Gives the signal of an entry's number while the entry is held."""

    async def confirm(self, marker: str) -> None:
        """Do nothing: this interface has no confirmation of a withdrawal."""

    async def report(self, reports: Sequence[Report]) -> None:
        """Send feedback for the reports that this interface has a word for.

        Raises:
            NotFound: one of the entries is no longer held, so there is no value to speak of.
            NotAllowed: the key file has no feedback key.
        """
        feedback = [one for report in reports for one in self._feedback(report)]
        if not feedback:
            return
        keys = Keys.read(self.key)
        if not keys.feedback:
            raise NotAllowed("the key file has no feedback key")
        body = _SubmitFeedback(len(feedback), feedback)
        await self.caller.post("/SubmitFeedback", keys.headers(keys.feedback), body)

    def _feedback(self, report: Report) -> list[_Feedback]:
        number, value = _say(report)
        if value is None:
            return []
        signal = self.signal_of(number)
        if signal is None:
            raise NotFound("the entry is no longer held")
        return [_Feedback(signal, value)]


def _say(report: Report) -> tuple[str, Value | None]:
    """Return the entry's number and the interface's word for the report, if it has one."""
    kind: Any = Response if report.kind == "response" else Opinion
    said = msgspec.json.decode(report.body, type=kind)
    word = said.response if report.kind == "response" else said.opinion
    table = RESPONSES if report.kind == "response" else OPINIONS
    return said.number, table.get(word)
