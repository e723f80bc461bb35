"""What must be true after the kills, each asked of the programs and of the database itself."""

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa

from takeback.audit.event import Event
from takeback.cases.store import confirmations, withdrawals
from takeback.cases.wire import Receipt
from takeback.cli.demo.telling import wait_until
from takeback.due import LEASE, due_table
from takeback.errors import NotFound
from takeback.exchange.store import opinions, responses
from takeback.matching.store import entries
from tests.journeys.ledger import Filed, Standing
from tests.journeys.processes import matches
from tests.journeys.siege import Siege
from tests.journeys.story import access

Value = TypeVar("Value")

BATCH = 500
"""Signals asked in one look-up."""


@dataclass
class Aftermath:
    """Looks at everything, once the programs are up again and nobody uses them."""

    siege: Siege

    def __post_init__(self) -> None:
        """Let what was leased by a killed worker come up again, and be done."""
        self.story = self.siege.stage.story
        self.hub = self.story.hub
        self.siege.worker.stop()
        self.story.clock.advance(LEASE)
        self.story.works()

    def look(self) -> None:
        """Look at everything."""
        assert self.siege.ledger.wrong == []
        self.every_case_opens()
        self.every_signal_stands_as_acknowledged()
        self.the_follower_holds_exactly_the_active_set()
        self.every_report_counts_once()
        self.every_withdrawal_is_confirmed_and_journalled()
        self.due_work_was_done_once()
        self.hub.audit.verify()

    def every_case_opens(self) -> None:
        """With its code and PIN; only one that was purged, on request, does not."""
        reporter = self.siege.stage.reporter(self.siege.hub)

        def told(case: Filed) -> Receipt | None:
            try:
                return reporter.receipt(access(case.opened))
            except NotFound:
                return None

        with ThreadPoolExecutor(2) as pool:
            receipts = list(pool.map(told, self.siege.ledger.cases))
        for case, receipt in zip(self.siege.ledger.cases, receipts, strict=True):
            _agrees(case, receipt)

    def every_signal_stands_as_acknowledged(self) -> None:
        """What must match does, and what was withdrawn does not, at the hub and the matcher."""
        ledger = self.siege.ledger
        active = self._active()
        expected = {signal: ledger.expected(signal)[0] for signal in ledger.signals()}
        lost = [signal for signal, held in expected.items() if held and signal not in active]
        back = [signal for signal, held in expected.items() if held is False and signal in active]
        assert (len(lost), len(back)) == (0, 0)
        assert any(expected.values())
        assert False in expected.values()

    def the_follower_holds_exactly_the_active_set(self) -> None:
        """Nothing lost and nothing doubled."""
        active = self._active()
        http = self.siege.stage.client(self.siege.matcher)

        def held() -> int:
            text = http.get("/metrics").text
            found = re.search(r"^takeback_matcher_entries\D* ([0-9.]+)$", text, re.MULTILINE)
            return int(float(found[1])) if found else -1

        assert wait_until(lambda: held() == len(active)), (held(), len(active))
        found: dict[str, int] = {}
        for some in batches(self.siege.ledger.signals()):
            found.update(zip(some, map(len, matches(http, some)), strict=True))
        assert found == {signal: int(signal in active) for signal in found}

    def every_report_counts_once(self) -> None:
        """Responses and opinions, whether sent to the hub or left with the matcher."""
        ledger = self.siege.ledger
        wait_until(lambda: ledger.responses <= set(self._column(responses.c.id)))
        stored = self._column(responses.c.id)
        assert ledger.responses <= set(stored)
        assert self._heard("response.received") == len(stored) == len(set(stored))
        wait_until(lambda: len(self._column(opinions.c.entry_id)) >= len(ledger.opinions))
        kept = self._column(opinions.c.entry_id)
        assert len(kept) >= len(ledger.opinions) > 0
        assert self._heard("opinion.received") == len(kept)

    def every_withdrawal_is_confirmed_and_journalled(self) -> None:
        """By the one follower that was served the signals; and on storage of its own."""
        assert wait_until(lambda: not self._unconfirmed()), len(self._unconfirmed())
        gone = {line.id for line in self.hub.journal.lines() if line.kind == "case.withdrawn"}
        left = (Standing.WITHDRAWN, Standing.LEAVING)
        cases = [each for each in self.siege.ledger.cases if each.standing in left]
        assert {each.opened.case_id for each in cases} <= gone

    def due_work_was_done_once(self) -> None:
        """A withdrawal that waited for the worker took effect once and was purged once."""
        by_worker = [event for event in self._events() if event.actor == "worker"]
        done = Counter((event.action, event.case, event.item) for event in by_worker)
        assert max(done.values()) == 1
        asked = {
            event.case
            for event in self._events()
            if event.action == "case.withdrawal_scheduled" and event.item is None
        }
        for action in ("case.withdrawn", "case.purged"):
            assert {case for what, case, item in done if (what, item) == (action, None)} == asked
        assert [at for at in self._column(due_table.c.due_at) if at <= self.hub.now()] == []

    def _active(self) -> set[str]:
        query = sa.select(entries.c.signal).where(entries.c.state == "active")
        with self.hub.db.reading():
            rows = list(self.hub.db.execute(query).scalars())
        assert len(rows) == len(set(rows))
        return {signal.hex() for signal in rows}

    def _unconfirmed(self) -> list[str]:
        query = (
            sa.select(withdrawals.c.id)
            .join(confirmations, withdrawals.c.id == confirmations.c.withdrawal_id)
            .where(withdrawals.c.undone.is_(sa.false()), confirmations.c.able.is_(sa.true()))
            .where(confirmations.c.confirmed_on.is_(None))
        )
        with self.hub.db.reading():
            return list(self.hub.db.execute(query).scalars())

    def _column(self, column: sa.Column[Value]) -> list[Value]:
        with self.hub.db.reading():
            return list(self.hub.db.execute(sa.select(column)).scalars())

    def _heard(self, action: str) -> int:
        return sum(event.action == action for event in self._events())

    def _events(self) -> Iterator[Event]:
        after = 0
        while page := self.hub.audit.every_event(after):
            yield from (event for _, event in page)
            after = page[-1][0]


def batches(signals: list[str]) -> Iterator[list[str]]:
    """Return the signals, some at a time."""
    rest = iter(signals)
    while some := list(islice(rest, BATCH)):
        yield some


def _agrees(case: Filed, receipt: Receipt | None) -> None:
    """Hold a receipt, or a refusal, to what was acknowledged."""
    purged = case.locked and case.standing is not Standing.PROTECTED
    if receipt is None:
        assert purged, "a case is lost"
        return
    assert not (purged and case.standing is Standing.LEAVING), "a purged case opens"
    told = {Standing.PROTECTED: "open", Standing.WITHDRAWN: "withdrawn"}
    assert receipt.status == told.get(case.standing, receipt.status)
    states = {one.item_id: one.state for one in receipt.items}
    for picture in case.pictures:
        _stands(picture.standing, states.get(picture.item_id), open_case=receipt.status == "open")


def _stands(standing: Standing, state: str | None, *, open_case: bool) -> None:
    """Hold one picture's state to what was acknowledged; None where its id is not known."""
    if state is None or standing is Standing.UNSURE:
        return
    assert (state == "protected") is (standing is Standing.PROTECTED and open_case)
