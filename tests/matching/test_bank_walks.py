"""Random walks over the bank, with followers that read the feed at random moments.

Whatever cases, caseworkers and platforms do in whatever order, a follower that has read to the
end holds exactly the entries it may see: none lost, none doubled, none left behind.
"""

import random
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from takeback import db
from takeback.db import Database
from takeback.hashing.arrays import signals_to_array
from takeback.ids import EntryId, ItemId
from takeback.matching.model import ADULT, BANKS, NOT_SAID, UNDER_18, Change
from takeback.matching.paging import Reader
from tests.conftest import FakeClock
from tests.matching.banking import OTHER, PLATFORM, Follower, make_bank, register, signal

CAP: Final = 6
"""Unvouched pictures in the one day that a walk lasts; later ones wait."""

NUMBERS: Final = {signal(number).bits: number for number in range(5)}

Entry = tuple[str, int]


@dataclass
class Claim:
    """What the model knows of an item."""

    bank: str
    numbers: frozenset[int]
    vouched: bool
    waiting: bool
    withdrawn: bool = False

    @property
    def active(self) -> bool:
        """Whether it holds its entries now."""
        return not (self.waiting or self.withdrawn)


@dataclass
class Model:
    """The bank as it should be, in the plainest words."""

    claims: dict[ItemId, Claim] = field(default_factory=dict)
    vouched: set[Entry] = field(default_factory=set)
    kept_back: set[Entry] = field(default_factory=set)
    quarantined: set[Entry] = field(default_factory=set)
    registered: int = 0

    def waits(self, vouched: bool) -> bool:
        """Whether a registration waits; counts those that don't."""
        fits = self.registered < CAP
        if not vouched and fits:
            self.registered += 1
        return not (vouched or fits)

    def alive(self) -> set[Entry]:
        """The entries that some active claim holds."""
        return self._held(lambda claim: claim.active)

    def settle(self) -> None:
        """Draw the consequences of what was just done."""
        alive = self.alive()
        vouched = self._held(lambda claim: claim.active and claim.vouched)
        self.vouched = (self.vouched & alive) | vouched
        held = self._held(lambda _: True)
        self.kept_back &= held
        self.quarantined = (self.quarantined & held) - self.vouched

    def visible(self, banks: frozenset[str], *, here: bool) -> dict[Entry, bool]:
        """What one follower should hold, and whether each is vouched."""
        hidden = self.quarantined | (self.kept_back if here else set())
        return {
            entry: entry in self.vouched for entry in self.alive() - hidden if entry[0] in banks
        }

    def _held(self, counts: Callable[[Claim], bool]) -> set[Entry]:
        return {
            (claim.bank, number)
            for claim in self.claims.values()
            for number in claim.numbers
            if counts(claim)
        }


def entry_of(change: Change) -> Entry:
    """Return the bank and the made-up signal's number of what a follower holds."""
    return change.bank, NUMBERS[change.content or b""]


class Walk(RuleBasedStateMachine):
    """One walk over one bank."""

    items = Bundle[ItemId]("items")

    def __init__(self) -> None:
        """Start with an empty bank and two followers: one that may see all, one that may not."""
        super().__init__()
        self.stack = ExitStack()
        # Ids decide the order within a page; a walk that is walked again must meet the same.
        drawn = mock.patch("takeback.matching.store.secrets.randbits", random.Random(1).getrandbits)
        self.stack.enter_context(drawn)
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        database = Database(f"sqlite:///{Path(folder) / 'hub.db'}")
        self.stack.callback(database.close)
        db.metadata.create_all(database.engine)
        self.bank = make_bank(database, FakeClock(), unvouched_pictures_per_day=CAP)
        self.model = Model()
        self.here = Follower(self.bank, PLATFORM)
        self.there = Follower(self.bank, OTHER, frozenset({ADULT}))

    def teardown(self) -> None:
        """Read to the end once more, twice, and close."""
        self.followers_that_have_read_to_the_end_hold_what_they_may_see()
        assert self.here.catch_up() == []
        self.stack.close()

    @rule(
        target=items,
        numbers=st.frozensets(st.integers(0, 4), min_size=1, max_size=3),
        bank=st.sampled_from([ADULT, ADULT, UNDER_18, NOT_SAID]),
        vouched=st.booleans(),
    )
    def register(self, numbers: frozenset[int], bank: str, vouched: bool) -> ItemId:
        """A case registers an item."""
        item_id = register(self.bank, *sorted(numbers), to=bank, vouched=vouched)
        waiting = self.model.waits(vouched)
        self.model.claims[item_id] = Claim(bank, numbers, vouched, waiting)
        self.model.settle()
        return item_id

    @rule(item_id=items)
    def withdraw(self, item_id: ItemId) -> None:
        """An item is withdrawn, perhaps once more."""
        self.bank.withdraw(item_id)
        self.model.claims[item_id].withdrawn = True
        self.model.settle()

    @rule(item_id=items)
    def reinstate(self, item_id: ItemId) -> None:
        """A withdrawal is undone."""
        self.bank.reinstate(item_id)
        self.model.claims[item_id].withdrawn = False
        self.model.settle()

    @rule(item_id=items)
    def vouch(self, item_id: ItemId) -> None:
        """A caseworker vouches."""
        self.bank.vouch([item_id])
        self.model.claims[item_id].vouched = True
        self.model.claims[item_id].waiting = False
        self.model.settle()

    @rule(item_id=consumes(items))
    def purge(self, item_id: ItemId) -> None:
        """An item is purged, withdrawn before or not."""
        self.bank.purge(item_id)
        del self.model.claims[item_id]
        self.model.settle()

    @rule(data=st.data(), everywhere=st.booleans())
    def quarantine(self, data: st.DataObject, everywhere: bool) -> None:
        """An entry that the follower holds is kept back from it, or from all."""
        if not self.here.held:
            return
        entry_id = EntryId(data.draw(st.sampled_from(sorted(self.here.held))))
        entry = entry_of(self.here.held[entry_id])
        if entry not in self._entries():
            return
        self.bank.quarantine(entry_id, None if everywhere else PLATFORM, "not_intimate", "operator")
        (self.model.quarantined if everywhere else self.model.kept_back).add(entry)
        self.model.settle()

    @rule(data=st.data())
    def lift(self, data: st.DataObject) -> None:
        """A person lifts a quarantine from the queue."""
        queue = self.bank.quarantined()
        if not queue:
            return
        row = data.draw(st.sampled_from(queue))
        entry = (row.bank, self.numbers[row.entry_id])
        self.bank.lift(row.entry_id, row.platform_id, "operator")
        (self.model.kept_back if row.platform_id else self.model.quarantined).discard(entry)
        self.model.settle()

    @rule(limit=st.integers(1, 4), pages=st.integers(1, 3))
    def read(self, limit: int, pages: int) -> None:
        """A follower reads a few small pages and stops."""
        for _ in range(pages):
            self.here.page(limit)
            self.there.page(limit)

    @rule()
    def followers_that_have_read_to_the_end_hold_what_they_may_see(self) -> None:
        """The promise."""
        for follower, banks, here in ((self.here, BANKS, True), (self.there, {ADULT}, False)):
            follower.catch_up(3)
            held = {entry_of(change): change.vouched for change in follower.held.values()}
            assert held == self.model.visible(frozenset(banks), here=here)
            assert len(held) == len(follower.held)

    @rule(number=st.integers(0, 4))
    def lookups_find_what_the_feed_shows(self, number: int) -> None:
        """A look-up and the feed never disagree."""
        [found] = self.bank.search(signals_to_array([signal(number)]), Reader(PLATFORM, BANKS), 10)

        visible = self.model.visible(BANKS, here=True)
        assert {near.bank for near in found.near} == {b for b, n in visible if n == number}

    @invariant()
    def pages_come_in_order(self) -> None:
        """No record comes before one that changed earlier."""
        for follower in (self.here, self.there):
            places = [change.seq for change in follower.read]
            assert places == sorted(set(places))

    @property
    def numbers(self) -> dict[EntryId, int]:
        """The made-up number of every entry the first follower ever read a signal of."""
        return {
            change.entry_id: NUMBERS[change.content]
            for change in self.here.read
            if change.active and change.content
        }

    def _entries(self) -> set[Entry]:
        """Every entry that any claim holds, in whatever way."""
        return {
            (claim.bank, number) for claim in self.model.claims.values() for number in claim.numbers
        }


Walk.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestWalk = Walk.TestCase
