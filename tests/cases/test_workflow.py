"""Random walks over one case: no order of events breaks the promises that matter."""

import tempfile
from datetime import timedelta
from operator import attrgetter
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from takeback import db
from takeback.accounts.model import Role
from takeback.cases.model import NEXT, RUNNING, Case, CaseStatus, ItemStatus
from takeback.cases.wire import Choices, Receipt
from takeback.db import Database
from takeback.errors import Conflict, NotFound
from takeback.ids import CaseId, ItemId
from tests.cases.fakes import person
from tests.cases.world import World, access, item
from tests.conftest import NOON, FakeClock

LEAD = person(Role.LEAD)


class Workflow(RuleBasedStateMachine):
    """One case, everything that can be asked of it, and time."""

    @initialize(lock=st.booleans(), ends=st.booleans(), full=st.booleans())
    def begin(self, lock: bool, ends: bool, full: bool) -> None:
        """Open a case with two items."""
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        self.db = Database(f"sqlite:///{path / 'hub.db'}")
        db.metadata.create_all(self.db.engine)
        self.world = World(self.db, FakeClock(), path)
        self.world.bank.full = full
        end_date = (NOON + timedelta(days=20)).date().isoformat()
        choices = Choices(lock=lock, end_date=end_date) if ends else Choices(lock=lock)
        self.opened = self.world.open(item("a"), item("b"), choices=choices)
        self.case_id = CaseId(self.opened.case_id)
        self.access = access(self.opened)
        self.held = False
        self.before = self.stored()
        self.undo_point: tuple[Receipt, set[ItemId]] | None = None

    def teardown(self) -> None:
        """Close the database."""
        if hasattr(self, "db"):
            self.db.close()
            self.folder.cleanup()

    def stored(self) -> Case | None:
        """Return the case, or None once it is purged."""
        try:
            return self.world.case(self.opened)
        except NotFound:
            return None

    def attempt(self, step: str, *given: object) -> bool:
        """Take a step; a refusal is fine and must change nothing."""
        before = (self.stored(), set(self.world.bank.active()), len(self.world.audit.events))
        try:
            attrgetter(step)(self.world.cases)(*given)
        except (Conflict, NotFound):
            after = (self.stored(), set(self.world.bank.active()), len(self.world.audit.events))
            assert after == before
            return False
        return True

    def item_id(self, place: int) -> ItemId:
        """Return one of the two items, or a made-up id once the case is gone."""
        with self.db.reading():
            items = self.world.cases.lifecycle.store.items(self.case_id)
        return items[place].id if items else ItemId("item_gone")

    @rule()
    def withdraw(self) -> None:
        """She takes everything back; what it was before is remembered."""
        case = self.stored()
        if case is None:
            return
        point = (self.world.receipt(self.opened), set(self.world.bank.active()))
        if self.attempt("withdraw", self.access):
            self.undo_point = point

    @rule()
    def undo(self) -> None:
        """She undoes that; it must be exactly as it was."""
        if self.attempt("undo", self.access) and self.undo_point is not None:
            now = (self.world.receipt(self.opened), set(self.world.bank.active()))
            assert now == self.undo_point
            self.undo_point = None

    @rule(place=st.integers(0, 1))
    def withdraw_item(self, place: int) -> None:
        """She takes one item back."""
        self.attempt("withdraw", self.access, self.item_id(place))

    @rule(place=st.integers(0, 1))
    def undo_item(self, place: int) -> None:
        """She undoes that."""
        self.attempt("undo", self.access, self.item_id(place))

    @rule()
    def close(self) -> None:
        """Staff close the case."""
        self.attempt("desk.close", self.case_id, LEAD)

    @rule()
    def vouch(self) -> None:
        """Staff vouch for the case."""
        self.attempt("desk.vouch", self.case_id, LEAD)

    @rule()
    def hold(self) -> None:
        """Staff place a hold."""
        if self.attempt("desk.hold", self.case_id, LEAD, "court_order"):
            self.held = True

    @precondition(lambda self: self.held)
    @rule()
    def release(self) -> None:
        """Staff release it."""
        self.attempt("desk.release", self.case_id, LEAD)
        self.held = False

    @rule(hours=st.sampled_from([1, 24, 72, 168, 2400]))
    def wait(self, hours: int) -> None:
        """Time passes and the worker does what is due; a worker changes no receipt's past."""
        self.world.clock.advance(timedelta(hours=hours))
        before = self.stored()
        self.world.work()
        after = self.stored()
        if before != after and (after is None or after.status not in RUNNING):
            self.undo_point = None

    @invariant()
    def held_cases_are_never_purged(self) -> None:
        """The one promise that matters in court."""
        if getattr(self, "held", False):
            assert self.stored() is not None

    @invariant()
    def every_step_is_in_the_table(self) -> None:
        """The case only ever moves along NEXT, however many steps one rule takes."""
        if not hasattr(self, "opened"):
            return
        now, before = self.stored(), self.before
        status = CaseStatus.PURGED if now is None else now.status
        was = CaseStatus.PURGED if before is None else before.status
        reachable = NEXT[was] | {one for step in NEXT[was] for one in NEXT[step]}
        assert status is was or status in reachable
        self.before = now

    @invariant()
    def withdrawn_items_hold_nothing(self) -> None:
        """Bank and case agree on what is active; nothing of a purged case is left anywhere."""
        if not hasattr(self, "opened"):
            return
        with self.db.reading():
            items = self.world.cases.lifecycle.store.items(self.case_id)
        meant = {
            one.id
            for one in items
            if one.status in (ItemStatus.ACTIVE, ItemStatus.WITHDRAWING) and not one.waiting
        }
        assert self.world.bank.active() == meant
        assert set(self.world.bank.holds) == {
            one.id for one in items if one.status is not ItemStatus.PURGED
        }

    @invariant()
    def a_withdrawn_case_is_withdrawn_whole(self) -> None:
        """No item of a withdrawn case is active."""
        case = self.stored() if hasattr(self, "opened") else None
        if case is not None and case.status is CaseStatus.WITHDRAWN:
            assert self.world.bank.active() == set()


TestWorkflow = Workflow.TestCase
TestWorkflow.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
