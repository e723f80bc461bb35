"""A file in a form, as HMA takes it: hashed as it arrives, or in memory, and forgotten."""

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass

from takeback.errors import MalformedBody, PictureTooLarge, VideoTooLarge
from takeback.hashing.picture import PictureSignals
from takeback.hashing.signal import MINIMUM_QUALITY
from takeback.matcher.asgi import Incoming
from takeback.matcher.bodies import SECONDS, VIDEO_SECONDS, declared
from takeback.matcher.forms import BESIDE_BYTES, receive_file
from takeback.matcher.service import Matcher


@dataclass(frozen=True, slots=True)
class FileSignals:
    """What HMA makes of a file: PDQ of a photo, MD5 of a video."""

    picture: PictureSignals | None = None
    md5: str = ""

    def texts(self) -> dict[str, str]:
        """Return the signals by HMA's name of the type; of too little detail there is none."""
        if self.picture is None:
            return {"video_md5": self.md5}
        good = self.picture.quality >= MINIMUM_QUALITY
        return {"pdq": str(self.picture.whole) if good else ""}


class PictureBytes:
    """Keeps a photo in memory."""

    def __init__(self, limit: int) -> None:
        self.content = bytearray()
        self._limit = limit

    def take(self, some: bytes) -> None:
        """Keep some more."""
        self.content += some
        if len(self.content) > self._limit:
            raise PictureTooLarge(f"the file is larger than {self._limit} bytes")


class VideoDigest:
    """Makes a video's digest and keeps nothing."""

    def __init__(self, limit: int) -> None:
        self.md5 = hashlib.md5(usedforsecurity=False)
        self._left = limit

    def take(self, some: bytes) -> None:
        """Digest some more."""
        self._left -= len(some)
        if self._left < 0:
            raise VideoTooLarge("the file is larger than videos may be")
        self.md5.update(some)


async def receive(incoming: Incoming, matcher: Matcher, stack: ExitStack) -> FileSignals:
    """Receive a form's file and make its signals.

    Args:
        incoming: the request.
        matcher: hashes photos.
        stack: what a photo takes of the pool's places is given back at its end.

    Raises:
        MalformedBody: it is no form with one file in a field ``photo`` or ``video``.
        NotAPicture: the photo can't be hashed.
        TooBusy: too many photos are waiting.
    """
    largest = max(matcher.largest.values())
    if declared(incoming) > largest + BESIDE_BYTES:
        raise VideoTooLarge(f"the file is larger than {largest} bytes")
    sinks: list[PictureBytes | VideoDigest] = []

    def opened(field: str) -> PictureBytes | VideoDigest:
        sinks.append(_sink(field, matcher, stack))
        return sinks[0]

    short = declared(incoming) <= matcher.largest["picture"]
    await receive_file(incoming, opened, SECONDS if short else VIDEO_SECONDS)
    (sink,) = sinks
    if isinstance(sink, VideoDigest):
        return FileSignals(md5=sink.md5.hexdigest())
    hashed = await matcher.hash("picture", sink.content, plain=True)
    return FileSignals(hashed) if isinstance(hashed, PictureSignals) else FileSignals()


def _sink(field: str, matcher: Matcher, stack: ExitStack) -> PictureBytes | VideoDigest:
    if field == "photo":
        stack.enter_context(matcher.pools["picture"].place())
        return PictureBytes(matcher.largest["picture"])
    if field == "video":
        return VideoDigest(matcher.largest["video"])
    raise MalformedBody("the file's field must be called photo or video")
