"""The exchange: what goes out to platforms and what comes back, in one place.

Every call reads the platform again inside its transaction: a mark or a tier that was taken
away a moment ago counts, however long the caller has been waiting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from takeback.accounts.model import Action, Canary, Platform, Staff
from takeback.accounts.permission import require
from takeback.accounts.service import Platforms
from takeback.audit.store import AuditLog
from takeback.clock import Clock
from takeback.db import Database
from takeback.errors import MalformedBody
from takeback.exchange import decoys
from takeback.exchange.feed import Feed
from takeback.exchange.lookup import Lookup
from takeback.exchange.model import Reporters
from takeback.exchange.numbers import Numbers
from takeback.exchange.reports import Reports
from takeback.exchange.stopncii import StopNcii
from takeback.exchange.store import ReportStore
from takeback.exchange.wire import (
    Accepted,
    FeedPage,
    LookupAnswer,
    LookupRequest,
    OpinionsRequest,
    ResponsesRequest,
)
from takeback.hubkeys import HubKeys
from takeback.ids import EntryId, PlatformId
from takeback.matching.model import Quarantine
from takeback.matching.service import Bank
from takeback.settings import Settings

MOST_CANARIES: Final = 1_000
"""Made-up pictures that one call may plant the canaries of."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Our partner interface, pure of HTTP."""

    db: Database
    audit: AuditLog
    bank: Bank
    cases: Reporters
    platforms: Platforms
    keys: HubKeys
    settings: Settings
    now: Clock

    def news(self) -> int:
        """Return a number that grows whenever some platform's next page may be another."""
        with self.db.reading():
            return self.bank.head_seq() + self.platforms.standing()

    def feed_page(self, platform: Platform, after: str | None, limit: int) -> FeedPage:
        """Return the page of the feed after a cursor; see :meth:`Feed.page`."""
        feed = Feed(self.db, self.bank, self.cases, self.platforms, self.keys, self.now)
        return feed.page(platform.id, after, limit)

    def lookup(self, platform: Platform, request: LookupRequest) -> LookupAnswer:
        """Return what each signal is near to; see :meth:`Lookup.answer`."""
        return Lookup(self.db, self.bank, self.platforms, self.keys).answer(platform.id, request)

    def opinions(self, platform: Platform, request: OpinionsRequest) -> Accepted:
        """Take opinions; see :meth:`Reports.opinions`."""
        return self._reports.opinions(platform.id, request)

    def responses(self, platform: Platform, request: ResponsesRequest) -> Accepted:
        """Take responses; see :meth:`Reports.responses`."""
        return self._reports.responses(platform.id, request)

    def confirm_withdrawal(self, platform: Platform, marker: str) -> None:
        """Note that the platform's matchers have stopped what a withdrawal took away.

        Raises:
            NotFound: the marker stands for no withdrawal at this platform, or none any more.
        """
        withdrawal_id = Numbers(self.keys, platform.id).withdrawal(marker)
        self.cases.confirm_withdrawal(withdrawal_id, platform.id)

    def quarantined(self, staff: Staff) -> list[Quarantine]:
        """Return every quarantine in force, oldest first: the caseworkers' queue.

        Raises:
            NotAllowed: this role may not.
        """
        with self.db.reading():
            require(self.db, staff, Action.LIST_QUARANTINE)
            return self.bank.quarantined()

    def lift_quarantine(
        self, entry_id: EntryId, platform_id: PlatformId | None, staff: Staff
    ) -> None:
        """Lift one quarantine; the opinions behind it count no more, for a person decided.

        Raises:
            NotAllowed: this role may not.
            NotFound: no such quarantine is in force.
        """
        with self.db.transaction():
            require(self.db, staff, Action.LIFT_QUARANTINE)
            self.bank.lift(entry_id, platform_id, staff.actor)
            ReportStore(self.db).settle(entry_id, platform_id)

    def plant_canaries(self, platform_id: PlatformId, count: int, staff: Staff) -> Sequence[Canary]:
        """Plant the canaries of *count* made-up pictures at a platform; return all it has.

        Raises:
            NotAllowed: this role may not.
            NotFound: there is no such platform.
            MalformedBody: the count is not 1 to 1,000.
        """
        if not 1 <= count <= MOST_CANARIES:
            raise MalformedBody(f"plant canaries of 1 to {MOST_CANARIES} pictures at once")
        with self.db.reading():
            require(self.db, staff, Action.PLANT_CANARIES)
            share = self.bank.keypoint_share()
        return self.platforms.plant(platform_id, decoys.draw_many(count, share), staff)

    @property
    def stopncii(self) -> StopNcii:
        """The interface that StopNCII's clients speak."""
        return StopNcii(
            self.db, self.bank, self._reports, self.platforms, self.keys, self.settings, self.now
        )

    @property
    def _reports(self) -> Reports:
        return Reports(
            self.db,
            self.audit,
            self.bank,
            self.cases,
            self.platforms,
            self.keys,
            self.settings,
            self.now,
        )
