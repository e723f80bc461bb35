"""A hub for tests of what follows it: real HTTP on loopback, the wire documents, and faults.

It keeps the feed's promises: a later record replaces an earlier one, long polls answer at
the first news, a cursor belongs to one epoch, markers come with or after what they mark.
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from takeback import problems
from takeback.errors import EpochChanged, MalformedCursor, NotFound, NotSignedIn, TakebackError
from takeback.exchange.wire import (
    Accepted,
    FeedEntry,
    FeedPage,
    FeedWithdrawal,
    LookupAnswer,
    LookupRequest,
    LookupResult,
    Match,
    OpinionsRequest,
    ResponsesRequest,
)
from takeback.hashing import MATCH_DISTANCE, Signal

Answer = tuple[int, bytes, dict[str, str]]


@dataclass
class FakeHub:
    """One hub, reachable at ``url`` while it is started."""

    key: str = "key-1"
    epoch: str = "epoch-1"
    entries: dict[str, tuple[int, FeedEntry]] = field(default_factory=dict)
    markers: list[tuple[int, str]] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    responses: dict[str, Any] = field(default_factory=dict)
    opinions: list[Any] = field(default_factory=list)
    refused_numbers: set[str] = field(default_factory=set)
    faults: list[Answer] = field(default_factory=list)
    """Answered before anything else, one for each request."""

    asked: list[str] = field(default_factory=list)
    """Path and query of every request."""

    seq: int = 0
    port: int = 0
    news: threading.Condition = field(default_factory=threading.Condition)
    server: ThreadingHTTPServer | None = None

    # What a test does to it

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "FakeHub":
        """Listen, on the port it had before."""
        self.server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening; what it knows stays."""
        server, self.server = self.server, None
        if server is not None:
            with self.news:
                self.news.notify_all()
            server.shutdown()
            server.server_close()

    def put(self, signal: Signal | str, number: str = "", **members: Any) -> str:  # noqa: ANN401
        """Make an entry active and return its number; *signal* may be text of any type."""
        number = number or secrets.token_hex(16)
        entry = FeedEntry(number=number, state="active", signal=str(signal), **members)
        self._publish(entry)
        return number

    def withdraw(self, number: str) -> str:
        """Make an entry gone and return the marker of its withdrawal."""
        marker = secrets.token_hex(16)
        with self.news:
            self.seq += 1
            self.entries[number] = (self.seq, FeedEntry(number=number, state="gone"))
            self.markers.append((self.seq, marker))
            self.news.notify_all()
        return marker

    def begin_epoch(self, epoch: str) -> None:
        """Rewrite history: what is gone is forgotten, cursors of before are refused."""
        with self.news:
            self.epoch = epoch
            self.entries = {n: kept for n, kept in self.entries.items() if kept[1].state != "gone"}
            self.news.notify_all()

    def _publish(self, entry: FeedEntry) -> None:
        with self.news:
            self.seq += 1
            self.entries[entry.number] = (self.seq, entry)
            self.news.notify_all()

    # What it answers

    def answer(self, method: str, target: str, key: str, body: bytes) -> Answer:
        """Answer one request."""
        self.asked.append(f"{method} {target}")
        if self.faults:
            return self.faults.pop(0)
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            if parts.path != "/ready" and key != f"Bearer {self.key}":
                raise NotSignedIn("a valid key is needed")
            return 200, msgspec.json.encode(self._route(parts.path, query, body)), {}
        except TakebackError as error:
            problem = msgspec.json.encode(problems.problem(error))
            return problems.status_of(error), problem, problems.headers_of(error)

    def _route(self, path: str, query: dict[str, str], body: bytes) -> object:
        if path == "/v1/feed":
            return self.page(query)
        if path.endswith("/confirmation"):
            self.confirmed.append(path.split("/")[3])
            return {}
        posts: dict[str, Callable[[bytes], object]] = {
            "/v1/lookup": self._look_up,
            "/v1/responses": self._respond,
            "/v1/opinions": self._opine,
            "/ready": lambda _: {},
        }
        return posts[path](body)

    def page(self, query: dict[str, str]) -> FeedPage:
        """Return the page after a cursor, as soon as there is news."""
        after = self._after(query.get("after"))
        limit, wait = int(query["limit"]), float(query["wait"])
        epoch = self.epoch
        with self.news:
            self.news.wait_for(
                lambda: self.seq > after or self.epoch != epoch or self.server is None, wait
            )
            self._after(query.get("after"))
            return self._page(after, limit)

    def _page(self, after: int, limit: int) -> FeedPage:
        later = sorted((kept for kept in self.entries.values() if kept[0] > after), key=_seq)
        chosen, more = later[:limit], len(later) > limit
        to = chosen[-1][0] if more else max(self.seq, after)
        markers = [FeedWithdrawal(marker) for seq, marker in self.markers if after < seq <= to]
        entries = [entry for _, entry in chosen]
        return FeedPage(self.epoch, f"{self.epoch}:{to}", more, entries, markers)

    def _after(self, cursor: str | None) -> int:
        if cursor is None:
            return 0
        epoch, _, seq = cursor.partition(":")
        if not seq.isdecimal():
            raise MalformedCursor("not a cursor of this hub")
        if epoch != self.epoch:
            raise EpochChanged("the history was rewritten")
        return int(seq)

    def _look_up(self, body: bytes) -> LookupAnswer:
        asked = msgspec.json.decode(body, type=LookupRequest)
        return LookupAnswer([self._near(Signal.parse(text), asked.limit) for text in asked.signals])

    def _near(self, signal: Signal, limit: int) -> LookupResult:
        near = [
            Match(entry.number, distance, entry.view, entry.bank, entry.ask)
            for _, entry in self.entries.values()
            if isinstance(entry.signal, str)
            and entry.type == "pdq"
            and (distance := Signal.parse(entry.signal).distance(signal)) <= MATCH_DISTANCE
        ]
        near.sort(key=lambda match: match.distance)
        return LookupResult(near[:limit], len(near) > limit)

    def _respond(self, body: bytes) -> Accepted:
        responses = msgspec.json.decode(body, type=ResponsesRequest).responses
        self._require([response.number for response in responses])
        new = {one.id: one for one in responses if one.id not in self.responses}
        self.responses |= new
        return Accepted(len(new))

    def _opine(self, body: bytes) -> Accepted:
        opinions = msgspec.json.decode(body, type=OpinionsRequest).opinions
        self._require([opinion.number for opinion in opinions])
        self.opinions += opinions
        return Accepted(len(opinions))

    def _require(self, numbers: list[str]) -> None:
        if self.refused_numbers & set(numbers):
            raise NotFound("no such number")


def _seq(kept: tuple[int, FeedEntry]) -> int:
    return kept[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Passes requests to the hub."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer a GET."""
            self._answer()

        def do_POST(self) -> None:
            """Answer a POST."""
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            key = self.headers.get("authorization", "")
            status, content, headers = hub.answer(self.command, self.path, key, body)
            if hub.server is not self.server:
                self.close_connection = True  # it was stopped while we waited
                return
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
