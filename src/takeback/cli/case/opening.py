"""``case open`` and ``case add``: signals are made here, and only they are sent."""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO, TypedDict, Unpack, get_args

import click
import msgspec

from takeback.cases.wire import AgeBand, Authority, ItemDocument, Kind, RegistrationDocument
from takeback.cli.case.choosing import chooses_keypoints, keypoints_option
from takeback.cli.case.days import Day
from takeback.cli.case.handover import hand_over, save_option
from takeback.cli.case.items import documents, prepare_files
from takeback.cli.case.reporter import changed
from takeback.cli.case.visit import Visit, hub_option, visiting
from takeback.cli.output import as_json
from takeback.cli.reporterhub import reporter_hub
from takeback.errors import MalformedBody

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
    keypoints: bool | None
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
    help="In which the centre, the question, the codes and the receipt are to speak with you.",
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
@keypoints_option
@click.option("--lock", is_flag=True, help="Let a withdrawal wait 72 hours.")
@save_option
@as_json
def open_case(
    paths: tuple[Path, ...], hub: str, save: Path | None, *, as_json: bool, **said: Unpack[Said]
) -> None:
    """Open a case; the pictures stay here.

    Makes signals of each FILE, a picture or a video, on this device and sends only those.
    Without a FILE the case has no picture: a threat, an account, a locator. Asks on a terminal
    whether keypoint signals are registered too. Prints the code (also as six words), the PIN
    and the recovery slip, once: nobody can show them again.
    """
    prepared, empty = prepare_files(paths), registration(said)
    with reporter_hub(hub) as client:
        chosen = chooses_keypoints(client, said["keypoints"], empty.language, ask=bool(paths))
        items = documents(prepared, keypoints=chosen)
        opened = client.open(completed(empty, items, keypoints=chosen))
    hand_over(opened, save, as_json=as_json, language=empty.language)


@click.command()
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=PICTURE)
@visiting
@keypoints_option
def add(visit: Visit, paths: tuple[Path, ...], keypoints: bool | None) -> None:
    """Add pictures and videos to a case.

    Makes signals of each FILE on this device and sends only those; keypoint signals as was
    chosen at opening, unless --keypoints changes the choice. Prints the receipt.
    """
    prepared = prepare_files(paths)
    with visit.begin() as (hub, keys):
        receipt = hub.receipt(keys)
        wanted = receipt.keypoints if keypoints is None else keypoints
        chosen = chooses_keypoints(hub, wanted, receipt.language, ask=False)
        if chosen and not receipt.keypoints:
            hub.choose(keys, changed(receipt, keypoints=True))
        visit.show(hub.add(keys, documents(prepared, keypoints=chosen)))


def registration(said: Said) -> RegistrationDocument:
    """Put together what opening a case sends, without items, held to its own description.

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
        "locators": list(said["locators"]),
        "text": _text_of(said["text_file"]),
        "choices": choices,
    }
    return _checked(document)


def completed(
    empty: RegistrationDocument, items: list[ItemDocument], *, keypoints: bool
) -> RegistrationDocument:
    """Return the document with its items, and with her choice of keypoint signals.

    Raises:
        MalformedBody: there are more items than a hub takes.
    """
    choices = msgspec.structs.replace(empty.choices, keypoints=keypoints)
    document = msgspec.structs.replace(empty, items=items, choices=choices)
    return _checked(msgspec.to_builtins(document))


def _checked(document: object) -> RegistrationDocument:
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
