"""``case recover``: a new code, PIN and slip, by the slip or by two caseworkers."""

from pathlib import Path

import click

from takeback.cases.wire import Opened
from takeback.cli.access import read_slip
from takeback.cli.case.handover import hand_over, save_option
from takeback.cli.case.visit import secrets_option
from takeback.cli.desk import Desk, at_the_desk
from takeback.cli.reporterhub import reporter_hub
from takeback.errors import NotFound
from takeback.ids import CaseId


@click.command()
@at_the_desk
@click.option("--hub", envvar="TAKEBACK_HUB", metavar="URL", help="The hub that the slip is for.")
@secrets_option
@click.option("--two", "case_id", metavar="CASE", help="On the hub itself, with --as twice.")
@save_option
def recover(
    desk: Desk, hub: str | None, secrets_file: Path | None, case_id: str | None, save: Path | None
) -> None:
    """Get a new code, PIN and slip.

    With the recovery slip (read from a prompt, stdin or --secrets-file) over HTTP; or, with
    --two on the hub's own machine, by two caseworkers who made sure who is asking. The old
    code, PIN and slip stop working; the signals stay active all along.
    """
    if case_id is not None:
        opened = _by_two(desk, CaseId(case_id))
    elif hub is not None:
        opened = _by_slip(hub, secrets_file)
    else:
        raise click.UsageError("name the hub with --hub, or a case with --two")
    hand_over(opened, save, as_json=desk.as_json)


def _by_slip(url: str, secrets_file: Path | None) -> Opened:
    slip = read_slip(secrets_file)
    try:
        with reporter_hub(url) as hub:
            return hub.recover(slip)
    except NotFound:
        refused = NotFound("no case opens with this recovery slip")
        refused.hint = "Check each character; a slip that was used is replaced by the new one."
        raise refused from None


def _by_two(desk: Desk, case_id: CaseId) -> Opened:
    with desk.sign_in_two() as (hub, first, second):
        opened: Opened = hub.cases.recover_by_two(case_id, first, second)
        return opened
