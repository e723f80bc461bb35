"""A file as its signals, whether it is a picture or a video."""

import os
from pathlib import Path

from takeback.cli import talk
from takeback.hashing import PictureSignals, hash_picture
from takeback.hashing.kinds import HEAD, kind_of
from takeback.hashing.picture import Role
from takeback.hashing.video_signals import VideoSignals

Signals = PictureSignals | VideoSignals
"""What is left of a file once it is hashed."""


def hash_source(source: Path | bytes, *, role: Role | None, name: str = "") -> Signals:
    """Hash a picture or a video, whichever the file begins like.

    Args:
        source: the file, or what is in it.
        role: whose it is; without one a picture is hashed as a whole only.
        name: what to call it while somebody waits.

    Raises:
        NotAPicture: it is neither a picture nor a video.
        NotAVideo: it begins like a video, and no frame of it can be read.
    """
    if not is_video(source):
        return hash_picture(source, role=role)
    from takeback.hashing.video import hash_video  # here: pictures need no video decoder

    signals = hash_video(
        source, role=role or "reporter", progress=talk.Share(f"hashed of {name or 'the video'}")
    )
    if not signals.complete:
        talk.say(f"{name or 'the video'} is damaged or ends early: this is what could be read")
    return signals


def is_video(source: Path | bytes) -> bool:
    """Tell whether a file begins as videos do; what can't be read is left to the decoder."""
    return kind_of(_head(source), "") == "video"


def _head(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source[:HEAD]
    try:
        if not source.is_file():  # a pipe could block
            return b""
        with open(os.fspath(source), "rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""
