"""``takeback backup``, ``backup-key`` and ``restore``: encrypted, and never reviving."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from takeback.cli import talk
from takeback.cli.desk import Desk, at_the_desk, data_option, settings_of, yes_option
from takeback.cli.output import as_json, emit
from takeback.cli.privatefile import write_new

if TYPE_CHECKING:
    from takeback.backup.service import Restored


@click.command()
@at_the_desk
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--recipient", metavar="age1…", help="Encrypt to it; also TAKEBACK_BACKUP_RECIPIENT.")
def backup(desk: Desk, target: Path, recipient: str | None) -> None:
    """Write an encrypted backup while serving.

    TARGET is a new file. It holds no key: keep a copy of hub.key elsewhere, apart from the
    backups, and the journal on storage of its own.
    """
    from takeback.accounts.model import Action  # here: `backup-key` opens no hub

    with desk.sign_in(Action.BACK_UP) as (hub, person):
        to = recipient or hub.settings.backup_recipient
        if not to:
            raise click.UsageError("name an age recipient with --recipient")
        with talk.working("writing the backup"):
            made = hub.backups.make(target, to, person.actor)
    record = {"path": str(made.path), "rows": made.rows, "bytes": made.size}
    line = f"{made.rows} rows, {made.size} bytes, in {made.path}"
    emit(record, lambda: [line], as_json=desk.as_json)


@click.command("backup-key")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@as_json
def backup_key(target: Path, as_json: bool) -> None:
    """Make an age key pair for backups.

    Writes the identity, which opens backups, to the new file TARGET and prints the recipient,
    which can only make them. Keep the identity away from the hub.
    """
    import pyrage  # here: only this command needs it

    identity = pyrage.x25519.Identity.generate()
    write_new(target, str(identity))
    recipient = str(identity.to_public())
    emit({"recipient": recipient}, lambda: [recipient], as_json=as_json)


class Given(TypedDict):
    """Where a restore finds what it needs, as click names it."""

    data: Path | None
    identity: Path
    journal: Path | None
    without_journal: bool


@click.command()
@data_option
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--identity",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The age identity that opens the backup.",
)
@click.option(
    "--journal",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The journal that outlived the hub.",
)
@click.option("--without-journal", is_flag=True, help="The journal is lost: trust nothing.")
@yes_option
@as_json
def restore(source: Path, *, yes: bool, as_json: bool, **given: Unpack[Given]) -> None:
    """Build a hub's data anew from a backup.

    The data directory must hold the hub's key file and no database in use. What was
    withdrawn, purged or revoked after the backup is taken back again from the journal.
    Without the journal every entry starts suspended, until the reporter or staff decide, and
    every platform loses its keys, the feed and the under-18 mark, until staff give them again.
    """
    journal = given["journal"]
    if (journal is None) != given["without_journal"]:
        raise click.UsageError("name the --journal, or say --without-journal")
    settings = settings_of(given["data"])
    talk.only_with(yes, [f"this fills the hub in {settings.data} from {source}", *_plan(journal)])
    from takeback.app import restore_hub  # here, after the person has said yes

    with talk.working("restoring"):
        identity = given["identity"].read_text(errors="replace")
        restored = restore_hub(settings, source, identity, journal)
    emit(_record(restored), lambda: _report(restored), as_json=as_json)


def _plan(journal: Path | None) -> list[str]:
    if journal is None:
        return [
            "every entry starts suspended: nothing matches until it is resumed",
            "every platform loses its keys, the feed and the under-18 mark",
        ]
    return [f"what was taken back since is taken back again, from {journal}"]


def _record(restored: "Restored") -> Mapping[str, object]:
    taken = restored.taken_away
    return {
        "made_at": restored.made_at.isoformat(),
        "rows": restored.rows,
        "replayed": restored.replayed,
        "with_journal": restored.with_journal,
        "taken_away": None if taken is None else asdict(taken),
    }


def _report(restored: "Restored") -> list[str]:
    """Say what was restored, and without a journal what is gone and who must act."""
    made_at = restored.made_at.isoformat()
    done = f"{restored.rows} rows of {made_at}, {restored.replayed} journal lines"
    taken = restored.taken_away
    if taken is None:
        return [done]
    return [
        done,
        "every entry is suspended",
        f"taken from platforms: {taken.revoked} keys, the feed of {taken.demoted}, "
        f"the under-18 mark of {taken.unmarked}",
        "next: `takeback staff list` and retire whoever has left; they can sign in again",
        "next: retire platforms that had been; then keys, feed and marks anew for the others",
        "next: make a new backup and delete the older ones, which this hub's journal can't cover",
    ]
