"""Items of a case: what is registered of each picture and video, and nothing else.

The signals are made first and all of them; what goes to the hub is chosen when she has said
whether keypoints may go too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from takeback.cases.wire import (
    DigestDocument,
    ItemDocument,
    KeypointDocument,
    PdqDocument,
    SignalDocument,
    VideoDocument,
    View,
)
from takeback.cli import talk
from takeback.cli.sources import hash_source
from takeback.errors import QualityTooLow, TakebackError
from takeback.hashing import MINIMUM_QUALITY, PictureSignals
from takeback.hashing.signal_types import FEWEST_KEYPOINTS, SignalType, to_text
from takeback.hashing.video_signals import VideoSignals


@dataclass(frozen=True, slots=True)
class Prepared:
    """The signals of one file, on the device that holds it."""

    signals: PictureSignals | VideoSignals
    path: Path | None = None
    """Of the file, if it has one: it is named when it can't be registered."""

    def document(self, *, keypoints: bool) -> ItemDocument:
        """Return the item to register; *keypoints* only if she chose them.

        Raises:
            QualityTooLow: only keypoints could be registered, and she did not choose them.
        """
        if isinstance(self.signals, VideoSignals):
            return ItemDocument(signals=list(_of_video(self.signals, keypoints)))
        if self.signals.keypoints_alone and not keypoints:
            raise self._needs_keypoints()
        return ItemDocument(signals=list(_of_picture(self.signals, keypoints)))

    def _needs_keypoints(self) -> QualityTooLow:
        refused = QualityTooLow(self.signals.quality, MINIMUM_QUALITY)
        refused.hint = (
            "It can be registered by keypoint signals alone: say yes to them (--keypoints), "
            "where the hub takes them."
        )
        if self.path:
            refused.add_note(str(self.path))
        return refused


def prepare_files(paths: Sequence[Path]) -> list[Prepared]:
    """Make the signals of each file, all of them before anything is sent.

    Raises:
        NotAPicture: a file is neither a picture nor a video.
        NotAVideo: no frame of a video can be read.
        QualityTooLow: a file has too little detail, even for keypoints.
    """
    progress = talk.Progress("hashed", len(paths))
    made = []
    for path in paths:
        try:
            made.append(prepare_file(path))
        except TakebackError as error:
            error.add_note(str(path))
            raise
        progress.step()
    return made


def prepare_file(source: Path | bytes) -> Prepared:
    """Make the signals of one file.

    Raises:
        NotAPicture: as ``prepare_files``.
    """
    name = source.name if isinstance(source, Path) else ""
    signals = hash_source(source, role="reporter", name=name)
    signals.check_detail()
    return Prepared(signals, source if isinstance(source, Path) else None)


def documents(prepared: Sequence[Prepared], *, keypoints: bool) -> list[ItemDocument]:
    """Return the items to register, each once: the same file given twice is one item.

    Raises:
        QualityTooLow: of a file only keypoints could be registered, and they may not be.
    """
    items: list[ItemDocument] = []
    for each in prepared:
        item = each.document(keypoints=keypoints)
        if item not in items:
            items.append(item)
    return items


def _of_picture(picture: PictureSignals, keypoints: bool) -> Iterator[SignalDocument]:
    """Describe a picture: whole, its views, and its keypoints if they may go."""
    if not picture.keypoints_alone:
        yield PdqDocument(value=str(picture.whole), quality=picture.quality, path=picture.path)
        yield from _views(picture)
    for look in picture.keypoints if keypoints else ():
        if len(look.plain) >= FEWEST_KEYPOINTS:
            packed = to_text(SignalType.KEYPOINTS, look.plain.pack())
            yield KeypointDocument(value=packed, view=cast(View, look.look))


def _views(picture: PictureSignals) -> Iterator[PdqDocument]:
    """Describe the views, each signal once: those of a symmetric picture can be equal."""
    views = {str(view.dihedral[0]): view for view in reversed(picture.views)}
    views.pop(str(picture.whole), None)
    for value, view in reversed(views.items()):
        yield PdqDocument(
            value=value,
            quality=view.quality,
            view=cast(View, view.view),
            path=picture.path if view.view == "mirror" else "scaled",
        )


def _of_video(video: VideoSignals, keypoints: bool) -> Iterator[SignalDocument]:
    """Describe a video: its frames, with keypoints if they may go, and its digest."""
    yield VideoDocument(value=to_text(SignalType.VIDEO, video.pack(keypoints=keypoints)))
    yield DigestDocument(value=to_text(SignalType.MD5, video.md5))
