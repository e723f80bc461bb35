"""Every question to a matcher, once, for clients that wait and clients that await alike.

A call is a generator: it yields what to send, is sent what came of that, and returns what the
caller asked for. It knows documents, time limits and when asking again is safe; of sockets it
knows nothing, so both clients only drive it.
"""

import time
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from takeback.client import patience
from takeback.client.documents import Accepted, Answer, Health, Opinion, Response, Result
from takeback.client.errors import MatcherError, OutOfTime, Unavailable
from takeback.client.refusals import bad_answer
from takeback.client.signals import Signal, as_text, batches
from takeback.client.uploads import Body, Upload, opened

T = TypeVar("T")
Document = TypeVar("Document", bound=Struct)
Views = Literal["all", "plain"]
"""Every way in which a matcher looks at a picture, or whole and in its eight turns alone."""

Report = TypeVar("Report", Response, Opinion)

BATCH: Final = 10_000
"""Signals that a matcher takes at once."""

REPORTS: Final = 100
"""Responses or opinions that a matcher takes at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One request, after a pause."""

    method: str
    path: str
    body: Body | None = field(default=None, repr=False)
    media_type: str = "application/json"
    params: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    """Whether it may be sent again when nobody knows what became of it."""

    pause: float = 0.0
    """Seconds to wait first."""

    until: float = 0.0
    """The instant of the monotonic clock at which the answer must be there."""


Outcome = bytes | MatcherError
"""The body of an answer, or why there is none."""

Call = Generator[Send, Outcome, T]


def match(upload: Upload, limit: int, views: Views, within: float) -> Call[Answer]:
    """Ask about one picture or video."""
    until = time.monotonic() + within
    only = {} if views == "all" else {"views": views}
    with opened(upload) as body:
        content = yield from _ask(
            Send(
                method="POST",
                path="/v1/match",
                body=body,
                media_type="application/octet-stream",
                params={"limit": str(limit), **only},
                until=until,
            )
        )
    return _answer(content, 1)


def look_up(signals: Iterable[Signal], limit: int, within: float) -> Call[Answer]:
    """Ask about any number of signals, batch after batch."""
    until = time.monotonic() + within
    results: list[Result] = []
    missing: dict[str, None] = {}
    for batch in batches(map(as_text, signals), BATCH):
        asked = {"signals": batch, "limit": limit}
        content = yield from _ask(_post("/v1/lookup", asked, until))
        answer = _answer(content, len(batch))
        results += answer.results
        missing.update(dict.fromkeys(answer.missing))
    return Answer(results=results, missing=list(missing))


def respond(responses: Response | Iterable[Response], within: float) -> Call[int]:
    """Say what was done about matches. Each has an id, so it may be sent again."""
    given = [responses] if isinstance(responses, Response) else responses
    return (yield from _report("responses", given, within, repeatable=True))


def opine(opinions: Opinion | Iterable[Opinion], within: float) -> Call[int]:
    """Say what is thought of entries. One sent twice might overtake a newer one."""
    given = [opinions] if isinstance(opinions, Opinion) else opinions
    return (yield from _report("opinions", given, within, repeatable=False))


def ready(within: float) -> Call[Health]:
    """Ask once whether answers are true and full now."""
    until = time.monotonic() + within
    outcome = yield Send(method="GET", path="/ready", until=until)
    if isinstance(outcome, MatcherError):
        raise outcome
    return _read(outcome, Health)


def _report(name: str, reports: Iterable[Report], within: float, *, repeatable: bool) -> Call[int]:
    until = time.monotonic() + within
    accepted = 0
    for batch in batches(reports, REPORTS):
        content = yield from _ask(_post(f"/v1/{name}", {name: batch}, until, repeatable))
        accepted += _read(content, Accepted).accepted
    return accepted


def _post(path: str, document: object, until: float, repeatable: bool = True) -> Send:
    body = msgspec.json.encode(document)
    return Send(method="POST", path=path, body=body, until=until, repeatable=repeatable)


def _ask(request: Send) -> Call[bytes]:
    """Send *request* until there is an answer, asking again is not safe, or time is over.

    Where time ends while it is being asked again, the error is what was wrong before.
    """
    failed, before = 0, None
    while isinstance(outcome := (yield request), MatcherError):
        if before and request.repeatable and isinstance(outcome, OutOfTime):
            raise before
        failed, before = failed + 1, outcome
        pause = _pause(outcome, failed, request)
        if pause >= patience.left(request.until):
            raise outcome
        request = replace(request, pause=pause)
    return outcome


def _pause(error: MatcherError, failed: int, request: Send) -> float:
    """Return how long to wait before asking again, for ever if that must not be."""
    if not isinstance(error, Unavailable) or not (request.repeatable or error.untouched):
        return float("inf")
    return patience.pause(failed, error.retry_after)


def _answer(content: bytes, results: int) -> Answer:
    answer = _read(content, Answer)
    if len(answer.results) != results:
        raise bad_answer()
    return answer


def _read(content: bytes, kind: type[Document]) -> Document:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise bad_answer() from None
