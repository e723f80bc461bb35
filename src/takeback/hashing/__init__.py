"""From a picture to its signals, on the device that holds the picture.

This package is the only one that reads pictures. It stores nothing, sends nothing
and knows no database. Public and stable: the names in ``__all__``.

The names that decode pictures are loaded when first used, so that a program that only
compares signals starts without decoders and compiler.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from takeback.hashing.arrays import array_to_signals, signals_to_array
from takeback.hashing.signal import (
    MATCH_DISTANCE,
    MINIMUM_QUALITY,
    SIGNAL_BITS,
    SIGNAL_TYPE,
    Signal,
)

if TYPE_CHECKING:
    from takeback.hashing.picture import PictureSignals, hash_picture, warm_up
    from takeback.hashing.pool import hash_pictures
    from takeback.hashing.video import hash_video
    from takeback.hashing.video_signals import VideoSignals

__all__ = [
    "MATCH_DISTANCE",
    "MINIMUM_QUALITY",
    "SIGNAL_BITS",
    "SIGNAL_TYPE",
    "PictureSignals",
    "Signal",
    "VideoSignals",
    "array_to_signals",
    "hash_picture",
    "hash_pictures",
    "hash_video",
    "signals_to_array",
    "warm_up",
]

_LOADED_WHEN_USED = {
    "PictureSignals": "picture",
    "hash_picture": "picture",
    "VideoSignals": "video_signals",
    "hash_pictures": "pool",
    "hash_video": "video",
    "warm_up": "picture",
}


def __getattr__(name: str) -> object:
    if name not in _LOADED_WHEN_USED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_LOADED_WHEN_USED[name]}")
    return getattr(module, name)
