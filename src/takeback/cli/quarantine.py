"""``takeback quarantine``: entries kept back because platforms called them not intimate."""

from collections.abc import Mapping
from datetime import UTC, datetime

import click

from takeback.cli import talk
from takeback.cli.desk import Desk, at_the_desk
from takeback.cli.output import emit, table
from takeback.errors import NotFound
from takeback.ids import EntryId, PlatformId
from takeback.matching.model import Quarantine

quarantine = click.Group("quarantine", help="See and lift quarantines of bank entries.")


@quarantine.command("list")
@at_the_desk
def list_quarantines(desk: Desk) -> None:
    """List what is quarantined, for which platform and why."""
    with desk.sign_in() as (hub, person):
        rows = [as_record(each) for each in hub.exchange.quarantined(person)]
    emit(rows, lambda: table([list(row.values()) for row in rows]), as_json=desk.as_json)


@quarantine.command()
@at_the_desk
@click.argument("entry", type=int)
@click.option(
    "--platform",
    "platform_id",
    metavar="PLATFORM",
    help="The one it was for, unless it was everywhere.",
)
def lift(desk: Desk, entry: int, platform_id: str | None) -> None:
    """Lift the quarantine of an entry: it matches again.

    `quarantine list` shows the ENTRY, and the PLATFORM unless it is everywhere.
    """
    only_for = PlatformId(platform_id) if platform_id else None
    try:
        with desk.sign_in() as (hub, person):
            hub.exchange.lift_quarantine(EntryId(entry), only_for, person)
    except NotFound as refused:
        refused.hint = "`takeback quarantine list` shows each with its platform; name it."
        raise
    talk.say(f"entry {entry} matches again {f'at {only_for}' if only_for else 'everywhere'}")


def as_record(each: Quarantine) -> Mapping[str, object]:
    """Return what is printed of a quarantine. No signal."""
    return {
        "entry": each.entry_id,
        "platform": each.platform_id or "everywhere",
        "reason": each.reason,
        "since": datetime.fromtimestamp(each.since, UTC).isoformat(),
        "bank": each.bank,
        "vouched": each.vouched,
    }
