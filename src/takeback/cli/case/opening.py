"""``case open`` and ``case add``: signals are made here, and only they are sent."""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO, TypedDict, Unpack, cast, get_args

import click
import msgspec

from takeback.cases.wire import (
    AgeBand,
    Authority,
    ItemDocument,
    Kind,
    PdqDocument,
    RegistrationDocument,
    View,
)
from takeback.cli import talk
from takeback.cli.case.days import Day
from takeback.cli.case.handover import hand_over, save_option
from takeback.cli.case.visit import Visit, hub_option, visiting
from takeback.cli.output import as_json
from takeback.cli.reporterhub import reporter_hub
from takeback.errors import MalformedBody, QualityTooLow, TakebackError
from takeback.hashing import MINIMUM_QUALITY, PictureSignals, hash_picture

KINDS: Sequence[str] = get_args(Kind)
AGE_BANDS: Sequence[str] = get_args(AgeBand)
AUTHORITIES: Sequence[str] = get_args(Authority)
PICTURE = click.Path(path_type=Path, dir_okay=False)
DAY = Day()
TEXT_LENGTH = 4000
"""Characters that a hub takes of what happened."""


class Said(TypedDict):
    """What the reporter said on the command line, as click names it."""

    kind: str
    age_band: str
    language: str
    authority: str
    locators: tuple[str, ...]
    text_file: TextIO | None
    end_date: str | None
    partners: bool
    lock: bool


@click.command("open")
@click.argument("paths", metavar="[FILE]…", nargs=-1, type=PICTURE)
@hub_option
@click.option(
    "--kind", type=click.Choice(KINDS), default="shared", show_default=True, help="What happened."
)
@click.option(
    "--age-band",
    type=click.Choice(AGE_BANDS),
    default="not_said",
    show_default=True,
    help="Of the person on the picture; only adults' signals go to every platform.",
)
@click.option(
    "--language",
    type=click.Choice(["en", "ko"]),
    default="en",
    show_default=True,
    help="In which the centre is to speak with you; this program speaks English.",
)
@click.option(
    "--authority",
    type=click.Choice(AUTHORITIES),
    default="self",
    show_default=True,
    help="Who opens it: the person on the picture, or for them a parent, agent or centre.",
)
@click.option("--locator", "locators", multiple=True, help="Where it is online; may be repeated.")
@click.option(
    "--text-file",
    metavar="FILE",
    type=click.File(encoding="utf-8"),
    help=f"What happened, in words: at most {TEXT_LENGTH} characters; - is stdin.",
)
@click.option("--end-date", type=DAY, help="Day on which everything is purged.")
@click.option("--partners", is_flag=True, help="Also to partners that may not honour withdrawal.")
@click.option("--lock", is_flag=True, help="Let a withdrawal wait 72 hours.")
@save_option
@as_json
def open_case(
    paths: tuple[Path, ...], hub: str, save: Path | None, *, as_json: bool, **said: Unpack[Said]
) -> None:
    """Open a case; the pictures stay here.

    Makes signals of each FILE on this device and sends only those. Without a FILE the case
    has no picture: a threat, an account, a locator. Prints the code (also as six words), the
    PIN and the recovery slip, once: nobody can show them again.
    """
    document = registration(items_of(paths), said)
    with reporter_hub(hub) as client:
        opened = client.open(document)
    hand_over(opened, save, as_json=as_json)


@click.command()
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=PICTURE)
@visiting
def add(visit: Visit, paths: tuple[Path, ...]) -> None:
    """Add pictures to a case.

    Makes signals of each FILE on this device and sends only those. Prints the receipt.
    """
    items = items_of(paths)
    with visit.begin() as (hub, keys):
        visit.show(hub.add(keys, items))


def items_of(paths: Sequence[Path]) -> list[ItemDocument]:
    """Make an item of each picture, all of them before anything is sent.

    Raises:
        NotAPicture: a file is none.
        QualityTooLow: a picture has too little detail.
    """
    progress = talk.Progress("hashed", len(paths))
    items = []
    for path in paths:
        try:
            items.append(item_of(path))
        except TakebackError as error:
            error.add_note(str(path))
            raise
        progress.step()
    return items


def item_of(source: Path | bytes) -> ItemDocument:
    """Make an item of one picture: its signal as a whole, and of each view to register.

    Raises:
        NotAPicture: it is none.
        QualityTooLow: it has too little detail.
    """
    picture = hash_picture(source, role="reporter")
    if picture.quality < MINIMUM_QUALITY:
        raise QualityTooLow(picture.quality, MINIMUM_QUALITY)
    whole = PdqDocument(value=str(picture.whole), quality=picture.quality, path=picture.path)
    return ItemDocument(signals=[whole, *_documents(picture)])


def _documents(picture: PictureSignals) -> list[PdqDocument]:
    """Describe the views, each signal once: those of a symmetric picture can be equal."""
    views = {str(view.dihedral[0]): view for view in reversed(picture.views)}
    views.pop(str(picture.whole), None)
    return [
        PdqDocument(
            value=value,
            quality=view.quality,
            view=cast(View, view.view),
            path=picture.path if view.view == "mirror" else "scaled",
        )
        for value, view in reversed(views.items())
    ]


def registration(items: list[ItemDocument], said: Said) -> RegistrationDocument:
    """Put together all that opening a case sends, held to its own description.

    Raises:
        MalformedBody: a date, locator or text is not as the hub takes it.
    """
    choices: dict[str, object] = {"partners": said["partners"], "lock": said["lock"]}
    if said["end_date"]:
        choices["end_date"] = said["end_date"]
    document = {
        "version": 1,
        "kind": said["kind"],
        "age_band": said["age_band"],
        "language": said["language"],
        "authority": said["authority"],
        "items": msgspec.to_builtins(items),
        "locators": list(said["locators"]),
        "text": _text_of(said["text_file"]),
        "choices": choices,
    }
    try:
        return msgspec.convert(document, RegistrationDocument)
    except msgspec.ValidationError as problem:
        raise MalformedBody(str(problem)) from None


def _text_of(file: TextIO | None) -> str:
    try:
        text = file.read() if file else ""
    except UnicodeDecodeError:
        raise _no_text("the text file is not in UTF-8") from None
    if len(text) > TEXT_LENGTH:
        raise _no_text("the text is too long")
    return text


def _no_text(reason: str) -> MalformedBody:
    refused = MalformedBody(reason)
    refused.hint = f"Give plain text in UTF-8, at most {TEXT_LENGTH} characters."
    return refused
