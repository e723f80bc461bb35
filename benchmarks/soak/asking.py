"""Look-ups over a few connections, as many a second as are wanted."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import numpy as np
from benchmarks.served.load import read_whole
from benchmarks.soak.model import Asked
from numpy.typing import NDArray

CONNECTIONS: Final = 16
LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class Question:
    """A signal to look up, and whether the answer is to be compared with the linear scan."""

    signal: NDArray[np.uint8]
    due: float
    kept: bool


@dataclass(slots=True)
class Asking:
    """What was asked, and how it went."""

    answered: Callable[[Asked], None]
    """Told of each answer that is to be compared."""

    queue: "asyncio.Queue[Question]" = field(default_factory=asyncio.Queue)
    milliseconds: list[float] = field(default_factory=list)
    """From the moment a look-up was due, waiting for a free connection included."""

    errors: list[str] = field(default_factory=list)

    async def connection(self, url: str) -> None:
        """Ask over one connection until it is cancelled; connect again when it breaks."""
        while True:
            try:
                await self._talk(url)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.errors.append(type(error).__name__)
                await asyncio.sleep(0.1)

    async def _talk(self, url: str) -> None:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            while True:
                question = await self.queue.get()
                try:
                    await self._ask(question, parts.netloc, reader, writer)
                finally:
                    self.queue.task_done()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _ask(
        self,
        question: Question,
        host: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        signal = question.signal.tobytes().hex()
        body = f'{{"signals": ["{signal}"], "limit": {LIMIT}}}'
        sent = perf_counter()
        writer.write(
            f"POST /v1/lookup HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        status, content = await read_whole(reader)
        self._take(question, sent, status, content)

    def _take(self, question: Question, sent: float, status: int, content: bytes) -> None:
        now = perf_counter()
        self.milliseconds.append((now - question.due) * 1000)
        if status != 200:
            self.errors.append(f"status {status} {content[:200].decode()}")
        elif question.kept:
            [result] = json.loads(content)["results"]
            found = [(int(m["number"], 16), m["distance"]) for m in result["matches"]]
            self.answered(Asked(question.signal, sent, now, found, result["more"]))
