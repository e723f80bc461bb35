"""What an upload seems to be, by how it begins. Decides who decodes it, and nothing more.

What a caller says of an upload is worth little: pictures are called videos and the other way
round. Only where the beginning says nothing does the caller's word count.
"""

import re
from typing import Final, Literal

Kind = Literal["picture", "video"]
"""What an upload is hashed as."""

HEAD: Final = 400
"""Bytes that are looked at."""

_PICTURES: Final = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF....WEBP"
    rb"|....ftyp(avif|avis|heic|heix|heim|heis|hevc|hevx|mif1|msf1)",
    re.DOTALL,
)
_VIDEOS: Final = re.compile(
    rb"....(ftyp|moov|mdat|free|skip|wide|pnot)"  # MP4, MOV, 3GP
    rb"|\x1a\x45\xdf\xa3"  # Matroska, WebM
    rb"|RIFF....AVI |RF64....AVI |FLV\x01|OggS|\.RMF|DKIF|YUV4MPEG2"
    rb"|\x30\x26\xb2\x75\x8e\x66\xcf\x11"  # ASF, WMV
    rb"|\x00\x00\x01[\xb0-\xbf]|\x00\x00\x00?\x01[\x09\x27\x67]"  # MPEG, H.264
    rb"|\x47.{187}\x47|.{4}\x47.{191}\x47"  # MPEG transport streams
    rb"|\x06\x0e\x2b\x34",  # MXF
    re.DOTALL,
)


def kind_of(head: bytes, content_type: str) -> Kind:
    """Return what to hash an upload as.

    Args:
        head: the first ``HEAD`` bytes, or all there are.
        content_type: what the caller says.
    """
    if _PICTURES.match(head):
        return "picture"
    if _VIDEOS.match(head) or content_type.strip().lower().startswith("video/"):
        return "video"
    return "picture"
