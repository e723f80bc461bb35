"""Whether one picture would be caught if another were registered, without hub or matcher."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from takeback.cli.sources import Signals
from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.picture import PictureSignals
from takeback.hashing.signal import MATCH_DISTANCE, SIGNAL_BITS
from takeback.hashing.video_signals import VideoSignals
from takeback.matching.evidence import Evidence
from takeback.matching.keypoints.voting import Agreement, near_pairs, vote, within
from takeback.matching.picture_bank import PictureBank

ENTRY: Final = 0
"""The only entry of a bank that holds one."""


@dataclass(frozen=True, slots=True, eq=False)
class Agreeing:
    """The keypoints that agree, and how the upload had to be looked at."""

    look: KeypointLook
    agreement: Agreement
    registered: KeypointLook


@dataclass(frozen=True, slots=True)
class Comparison:
    """What agrees in an upload and a registered picture."""

    evidence: Evidence | None
    """Why they match, by the rule that matchers use; None if they do not."""

    keypoints: Agreeing | None
    """The keypoints that agree, if enough do; also where the ground is another."""

    distance: int | None
    """Bits in which two whole pictures differ, turned whichever way is nearest."""

    @property
    def nearest(self) -> str:
        """How far the two are from a match, in words."""
        if self.distance is None:
            return "too little of the one agrees with the other"
        return (
            f"{self.distance} of {SIGNAL_BITS} bits differ, where up to {MATCH_DISTANCE} match, "
            "and too few keypoints agree"
        )


def compare(upload: Signals, registered: Signals) -> Comparison:
    """Compare an upload with one file as it would be registered, keypoints included.

    Args:
        upload: hashed as a query.
        registered: hashed as a reporter's, with enough detail.
    """
    evidence = evidence_for(upload, registered)
    if isinstance(upload, VideoSignals) or isinstance(registered, VideoSignals):
        return Comparison(evidence, None, None)
    distance = min(registered.whole.distance(signal) for signal in upload.dihedral)
    return Comparison(evidence, _agreeing(upload, registered), distance)


def evidence_for(upload: Signals, registered: Signals) -> Evidence | None:
    """Return why an upload would match if one picture or video were all that is registered.

    Raises:
        QualityTooLow: *registered* shows too little to be registered.
    """
    bank: PictureBank[int] = PictureBank()
    bank.register(ENTRY, registered)
    return next((match.evidence for match in bank.match(upload)), None)


def _agreeing(upload: PictureSignals, registered: PictureSignals) -> Agreeing | None:
    """Return the look and view in which most places agree."""
    found = [each for ours in registered.keypoints for each in _agreements(upload, ours)]
    return max(found, key=lambda each: each.agreement.votes, default=None)


def _agreements(upload: PictureSignals, ours: KeypointLook) -> Iterator[Agreeing]:
    for look in upload.keypoints:
        for view, theirs in look.views.items():
            agreement = vote(ours.plain, theirs, near_pairs(ours.plain, theirs), view)
            if agreement:
                yield Agreeing(look, within(look.place, agreement, theirs), ours)
