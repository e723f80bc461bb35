"""A picture's signals as bytes, so that what was described once can be kept.

Lossless for everything that is registered or looked up.
"""

from typing import Any

import msgspec
import numpy as np

from takeback.hashing import PictureSignals, Signal
from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals, KeypointView
from takeback.hashing.place import Place
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.views import ViewSignals

Packed = np.ndarray[Any, np.dtype[np.uint8]]
"""Shape (bytes,)."""


class _View(msgspec.Struct, array_like=True):
    view: str
    sides: tuple[float, float, float, float]
    quality: int
    dihedral: bytes


class _Look(msgspec.Struct, array_like=True):
    look: str
    sides: tuple[float, float, float, float]
    views: dict[KeypointView, bytes]


class _Picture(msgspec.Struct, array_like=True):
    quality: int
    dihedral: bytes
    width: int
    height: int
    path: str
    views: list[_View]
    keypoints: list[_Look]


def pack(found: PictureSignals) -> Packed:
    """Write what a picture was hashed to."""
    kept = _Picture(
        found.quality,
        _bits(found.dihedral),
        found.width,
        found.height,
        found.path,
        [_View(v.view, v.place.sides, v.quality, _bits(v.dihedral)) for v in found.views],
        [
            _Look(look.look, look.place.sides, {k: s.pack() for k, s in look.views.items()})
            for look in found.keypoints
        ],
    )
    return np.frombuffer(msgspec.msgpack.encode(kept), np.uint8)


def unpack(packed: Packed) -> PictureSignals:
    """Read what ``pack`` wrote."""
    kept = msgspec.msgpack.decode(packed.tobytes(), type=_Picture)
    return PictureSignals(
        quality=kept.quality,
        dihedral=_signals(kept.dihedral),
        width=kept.width,
        height=kept.height,
        path=kept.path,  # type: ignore[arg-type]
        views=tuple(_view(each) for each in kept.views),
        keypoints=tuple(_look(each) for each in kept.keypoints),
    )


def _bits(signals: tuple[Signal, ...]) -> bytes:
    return b"".join(signal.bits for signal in signals)


def _signals(bits: bytes) -> tuple[Signal, ...]:
    return tuple(Signal(bits[n : n + SIGNAL_BYTES]) for n in range(0, len(bits), SIGNAL_BYTES))


def _view(kept: _View) -> ViewSignals:
    return ViewSignals(
        view=kept.view,
        place=Place(*kept.sides),
        quality=kept.quality,
        dihedral=_signals(kept.dihedral),
    )


def _look(kept: _Look) -> KeypointLook:
    views = {view: KeypointSignals.unpack(bits) for view, bits in kept.views.items()}
    return KeypointLook(kept.look, Place(*kept.sides), views)
