"""Runs of chosen frames whose keypoints agree: those of a cropped or overlaid copy.

A chosen frame of an upload in which a registered frame lies, whole or in part, is a hit, as
with pictures. Hits of one registered video that agree on speed and offset are a run. They are
seconds apart, and one frame lies in many of the same scene, so times need to agree only
roughly; how many keypoints agree says more than when.

Pure: no bank and no index.
"""

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import PLACES
from takeback.matching.keypoints.index import KeypointMatch
from takeback.matching.videos.runs import (
    LONGEST_SHOWN,
    SHARE_OF_FURTHER,
    STRANGERS,
    Line,
    Run,
    propose,
)

JITTER: Final = 4500.0
"""Milliseconds by which a chosen frame may miss its time: chosen frames are up to four seconds
apart."""

LEAST_SPREAD: Final = 0.15
"""Share of the registered frame that the agreeing keypoints of a lone moment span at least. A
watermark or logo, which thousands of videos share, spans less."""

SAME_PLACES: Final = 0.5
"""Share of a hit's places that lie where those of an earlier one do if both show one moment: a
camera that does not move, or a watermark."""


@dataclass(frozen=True, slots=True)
class KeypointHit:
    """A chosen frame of the upload in which a registered frame lies."""

    number: int
    """Of the upload's chosen frame."""

    partner: int
    """Of the registered video's chosen frame."""

    votes: int
    """Places that agree."""

    telling: bool
    """Whether they span enough of the registered frame to be no watermark."""

    places: frozenset[int]
    """Where they are in the registered frame."""

    @classmethod
    def of(cls, number: int, partner: int, match: KeypointMatch) -> Self:
        """Return what one look at a chosen frame found."""
        agreeing = match.registered.places[match.agreement.pairs[:, 0], :2].astype(np.int64)
        places = frozenset((agreeing @ (PLACES, 1)).tolist())
        return cls(number, partner, match.agreement.votes, telling(match), places)


def chance(votes: int) -> float:
    """Return the decimal logarithm of the chance that so many places of strangers agree.

    Three agreed in none of 200,000 pairs of unrelated pictures (docs/decisions/0024), so the
    chance is at most 10⁻⁵; each further one is taken to be ten times rarer, as two are against
    one there.
    """
    return -5.0 - (votes - 3)


def telling(match: KeypointMatch) -> bool:
    """Say whether agreeing keypoints span enough of the registered frame to be no watermark."""
    agreeing = match.registered.places[match.agreement.pairs[:, 0], :2].astype(np.float64)
    width, height = np.ptp(agreeing, axis=0) + 1
    return bool(width * height >= LEAST_SPREAD * match.registered.width * match.registered.height)


def keypoint_run(
    hits: list[KeypointHit],
    upload: tuple[NDArray[np.float64], float],
    registered: NDArray[np.float64],
) -> Run:
    """Return the run on which most hits agree.

    Args:
        hits: in one registered video, in one view of the upload; at least one.
        upload: times of the upload's chosen frames, and its duration, in milliseconds.
        registered: times of the registered video's chosen frames.
    """
    times, duration = upload
    hits = sorted(hits, key=lambda hit: (-hit.votes, not hit.telling))
    theirs = times[[hit.number for hit in hits]]
    ours = registered[[hit.partner for hit in hits]]
    line = propose(theirs, ours, JITTER)
    near = np.abs(line.speed * theirs + line.offset - ours) <= JITTER
    agreeing = [hit for hit, is_near in zip(hits, near, strict=True) if is_near]
    frames = sorted({hit.number for hit in agreeing})
    moments = _moments(agreeing)
    lasting = np.diff(times, append=max(duration, times[-1]))
    return Run(
        line=Line(line.speed, line.offset),
        begin=float(times[frames[0]]),
        end=float(times[frames[-1]] + min(LONGEST_SHOWN, lasting[frames[-1]])),
        frames=len(frames),
        moments=len(moments),
        distance=None,
        votes=moments[0].votes,
        score=_score(moments, 2 * len(times)),
        agreeing=float(lasting[frames].sum()),
    )


def _moments(hits: list[KeypointHit]) -> list[KeypointHit]:
    """Return hits that share no frame of either video and look different, most votes first."""
    moments: list[KeypointHit] = []
    for hit in hits:
        if not any(_same_moment(hit, earlier) for earlier in moments):
            moments.append(hit)
    return moments


def _same_moment(hit: KeypointHit, earlier: KeypointHit) -> bool:
    frames = hit.number == earlier.number or hit.partner == earlier.partner
    shared = len(hit.places & earlier.places)
    return frames or shared >= SAME_PLACES * min(len(hit.places), len(earlier.places))


def _score(moments: list[KeypointHit], tried: int) -> float:
    """Return how sure a run is; a lone moment that may be a watermark is not sure at all."""
    if len(moments) == 1 and not moments[0].telling:
        return 0.0
    return keypoint_score([hit.votes for hit in moments], tried)


def keypoint_score(votes: list[int], tried: int) -> float:
    """Return how sure a run is; see ``Evidence.score``.

    Args:
        votes: of each moment, most first.
        tried: sets of keypoints of the upload that were looked up.
    """
    first = -chance(votes[0]) - STRANGERS - math.log10(tried)
    return first + SHARE_OF_FURTHER * sum(-chance(count) - 1 for count in votes[1:])
