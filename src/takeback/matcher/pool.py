"""Child processes that hash uploads, each one at a time, replaced when they die.

The places are counted before an upload is even read: when all are taken the next one is
refused at once, so that neither memory nor waiting grows without bound. Uploads live in
memory only, and only until they are hashed. Pictures and videos have a pool each, so that no
picture waits for a video.
"""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from takeback.errors import (
    MalformedSignal,
    NotAPicture,
    NotAVideo,
    PictureTooLarge,
    PictureTruncated,
    TakebackError,
    TooBusy,
    VideoTooLarge,
)
from takeback.hashing.hasher import ASKED, LENGTH, UPLOADS_PER_LIFE, Wanted, command, environment
from takeback.hashing.kinds import Kind
from takeback.hashing.messages import Hashed, Outcome, Refused

START_SECONDS: Final = 120.0
"""Seconds a child may take to start; the first one ever compiles."""

CHUNK: Final = 1024 * 1024
"""Bytes of an upload that are handed to a child at once; each is copied on its way."""

RELIEVED_AFTER: Final = UPLOADS_PER_LIFE * 3 // 4
"""Uploads after which a child's successor is started; nobody waits for that."""

ANSWER_BYTES: Final = 32 * 1024 * 1024
"""Most bytes of an answer; a video's longest has about two million."""

_ERRORS: Final[Mapping[str, type[TakebackError]]] = {
    kind.__name__: kind
    for kind in (NotAPicture, PictureTooLarge, PictureTruncated, NotAVideo, VideoTooLarge)
}
_NONE_AT_ALL: Final[Mapping[Kind, type[TakebackError]]] = {
    "picture": NotAPicture,
    "video": NotAVideo,
}
_TOO_LARGE: Final[Mapping[Kind, type[TakebackError]]] = {
    "picture": PictureTooLarge,
    "video": VideoTooLarge,
}
_ANSWER: Final[msgspec.msgpack.Decoder[Any]] = msgspec.msgpack.Decoder(Outcome)


class ChildDied(Exception):
    """The child ended, or said something that makes no sense."""


@dataclass(slots=True, eq=False)
class Child:
    """One process that hashes."""

    process: Process
    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    hashed: int = 0
    followed: bool = False
    """Whether another is started in its place."""

    leaving: bool = False
    """Whether it takes no upload any more."""

    def lives(self) -> bool:
        """Tell whether it can take an upload; it may have been ended while it was idle."""
        ended = self.stdin.is_closing() or self.stdout.at_eof()
        return self.process.returncode is None and not ended and not self.leaving

    async def hash(self, upload: bytes | bytearray, wanted: Wanted) -> Hashed | Refused:
        """Hand one upload over and return what came back. A bytearray is emptied.

        Raises:
            ChildDied: nothing sensible came back.
        """
        self.hashed += 1
        try:
            await self._send(upload, wanted)
            (length,) = LENGTH.unpack(await self.stdout.readexactly(LENGTH.size))
            if length > ANSWER_BYTES:
                raise ChildDied
            answer: Outcome = _ANSWER.decode(await self.stdout.readexactly(length))
            return answer if isinstance(answer, Refused) else answer.signals()
        except (OSError, EOFError, msgspec.DecodeError, MalformedSignal, ValueError):
            raise ChildDied from None

    async def _send(self, upload: bytes | bytearray, wanted: Wanted) -> None:
        self.stdin.write(ASKED.pack(len(upload), wanted))
        for begin in range(0, len(upload), CHUNK):
            self.stdin.write(upload[begin : begin + CHUNK])
            await self.stdin.drain()
        if isinstance(upload, bytearray):
            upload.clear()

    async def ready(self) -> None:
        """Wait until the child has said that it is ready.

        Raises:
            ChildDied: it ended before.
        """
        try:
            await self.stdout.readexactly(LENGTH.size)
        except asyncio.IncompleteReadError:
            raise ChildDied from None

    async def end(self) -> None:
        """End the process for certain and reap it."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


async def start(kind: Kind, memory: int, seconds: float) -> Child:
    """Start a child and wait until it is ready.

    Raises:
        ChildDied: it did not start.
    """
    process = await asyncio.create_subprocess_exec(
        *command(kind, memory, seconds),
        stdin=PIPE,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a decoder's complaint could hold parts of an upload
        env=environment(),
        start_new_session=True,  # Ctrl-C in a terminal is for the matcher to handle
    )
    if process.stdin is None or process.stdout is None:
        raise ChildDied
    child = Child(process, process.stdin, process.stdout)
    try:
        await asyncio.wait_for(child.ready(), START_SECONDS)
    except (ChildDied, TimeoutError, asyncio.CancelledError) as problem:
        await child.end()
        if isinstance(problem, asyncio.CancelledError):
            raise
        raise ChildDied from None
    return child


@dataclass(slots=True)
class Pool:
    """A fixed number of children and a bounded number of uploads under way."""

    size: int
    waiting: int
    seconds: float
    memory: int
    kind: Kind = "picture"
    taken: int = 0
    """Uploads under way: being received, waiting, or being hashed."""

    _idle: asyncio.Queue[Child] = field(default_factory=asyncio.Queue)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _children: set[Child] = field(default_factory=set)

    @property
    def alive(self) -> int:
        """Children that can hash now or are hashing."""
        return sum(child.lives() for child in list(self._children))

    def open(self) -> None:
        """Start the children, in the background."""
        for _ in range(self.size):
            self._in_background(self._start())

    async def close(self) -> None:
        """End every child."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(child.end() for child in list(self._children)))
        self._children.clear()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place for one upload, before it is received.

        Raises:
            NotAVideo: this matcher takes no videos.
            TooBusy: as many as may be are under way already.
        """
        if not self.size:
            raise _NONE_AT_ALL[self.kind](f"this matcher takes no {self.kind}s")
        if self.taken >= self.size + self.waiting:
            raise TooBusy(f"too many {self.kind}s are waiting to be hashed")
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    async def hash(self, upload: bytes | bytearray, wanted: Wanted = Wanted.KEYPOINTS) -> Hashed:
        """Hash one upload in a child. A bytearray is emptied as soon as the child has it.

        Args:
            upload: its bytes.
            wanted: what is wanted of a picture.

        Raises:
            NotAPicture: the bytes are no picture, or decoding them ended the child.
            NotAVideo: the same of a video.
            PictureTooLarge: it takes more memory or time than is allowed.
            VideoTooLarge: the same of a video.
            TooBusy: no child came free in time.
        """
        try:
            child = await asyncio.wait_for(self._living(), self.seconds)
        except TimeoutError:
            raise TooBusy("no process to hash with came free in time") from None
        outcome: Hashed | Refused | None = None
        try:
            outcome = await asyncio.wait_for(child.hash(upload, wanted), self.seconds)
        except TimeoutError:
            raise _TOO_LARGE[self.kind](f"the {self.kind} takes too long to decode") from None
        except ChildDied:
            stopped = f"decoding the {self.kind} stopped the process that tried"
            raise _NONE_AT_ALL[self.kind](stopped) from None
        finally:
            self._give_back(child, sound=outcome is not None)
        if isinstance(outcome, Refused):
            raise _ERRORS.get(outcome.error, _NONE_AT_ALL[self.kind])(outcome.detail)
        return outcome

    async def _living(self) -> Child:
        """Wait for a child that is idle and lives; one that died idle is replaced."""
        while not (child := await self._idle.get()).lives():
            self._lose(child)
        return child

    def _give_back(self, child: Child, *, sound: bool) -> None:
        """Put the child back, or a fresh one in its place."""
        if not sound or child.leaving or child.hashed >= UPLOADS_PER_LIFE:
            self._lose(child)
            return
        self._idle.put_nowait(child)
        if child.hashed >= RELIEVED_AFTER and not child.followed:
            child.followed = True
            self._in_background(self._relieve(child))

    def _lose(self, child: Child) -> None:
        """End a child, and put a fresh one in its place, once."""
        fresh = not child.followed
        child.followed = child.leaving = True
        self._in_background(self._end(child, fresh=fresh))

    def _in_background(self, act: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(act)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, child: Child, *, fresh: bool) -> None:
        await child.end()
        self._children.discard(child)
        if fresh:
            await self._start()

    async def _relieve(self, child: Child) -> None:
        """Let a child go on until a fresh one is there."""
        await self._start()
        child.leaving = True

    async def _start(self) -> None:
        """Start a child; slower each time that fails."""
        delay = 0.5
        while True:
            try:
                child = await start(self.kind, self.memory, self.seconds)
            except (ChildDied, OSError):
                await asyncio.sleep(delay)
                delay = min(30.0, delay * 2)
                continue
            self._children.add(child)
            self._idle.put_nowait(child)
            self._in_background(self._watch(child))
            return

    async def _watch(self, child: Child) -> None:
        """Replace a child that ends while it is idle: a load balancer may send nothing before."""
        await child.process.wait()
        self._lose(child)
