"""``takeback hash``: signals of pictures, made where the pictures are."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from msgspec import Struct

from takeback import __version__
from takeback.cli import talk
from takeback.cli.explain.writing import explain_option, pages_for, write_page
from takeback.cli.files import each_file
from takeback.cli.output import as_json, emit
from takeback.hashing import MINIMUM_QUALITY, PictureSignals, hash_picture
from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.picture import Role
from takeback.hashing.signal_types import SignalType, to_text


class MadeSignal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One signal, as printed in JSON."""

    type: str
    """The algorithm, with its version."""
    view: str
    value: str
    quality: int | None = None
    keypoints: int | None = None


class Hashed(Struct, frozen=True, kw_only=True):
    """One picture's signals, as printed in JSON."""

    path: str
    signal: str
    quality: int
    role: Role
    version: str
    """Of the program that made them."""
    signals: Sequence[MadeSignal]


@click.command("hash")
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--role",
    type=click.Choice(["reporter", "query"]),
    default="reporter",
    show_default=True,
    help="Make what a reporter's device registers, or what a matcher looks up.",
)
@click.option("--keypoints", is_flag=True, help="Say how many keypoints there are, and bytes.")
@explain_option
@as_json
def hash_files(
    paths: tuple[Path, ...], role: Role, keypoints: bool, explain_to: Path | None, as_json: bool
) -> None:
    """Make signals of pictures, on this device.

    Prints one line for each FILE: signal, quality from 0 to 100, path; with --json every
    signal, with its type and view. Nothing is sent anywhere. A file that is no picture is
    named, the others are still done, and the exit code is 3.
    """
    pages = pages_for(explain_to, paths) if explain_to else {}
    needed = role if keypoints or explain_to or as_json else None

    def hash_one(path: Path) -> tuple[Path, PictureSignals]:
        picture = hash_picture(path, role=needed)
        if path in pages:
            _explain(path, picture, role, pages[path])
        return path, picture

    done, refused = each_file(paths, hash_one, said="hashed")
    _warn(done)
    rows = [_hashed(path, picture, role) for path, picture in done]
    emit(
        rows, lambda: [line for each in done for line in _lines(*each, keypoints)], as_json=as_json
    )
    talk.refuse_all(refused)


def _explain(path: Path, picture: PictureSignals, role: Role, page: Path) -> None:
    from takeback.cli.explain.hashed import explain_hashed  # here: most calls draw nothing

    write_page(page, explain_hashed(path, path.name, picture, role))


def _warn(done: Sequence[tuple[Path, PictureSignals]]) -> None:
    """Say which pictures a hub would refuse."""
    for path, picture in done:
        if picture.quality < MINIMUM_QUALITY:
            talk.say(f"{path}: too little detail to be told apart; a hub takes no such picture")


def _lines(path: Path, picture: PictureSignals, keypoints: bool) -> Iterator[str]:
    yield f"{picture.whole} {picture.quality:3} {path}"
    if keypoints:
        for look in picture.keypoints:
            plain = look.plain
            yield f"  kp1 {look.look}: {len(plain)} keypoints, {len(plain.pack())} bytes"
        if not picture.keypoints:
            yield "  kp1: no keypoints, nothing stands out"


def _hashed(path: Path, picture: PictureSignals, role: Role) -> Hashed:
    return Hashed(
        path=str(path),
        signal=str(picture.whole),
        quality=picture.quality,
        role=role,
        version=__version__,
        signals=[*_whole_picture_signals(picture), *map(_keypoints, picture.keypoints)],
    )


def _whole_picture_signals(picture: PictureSignals) -> Iterator[MadeSignal]:
    yield _pdq("whole", str(picture.whole), picture.quality)
    for view in picture.views:
        yield _pdq(view.view, str(view.dihedral[0]), view.quality)


def _pdq(view: str, value: str, quality: int) -> MadeSignal:
    return MadeSignal(type=SignalType.PDQ.value, view=view, value=value, quality=quality)


def _keypoints(look: KeypointLook) -> MadeSignal:
    kind = SignalType.KEYPOINTS
    packed = to_text(kind, look.plain.pack())
    return MadeSignal(type=kind.value, view=look.look, value=packed, keypoints=len(look.plain))
