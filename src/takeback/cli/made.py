"""Signals as ``takeback hash`` prints them: a few lines for a person, or all of them in JSON."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from takeback import __version__
from takeback.cli.sources import Signals
from takeback.hashing import PictureSignals
from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.picture import Role
from takeback.hashing.signal_types import SignalType, to_text
from takeback.hashing.video_signals import VideoSignals


class MadeSignal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One signal, as printed in JSON."""

    type: str
    """The algorithm, with its version."""
    view: str
    value: str
    quality: int | None = None
    keypoints: int | None = None
    """How many, in all frames of a video."""
    frames: int | None = None


class Made(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file's signals, as printed in JSON."""

    path: str
    signal: str = ""
    """Of a picture: the one of the whole."""
    quality: int
    role: Role
    version: str
    """Of the program that made them."""
    duration: int | None = None
    """Of a video, in milliseconds."""
    complete: bool | None = None
    """Of a video: false if it is damaged or ends early."""
    signals: Sequence[MadeSignal]


def record(path: str, signals: Signals, role: Role) -> Made:
    """Return what is printed of one file in JSON."""
    if isinstance(signals, VideoSignals):
        return Made(
            path=path,
            quality=signals.quality,
            role=role,
            version=__version__,
            duration=signals.duration,
            complete=signals.complete,
            signals=list(_of_video(signals)),
        )
    return Made(
        path=path,
        signal=str(signals.whole),
        quality=signals.quality,
        role=role,
        version=__version__,
        signals=[*_whole_picture(signals), *map(_keypoints, signals.keypoints)],
    )


def summary(signals: Signals) -> Iterator[str]:
    """Yield what stands for the file in a line, then a line about keypoints of each look."""
    if isinstance(signals, VideoSignals):
        yield SignalType.VIDEO.value
        yield from _of_frames(signals)
        return
    yield str(signals.whole)
    for look in signals.keypoints:
        size = len(look.plain.pack())
        yield f"{SignalType.KEYPOINTS} {look.look}: {len(look.plain)} keypoints, {size} bytes"
    if not signals.keypoints:
        yield f"{SignalType.KEYPOINTS}: no keypoints, nothing stands out"


def _of_frames(video: VideoSignals) -> Iterator[str]:
    seconds = f"{video.duration / 1000:.1f} s"
    if not len(video):
        yield f"no frame of {seconds} has enough detail"
        return
    with_keypoints, without = (len(video.pack(keypoints=chosen)) for chosen in (True, False))
    yield f"{len(video)} frames of {seconds}, {without} bytes"
    yield f"{_count(video)} keypoints in {len(video.keypoints)} of them, {with_keypoints} bytes"


def _count(video: VideoSignals) -> int:
    return sum(len(frame.look.plain) for frame in video.keypoints)


def _whole_picture(picture: PictureSignals) -> Iterator[MadeSignal]:
    yield _pdq("whole", str(picture.whole), picture.quality)
    for view in picture.views:
        yield _pdq(view.view, str(view.dihedral[0]), view.quality)


def _pdq(view: str, value: str, quality: int) -> MadeSignal:
    return MadeSignal(type=SignalType.PDQ.value, view=view, value=value, quality=quality)


def _keypoints(look: KeypointLook) -> MadeSignal:
    kind = SignalType.KEYPOINTS
    packed = to_text(kind, look.plain.pack())
    return MadeSignal(type=kind.value, view=look.look, value=packed, keypoints=len(look.plain))


def _of_video(video: VideoSignals) -> Iterator[MadeSignal]:
    """Yield the signals of a video, keypoints among them, and its digest."""
    if len(video):
        yield MadeSignal(
            type=SignalType.VIDEO.value,
            view="whole",
            value=to_text(SignalType.VIDEO, video.pack(keypoints=True)),
            quality=video.quality,
            keypoints=_count(video),
            frames=len(video),
        )
    yield MadeSignal(
        type=SignalType.MD5.value, view="whole", value=to_text(SignalType.MD5, video.md5)
    )
