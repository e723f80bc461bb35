"""``takeback platform``: platforms, their tier and marks, their keys and canaries."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import click

from takeback.accounts.model import SCOPES, Action, IssuedKey, Platform, Scope
from takeback.cli import talk
from takeback.cli.desk import Desk, at_the_desk, yes_option
from takeback.cli.output import emit, fields, table
from takeback.cli.privatefile import NewFile, write_new
from takeback.ids import KeyId, PlatformId

platform = click.Group("platform", help="Platforms, their marks and their keys.")
key = click.Group("key", help="Issue, rotate and revoke a platform's keys.")
platform.add_command(key)

key_file_option = click.option(
    "--key-file",
    type=NewFile(),
    metavar="FILE",
    help="Write the key to this new file instead of printing it.",
)


@platform.command()
@at_the_desk
@click.argument("name")
def add(desk: Desk, name: str) -> None:
    """Add a platform, in the lookup tier. Prints the new id."""
    with desk.sign_in() as (hub, person):
        added = hub.platforms.add(name, person)
    emit(as_record(added), lambda: [added.id], as_json=desk.as_json)


@platform.command()
@at_the_desk
@click.argument("platform_id")
def approve(desk: Desk, platform_id: str) -> None:
    """Approve a platform for the feed; a second person must do the same."""
    with desk.sign_in() as (hub, person):
        _show(desk, hub.platforms.approve_feed(PlatformId(platform_id), person))


@platform.command()
@at_the_desk
@click.argument("platform_id")
@yes_option
def demote(desk: Desk, platform_id: str, yes: bool) -> None:
    """Put a platform back into the lookup tier; its feed ends."""
    talk.only_with(
        yes, [f"this ends the feed of {platform_id}; approving it anew takes two people"]
    )
    with desk.sign_in() as (hub, person):
        _show(desk, hub.platforms.demote(PlatformId(platform_id), person))


@platform.command()
@at_the_desk
@click.argument("platform_id")
@yes_option
def retire(desk: Desk, platform_id: str, yes: bool) -> None:
    """Retire a platform; none of its keys opens anything from then on."""
    talk.only_with(yes, [f"this retires {platform_id} and revokes all of its keys, for good"])
    with desk.sign_in() as (hub, person):
        _show(desk, hub.platforms.retire(PlatformId(platform_id), person))


@platform.command()
@at_the_desk
@click.argument("platform_id")
@click.option("--handles-under-18/--no-under-18", default=None, help="Gives or takes those banks.")
@click.option(
    "--counts-opinions/--no-opinions", default=None, help="Counts towards a quarantine everywhere."
)
def mark(
    desk: Desk, platform_id: str, handles_under_18: bool | None, counts_opinions: bool | None
) -> None:
    """Mark what a platform can handle and whether its opinions count.

    A mark that isn't named stays as it is.
    """
    with desk.sign_in() as (hub, person):
        marked = hub.platforms.mark(
            PlatformId(platform_id),
            person,
            handles_under_18=handles_under_18,
            counts_opinions=counts_opinions,
        )
        _show(desk, marked)


@platform.command("list")
@at_the_desk
def list_platforms(desk: Desk) -> None:
    """List platforms."""
    with desk.sign_in() as (hub, _):
        rows = [as_record(each) for each in hub.platforms.list()]
    emit(rows, lambda: table([list(row.values()) for row in rows]), as_json=desk.as_json)


@platform.command()
@at_the_desk
@click.argument("platform_id")
@click.option(
    "--plant", type=click.IntRange(1, 1000), help="Plant those of so many pictures first."
)
def canaries(desk: Desk, platform_id: str, plant: int | None) -> None:
    """List a platform's canaries, and where else they were seen.

    A canary is a signal of no picture that only this platform was given; seen anywhere else,
    it tells of a leak. They come together as the signals of a registered picture do.
    """
    with desk.sign_in() as (hub, person):
        if plant:
            hub.exchange.plant_canaries(PlatformId(platform_id), plant, person)
        rows = [
            {"id": each.id, "planted_on": each.planted_on, "seen_at": list(each.seen_at)}
            for each in hub.platforms.canaries()
            if each.platform_id == platform_id
        ]
    emit(rows, lambda: table([list(row.values()) for row in rows]), as_json=desk.as_json)


@key.command("list")
@at_the_desk
@click.argument("platform_id")
def list_keys(desk: Desk, platform_id: str) -> None:
    """List a platform's keys, without their texts."""
    with desk.sign_in(Action.MANAGE_KEYS) as (hub, _):
        rows = [
            {
                "id": each.id,
                "scope": each.scope,
                "issued_at": each.issued_at.isoformat(timespec="seconds"),
                "expires_at": each.expires_at and each.expires_at.isoformat(timespec="seconds"),
                "revoked": each.revoked,
            }
            for each in hub.platforms.keys(PlatformId(platform_id))
        ]
    emit(rows, lambda: table([list(row.values()) for row in rows]), as_json=desk.as_json)


@key.command()
@at_the_desk
@click.argument("platform_id")
@click.option("--scope", type=click.Choice(SCOPES), default="partner", show_default=True)
@key_file_option
def issue(desk: Desk, platform_id: str, scope: Scope, key_file: Path | None) -> None:
    """Issue a key; it is shown once."""
    with desk.sign_in() as (hub, person):
        issued = hub.platforms.issue_key(PlatformId(platform_id), person, scope)
    hand_over(desk, issued, key_file)


@key.command()
@at_the_desk
@click.argument("key_id")
@click.option("--overlap-hours", type=click.IntRange(0, 720), default=24, show_default=True)
@key_file_option
def rotate(desk: Desk, key_id: str, overlap_hours: int, key_file: Path | None) -> None:
    """Replace a key; the old one works a while longer."""
    with desk.sign_in() as (hub, person):
        issued = hub.platforms.rotate(KeyId(key_id), person, overlap=timedelta(hours=overlap_hours))
    hand_over(desk, issued, key_file)


@key.command()
@at_the_desk
@click.argument("key_id")
@yes_option
def revoke(desk: Desk, key_id: str, yes: bool) -> None:
    """Revoke a key at once."""
    talk.only_with(yes, [f"this revokes {key_id} at once and for good"])
    with desk.sign_in() as (hub, person):
        hub.platforms.revoke(KeyId(key_id), person)


def hand_over(desk: Desk, issued: IssuedKey, key_file: Path | None) -> None:
    """Give the key to whoever asked: in a file when one was named, else on stdout."""
    record: dict[str, str] = {"id": issued.id}
    if key_file is None:
        record["key"] = issued.text
    else:
        write_new(key_file, issued.text)
        talk.say(f"the key is in {key_file}; nobody can show it again")
    emit(record, lambda: list(record.values()), as_json=desk.as_json)


def as_record(each: Platform) -> Mapping[str, object]:
    """Return what is printed of a platform."""
    return {
        "id": each.id,
        "name": each.name,
        "tier": each.tier.value,
        "handles_under_18": each.handles_under_18,
        "counts_opinions": each.counts_opinions,
        "quota_per_day": each.quota_per_day,
        "active": each.active,
    }


def _show(desk: Desk, each: Platform) -> None:
    record = as_record(each)
    emit(record, lambda: fields(record), as_json=desk.as_json)
