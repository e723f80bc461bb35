"""What the journal says about cases, done again after a backup was restored.

A restored database is older than the journal: a case may be open in it that was withdrawn
or purged since, or open with a code that was replaced. Each line is harmless when it is done
already or its record is unknown.
"""

from dataclasses import replace
from datetime import date
from typing import Final

from takeback.cases.codes import unknown_credentials
from takeback.cases.lifecycle import Lifecycle
from takeback.cases.model import RUNNING, Case, CaseStatus, Item, ItemStatus
from takeback.errors import NotFound
from takeback.ids import CaseId, ItemId

OPERATOR: Final = "operator"


def replay(lifecycle: Lifecycle, kind: str, record_id: str, day: date | None) -> None:
    """Do again what the line *kind* says about *record_id*."""
    noun, _, change = kind.partition(".")
    try:
        if noun == "case":
            case = lifecycle.store.get(CaseId(record_id))
            _replay_end(lifecycle, case, change)
            _replay_choice(lifecycle, case, change, day)
        else:
            item_id = ItemId(record_id)
            case_id = lifecycle.store.case_of(item_id)
            _replay_item(
                lifecycle,
                lifecycle.store.get(case_id),
                lifecycle.store.item(case_id, item_id),
                change,
            )
    except NotFound:
        return


def _replay_end(lifecycle: Lifecycle, case: Case, change: str) -> None:
    withdrawn = case.status is CaseStatus.WITHDRAWN
    if change == "purged":
        lifecycle.purge(replace(case, held=False), "journal", OPERATOR)
    elif change == "withdrawn" and not withdrawn:
        lifecycle.take_effect(case, OPERATOR, lifecycle.now() + lifecycle.undo_time)
    elif change == "reinstated" and withdrawn:
        lifecycle.undo(replace(case, undo_until=None), OPERATOR)


def _replay_choice(lifecycle: Lifecycle, case: Case, change: str, day: date | None) -> None:
    """Do again what she chose, and stop what no longer opens the case.

    What opens it now is newer than the backup and nowhere in the journal, so nothing does
    until two caseworkers give her a new code.
    """
    if change == "unshared" and case.partners:
        lifecycle.choose(replace(case, partners=False), OPERATOR)
    elif change == "ends" and case.ends_on != day:
        lifecycle.choose(replace(case, ends_on=day), OPERATOR)
    elif change == "keypoints_withdrawn":
        lifecycle.withdraw_keypoints(replace(case, keypoints=False), OPERATOR)
    elif change == "recovered":
        lifecycle.replace_credentials(case.id, unknown_credentials())
        lifecycle.audit.append("case.recovered", OPERATOR, case=case.id, by="restore")


def _replay_item(lifecycle: Lifecycle, case: Case, item: Item, change: str) -> None:
    running = item.status in (ItemStatus.ACTIVE, ItemStatus.WITHDRAWING)
    if change == "withdrawn" and running:
        lifecycle.item_takes_effect(case, item, OPERATOR, lifecycle.now() + lifecycle.undo_time)
    elif change == "reinstated" and item.status is ItemStatus.WITHDRAWN and case.status in RUNNING:
        lifecycle.undo_item(case, replace(item, undo_until=None), OPERATOR)
