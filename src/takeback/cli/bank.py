"""``takeback bank``: the banks in numbers, and resuming entries after a restore."""

import click

from takeback.accounts.model import Action
from takeback.cli.desk import Desk, at_the_desk
from takeback.cli.output import emit, fields
from takeback.ids import CaseId

bank = click.Group("bank", help="The state of the banks, and resuming after a restore.")


@bank.command()
@at_the_desk
def status(desk: Desk) -> None:
    """Print how many entries are active, waiting, suspended and quarantined."""
    with desk.sign_in(Action.READ_BANK) as (hub, _):
        counts = hub.bank.counts()
    record = {
        **{f"active in {name}": number for name, number in sorted(counts.active.items())},
        "waiting": counts.waiting,
        "suspended": counts.suspended,
        "quarantined": counts.quarantined,
    }
    emit(counts, lambda: fields(record), as_json=desk.as_json)


@bank.command()
@at_the_desk
@click.argument("case_ids", metavar="CASE…", nargs=-1, required=True)
def resume(desk: Desk, case_ids: tuple[str, ...]) -> None:
    """Let the entries of cases match again after a restore.

    A restore without a journal suspends every entry, because nobody can know what was
    withdrawn since the backup. Resume a case once you know that it was not.
    """
    with desk.sign_in(Action.RESUME_ENTRIES) as (hub, person):
        shown = [hub.cases.desk.show(CaseId(case_id), person) for case_id in case_ids]
        hub.bank.resume([item.id for view in shown for item in view.items], person.actor)
