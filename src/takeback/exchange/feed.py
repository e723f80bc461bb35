"""Our own feed: pages of the newest state of each entry, in an order that never skips.

A page holds what one platform may see and nothing of how many hold an entry. What went
before this platform was served it is never spoken of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from takeback.accounts.model import Platform, Tier
from takeback.accounts.service import Platforms
from takeback.clock import Clock
from takeback.db import Database
from takeback.errors import EpochChanged, NotAllowed
from takeback.exchange.canaries import Disguises
from takeback.exchange.model import Channel, Withdrawals
from takeback.exchange.numbers import Numbers
from takeback.exchange.store import DeliveryStore
from takeback.exchange.wire import MAX_PAGE, FeedEntry, FeedPage, FeedWithdrawal
from takeback.hashing.signal_types import to_text
from takeback.hubkeys import HubKeys
from takeback.ids import PlatformId
from takeback.matching.model import Change, Changes
from takeback.matching.paging import Reader
from takeback.matching.service import Bank


@dataclass(frozen=True, slots=True)
class Feed:
    """Reads pages of the feed for platforms of the ``feed`` tier."""

    db: Database
    bank: Bank
    withdrawals: Withdrawals
    platforms: Platforms
    keys: HubKeys
    now: Clock

    def page(self, platform_id: PlatformId, after: str | None, limit: int) -> FeedPage:
        """Return the page after a cursor, or with None the first one.

        What the page brings is noted as served before it is answered, so a tombstone can never
        be left out for want of knowing that the entry was sent. What changed between reading
        and noting is read again: a withdrawal that came in between did not find this platform
        among those that must confirm it, so its signals are not sent any more.

        Raises:
            NotAllowed: the platform does not have the feed.
            MalformedCursor: this hub made no such cursor for this platform.
            EpochChanged: the cursor is of another epoch.
        """
        self._disguises.adopt(platform_id)
        with self.db.reading():
            page = self._read(platform_id, after, limit)
        if page.new:
            with self.db.transaction():
                if self.bank.head_seq() != page.head_seq:
                    page = self._read(platform_id, after, limit)
                store = DeliveryStore(self.db)
                store.note(platform_id, Channel.FEED, page.new, self.now().date())
        return page.answer

    def _read(self, platform_id: PlatformId, after: str | None, limit: int) -> "_Page":
        """Read the page inside the open transaction."""
        platform = with_the_feed(self.platforms.get(platform_id))
        served = DeliveryStore(self.db).served(platform_id, Channel.FEED)
        numbers = Numbers(self.keys, platform_id)
        head = self.bank.head()
        epoch = numbers.epoch(head.epoch, platform.epoch)
        start = 0 if after is None else numbers.place(epoch, after)
        if start > head.seq:
            raise EpochChanged("this hub has forgotten what came before the cursor")
        reader = Reader(platform_id, platform.banks, served)
        changes = self._changes(reader, start, max(1, min(limit, MAX_PAGE)))
        markers = self.withdrawals.withdrawal_markers(start, changes.to_seq, platform.banks)
        answer = FeedPage(
            epoch=epoch,
            cursor=numbers.cursor(epoch, changes.to_seq),
            more=changes.more,
            entries=_records(numbers, changes.entries),
            withdrawals=[FeedWithdrawal(numbers.marker(each.withdrawal_id)) for each in markers],
        )
        return _Page(answer, reader.unserved(changes.to_seq), head.seq)

    @property
    def _disguises(self) -> Disguises:
        return Disguises(self.db, self.bank, self.platforms)

    def _changes(self, reader: Reader, start: int, limit: int) -> Changes:
        """Return a page of the bank's changes with the platform's canaries among them."""
        page = self.bank.changes(reader, start, limit)
        canaries = self._disguises.changes(reader.platform_id, start, page.to_seq)
        both = sorted([*page.entries, *canaries], key=lambda change: change.seq)
        return Changes(both, page.to_seq, page.more).cut(limit)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page as it was read."""

    answer: FeedPage
    new: Mapping[str, int]
    """The banks of which this platform was not served as much before, and how far it is now."""
    head_seq: int
    """The newest number when the page was read."""


def with_the_feed(platform: Platform) -> Platform:
    """Return the platform if it may receive signals as a list.

    Raises:
        NotAllowed: it is not of the ``feed`` tier, or was retired.
    """
    if platform.tier is not Tier.FEED or not platform.active:
        raise NotAllowed("signals are given as a list only to platforms approved for the feed")
    return platform


def _records(numbers: Numbers, changes: Sequence[Change]) -> list[FeedEntry]:
    told = numbers.of_entries([change.entry_id for change in changes])
    return [_record(number, change) for number, change in zip(told, changes, strict=True)]


def _record(number: str, change: Change) -> FeedEntry:
    if not change.active or change.content is None:
        return FeedEntry(number=number, state="gone")
    return FeedEntry(
        number=number,
        state="active",
        signal=to_text(change.type, change.content),
        quality=change.quality,
        view=change.view,
        bank=change.bank,  # type: ignore[arg-type]  # one of the three, as the bank has them
        ask="remove" if change.vouched else "review",
        type=change.type.value,
    )
