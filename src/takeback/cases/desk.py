"""What a centre's staff can do with a case. Nobody sees a signal, nor what opens the case."""

from dataclasses import dataclass, replace

from takeback.accounts.model import Action, Staff
from takeback.cases.lifecycle import Lifecycle
from takeback.cases.model import HOLD_REASONS, RUNNING, Case, CaseStatus, CaseView, ItemStatus
from takeback.cases.ports import StaffRoom
from takeback.errors import IllegalTransition, MalformedBody, OnHold
from takeback.ids import CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Vouch, close, hold and release. Every change names the member of staff in the log."""

    lifecycle: Lifecycle
    staff: StaffRoom

    def show(self, case_id: CaseId, staff: Staff) -> CaseView:
        """Show what the reporter wrote and where the case stands; the log says who looked.

        Raises:
            NotAllowed: *staff* does not handle cases.
            NotFound: there is no such case.
        """
        store = self.lifecycle.store
        with self.lifecycle.db.transaction():
            self._case_for(case_id, staff, Action.READ_CASE)
            self.lifecycle.audit.append("case.shown", staff.actor, case=case_id)
            return CaseView(
                case=store.get(case_id),
                items=tuple(store.items(case_id)),
                text="\n".join(store.texts(case_id, "text")),
                locators=store.texts(case_id, "locator"),
                notes=store.texts(case_id, "note"),
            )

    def unvouched(self, staff: Staff) -> list[Case]:
        """List the cases that wait for a caseworker's word, or have no picture, oldest first.

        Raises:
            NotAllowed: *staff* does not handle cases.
        """
        with self.lifecycle.db.reading():
            self.staff.require(staff, Action.READ_CASE)
            return self.lifecycle.store.with_unvouched_items()

    def vouch(self, case_id: CaseId, staff: Staff) -> Case:
        """Vouch for everything the case holds now; what is added later needs a word of its own.

        Raises:
            NotAllowed: *staff* may not vouch.
            NotFound: there is no such case.
            IllegalTransition: the case is withdrawn.
        """
        with self.lifecycle.db.transaction():
            case = self._case_for(case_id, staff, Action.VOUCH_CASE)
            case.require_running()
            vouched = [
                item
                for item in self.lifecycle.store.items(case_id)
                if item.signals and not item.vouched and item.status is ItemStatus.ACTIVE
            ]
            first = self.lifecycle.bank.head_seq() + 1
            self.lifecycle.bank.vouch([item.id for item in vouched])
            for item in vouched:
                now_in = first if item.waiting else item.seq
                self.lifecycle.save_item(replace(item, vouched=True, waiting=False, seq=now_in))
            self.lifecycle.audit.append(
                "case.vouched", staff.actor, case=case_id, items=len(vouched)
            )
            return case

    def close(self, case_id: CaseId, staff: Staff) -> Case:
        """Close the case. Its signals stay active; retention of its texts begins.

        Raises:
            NotAllowed: *staff* may not close cases.
            NotFound: there is no such case.
            IllegalTransition: it is not open.
        """
        with self.lifecycle.db.transaction():
            case = self._case_for(case_id, staff, Action.CLOSE_CASE)
            if case.status not in RUNNING:
                raise IllegalTransition(f"the case is {case.status}")
            closed_on = self.lifecycle.now().date()
            closed = replace(case.to(CaseStatus.CLOSED), closed_on=closed_on)
            self.lifecycle.save(closed)
            self.lifecycle.audit.append("case.closed", staff.actor, case=case_id)
            return closed

    def hold(self, case_id: CaseId, staff: Staff, reason: str) -> Case:
        """Place a legal hold: nothing is erased until it is released. Withdrawal still works.

        Raises:
            NotAllowed: *staff* may not place holds.
            NotFound: there is no such case.
            MalformedBody: *reason* is none of ``HOLD_REASONS``.
            OnHold: there is a hold already.
        """
        if reason not in HOLD_REASONS:
            raise MalformedBody(f"a hold's reason is one of {', '.join(HOLD_REASONS)}")
        with self.lifecycle.db.transaction():
            case = self._case_for(case_id, staff, Action.HOLD_CASE)
            if case.held:
                raise OnHold("the case is on hold already")
            held = replace(case, held=True, hold_reason=reason)
            self.lifecycle.save(held)
            self.lifecycle.audit.append("case.held", staff.actor, case=case_id, reason=reason)
            return held

    def release(self, case_id: CaseId, staff: Staff) -> Case:
        """Release the hold; what it had stopped becomes due at once.

        Raises:
            NotAllowed: *staff* may not release holds.
            NotFound: there is no such case.
            IllegalTransition: there is no hold.
        """
        with self.lifecycle.db.transaction():
            case = self._case_for(case_id, staff, Action.RELEASE_HOLD)
            if not case.held:
                raise IllegalTransition("the case is not on hold")
            reason = case.hold_reason
            released = replace(case, held=False, hold_reason="")
            self.lifecycle.released(released)
            self.lifecycle.audit.append("case.released", staff.actor, case=case_id, reason=reason)
            return released

    def _case_for(self, case_id: CaseId, staff: Staff, action: Action) -> Case:
        self.staff.require(staff, action)
        return self.lifecycle.store.get(case_id)
