"""Whether one picture would be caught if another were registered, without hub or matcher."""

from collections.abc import Iterator
from dataclasses import dataclass

from takeback.cli.explain.geometry import corners
from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.picture import PictureSignals
from takeback.hashing.place import EVERYWHERE
from takeback.hashing.signal import MATCH_DISTANCE, SIGNAL_BITS
from takeback.matching.evidence import Evidence, Ground
from takeback.matching.voting import Agreement, near_pairs, vote, within


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

    distance: int
    """Bits in which the two whole pictures differ, turned whichever way is nearest."""

    @property
    def nearest(self) -> str:
        """How far the two are from a match, in words."""
        return (
            f"{self.distance} of {SIGNAL_BITS} bits differ, where up to {MATCH_DISTANCE} match, "
            "and too few keypoints agree"
        )


def compare(upload: PictureSignals, registered: PictureSignals) -> Comparison:
    """Compare an upload with one picture as it would be registered, keypoints included.

    Args:
        upload: hashed as a query.
        registered: hashed as a reporter's.
    """
    found = _agreeing(upload, registered)
    return Comparison(
        evidence=next(_evidence(upload, registered, found), None),
        keypoints=found,
        distance=min(registered.whole.distance(signal) for signal in upload.dihedral),
    )


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


def _evidence(
    upload: PictureSignals, registered: PictureSignals, found: Agreeing | None
) -> Iterator[Evidence]:
    signals = [("whole", registered.whole)] + [(v.view, v.dihedral[0]) for v in registered.views]
    looked_up = [("whole", EVERYWHERE, upload.dihedral)]
    looked_up += [(v.view, v.place, v.dihedral) for v in upload.views]
    for name, place, dihedral in looked_up:
        for view, signal in signals:
            distance = min(signal.distance(d) for d in dihedral)
            if distance <= MATCH_DISTANCE:
                yield Evidence(
                    ground=Ground.WHOLE if (name, view) == ("whole", "whole") else Ground.VIEW,
                    score=0.0,
                    place=corners(place),
                    upload_view=name,
                    registered_view=view,
                    distance=distance,
                )
    if found:
        yield Evidence(
            ground=Ground.KEYPOINTS,
            score=0.0,
            place=found.agreement.place,
            upload_view=found.look.look,
            votes=found.agreement.votes,
        )
