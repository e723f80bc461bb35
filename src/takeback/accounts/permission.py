"""Whether a member of staff may do something, asked of the database and not of memory."""

from typing import Protocol

from takeback.accounts.model import ALLOWED, Action, Staff
from takeback.accounts.store import StaffStore
from takeback.db import Database
from takeback.errors import NotAllowed, SamePersonTwice
from takeback.ids import CaseId, ItemId


class Audit(Protocol):
    """Where these services report what they did."""

    def append(
        self,
        action: str,
        actor: str,
        *,
        case: CaseId | None = None,
        item: ItemId | None = None,
        **facts: bool | int | str,
    ) -> int:
        """Add an event in the open transaction."""


def require(db: Database, staff: Staff, action: Action) -> None:
    """Refuse unless this person, as they are known now, may take *action*.

    Raises:
        NotAllowed: the role may not, or the person was retired meanwhile.
    """
    with db.reading():
        current = StaffStore(db).find_active(staff.id)
    if not current:
        raise NotAllowed("this account is not known here, or was retired")
    role = current[0].role
    if role not in ALLOWED[action]:
        raise NotAllowed(f"the role {role} may not {action.replace('_', ' ')}")


def refuse_same_person(first: Staff, second: Staff) -> None:
    """Refuse one person who comes twice, be it with two accounts that hold one key file.

    Raises:
        SamePersonTwice: same account, or same key.
    """
    if first.id == second.id or first.key_digest == second.key_digest:
        raise SamePersonTwice("two different people are needed, each with a key of their own")
