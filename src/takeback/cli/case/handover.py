"""Handing a reporter what opens her case: once, on stdout or in a file of her own."""

from pathlib import Path

import click
import msgspec

from takeback.cases.wire import Opened
from takeback.cli import talk
from takeback.cli.output import emit
from takeback.cli.privatefile import NewFile, write_new

save_option = click.option(
    "--save",
    metavar="FILE",
    type=NewFile(),
    help="Write code, PIN and slip to a new FILE that only you can read, and don't print them.",
)


def hand_over(opened: Opened, save: Path | None, *, as_json: bool) -> None:
    """Print code, PIN and slip, or write them to the file that was named."""
    if save is None:
        emit(opened, lambda: opened_lines(opened), as_json=as_json)
        if not as_json:
            talk.say("write down code (or words), PIN and slip now: nobody can show them again")
        return
    write_new(save, msgspec.json.format(msgspec.json.encode(opened), indent=2).decode())
    talk.say(f"code, PIN and recovery slip are in {save}; keep it where nobody looks")
    emit({"case_id": opened.case_id}, lambda: [opened.case_id], as_json=as_json)


def opened_lines(opened: Opened) -> list[str]:
    """Return the lines that a reporter copies by hand."""
    return [
        f"code   {opened.code}",
        f"words  {' '.join(opened.words)}",
        f"PIN    {opened.pin}",
        f"slip   {opened.slip}",
        f"case   {opened.case_id}",
    ]
