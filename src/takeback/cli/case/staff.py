"""What a centre's staff do with a case, on the hub's own machine. Nobody sees a signal."""

from collections.abc import Mapping, Sequence

import click

from takeback.cases.model import HOLD_REASONS, Case, CaseView
from takeback.cli import talk
from takeback.cli.desk import Desk, at_the_desk, yes_option
from takeback.cli.output import emit, fields, table
from takeback.ids import CaseId


@click.command("list")
@at_the_desk
def list_cases(desk: Desk) -> None:
    """List the cases that wait for a caseworker.

    They wait for a word; or, where there is no signal to vouch for, until they are closed.
    Prints id, status, kind, age band, language, authority, the day it was opened, the hold.
    """
    with desk.sign_in() as (hub, person):
        rows = [case_record(each) for each in hub.cases.desk.unvouched(person)]
    emit(rows, lambda: table([list(row.values()) for row in rows]), as_json=desk.as_json)


@click.command()
@at_the_desk
@click.argument("case_id")
def show(desk: Desk, case_id: str) -> None:
    """Show a case to staff (no signals)."""
    with desk.sign_in() as (hub, person):
        view = hub.cases.desk.show(CaseId(case_id), person)
    record = view_record(view)
    emit(record, lambda: view_lines(record), as_json=desk.as_json)


@click.command()
@at_the_desk
@click.argument("case_id")
def vouch(desk: Desk, case_id: str) -> None:
    """Give a caseworker's word for a case.

    Its entries then ask platforms for removal instead of review.
    """
    with desk.sign_in() as (hub, person):
        case = hub.cases.desk.vouch(CaseId(case_id), person)
    talk.say(f"you vouched for {case_id}: platforms are asked to remove")
    print_state(desk, case)


@click.command()
@at_the_desk
@click.argument("case_id")
@yes_option
def close(desk: Desk, case_id: str, yes: bool) -> None:
    """Close a case; its signals stay active."""
    talk.only_with(yes, [f"this closes {case_id}; texts and locators are erased after retention"])
    with desk.sign_in() as (hub, person):
        case = hub.cases.desk.close(CaseId(case_id), person)
    talk.say(f"{case_id} is closed; its signals stay active")
    print_state(desk, case)


@click.command()
@at_the_desk
@click.argument("case_id")
@click.option("--reason", type=click.Choice(HOLD_REASONS), required=True)
def hold(desk: Desk, case_id: str, reason: str) -> None:
    """Place a legal hold: nothing is purged."""
    with desk.sign_in() as (hub, person):
        case = hub.cases.desk.hold(CaseId(case_id), person, reason)
    talk.say(f"{case_id} is on hold")
    print_state(desk, case)


@click.command()
@at_the_desk
@click.argument("case_id")
@yes_option
def release(desk: Desk, case_id: str, yes: bool) -> None:
    """Release a legal hold."""
    talk.only_with(yes, [f"this releases {case_id}; a purge that is due then happens"])
    with desk.sign_in() as (hub, person):
        case = hub.cases.desk.release(CaseId(case_id), person)
    talk.say(f"the hold on {case_id} is released")
    print_state(desk, case)


def print_state(desk: Desk, case: Case) -> None:
    """Print a case as it is now, in JSON only: a person has been told already."""
    emit(case_record(case), lambda: [], as_json=desk.as_json)


def case_record(case: Case) -> Mapping[str, object]:
    """Return what is printed of a case in a list."""
    return {
        "id": case.id,
        "status": case.status.value,
        "kind": case.kind,
        "age_band": case.age_band,
        "language": case.language,
        "authority": case.authority,
        "opened_on": case.opened_on.isoformat(),
        "hold": case.hold_reason,
    }


def view_record(view: CaseView) -> Mapping[str, object]:
    """Return what is printed of one case: what the reporter wrote, and where it stands."""
    items = [
        {
            "id": item.id,
            "status": item.status.value,
            "signals": item.signals,
            "vouched": item.vouched,
            "waiting": item.waiting,
        }
        for item in view.items
    ]
    return {
        **case_record(view.case),
        "text": view.text,
        "locators": list(view.locators),
        "notes": list(view.notes),
        "items": items,
    }


def view_lines(record: Mapping[str, object]) -> list[str]:
    """Return the lines of one case: a field each, then a line for each item."""
    parts = {name: value for name, value in record.items() if not isinstance(value, list)}
    lists = [(name, value) for name, value in record.items() if isinstance(value, list)]
    return fields(parts) + [
        line for name, values in lists for line in _listed(name, values or ["-"])
    ]


def _listed(name: str, values: Sequence[object]) -> list[str]:
    return [f"{name.removesuffix('s'):9}  {_in_words(value)}" for value in values]


def _in_words(value: object) -> str:
    if not isinstance(value, dict):
        return str(value)
    marks = [mark for mark in ("vouched", "waiting") if value[mark]] or ["not vouched"]
    return f"{value['id']}: {value['status']}, {value['signals']} signals, {', '.join(marks)}"
