"""``takeback bank``: the banks in numbers, and resuming entries after a restore."""

import click

from takeback.accounts.model import Action
from takeback.cli.desk import Desk, at_the_desk
from takeback.cli.output import emit, fields

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
