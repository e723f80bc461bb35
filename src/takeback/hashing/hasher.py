"""The child process that hashes uploads: reads one, answers its signals, forgets it.

Run as ``python -m takeback.hashing.hasher``, for pictures or for videos. An upload comes from
a stranger, so it is decoded where little can be lost: no key and no bank are handed over, no file
can be written, memory and time are bounded. If it dies, only the upload it was given is lost.
It runs as its parent's user: a decoder that was taken over could read what that user can read.

Frames on stdin: four bytes of length, most significant first, one that says what is wanted of a
picture (``Wanted``), then the upload. On stdout: four bytes of length and a MessagePack document
(``messages.py``).
"""

import os
import resource
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from takeback.errors import NotAPicture, NotAVideo, PictureTooLarge, VideoTooLarge
from takeback.hashing import hash_picture, warm_up
from takeback.hashing.kinds import Kind
from takeback.hashing.messages import HashedPicture, HashedVideo, Outcome, Refused

ASKED: Final = struct.Struct(">IB")
"""Before an upload: its length, and what is wanted of a picture."""


class Wanted(IntEnum):
    """What is wanted of a picture."""

    VIEWS = 0
    """The whole, and the other views it is looked up by."""

    KEYPOINTS = 1
    """The same, and its keypoints."""

    PLAIN = 2
    """The whole alone."""


LENGTH: Final = struct.Struct(">I")
"""Before an answer."""

PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "NUMBA_CACHE_DIR")
"""All that a child learns of the environment."""

ONE_THREAD: Final[Mapping[str, str]] = {
    "NUMBA_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}

UPLOADS_PER_LIFE: Final = 2_000
"""Uploads after which a child is replaced by a fresh one."""


def command(kind: Kind, memory: int, seconds: float) -> list[str]:
    """Return the command line of a child."""
    return [sys.executable, "-P", "-m", "takeback.hashing.hasher", kind, str(memory), str(seconds)]


def environment() -> dict[str, str]:
    """Return the environment of a child."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**passed, **ONE_THREAD}


def outcome_of(upload: bytes, kind: Kind = "picture", wanted: Wanted = Wanted.KEYPOINTS) -> Outcome:
    """Hash one upload, or say why not."""
    try:
        return _video(upload) if kind == "video" else _picture(upload, wanted)
    except (NotAPicture, NotAVideo) as error:
        return Refused(type(error).__name__, str(error))
    except MemoryError:
        too_large = PictureTooLarge if kind == "picture" else VideoTooLarge
        return Refused(too_large.__name__, f"the {kind} needs more memory than is allowed")


def _picture(upload: bytes, wanted: Wanted) -> HashedPicture:
    found = hash_picture(
        upload,
        shrink=True,
        role=None if wanted is Wanted.PLAIN else "query",
        keypoints=wanted is Wanted.KEYPOINTS,
    )
    return HashedPicture.of(found)


def _video(upload: bytes) -> HashedVideo:
    from takeback.hashing.video import hash_video  # here: pictures need no video decoder

    return HashedVideo.of(hash_video(upload, role="query"))


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


def serve(source: BinaryIO, sink: BinaryIO, kind: Kind, seconds: float) -> None:
    """Answer uploads until there are no more, or this child has done its share."""
    for _ in range(UPLOADS_PER_LIFE):
        header = source.read(ASKED.size)
        if len(header) < ASKED.size:
            return
        length, wanted = ASKED.unpack(header)
        allow_seconds(seconds)
        outcome = outcome_of(source.read(length), kind, Wanted(wanted))
        answer = msgspec.msgpack.encode(outcome)
        sink.write(LENGTH.pack(len(answer)) + answer)
        sink.flush()


def get_ready(kind: Kind) -> None:
    """Load and compile what hashing needs, before anything is limited."""
    warm_up()
    if kind == "video":
        import takeback.hashing.video  # noqa: F401 - here: pictures need no video decoder


def main() -> None:
    """Get ready, give up what is not needed, say so with an empty frame, and serve."""
    kind: Kind = "video" if sys.argv[1] == "video" else "picture"
    memory, seconds = int(sys.argv[2]), float(sys.argv[3])
    get_ready(kind)
    limit(memory)
    sink = sys.stdout.buffer
    sink.write(LENGTH.pack(0))
    sink.flush()
    serve(sys.stdin.buffer, sink, kind, seconds)


if __name__ == "__main__":
    main()
