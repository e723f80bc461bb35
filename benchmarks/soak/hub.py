"""A hub that offers changes as they are made up, over HTTP, and takes note of what was stored."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec
from benchmarks.served.filling import number_of

from takeback.exchange.wire import FeedEntry, FeedPage, FeedWithdrawal

EPOCH: Final = "e"
"""That of the page which ends ``filling.fill``; its cursor comes before everything here."""


@dataclass(frozen=True, slots=True)
class Record:
    """One change: an entry becomes active, or gone."""

    entry: int
    document: FeedEntry
    offered: float


@dataclass(slots=True)
class Hub:
    """Offers records in order, each once."""

    stored: Callable[[Record], None]
    """Told of each record that the matcher says it has stored."""

    records: list[Record] = field(default_factory=list)
    markers: dict[int, str] = field(default_factory=dict)
    done: int = 0
    """Records that the matcher has stored."""

    requests: Counter[str] = field(default_factory=Counter)
    seconds_to_store: list[float] = field(default_factory=list)
    url: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    server: asyncio.Server | None = None
    connections: set["asyncio.Task[None] | None"] = field(default_factory=set)

    async def start(self) -> None:
        """Listen on loopback."""
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        if self.server:
            self.server.close()
        going = [task for task in self.connections if task]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    def put(self, entry: int, signal: bytes) -> None:
        """Offer an entry."""
        document = FeedEntry(
            number_of(entry).hex(), "active", signal.hex(), view="whole", bank="adult", ask="remove"
        )
        self._offer(entry, document)

    def withdraw(self, entry: int) -> None:
        """Offer that an entry is gone, and ask for a confirmation."""
        self.markers[len(self.records) + 1] = secrets.token_hex(16)
        self._offer(entry, FeedEntry(number_of(entry).hex(), "gone"))

    def _offer(self, entry: int, document: FeedEntry) -> None:
        self.records.append(Record(entry, document, perf_counter()))
        self.news.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(asyncio.current_task())
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
                await reader.readexactly(int(fields.get("content-length", 0)))
                body = await self._answer(head[0].split(" ")[1])
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            self.connections.discard(asyncio.current_task())
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, target: str) -> bytes:
        parts = urlsplit(target)
        self.requests[parts.path.rpartition("/")[2]] += 1
        if parts.path != "/v1/feed":
            return b"{}"
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return msgspec.json.encode(await self._page(query))

    async def _page(self, query: dict[str, str]) -> FeedPage:
        after = _number(query.get("after", ""))
        self._take_note(after)
        if after >= len(self.records):
            self.news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), float(query.get("wait", 0)))
        to = min(len(self.records), after + int(query["limit"]))
        markers = [
            FeedWithdrawal(self.markers[n]) for n in range(after + 1, to + 1) if n in self.markers
        ]
        documents = [record.document for record in self.records[after:to]]
        return FeedPage(EPOCH, str(to), to < len(self.records), documents, markers)

    def _take_note(self, after: int) -> None:
        """All up to the cursor that is asked after is stored."""
        now = perf_counter()
        for record in self.records[self.done : after]:
            self.seconds_to_store.append(now - record.offered)
            self.stored(record)
        self.done = max(self.done, after)


def _number(cursor: str) -> int:
    return int(cursor) if cursor.isdecimal() else 0
