"""Nothing that can't be recorded happens: neither in the audit log nor in the journal."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from takeback.accounts import Role
from takeback.ids import CaseId, ItemId, KeyId, PlatformId
from takeback.journal import Journal
from tests.accounts.conftest import Desk, made_up


class FullAudit:
    """An audit log whose disk is full."""

    def append(
        self,
        action: str,
        actor: str,
        *,
        case: CaseId | None = None,
        item: ItemId | None = None,
        **facts: bool | int | str,
    ) -> int:
        """Fail as a full disk does."""
        raise OSError("disk full")


Change = Callable[[Desk, PlatformId, KeyId], object]

CHANGES: dict[str, Change] = {
    "add staff": lambda desk, _platform, _key: desk.accounts.add("Ari", Role.LEAD, desk.lead),
    "retire staff": lambda desk, _platform, _key: desk.accounts.retire(
        desk.caseworker.id, desk.lead
    ),
    "replay staff": lambda desk, _platform, _key: desk.accounts.replay(
        "staff.retired", desk.caseworker.id
    ),
    "add": lambda desk, _platform, _key: desk.platforms.add("Other", desk.lead),
    "approve": lambda desk, platform, _key: desk.platforms.approve_feed(platform, desk.lead),
    "demote": lambda desk, platform, _key: desk.platforms.demote(platform, desk.lead),
    "mark": lambda desk, platform, _key: desk.platforms.mark(
        platform, desk.lead, handles_under_18=True
    ),
    "retire": lambda desk, platform, _key: desk.platforms.retire(platform, desk.lead),
    "issue": lambda desk, platform, _key: desk.platforms.issue_key(platform, desk.lead, "partner"),
    "rotate": lambda desk, _platform, key: desk.platforms.rotate(key, desk.lead),
    "revoke": lambda desk, _platform, key: desk.platforms.revoke(key, desk.lead),
    "replay key": lambda desk, _platform, key: desk.platforms.replay("key.revoked", key),
    "take everything away": lambda desk, _platform, _key: desk.platforms.take_everything_away(),
    "plant": lambda desk, platform, _key: desk.platforms.plant(platform, made_up(2), desk.lead),
    "note": lambda desk, platform, _key: desk.platforms.note_canary(
        np.frombuffer(desk.platforms.canaries()[0].signal, np.uint8).reshape(1, 32), platform
    ),
}
"""Every change that staff and platforms know."""

JOURNALED = ("retire staff", "retire", "rotate", "revoke")


def filled(desk: Desk) -> tuple[PlatformId, KeyId]:
    """Prepare what the changes change: a half-approved platform with a key, and a canary."""
    platform = desk.platforms.add("Example", desk.operator)
    other = desk.platforms.add("Third", desk.operator)
    desk.platforms.approve_feed(platform.id, desk.operator)
    desk.platforms.plant(other.id, made_up(1), desk.lead)
    return platform.id, desk.platforms.issue_key(platform.id, desk.operator, "partner").id


def test_a_change_that_can_not_be_audited_does_not_happen(desk: Desk) -> None:
    """Every one of them: the tables stay as they were."""
    platform, key = filled(desk)
    broken = replace(
        desk,
        platforms=replace(desk.platforms, audit=FullAudit()),
        accounts=replace(desk.accounts, audit=FullAudit()),
    )
    before = desk.rows()

    for change in CHANGES.values():
        with pytest.raises(OSError, match="disk full"):
            change(broken, platform, key)
        assert desk.rows() == before


def test_what_can_not_be_journaled_does_not_happen(desk: Desk, tmp_path: Path) -> None:
    """A revocation that a restore would undo is none; its event is rolled back too."""
    platform, key = filled(desk)
    lost = Journal(tmp_path / "no-such-folder" / "journal.jsonl", desk.journal.now)
    broken = replace(
        desk,
        platforms=replace(desk.platforms, journal=lost),
        accounts=replace(desk.accounts, journal=lost),
    )
    before, events = desk.rows(), desk.audit.verify()

    for name in JOURNALED:
        with pytest.raises(FileNotFoundError):
            CHANGES[name](broken, platform, key)

    assert desk.rows() == before
    assert desk.audit.verify() == events


class Undone(Exception):
    """Ends a transaction without committing it."""


def test_every_change_is_one_that_works(desk: Desk) -> None:
    """The control: with a log that can be written to, each changes the tables and is audited."""
    platform, key = filled(desk)
    before, events = desk.rows(), desk.audit.head().size

    for change in CHANGES.values():
        with pytest.raises(Undone), desk.db.transaction():  # noqa: PT012
            change(desk, platform, key)
            assert desk.rows() != before
            assert desk.audit.head().size > events
            raise Undone
