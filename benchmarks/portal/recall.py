"""Recall with signals that a browser made, beside those that Python made of the same pictures.

Each picture is registered twice, in two banks: by what a real Chromium makes of its file, and by
what ``takeback case open`` does. Edited copies, one edit of each of twelve families, are then
looked up in both.

    python -m benchmarks.portal.recall --corpus ../shared/corpus
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.portal.making import started_maker
from benchmarks.portal.options import arguments
from benchmarks.robustness.corpus import Subject, subjects
from benchmarks.robustness.edits import EDITS
from numpy.typing import NDArray

from takeback.cases.wire import KeypointDocument, PdqDocument, SignalDocument
from takeback.cli.case.items import prepare_file
from takeback.hashing import PictureSignals, Signal, hash_picture
from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals, KeypointView
from takeback.hashing.place import EVERYWHERE
from takeback.hashing.signal_types import SignalType, from_text
from takeback.hashing.views import ViewSignals
from takeback.matching import PictureBank

NAMES: Final = (
    "jpeg q20",
    "phone screenshot, dark UI",
    "caption top+bottom 20%",
    "emoji 25% area",
    "repaint-like filter",
    "rotate 7 deg, cropped",
    "crop 50% centred",
    "crop 25% off-centre",
    "stretch 1.25:1",
    "picture-in-picture 20%",
    "photo of screen, strong",
    "mirror + crop 80% + jpeg 50",
)
"""Edits that are tried: hard ones, so that there is something to lose."""

SAMPLE: Final = tuple(edit for edit in EDITS if edit.name in NAMES)

WITHIN: Final = 2.0
"""By how many points of a hundred recall may differ."""

PICTURES: Final = 30


NOTHING: Final = (Signal(bytes(32)),)
"""Stands for the whole of a picture that is registered by keypoints alone."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Which edited copies were found; shape (pictures, edits) of each."""

    python: NDArray[np.bool_]
    browser: NDArray[np.bool_]

    @property
    def apart(self) -> float:
        """By how many points the browser's signals find more, or fewer if below zero."""
        return 100 * int(self.browser.sum() - self.python.sum()) / self.python.size

    @property
    def held(self) -> bool:
        """Whether both find as many, but for a little."""
        return abs(self.apart) <= WITHIN

    def lines(self) -> list[str]:
        """Return a table of the edits, and the sums."""
        counts = zip(SAMPLE, self.python.sum(axis=0), self.browser.sum(axis=0), strict=True)
        pictures = len(self.python)
        return [
            "| edited copy | found by Python's signals | by the browser's |",
            "| --- | --- | --- |",
            *(
                f"| {edit.name} | {ours} of {pictures} | {theirs} of {pictures} |"
                for edit, ours, theirs in counts
            ),
            f"| all | {_share(self.python)} | {_share(self.browser)} |",
            f"{self.apart:+.1f} points; wanted: within {WITHIN:g}",
        ]


def main(corpus: Path | None, *, pictures: int = PICTURES) -> Recall:
    """Measure, and print both numbers.

    Args:
        corpus: folder of pictures, or with a folder ``images``; scikit-image's without one.
        pictures: how many of them.
    """
    chosen = subjects(corpus, pictures)
    banks = bank_of(by_python(chosen)), bank_of(by_browser(chosen))
    rows = [found_of(number, subject, banks) for number, subject in enumerate(chosen)]
    found = np.array(rows)
    recall = Recall(found[..., 0], found[..., 1])
    print("\n".join(recall.lines()))
    return recall


def by_python(chosen: Iterable[Subject]) -> Iterator[Sequence[SignalDocument]]:
    """Yield what the command line registers of each picture, with keypoints."""
    for each in chosen:
        yield prepare_file(each.path).document(keypoints=True).signals


def by_browser(chosen: Iterable[Subject]) -> Iterator[Sequence[SignalDocument]]:
    """Yield what the portal registers of each picture, with keypoints."""
    with started_maker() as maker:
        for each in chosen:
            yield maker.make(each.path).with_keypoints


def bank_of(pictures: Iterable[Sequence[SignalDocument]]) -> PictureBank[int]:
    """Register what a hub gets of each picture, by its number."""
    bank = PictureBank[int]()
    for number, documents in enumerate(pictures):
        bank.register(number, registered(documents))
    return bank


def found_of(number: int, subject: Subject, banks: Sequence[PictureBank[int]]) -> list[list[bool]]:
    """Tell, edit by edit, in which banks an edited copy of the picture finds it."""
    picture, others = subject.picture(), subject.others()
    files = (edit.upload(subject.name, picture, others) for edit in SAMPLE)
    uploads = (hash_picture(file, shrink=True, role="query") for file in files)
    return [[_finds(bank, upload, number) for bank in banks] for upload in uploads]


def _finds(bank: PictureBank[int], upload: PictureSignals, number: int) -> bool:
    return any(match.entry_id == number for match in bank.match(upload))


def registered(documents: Iterable[SignalDocument]) -> PictureSignals:
    """Read what crosses the wire of one picture back into what a bank takes."""
    views, looks = [], []
    for document in documents:
        if isinstance(document, PdqDocument):
            views.append(_view(document))
        elif isinstance(document, KeypointDocument):
            looks.append(_look(document))
    whole, *others = views or [
        ViewSignals(view="whole", place=EVERYWHERE, quality=0, dihedral=NOTHING)
    ]
    return PictureSignals(
        quality=whole.quality,
        dihedral=whole.dihedral,
        width=0,
        height=0,
        path="full",
        views=tuple(others),
        keypoints=tuple(looks),
    )


def _view(document: PdqDocument) -> ViewSignals:
    signal = Signal.parse(document.value)
    return ViewSignals(
        view=document.view, place=EVERYWHERE, quality=document.quality, dihedral=(signal,)
    )


def _look(document: KeypointDocument) -> KeypointLook:
    packed = from_text(SignalType.KEYPOINTS, document.value)
    views = {KeypointView.PLAIN: KeypointSignals.unpack(packed)}
    return KeypointLook(document.view, EVERYWHERE, views)


def _share(found: NDArray[np.bool_]) -> str:
    return f"{found.sum()} of {found.size}, {100 * found.mean():.1f} %"


if __name__ == "__main__":
    options = arguments(__doc__, PICTURES)
    sys.exit(not main(options.corpus, pictures=options.pictures).held)
