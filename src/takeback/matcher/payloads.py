"""The signal of a feed's record as bytes, checked, whatever its type.

One bad record must not cost the rest of a page: what can't be used is left out, and nothing
here raises for it.
"""

from collections.abc import Callable, Mapping
from typing import Final

from takeback.errors import MalformedSignal
from takeback.exchange.wire import FeedEntry
from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.signal_types import KNOWN, SignalType
from takeback.hashing.video_signals import VideoSignals

UNDERSTOOD: Final = " ".join(sorted(KNOWN))
"""The types that this release understands, as the state file remembers them."""

_UNPACK: Final[Mapping[str, Callable[[bytes], object]]] = {
    SignalType.KEYPOINTS: KeypointSignals.unpack,
    SignalType.VIDEO: VideoSignals.unpack,
}


def payload_of(entry: FeedEntry) -> bytes | None:
    """Return an active entry's signal as bytes; None if it is malformed or of an unknown type."""
    if entry.type not in KNOWN:
        return None
    try:
        payload = entry.content
        _UNPACK.get(entry.type, bytes)(payload)
    except MalformedSignal:
        return None
    return payload
