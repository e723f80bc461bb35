"""What platforms tell us back: opinions, which keep entries back, and responses.

An opinion that a picture is not intimate keeps the entry back from the platform that said so,
at once, and from everybody when enough counting platforms agree, until a person decides. A
response reaches a receipt only when a person confirmed an intimate picture and removed it.
"""

from dataclasses import dataclass

from takeback.accounts.model import Platform, Tier
from takeback.accounts.service import Platforms
from takeback.audit.store import AuditLog
from takeback.clock import Clock
from takeback.db import Database
from takeback.errors import NotFound
from takeback.exchange.canaries import Disguises
from takeback.exchange.lookup import active
from takeback.exchange.model import (
    NOT_INTIMATE,
    Removals,
    Report,
    canary_id,
    checked_opinion,
    checked_response,
    reaches_receipts,
)
from takeback.exchange.numbers import Numbers
from takeback.exchange.store import ReportStore
from takeback.exchange.wire import Accepted, OpinionsRequest, Response, ResponsesRequest
from takeback.hubkeys import HubKeys
from takeback.ids import EntryId, PlatformId
from takeback.matching.service import Bank
from takeback.settings import Settings


@dataclass(frozen=True, slots=True)
class Reports:
    """Takes opinions and responses, several together or not at all."""

    db: Database
    audit: AuditLog
    bank: Bank
    removals: Removals
    platforms: Platforms
    keys: HubKeys
    settings: Settings
    now: Clock

    def opinions(self, platform_id: PlatformId, request: OpinionsRequest) -> Accepted:
        """Take opinions; one that says what the platform said before changes nothing.

        Raises:
            MalformedBody: a negative opinion has no reason; nothing was spent.
            QuotaSpent: the platform has reported enough today.
            NotFound: a number stands for no entry that this platform may see.
        """
        for place, opinion in enumerate(request.opinions):
            checked_opinion(opinion, place)
        self.spend(platform_id, len(request.opinions))
        with self.db.transaction():
            platform = active(self.platforms.get(platform_id))
            reports = [
                Report(self._entry(platform, each.number), each.opinion, each.reason or "")
                for each in request.opinions
            ]
            return Accepted(sum(self.take(platform, report) for report in reports))

    def responses(self, platform_id: PlatformId, request: ResponsesRequest) -> Accepted:
        """Take responses; one whose id was sent before changes nothing.

        Raises:
            MalformedBody: a removal has no ground, or a picture kept no reason; nothing was spent.
            QuotaSpent: the platform has reported enough today.
            NotFound: a number stands for no entry that this platform may see.
        """
        for place, response in enumerate(request.responses):
            checked_response(response, place)
        self.spend(platform_id, len(request.responses))
        with self.db.transaction():
            platform = active(self.platforms.get(platform_id))
            told = [(self._entry(platform, each.number), each) for each in request.responses]
            return Accepted(sum(self._respond(platform, *each) for each in told))

    def spend(self, platform_id: PlatformId, n: int) -> None:
        """Spend *n* of the day's reports, in a transaction of its own: refused ones count too.

        Raises:
            QuotaSpent: fewer are left; nothing was spent.
        """
        self.platforms.spend(platform_id, n, kind="report")

    def take(self, platform: Platform, report: Report) -> bool:
        """Take one opinion inside the open transaction; return whether it was new."""
        store = ReportStore(self.db)
        before = store.opinion(platform.id, report.entry_id)
        if before is not None and before.said == report.said:
            return False
        store.put_opinion(platform.id, report, self.now())
        if canary_id(report.entry_id) is None:
            self.audit.append(
                "opinion.received",
                _actor(platform),
                entry=report.entry_id,
                opinion=report.opinion,
                reason=report.reason or "none",
            )
        self._act_on(platform, report)
        return True

    def _entry(self, platform: Platform, number: str) -> EntryId:
        """Return the entry of a number, if it is in a bank that the platform may see."""
        entry_id = Numbers(self.keys, platform.id).entry(number)
        if canary_id(entry_id) is None and self.bank.bank_of(entry_id) not in platform.banks:
            raise NotFound("no such entry")
        return entry_id

    def _act_on(self, platform: Platform, report: Report) -> None:
        if report.not_intimate:
            self._keep_back(platform, report.entry_id)
        elif report.opinion == "positive":
            self._bring_back(platform, report.entry_id)

    def _keep_back(self, platform: Platform, entry_id: EntryId) -> None:
        canary = canary_id(entry_id)
        if canary is not None:
            self._disguises.keep_back(canary, platform.id, gone=True)
            return
        self.bank.quarantine(entry_id, platform.id, NOT_INTIMATE, _actor(platform))
        if self._enough_agree(entry_id) and not self.bank.is_quarantined(entry_id, None):
            self.bank.quarantine(entry_id, None, NOT_INTIMATE, _actor(platform))

    def _bring_back(self, platform: Platform, entry_id: EntryId) -> None:
        canary = canary_id(entry_id)
        if canary is not None:
            if self._disguises.is_kept_back(canary, platform.id):
                self._disguises.keep_back(canary, platform.id, gone=False)
        elif self.bank.is_quarantined(entry_id, platform.id):
            self.bank.lift(entry_id, platform.id, _actor(platform))

    def _enough_agree(self, entry_id: EntryId) -> bool:
        counting = [
            each.id
            for each in self.platforms.list()
            if each.active and each.counts_opinions and each.tier is Tier.FEED
        ]
        agreeing = ReportStore(self.db).count_not_intimate(entry_id, counting)
        return agreeing >= max(1, self.settings.quarantine_platforms)

    def _respond(self, platform: Platform, entry_id: EntryId, response: Response) -> bool:
        at = self.now()
        if not ReportStore(self.db).add_response(platform.id, entry_id, response, at):
            return False
        if canary_id(entry_id) is None:
            self._record(platform, entry_id, response)
        return True

    def _record(self, platform: Platform, entry_id: EntryId, response: Response) -> None:
        self.audit.append(
            "response.received",
            _actor(platform),
            entry=entry_id,
            response=response.response,
            confirmed_by_person=response.confirmed_by_person,
            ground=response.ground or "none",
            reason=response.reason or "none",
        )
        if reaches_receipts(response):
            holders = self.bank.holders(entry_id)
            self.removals.record_removal(holders, platform.id, self.now())

    @property
    def _disguises(self) -> Disguises:
        return Disguises(self.db, self.bank, self.platforms)


def _actor(platform: Platform) -> str:
    return f"platform:{platform.id}"
