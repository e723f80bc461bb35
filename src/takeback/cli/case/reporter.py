"""``case status``, ``case withdraw``, ``case choices``: with code and PIN, over HTTP."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

import click
import msgspec

from takeback.cases.wire import Choices, Receipt
from takeback.cli import talk
from takeback.cli.case.choosing import keypoints_option
from takeback.cli.case.days import Day
from takeback.cli.case.sentences import sentence
from takeback.cli.case.visit import Visit, visiting
from takeback.errors import MalformedBody


@click.command()
@visiting
def status(visit: Visit) -> None:
    """Print the receipt.

    A platform appears once it confirmed an intimate picture and removed it, one to three
    days later and to the day; before that, and otherwise, nothing shows.
    """
    with visit.begin() as (hub, keys):
        visit.show(hub.receipt(keys))


@click.command()
@visiting
@click.option("--item", "item_id", metavar="ITEM", help="Withdraw only this item.")
@click.option("--undo", is_flag=True, help="Take a withdrawal back, within seven days.")
@click.option("--yes", is_flag=True, help="Do it; without this it is only shown.")
def withdraw(visit: Visit, item_id: str | None, undo: bool, yes: bool) -> None:
    """Withdraw the case or one item.

    Matchers stop at once. It can be undone for seven days; then what was withdrawn is purged.
    """
    if not undo:
        talk.only_with(yes, _plan(item_id))
    with visit.begin() as (hub, keys):
        visit.show(hub.withdraw(keys, item_id, undo=undo))


@click.command()
@visiting
def resume(visit: Visit) -> None:
    """Let suspended items count again.

    Items are suspended when the hub was restored without its journal.
    """
    with visit.begin() as (hub, keys):
        visit.show(hub.resume(keys))


class Changes(TypedDict, total=False):
    """What may be chosen anew, as click names it; None and what is missing stay as they are."""

    partners: bool | None
    keypoints: bool | None
    lock: bool | None
    end_date: str | None


@click.command()
@visiting
@click.option("--partners/--no-partners", default=None, help="Share beyond our own matchers.")
@keypoints_option
@click.option("--lock/--no-lock", default=None, help="Let a withdrawal wait 72 hours.")
@click.option("--end-date", type=Day("never"), help="Day on which everything is purged.")
@click.option("--yes", is_flag=True, help="Do it; without this --no-keypoints is only shown.")
def choices(visit: Visit, yes: bool, **changes: Unpack[Changes]) -> None:
    """Change what was chosen at opening.

    What isn't named here stays as it is. With --no-keypoints the keypoint signals of this case
    are withdrawn and erased; they come back only by adding the pictures again.
    """
    if changes.get("keypoints") is False:
        talk.only_with(yes, ["this withdraws and erases the case's keypoint signals for good"])
    with visit.begin() as (hub, keys):
        before = hub.receipt(keys)
        after = hub.choose(keys, changed(before, **changes))
        if after.keypoints and not before.keypoints and after.items:
            talk.say(sentence(after.language, "keypoints.later"))
        visit.show(after)


def changed(receipt: Receipt, **changes: Unpack[Changes]) -> Choices:
    """Return the choices on *receipt* with those given here in their place.

    Raises:
        MalformedBody: the end date is no date.
    """
    chosen: dict[str, object] = {
        "partners": receipt.partners,
        "keypoints": receipt.keypoints,
        "lock": receipt.locked,
        "end_date": receipt.ends_on,
    }
    chosen.update({name: value for name, value in changes.items() if value is not None})
    if chosen["end_date"] in (None, "never"):
        del chosen["end_date"]
    try:
        return msgspec.convert(chosen, Choices)
    except msgspec.ValidationError as problem:
        raise MalformedBody(str(problem)) from None


def _plan(item_id: str | None) -> Sequence[str]:
    what = f"item {item_id}" if item_id else "the whole case"
    return (
        f"this withdraws {what}: matchers stop catching copies",
        "it can be undone for seven days, then what was withdrawn is purged",
    )
