"""Staff: who works here, in which role, signing in with a key file of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from takeback.accounts import keys
from takeback.accounts.model import ALLOWED, Action, Role, Staff
from takeback.accounts.names import checked_name
from takeback.accounts.permission import Audit, refuse_same_person, require
from takeback.accounts.store import StaffStore
from takeback.clock import Clock
from takeback.db import Database
from takeback.errors import IllegalTransition, NotAllowed
from takeback.ids import StaffId, new_id
from takeback.journal import Journal


@dataclass(frozen=True, slots=True)
class StaffAccounts:
    """Add, retire and recognise staff. Names stay out of the audit log."""

    db: Database
    audit: Audit
    journal: Journal
    now: Clock

    def add(self, name: str, role: Role, by: Staff | None) -> tuple[Staff, str]:
        """Add a member of staff.

        Args:
            name: what colleagues call them, at most 80 characters.
            role: what they are there for.
            by: who adds them; None for the very first account only, which must be able to
                add the others.

        Returns:
            The account, and the text for their key file, shown this once.

        Raises:
            NotAllowed: *by* may not add staff, or is None and there are accounts.
            MalformedBody: the name is empty, too long or has control characters.
        """
        staff_id = StaffId(new_id("staff"))
        text = keys.new_key_text(staff_id)
        member = Staff(
            id=staff_id, name=checked_name(name), role=role, key_digest=keys.digest(text)
        )
        with self.db.transaction():
            self._may_add(role, by)
            StaffStore(self.db).add(member)
            actor = "operator" if by is None else by.actor
            self.audit.append("staff.added", actor, staff=staff_id, role=role.value)
        return member, text

    def retire(self, staff_id: StaffId, by: Staff) -> None:
        """Retire an account: its key file opens nothing from now on.

        Raises:
            NotAllowed: *by* may not manage staff.
            NotFound: there is no such account.
            IllegalTransition: it is retired already, or the last one that can add others.
        """
        store = StaffStore(self.db)
        with self.db.transaction():
            require(self.db, by, Action.MANAGE_STAFF)
            if not store.get(staff_id).active:
                raise IllegalTransition("this account is retired already")
            self._retire(staff_id, by.actor)
            if not any(_manages_staff(member) for member in store.list()):
                raise IllegalTransition("the last account that can add others stays")
            self.db.before_commit(lambda: self.journal.append("staff.retired", staff_id))

    def replay(self, kind: str, record_id: str, day: date | None = None) -> None:
        """Retire again, after a restore, somebody whom the journal names.

        Harmless for somebody who is retired already, or was added after the backup was made.

        Args:
            kind: ``staff.retired``, the only kind of journal line about staff.
            record_id: the account's id.
            day: None; no line about staff has one.
        """
        if kind != "staff.retired":
            raise ValueError(f"{kind} is no journal line about staff")
        with self.db.transaction():
            for member in StaffStore(self.db).find_active(StaffId(record_id)):
                self._retire(member.id, "operator")

    def authenticate(self, key_text: str) -> Staff:
        """Return whose key file this is; white space around the text is no matter.

        Raises:
            NotSignedIn: nobody's, or somebody's who was retired. Never says which.
        """
        text = key_text.strip()
        staff_id = StaffId(keys.record_id(text))
        with self.db.reading():
            found = StaffStore(self.db).find_active(staff_id)
        if not keys.is_key(text, found[0].key_digest if found else None):
            raise keys.refused()
        return found[0]

    def require(self, staff: Staff, action: Action) -> None:
        """Refuse unless this person may take *action* now.

        Raises:
            NotAllowed: the role may not, or the person was retired meanwhile.
        """
        require(self.db, staff, action)

    def two_people(self, first: Staff, second: Staff) -> None:
        """Refuse unless these are two people with two keys.

        Raises:
            SamePersonTwice: same account, or two accounts that hold the same key file.
        """
        refuse_same_person(first, second)

    def list(self) -> Sequence[Staff]:
        """Return all staff, the retired too, by name."""
        with self.db.reading():
            return StaffStore(self.db).list()

    def _may_add(self, role: Role, by: Staff | None) -> None:
        if by is not None:
            require(self.db, by, Action.MANAGE_STAFF)
        elif StaffStore(self.db).list():
            raise NotAllowed("only a member of staff can add another")
        elif role not in ALLOWED[Action.MANAGE_STAFF]:
            raise NotAllowed("the first account must be one that can add others")

    def _retire(self, staff_id: StaffId, actor: str) -> None:
        StaffStore(self.db).retire(staff_id)
        self.audit.append("staff.retired", actor, staff=staff_id)


def _manages_staff(member: Staff) -> bool:
    return member.active and member.role in ALLOWED[Action.MANAGE_STAFF]
