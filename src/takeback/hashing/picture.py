"""One picture in, its signals out."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from takeback.errors import QualityTooLow
from takeback.hashing import bundle, keypoints, normalise
from takeback.hashing.decode import Path, Picture, open_picture
from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.looking import inside, quality_inside, query_looks, registered_looks
from takeback.hashing.pdq import Sampler, coefficients, dihedral_signals, quality_of
from takeback.hashing.seams import Grey
from takeback.hashing.shrink import LONGEST_SIDE as DESCRIBED_SIDE
from takeback.hashing.shrink import Shrinker
from takeback.hashing.signal import MINIMUM_QUALITY, Signal
from takeback.hashing.signal_types import FEWEST_ALONE
from takeback.hashing.upright import AS_STORED, Turn
from takeback.hashing.views import LONGEST_SIDE, ViewSignals

Role = Literal["reporter", "query"]
"""Whose picture it is: one to register, or an upload to look up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSignals:
    """What is left of a picture once it is hashed."""

    quality: int
    """Detail, 0 (flat) to 100. Below ``MINIMUM_QUALITY`` signals of the whole and its views are
    too weak to register. With a role, a flat picture inside a frame is flat, whatever detail
    the frame has."""

    dihedral: tuple[Signal, ...]
    """Eight signals: of the picture upright; turned by 90, 180 and 270 degrees
    counter-clockwise; mirrored top to bottom; mirrored left to right; mirrored along the
    main diagonal; mirrored along the other diagonal."""

    width: int
    """Pixels across the upright picture."""

    height: int
    """Pixels down the upright picture."""

    path: Path
    """How the pixels were read; anything but ``full`` may move a few bits."""

    views: tuple[ViewSignals, ...] = ()
    """Other ways of looking at the picture, each good enough to use: for a *reporter* those
    to register beside the whole, each by its first signal; for a *query* those to look up
    when the whole does not match, likeliest first. Empty without a role."""

    keypoints: tuple[KeypointLook, ...] = ()
    """Keypoint signals: for a *reporter* one look with one plain view, what is registered if
    she chooses so; for a *query* the looks to search, likeliest first. Empty without a role, and
    where nothing in the picture stands out."""

    @property
    def whole(self) -> Signal:
        """The signal of the upright picture: the one to register."""
        return self.dihedral[0]

    @property
    def keypoints_alone(self) -> bool:
        """Whether a *reporter*'s picture has too little detail for any signal but its keypoints.

        Pale and dark pictures often do; a flat picture inside a frame has no keypoints.
        """
        enough = any(len(look.plain) >= FEWEST_ALONE for look in self.keypoints)
        return self.quality < MINIMUM_QUALITY and enough

    def check_detail(self) -> None:
        """Refuse a *reporter*'s picture that can't be registered, not even by its keypoints.

        Raises:
            QualityTooLow: it would match by chance.
        """
        if self.quality < MINIMUM_QUALITY and not self.keypoints_alone:
            raise QualityTooLow(self.quality, MINIMUM_QUALITY)


def hash_picture(
    source: bytes | os.PathLike[str],
    *,
    shrink: bool = False,
    role: Role | None = None,
    keypoints: bool = True,
) -> PictureSignals:
    """Hash one picture; little detail is reported as low quality, not refused.

    Args:
        source: the bytes of a JPEG, PNG, WebP, GIF, AVIF or HEIC file, or where it lies.
        shrink: scale a JPEG down while decoding it, to no less than 512 pixels: faster,
            but up to 14 bits away on photographs and 30 on a regular texture. For a
            platform's uploads, never for registration.
        role: also hash the views that a *reporter* registers or a *query* looks up.
        keypoints: with a role, also describe keypoints; they take most of a query's time.

    Raises:
        NotAPicture: no file, not a file of a known format, or empty.
        PictureTooLarge: more bytes or pixels than are safe to decode.
        PictureTruncated: the file is damaged or ends early.
        ValueError: there is no such role.
    """
    if role not in _SIDES:
        raise ValueError("role must be 'reporter' or 'query'")
    return _hash(open_picture(source, shrink=shrink), role, describe=keypoints)


_SIDES: Final[dict[Role | None, tuple[int, ...]]] = {
    None: (),
    "query": (LONGEST_SIDE,),
    "reporter": (LONGEST_SIDE, DESCRIBED_SIDE),
}
"""Longest sides of the small grey pictures that a role needs."""


def _hash(picture: Picture, role: Role | None, *, describe: bool) -> PictureSignals:
    sampler = Sampler(*picture.image.size, picture.turn)
    shrinkers = [Shrinker(*picture.image.size, picture.turn, side) for side in _SIDES[role]]
    for top, strip in picture.strips():
        sampler.add(top, strip)
        for shrinker in shrinkers:
            shrinker.add(top, strip)
    samples = sampler.samples()
    whole = PictureSignals(
        quality=quality_of(samples),
        dihedral=dihedral_signals(coefficients(samples)),
        width=picture.width,
        height=picture.height,
        path=picture.path,
    )
    if not shrinkers:
        return whole
    greys = [shrinker.picture() for shrinker in shrinkers]
    if role == "query":
        return _query(whole, greys[0], describe=describe)
    return _reporter(whole, greys[0], greys[1], picture.turn, describe=describe)


def _query(whole: PictureSignals, grey: Grey, *, describe: bool) -> PictureSignals:
    """Add what an upload is looked up by."""
    seen = list(normalise.looks(grey))
    quality = quality_inside(whole.quality, inside(grey, seen))
    return replace(
        whole,
        quality=quality,
        views=_good(normalise.views(seen, whole.dihedral, quality)),
        keypoints=query_looks(grey, seen) if describe else (),
    )


def _reporter(
    whole: PictureSignals, grey: Grey, smaller: Grey, turn: Turn, *, describe: bool
) -> PictureSignals:
    """Add what is registered."""
    seen = list(normalise.looks(grey))
    held = inside(grey, seen)
    quality = quality_inside(whole.quality, held)
    return replace(
        whole,
        quality=quality,
        views=_good(bundle.views(grey, seen, turn, whole.dihedral, quality)),
        keypoints=registered_looks(smaller, held) if describe else (),
    )


def _good(views: Iterable[ViewSignals]) -> tuple[ViewSignals, ...]:
    """Leave those of too little detail out."""
    return tuple(view for view in views if view.quality >= MINIMUM_QUALITY)


def warm_up() -> None:
    """Compile every loop over pixels, or load it from disk, so that no request waits for it."""
    for channels in (1, 3):
        sampler = Sampler(8, 8, AS_STORED)
        sampler.add(0, np.zeros((8, 8, channels), np.uint8))
        shrinker = Shrinker(96, 96, AS_STORED)
        shrinker.add(0, np.zeros((96, 96, channels), np.uint8))
    normalise.warm_up()
    keypoints.warm_up()
