"""``takeback audit``: prove the log whole, and read it."""

from collections.abc import Mapping

import click

from takeback.accounts.model import Action
from takeback.audit.event import Event
from takeback.cli import talk
from takeback.cli.desk import Desk, at_the_desk
from takeback.cli.output import emit, table
from takeback.ids import CaseId

audit = click.Group("audit", help="Prove and read the audit log.")


@audit.command()
@at_the_desk
def verify(desk: Desk) -> None:
    """Prove the whole log: nothing was changed, removed, inserted or moved.

    Needs no key file. Exits 70 and names the first event that is not as it was written.
    """
    with desk.hub() as hub, talk.working("proving the audit log"):
        verified = hub.audit.verify()
    record = {"events": verified.size, "root": verified.root.hex()}
    emit(
        record,
        lambda: [f"{verified.size} events, whole and in order", f"root {verified.root.hex()}"],
        as_json=desk.as_json,
    )


@audit.command()
@at_the_desk
@click.option("--case", "case_id", metavar="CASE", help="Only what happened to this case.")
@click.option("--after", type=click.IntRange(0), default=0, help="Begin behind this event.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def show(desk: Desk, case_id: str | None, after: int, limit: int) -> None:
    """Print events, oldest first."""
    with desk.sign_in(Action.READ_AUDIT) as (hub, _):
        if case_id is None:
            events = hub.audit.every_event(after, limit)
        else:
            events = [each for each in hub.audit.events(CaseId(case_id)) if each[0] > after][:limit]
    rows = [as_record(seq, event) for seq, event in events]
    emit(rows, lambda: table([_line(row) for row in rows]), as_json=desk.as_json)


def as_record(seq: int, event: Event) -> Mapping[str, object]:
    """Return what is printed of an event."""
    return {
        "seq": seq,
        "at": event.at.isoformat(),
        "action": event.action,
        "actor": event.actor,
        "case": event.case,
        "item": event.item,
        "facts": dict(event.facts),
    }


def _line(row: Mapping[str, object]) -> list[object]:
    facts = row["facts"]
    assert isinstance(facts, dict)  # noqa: S101 - as_record made it
    said = " ".join(f"{name}={fact}" for name, fact in sorted(facts.items()))
    return [row["seq"], row["at"], row["action"], row["actor"], said]
