"""The child process that hashes pictures: reads one, answers its signals, forgets it.

Run as ``python -m takeback.matcher.hasher``. A picture comes from a stranger, so it is
decoded where nothing can be lost: no key, no bank, no file that could be written, bounded
memory and time. If it dies, only the picture it was given is lost.

Frames on stdin and stdout: four bytes of length, most significant first, then a picture one
way and a MessagePack document the other way.
"""

import os
import resource
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from takeback.errors import NotAPicture, PictureTooLarge
from takeback.hashing import MINIMUM_QUALITY, Signal, hash_picture, warm_up
from takeback.hashing.place import EVERYWHERE

LENGTH: Final = struct.Struct(">I")
PICTURES_PER_LIFE: Final = 2_000
"""Pictures after which a child is replaced by a fresh one."""


class HashedView(msgspec.Struct, frozen=True):
    """What is left of one view of a picture."""

    view: str
    """``whole``, or the name of a query view."""

    place: tuple[float, float, float, float]
    """Left, top, right and bottom, in shares of the upright picture."""

    signals: bytes
    """Eight signals of 32 bytes each; the upright one first."""


class Hashed(msgspec.Struct, frozen=True, tag=True):
    """What is left of a picture."""

    signals: bytes
    """Eight signals of 32 bytes each; the upright one first."""

    quality: int

    views: tuple[HashedView, ...] = ()
    """Other ways of looking at it, likeliest first; each has enough detail."""

    def good(self) -> list[HashedView]:
        """Return the views to look up, the whole picture first if it has enough detail."""
        whole = HashedView("whole", EVERYWHERE.sides, self.signals)
        return [*([whole] if self.quality >= MINIMUM_QUALITY else []), *self.views]


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Why there are no signals; *error* is the name of a ``NotAPicture``."""

    error: str
    detail: str


Outcome = Hashed | Refused


def outcome_of(picture: bytes) -> Outcome:
    """Hash one picture, or say why not."""
    try:
        found = hash_picture(picture, shrink=True, role="query")
    except NotAPicture as error:
        return Refused(type(error).__name__, str(error))
    except MemoryError:
        return Refused(PictureTooLarge.__name__, "the picture needs more memory than is allowed")
    views = tuple(
        HashedView(each.view, each.place.sides, _packed(each.dihedral)) for each in found.views
    )
    return Hashed(_packed(found.dihedral), found.quality, views)


def _packed(signals: Sequence[Signal]) -> bytes:
    return b"".join(signal.bits for signal in signals)


def limit(memory: int) -> None:
    """Give up what a decoder never needs: files, core dumps, boundless memory.

    Args:
        memory: bytes that may be added to what is used now.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    if used := _address_space():
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))


def _address_space() -> int:
    """Return the bytes of address space in use, or 0 where the system does not say."""
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def allow_seconds(seconds: float) -> None:
    """Let the processor be used for so many more seconds; then the system ends this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(usage.ru_utime + usage.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, hard))


def serve(source: BinaryIO, sink: BinaryIO, seconds: float) -> None:
    """Answer pictures until there are no more, or this child has done its share."""
    for _ in range(PICTURES_PER_LIFE):
        header = source.read(LENGTH.size)
        if len(header) < LENGTH.size:
            return
        (length,) = LENGTH.unpack(header)
        allow_seconds(seconds)
        answer = msgspec.msgpack.encode(outcome_of(source.read(length)))
        sink.write(LENGTH.pack(len(answer)) + answer)
        sink.flush()


def main() -> None:
    """Get ready, give up what is not needed, say so with an empty frame, and serve."""
    memory, seconds = int(sys.argv[1]), float(sys.argv[2])
    warm_up()
    limit(memory)
    sink = sys.stdout.buffer
    sink.write(LENGTH.pack(0))
    sink.flush()
    serve(sys.stdin.buffer, sink, seconds)


if __name__ == "__main__":
    main()
