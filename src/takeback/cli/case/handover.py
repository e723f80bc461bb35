"""Handing a reporter what opens her case: once, on stdout or in a file of her own."""

from pathlib import Path

import click
import msgspec

from takeback.cases.wire import Language, Opened
from takeback.cli import talk
from takeback.cli.case.sentences import sentence
from takeback.cli.output import emit, table
from takeback.cli.privatefile import NewFile, write_new

save_option = click.option(
    "--save",
    metavar="FILE",
    type=NewFile(),
    help="Write code, PIN and slip to a new FILE that only you can read, and don't print them.",
)


def hand_over(
    opened: Opened, save: Path | None, *, as_json: bool, language: Language = "en"
) -> None:
    """Print code, PIN and slip, or write them to the file that was named."""
    if save is None:
        emit(opened, lambda: opened_lines(opened, language), as_json=as_json)
        if not as_json:
            talk.say(sentence(language, "write_down"))
        return
    write_new(save, msgspec.json.format(msgspec.json.encode(opened), indent=2).decode())
    talk.say(sentence(language, "saved", file=save))
    emit({"case_id": opened.case_id}, lambda: [opened.case_id], as_json=as_json)


def opened_lines(opened: Opened, language: Language) -> list[str]:
    """Return the lines that a reporter copies by hand."""
    values = {
        "code": opened.code,
        "words": " ".join(opened.words),
        "PIN": opened.pin,
        "slip": opened.slip,
        "case.id": opened.case_id,
    }
    return table([(sentence(language, name), value) for name, value in values.items()])
