"""A hub's exchange to test with: real bank, accounts and database; cases as a notebook."""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from takeback.accounts.model import Platform, Role, Staff
from takeback.accounts.service import Platforms
from takeback.accounts.staff import StaffAccounts
from takeback.audit.store import AuditLog
from takeback.db import Database
from takeback.errors import NotFound
from takeback.exchange.model import Channel
from takeback.exchange.numbers import Numbers
from takeback.exchange.service import Exchange
from takeback.exchange.stopncii import FetchAnswer
from takeback.exchange.store import DeliveryStore
from takeback.exchange.wire import (
    FeedEntry,
    FeedPage,
    LookupRequest,
    Match,
    Opinion,
    OpinionsRequest,
    Response,
    ResponsesRequest,
)
from takeback.hubkeys import HubKeys
from takeback.ids import EntryId, ItemId, PlatformId, WithdrawalId, new_id
from takeback.journal import Journal
from takeback.matching.model import Holder
from takeback.matching.service import Bank
from takeback.settings import Settings
from tests.conftest import FakeClock
from tests.matching.banking import banked, described, register_all, signal


@dataclass(frozen=True)
class Noted:
    """A withdrawal in the notebook."""

    withdrawal_id: WithdrawalId
    seq: int
    bank: str


@dataclass
class Notebook:
    """What the exchange asks of cases, written down instead of kept in a database."""

    withdrawals: list[Noted] = field(default_factory=list)
    confirmed: list[tuple[WithdrawalId, PlatformId]] = field(default_factory=list)
    removals: list[tuple[ItemId, PlatformId]] = field(default_factory=list)

    def withdrawal_markers(
        self, after_seq: int, to_seq: int, banks: Collection[str]
    ) -> Sequence[Noted]:
        """Return the withdrawals between two places."""
        return [
            each
            for each in self.withdrawals
            if after_seq < each.seq <= to_seq and each.bank in banks
        ]

    def confirm_withdrawal(self, withdrawal_id: WithdrawalId, platform_id: PlatformId) -> None:
        """Note who confirmed what."""
        if withdrawal_id not in {each.withdrawal_id for each in self.withdrawals}:
            raise NotFound("no such withdrawal")
        self.confirmed.append((withdrawal_id, platform_id))

    def record_removal(
        self, holders: Iterable[Holder], platform_id: PlatformId, at: datetime
    ) -> None:
        """Note for whom a removal was recorded."""
        self.removals += [(holder.item_id, platform_id) for holder in holders]


@dataclass
class Partners:
    """The exchange, and what a test needs to set it going."""

    exchange: Exchange
    bank: Bank
    platforms: Platforms
    notebook: Notebook
    clock: FakeClock
    lead: Staff
    second: Staff
    audit: AuditLog

    def platform(
        self, *, feed: bool = True, under_18: bool = False, counting: bool = False
    ) -> Platform:
        """Add a platform with the tier and the marks that are wanted."""
        added = self.platforms.add(new_id("name"), self.lead)
        if feed:
            self.platforms.approve_feed(added.id, self.lead)
            self.platforms.approve_feed(added.id, self.second)
        return self.platforms.mark(
            added.id, self.lead, handles_under_18=under_18, counts_opinions=counting
        )

    def register(
        self,
        *numbers: int,
        to: str = "adult",
        partners: bool = False,
        vouched: bool = False,
        keypoints: bool = False,
    ) -> ItemId:
        """Register made-up signals for a new case, with as many keypoint signals if wanted."""
        signals = [banked(number) for number in numbers]
        signals += [described(number) for number in numbers if keypoints]
        return register_all(self.bank, signals, to=to, partners=partners, vouched=vouched)

    def withdraw(self, item_id: ItemId, bank: str = "adult") -> WithdrawalId:
        """Withdraw an item as cases does."""
        withdrawal_id = WithdrawalId(new_id("withdrawal"))
        self.notebook.withdrawals.append(Noted(withdrawal_id, self.bank.withdraw(item_id), bank))
        return withdrawal_id

    def pages(
        self, platform: Platform, after: str | None = None, limit: int = 100
    ) -> list[FeedPage]:
        """Read the feed to its end."""
        pages = [self.exchange.feed_page(platform, after, limit)]
        while pages[-1].more:
            pages.append(self.exchange.feed_page(platform, pages[-1].cursor, limit))
        return pages

    def entries(self, platform: Platform, after: str | None = None) -> list[FeedEntry]:
        """Return every record that the platform reads."""
        return [entry for page in self.pages(platform, after) for entry in page.entries]

    def matches(self, platform: Platform, number: int, limit: int = 10) -> list[Match]:
        """Look a made-up signal up."""
        request = LookupRequest([str(signal(number))], limit)
        return self.exchange.lookup(platform, request).results[0].matches

    def fetched(self, platform: Platform, start: int = 10, size: int = 800) -> list[FetchAnswer]:
        """Fetch as StopNCII's clients do, to the last page."""
        answers = [self.exchange.stopncii.fetch(platform, start, size)]
        while answers[-1].has_more_records:
            token = answers[-1].next_page_token
            answers.append(self.exchange.stopncii.fetch(platform, start, size, token))
        return answers

    def opine(self, platform: Platform, number: str, opinion: str, reason: str = "") -> int:
        """Give one opinion; return how many were new."""
        words = {"opinion": opinion} | ({"reason": reason} if reason else {})
        said = Opinion(number, **words)  # type: ignore[arg-type]
        return self.exchange.opinions(platform, OpinionsRequest([said])).accepted

    def respond(self, platform: Platform, *responses: Response) -> int:
        """Give responses; return how many were new."""
        return self.exchange.responses(platform, ResponsesRequest(list(responses))).accepted

    def entry_of(self, platform: Platform, number: str) -> EntryId:
        """Return the entry behind a platform's number."""
        return Numbers(self.exchange.keys, platform.id).entry(number)


def make_partners(
    database: Database, clock: FakeClock, tmp_path: Path, settings: Settings
) -> Partners:
    """Put an exchange together on *database*."""
    keys = HubKeys(bytes(range(32)))
    audit = AuditLog(database, clock, keys.signer())
    journal = Journal(tmp_path / "journal.jsonl", clock)
    staff = StaffAccounts(database, audit, journal, clock)
    lead, _ = staff.add("first", Role.LEAD, None)
    second, _ = staff.add("second", Role.LEAD, lead)
    platforms = Platforms(database, audit, journal, clock, settings)
    bank = Bank(database, audit, clock, settings)
    notebook = Notebook()
    exchange = Exchange(database, audit, bank, notebook, platforms, keys, settings, clock)
    return Partners(exchange, bank, platforms, notebook, clock, lead, second, audit)


def meanwhile(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Let *action* happen once, in another thread, while the next page is being read."""
    waiting = [action]
    served = DeliveryStore.served

    def interrupted(
        store: DeliveryStore, platform_id: PlatformId, channel: Channel
    ) -> dict[str, int]:
        """Read as always, after the bank has changed behind the reader's back."""
        found = served(store, platform_id, channel)
        if waiting:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(waiting.pop()).result()
        return found

    monkeypatch.setattr(DeliveryStore, "served", interrupted)
