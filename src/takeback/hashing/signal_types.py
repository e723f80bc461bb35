"""The types of signal that hubs and matchers exchange: how each is written, and how large it is.

======  ========================================================  =========================
type    content                                                   as text
======  ========================================================  =========================
pdq     the PDQ signal of one view of a picture, 32 bytes         64 hexadecimal digits
kp1     packed keypoint signals, see ``keypoint_signals.py``      base64url, no padding
video1  packed signals of a video, see ``video_signals.py``       base64url, no padding
md5     the MD5 digest of a video's file, 16 bytes                32 hexadecimal digits
======  ========================================================  =========================

No picture and no compiler needed.
"""

import base64
import binascii
import hashlib
import re
from enum import StrEnum
from typing import Final

from takeback.errors import MalformedSignal
from takeback.hashing.keypoint_signals import PACKED_BYTES, KeypointSignals
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.video_signals import MOST_BYTES, VideoSignals

FEWEST_KEYPOINTS: Final = 3
"""Fewer can't agree on a place, so they could never match."""

FEWEST_ALONE: Final = 40
"""Keypoints by which a picture is registered whose whole shows too little detail."""

MOST_KEYPOINTS: Final = 80
"""Keypoints of one registered picture."""

KEYPOINT_BYTES: Final = 2 + MOST_KEYPOINTS * PACKED_BYTES
"""Most bytes of one ``kp1`` signal."""

DIGEST_BYTES: Final = 16
"""Bytes of an MD5 digest."""

_HEX: Final = re.compile(r"[0-9a-f]*")


class SignalType(StrEnum):
    """What kind of signal it is, with the version of its algorithm."""

    PDQ = "pdq"
    KEYPOINTS = "kp1"
    VIDEO = "video1"
    MD5 = "md5"

    @property
    def packed(self) -> bool:
        """Whether its content has no fixed length, so that something shorter stands for it."""
        return self in {SignalType.KEYPOINTS, SignalType.VIDEO}


KNOWN: Final = frozenset(each.value for each in SignalType)
"""Every type that this release reads. Signals of others are left out, not refused."""

_FIXED: Final = {SignalType.PDQ: SIGNAL_BYTES, SignalType.MD5: DIGEST_BYTES}
_MOST: Final = {SignalType.KEYPOINTS: KEYPOINT_BYTES, SignalType.VIDEO: MOST_BYTES}


def to_text(kind: SignalType, content: bytes) -> str:
    """Write a signal as it crosses the wire."""
    if not kind.packed:
        return content.hex()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_text(kind: SignalType, text: str) -> bytes:
    """Read what :func:`to_text` wrote; says nothing of what is inside a packed signal.

    Raises:
        MalformedSignal: it is of another length or alphabet.
    """
    content = _unpadded(text) if kind.packed else _from_hex(text)
    fits = 0 < len(content) <= _MOST[kind] if kind.packed else len(content) == _FIXED[kind]
    if not fits or to_text(kind, content) != text:
        raise MalformedSignal(f"not a signal of type {kind}")
    return content


def check(kind: SignalType, content: bytes) -> None:
    """Refuse a packed signal that no device of ours makes.

    Raises:
        MalformedSignal: it can't be unpacked, or has too few or too many keypoints.
    """
    if kind is SignalType.VIDEO:
        VideoSignals.unpack(content)
    elif kind is SignalType.KEYPOINTS:
        count = len(KeypointSignals.unpack(content))
        if not FEWEST_KEYPOINTS <= count <= MOST_KEYPOINTS:
            raise MalformedSignal(f"a picture has {FEWEST_KEYPOINTS} to {MOST_KEYPOINTS} keypoints")


def has_keypoints(kind: SignalType, content: bytes) -> bool:
    """Whether the signal is one of keypoints, or of a video with keypoints of some frames."""
    if kind is SignalType.VIDEO:
        return bool(VideoSignals.unpack(content).keypoints)
    return kind is SignalType.KEYPOINTS


def without_keypoints(video: bytes) -> bytes:
    """Return a packed video without its keypoints."""
    return VideoSignals.unpack(video).pack(keypoints=False)


def key_of(kind: SignalType, content: bytes) -> bytes:
    """Return what stands for the signal in a bank: itself, or the SHA-256 digest of it packed."""
    return hashlib.sha256(content).digest() if kind.packed else content


def _from_hex(text: str) -> bytes:
    return bytes.fromhex(text) if _HEX.fullmatch(text) and len(text) % 2 == 0 else b""


def _unpadded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
