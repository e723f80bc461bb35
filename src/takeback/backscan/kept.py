"""The library's own signals, for what is registered after the scan."""

from collections.abc import Iterator

from takeback.hashing.messages import Hashed
from takeback.hashing.picture import PictureSignals
from takeback.hashing.signal import MINIMUM_QUALITY
from takeback.hashing.video_signals import FrameView


def kept_of(upload: Hashed) -> Iterator[dict[str, object]]:
    """Yield the signals of one file that can be looked for: a picture in its eight turns."""
    if isinstance(upload, PictureSignals):
        if upload.quality >= MINIMUM_QUALITY:
            for turn, signal in enumerate(upload.dihedral):
                yield _row(turn, None, signal.bits)
        return
    for time, bits in zip(upload.times.tolist(), upload.views[FrameView.WHOLE], strict=True):
        yield _row(0, time, bits.tobytes())


def _row(turn: int, milliseconds: int | None, bits: bytes) -> dict[str, object]:
    return {"view": "whole", "turn": turn, "milliseconds": milliseconds, "signal": bits}
