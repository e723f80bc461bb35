"""``takeback portal``: what a hub lacks before its pages open, and its help pages to review."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from takeback.cli.desk import data_option, settings_of
from takeback.cli.output import as_json, emit, table
from takeback.clock import utc_now
from takeback.errors import Conflict
from takeback.web.portal.front import consider
from takeback.web.portal.help.countries import Waiting, our_page
from takeback.web.portal.language import languages
from takeback.web.portal.readiness import Missing, missing

portal = click.Group("portal", help="What the portal lacks before it opens; help pages to review.")


@portal.command()
@data_option
@as_json
def check(data: Path | None, as_json: bool) -> None:
    """Say what is missing before the portal opens.

    Lists too which entries of help pages wait for a reviewer: nobody is shown those. Exits 5
    while anything is missing.
    """
    considered = consider(settings_of(data), list(languages()), utc_now().date())
    lacks, waiting = missing(considered), considered.help.waiting()
    record = {
        "open": not lacks,
        "missing": [asdict(each) for each in lacks],
        "waiting": [asdict(each) for each in waiting],
    }
    emit(record, lambda: [*_missing(lacks), *_waiting(waiting)], as_json=as_json)
    if lacks:
        refused = Conflict(f"{len(lacks)} missing before the portal opens")
        refused.hint = lacks[0].hint
        raise refused


@portal.command("help-page")
@click.argument("country")
def help_page(country: str) -> None:
    """Print the help page of COUNTRY, to be reviewed.

    Put it into portal/help/COUNTRY.toml in the data directory, check each entry against its
    source, and give those that you answer for a reviewer and reviewed_on. Exits 4 if there is
    no page of that name.
    """
    click.echo(our_page(country), nl=False)


def _missing(lacks: Sequence[Missing]) -> list[str]:
    if not lacks:
        return ["The portal is open: nothing is missing."]
    lines = [f"  {each.what}: {each.why}\n    {each.hint}" for each in lacks]
    return ["The portal is not open yet. Missing:", *lines]


def _waiting(waiting: Sequence[Waiting]) -> list[str]:
    if not waiting:
        return ["Every entry of the help pages has a reviewer."]
    rows = table([(each.country, each.entry, each.title) for each in waiting])
    head = "Entries that wait for a reviewer, and that nobody is shown:"
    return [head, *(f"  {row}" for row in rows)]
