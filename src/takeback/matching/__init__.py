"""Finding which bank entries lie near a looked-up signal, and which pictures an upload shows.

``Index`` and ``PictureBank`` are the public, stable part; they need no database. Banks and
entries are in ``service.py`` and below, and are imported by their own names.

``PictureBank`` is loaded when first used: a program that only compares signals starts without
the compiled loops of keypoints and videos.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from takeback.matching.exact.index import Index

if TYPE_CHECKING:
    from takeback.matching.evidence import Evidence, Ground
    from takeback.matching.picture_bank import Match, PictureBank

__all__ = ["Evidence", "Ground", "Index", "Match", "PictureBank"]

_LOADED_WHEN_USED = {
    "Evidence": "evidence",
    "Ground": "evidence",
    "Match": "picture_bank",
    "PictureBank": "picture_bank",
}


def __getattr__(name: str) -> object:
    if name not in _LOADED_WHEN_USED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_LOADED_WHEN_USED[name]}")
    return getattr(module, name)
