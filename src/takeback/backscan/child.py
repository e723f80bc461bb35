"""A child process that decodes and hashes one file after the other, and may die of any.

The child is the matcher's: ``takeback/hashing/hasher.py``, with memory and time limited. A file
that hangs or kills it is refused; a fresh child takes the next.
"""

import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any, Final

import msgspec

from takeback.errors import (
    MalformedSignal,
    NotAPicture,
    NotAVideo,
    NotReady,
    PictureTooLarge,
    TakebackError,
    VideoTooLarge,
)
from takeback.hashing.hasher import ASKED, LENGTH, UPLOADS_PER_LIFE, Wanted, command, environment
from takeback.hashing.kinds import HEAD, Kind, kind_of
from takeback.hashing.messages import Hashed, Outcome, Refused

START_SECONDS: Final = 120.0
"""Seconds a child may take to start; the first one ever compiles."""

TRIES: Final = 3
"""Times that a child is started before the scan gives up."""

ANSWER_BYTES: Final = 32 * 1024 * 1024
"""Most bytes of an answer."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one file may take."""

    seconds: float
    """Of the processor, and on the clock."""

    memory: int
    """Bytes that a child may add to what it starts with."""

    bytes: int
    """Largest file."""


BOUNDS: Final[Mapping[Kind, Bounds]] = {
    "picture": Bounds(10.0, 2 * 1024**3, 64 * 1024**2),
    "video": Bounds(120.0, 3 * 1024**3, 256 * 1024**2),
}
"""As a matcher's, so that both refuse the same files."""

_DIED: Final[Mapping[Kind, type[TakebackError]]] = {"picture": NotAPicture, "video": NotAVideo}
_TOO_LONG: Final[Mapping[Kind, type[TakebackError]]] = {
    "picture": PictureTooLarge,
    "video": VideoTooLarge,
}
_ANSWER: Final[msgspec.msgpack.Decoder[Any]] = msgspec.msgpack.Decoder(Outcome)


class ChildDied(Exception):
    """The child ended, or said something that makes no sense."""


class Child:
    """One process that hashes; it is killed when a file takes too long."""

    def __init__(self, kind: Kind, bounds: Bounds) -> None:
        """Start the process and wait until it is ready.

        Raises:
            ChildDied: it did not start.
        """
        self.too_long = False
        self._seconds = bounds.seconds
        self._hashed = 0
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command(kind, bounds.memory, bounds.seconds),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a decoder's complaint could hold parts of a file
            env=environment(),
            start_new_session=True,  # Ctrl-C in a terminal is for the scan to handle
        )
        self._to, self._from = _piped(self._process.stdin), _piped(self._process.stdout)
        try:
            with self._killed_after(START_SECONDS):
                self._read(LENGTH.size)
        except ChildDied:
            self.end()
            raise

    @property
    def spent(self) -> bool:
        """Whether it has hashed as many files as one child may."""
        return self._hashed >= UPLOADS_PER_LIFE

    def hash(self, content: bytes, wanted: Wanted) -> Hashed | Refused:
        """Hash one file.

        Raises:
            ChildDied: nothing sensible came back; ``too_long`` tells whether it took too long.
        """
        self._hashed += 1
        with self._killed_after(self._seconds):
            self._write(ASKED.pack(len(content), wanted), content)
            (length,) = LENGTH.unpack(self._read(LENGTH.size))
            answer = self._read(length)
        try:
            outcome: Outcome = _ANSWER.decode(answer)
            return outcome if isinstance(outcome, Refused) else outcome.signals()
        except (msgspec.DecodeError, MalformedSignal, ValueError):
            raise ChildDied from None

    def end(self) -> None:
        """End the process for certain and reap it."""
        self._process.kill()
        for pipe in (self._to, self._from):
            with suppress(OSError):
                pipe.close()
        self._process.wait()

    @contextmanager
    def _killed_after(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self._give_up)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self.too_long = True
        self._process.kill()

    def _write(self, *parts: bytes) -> None:
        try:
            for part in parts:
                self._to.write(part)
            self._to.flush()
        except OSError:
            raise ChildDied from None

    def _read(self, length: int) -> bytes:
        if length > ANSWER_BYTES:
            raise ChildDied
        read = self._from.read(length)
        if len(read) < length:
            raise ChildDied
        return read


def _piped(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ChildDied
    return pipe


@dataclass(slots=True)
class Hasher:
    """Hashes files in children: one for pictures, and one for videos once there is one."""

    wanted: Wanted = Wanted.KEYPOINTS
    """What is made of a picture."""

    videos: bool = True
    bounds: Mapping[Kind, Bounds] = field(default_factory=lambda: BOUNDS)
    _children: dict[Kind, Child] = field(default_factory=dict)

    def get_ready(self) -> None:
        """Start the child for pictures, which every scan needs."""
        self._children["picture"] = self._start("picture")

    def hash(self, content: bytes) -> Hashed | Refused:
        """Hash one file, whichever it begins like, or say why not.

        Raises:
            NotReady: no process to hash with can be started.
        """
        kind = kind_of(content[:HEAD], "")
        if kind == "video" and not self.videos:
            return Refused(NotAVideo.__name__, "videos are left out of this scan")
        if len(content) > self.bounds[kind].bytes:
            return _refused(_TOO_LONG[kind](f"the {kind} has too many bytes"))
        return self._hash(kind, content)

    def close(self) -> None:
        """End every child."""
        while self._children:
            self._children.popitem()[1].end()

    def _hash(self, kind: Kind, content: bytes) -> Hashed | Refused:
        child = self._children.pop(kind, None) or self._start(kind)
        try:
            outcome = child.hash(content, self.wanted)
        except ChildDied:
            child.end()
            return _refused(_end_of(kind, too_long=child.too_long))
        if child.spent:
            child.end()
        else:
            self._children[kind] = child
        return outcome

    def _start(self, kind: Kind) -> Child:
        for _ in range(TRIES):
            with suppress(ChildDied, OSError):
                return Child(kind, self.bounds[kind])
        raise NotReady("no process to hash with can be started")


def _end_of(kind: Kind, *, too_long: bool) -> TakebackError:
    if too_long:
        return _TOO_LONG[kind](f"the {kind} takes too long to decode")
    return _DIED[kind](f"decoding the {kind} stopped the process that tried")


def _refused(error: TakebackError) -> Refused:
    return Refused(type(error).__name__, str(error))
