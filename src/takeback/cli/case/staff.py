"""What a centre's staff do with a case, on the hub's own machine. Nobody sees a signal."""

import click

from takeback.cli import talk
from takeback.cli.desk import Desk, at_the_desk, yes_option
from takeback.cli.output import emit
from takeback.ids import CaseId

HOLD_REASONS = ("court_order", "police_request", "preservation_order", "other")


@click.command()
@at_the_desk
@click.argument("case_id")
def show(desk: Desk, case_id: str) -> None:
    """Show a case to staff (no signals)."""
    with desk.sign_in() as (hub, person):
        shown = hub.cases.show(CaseId(case_id), person)
    emit(shown, lambda: [str(shown)], as_json=desk.as_json)


@click.command()
@at_the_desk
@click.argument("case_id")
def vouch(desk: Desk, case_id: str) -> None:
    """Give a caseworker's word for a case.

    Its entries then ask platforms for removal instead of review.
    """
    with desk.sign_in() as (hub, person):
        hub.cases.vouch(CaseId(case_id), person)


@click.command()
@at_the_desk
@click.argument("case_id")
@yes_option
def close(desk: Desk, case_id: str, yes: bool) -> None:
    """Close a case; its signals stay active."""
    talk.only_with(yes, [f"this closes {case_id}; texts and locators are erased after retention"])
    with desk.sign_in() as (hub, person):
        hub.cases.close(CaseId(case_id), person)


@click.command()
@at_the_desk
@click.argument("case_id")
@click.option("--reason", type=click.Choice(HOLD_REASONS), required=True)
def hold(desk: Desk, case_id: str, reason: str) -> None:
    """Place a legal hold: nothing is purged."""
    with desk.sign_in() as (hub, person):
        hub.cases.hold(CaseId(case_id), person, reason)


@click.command()
@at_the_desk
@click.argument("case_id")
@yes_option
def release(desk: Desk, case_id: str, yes: bool) -> None:
    """Release a legal hold."""
    talk.only_with(yes, [f"this releases {case_id}; a purge that is due then happens"])
    with desk.sign_in() as (hub, person):
        hub.cases.release(CaseId(case_id), person)
