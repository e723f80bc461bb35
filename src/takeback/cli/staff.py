"""``takeback staff``: members of staff and their key files."""

from collections.abc import Mapping
from pathlib import Path

import click

from takeback.accounts.model import Role, Staff
from takeback.cli import talk
from takeback.cli.desk import Desk, at_the_desk, yes_option
from takeback.cli.output import emit, table
from takeback.cli.privatefile import NewFile, write_new
from takeback.ids import StaffId

staff = click.Group("staff", help="Add, retire and list members of staff.")


@staff.command()
@at_the_desk
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option(
    "--key-file",
    type=NewFile(),
    metavar="FILE",
    required=True,
    help="New file to write the person's key to; hand it over and keep no copy.",
)
def add(desk: Desk, name: str, role: str, key_file: Path) -> None:
    """Add a member of staff and write their key file.

    The very first one needs no --as. Prints the new id.
    """
    if desk.key_files:
        with desk.sign_in() as (hub, person):
            added, key = hub.staff.add(name, Role(role), person)
    else:
        with desk.hub() as hub:
            added, key = hub.staff.add(name, Role(role), None)
    write_new(key_file, key)
    talk.say(f"the key is in {key_file}; nobody can show it again")
    emit(as_record(added), lambda: [added.id], as_json=desk.as_json)


@staff.command()
@at_the_desk
@click.argument("staff_id")
@yes_option
def retire(desk: Desk, staff_id: str, yes: bool) -> None:
    """Retire a member of staff; their key opens nothing from then on."""
    talk.only_with(yes, [f"this retires {staff_id} for good"])
    with desk.sign_in() as (hub, person):
        hub.staff.retire(StaffId(staff_id), person)
    talk.say(f"{staff_id} is retired")


@staff.command("list")
@at_the_desk
def list_staff(desk: Desk) -> None:
    """List members of staff."""
    with desk.sign_in() as (hub, _):
        rows = [as_record(each) for each in hub.staff.list()]
    emit(rows, lambda: table([list(row.values()) for row in rows]), as_json=desk.as_json)


def as_record(person: Staff) -> Mapping[str, object]:
    """Return what is printed of a member of staff."""
    return {
        "id": person.id,
        "name": person.name,
        "role": person.role.value,
        "active": person.active,
    }
