"""The partner API that StopNCII's clients speak, pure of HTTP.

The stock client (python-threatexchange, HMA, ROOST Coop) goes on matching what is marked as
withdrawn. Only signals whose reporter allowed it come here; a withdrawn one is sent as
``Withdrawn`` together with a ``NotBlocked`` feedback, which that client shows as disputed,
and no longer once it is purged (decision 0014).

Source: the client in python-threatexchange 1.2.17, ``exchanges/clients/stopncii/api.py``.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import numpy as np
from msgspec import Meta, Struct, field
from numpy.typing import NDArray

from takeback.accounts.model import Platform
from takeback.accounts.service import Platforms
from takeback.clock import Clock
from takeback.db import Database
from takeback.errors import MalformedBody
from takeback.exchange.canaries import Disguises
from takeback.exchange.feed import with_the_feed
from takeback.exchange.lookup import active
from takeback.exchange.model import NOT_INTIMATE, Channel, Report
from takeback.exchange.numbers import Numbers
from takeback.exchange.reports import Reports
from takeback.exchange.store import DeliveryStore
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.signal_types import DIGEST_BYTES, SignalType, from_text
from takeback.hubkeys import HubKeys
from takeback.ids import PlatformId
from takeback.matching.model import NOT_SAID, BankSignal, SharedRecord
from takeback.matching.paging import Reader
from takeback.matching.service import Bank
from takeback.settings import Settings

FIRST_TIMESTAMP: Final = 10
"""Where every client of this interface begins."""

DEFAULT_PAGE: Final = 800
MAX_PAGE: Final = 2_000
MAX_RECORDS: Final = 5_000
MAX_TAGS: Final = 50

AT_ONCE: Final = 100
"""Most records taken in one transaction, so that nobody else's write waits for a whole body."""

QUALITY_NOT_TOLD: Final = 0
"""Partners submit signals without a quality."""

_TYPES: Final = {SignalType.PDQ: "ImagePDQ", SignalType.MD5: "VideoMD5"}
"""What this interface calls the types that its clients know; they are sent no other."""

_SPELLINGS: Final = {
    spelling: kind
    for kind, name in _TYPES.items()
    for spelling in (name, f"StopNCIISignalType.{name}")
}
"""The second is Python's ``str(enum)``, which the stock client sends."""

_NO_EPOCH: Final = "000000000000"
"""Page tokens outlive an epoch: this interface has no way to say that it changed."""

_OPINIONS: Final = {
    "Blocked": "positive",
    "NotBlocked": "negative",
    "PendingReview": "investigate",
}
_TAKEN_BACK: Final = frozenset({"Withdrawn", "Deleted"})

Word = Annotated[str, Meta(max_length=100)]

_Record = TypeVar("_Record")


class CspFeedback(Struct, frozen=True):
    """What somebody said of a record."""

    source: str
    feedback_value: str = field(name="feedbackValue")
    tags: list[str] = field(default_factory=list)


class HashRecord(Struct, frozen=True):
    """The newest state of one signal. A later record for the same signal replaces this one."""

    last_modified: int = field(name="lastModtimestamp")
    signal_type: str = field(name="signalType")
    hash_value: str = field(name="hashValue")
    hash_status: str = field(name="hashStatus")
    case_numbers: dict[str, str] = field(name="caseNumbers")
    feedbacks: list[CspFeedback] = field(name="CSPFeedbacks")


class FetchAnswer(Struct, frozen=True):
    """One page of records."""

    count: int
    next_page_token: str | None = field(name="nextPageToken")
    next_set_timestamp: int = field(name="nextSetTimestamp")
    has_more_records: bool = field(name="hasMoreRecords")
    hash_records: list[HashRecord] = field(name="hashRecords")


class SubmittedRecord(Struct, frozen=True):
    """A signal that a partner submits; other members are ignored."""

    signal_type: Word = field(name="signalType")
    hash_value: Word = field(name="hashValue")


class SubmitRequest(Struct, frozen=True):
    """The body of ``POST /SubmitHashes``."""

    hash_records: Annotated[list[SubmittedRecord], Meta(max_length=MAX_RECORDS)] = field(
        name="hashRecords"
    )
    count: int = 0


class HashFeedback(Struct, frozen=True):
    """What a partner says of a signal; it does not say of which type."""

    hash_value: Word = field(name="hashValue")
    feedback_value: Word = field(name="feedbackValue")
    tags: Annotated[list[Word], Meta(max_length=MAX_TAGS)] = field(default_factory=list)


class FeedbackRequest(Struct, frozen=True):
    """The body of ``POST /SubmitFeedback``."""

    hash_feedbacks: Annotated[list[HashFeedback], Meta(max_length=MAX_RECORDS)] = field(
        name="hashFeedbacks"
    )
    count: int = 0


class Received(Struct, frozen=True):
    """How many records of a body were read. Never how many of them were known here."""

    count: int


@dataclass(frozen=True, slots=True)
class _Page:
    """A page as it was read."""

    reader: Reader
    records: Sequence[SharedRecord]
    more: bool
    head_seq: int
    """The newest number when the page was read."""
    unnoted: Collection[str]
    """Banks that this reader is not noted to have asked for today."""

    @property
    def to_seq(self) -> int:
        """The place of the last record."""
        return self.records[-1].seq

    @property
    def at(self) -> int:
        """The time of the last record."""
        return self.records[-1].at

    @property
    def new(self) -> dict[str, int]:
        """The banks of which this reader was not served as much before, or not yet today."""
        place = self.to_seq if self.records else 0
        return dict.fromkeys(self.unnoted, place) | self.reader.unserved(place)


@dataclass(frozen=True, slots=True)
class StopNcii:
    """Serves partners whose programs may go on matching after a withdrawal."""

    db: Database
    bank: Bank
    reports: Reports
    platforms: Platforms
    keys: HubKeys
    settings: Settings
    now: Clock

    def fetch(
        self,
        platform: Platform,
        start_timestamp: int,
        page_size: int = DEFAULT_PAGE,
        token: str | None = None,
    ) -> FetchAnswer:
        """Return one page of records that changed at *start_timestamp* or later.

        Args:
            platform: who asks; it must have the feed, for this is a list.
            start_timestamp: seconds; what the last page of an earlier fetch gave, or 10.
            page_size: most records; more than ``MAX_PAGE`` is taken as that.
            token: of the page before. It names a place, so records that change meanwhile come
                later and none is skipped.

        Raises:
            NotAllowed: the platform does not have the feed.
            MalformedBody: *start_timestamp* is negative or *page_size* less than one.
            MalformedCursor: this hub made no such token for this platform.
        """
        if start_timestamp < 0 or page_size < 1:
            raise MalformedBody("startTimestamp and pageSize must be whole and positive")
        self._disguises.adopt(platform.id)
        page, following = self._serve(platform.id, start_timestamp, min(page_size, MAX_PAGE), token)
        return FetchAnswer(
            count=len(page.records),
            next_page_token=self._numbers(platform).cursor(_NO_EPOCH, page.to_seq, "page")
            if page.more
            else None,
            next_set_timestamp=following,
            has_more_records=page.more,
            hash_records=self._dressed(platform, page.records),
        )

    def submit(self, platform: Platform, request: SubmitRequest) -> Received:
        """Take signals from a partner: unvouched, age not said, within its daily quota.

        Signals of other types are left out. The answer is the same whether or not somebody
        registered the signal. Taken piece by piece: after a crash the partner sends the body
        again, and what was taken before stays as it is.

        Raises:
            MalformedSignal: one is not what its type says; nothing was taken.
            QuotaSpent: the partner has submitted enough today; nothing was taken.
        """
        told = [
            BankSignal(from_text(kind, each.hash_value), QUALITY_NOT_TOLD, type=kind)
            for each in request.hash_records
            if (kind := _SPELLINGS.get(each.signal_type)) is not None
        ]
        with self.db.transaction():
            current = active(self.platforms.get(platform.id))
            self.platforms.spend(current.id, len(told), kind="submit")
            self.platforms.note_canary(_pictures(told), current.id)
        for piece in _pieces(told):
            with self.db.transaction():
                current = active(self.platforms.get(platform.id))
                self.bank.submit(current.id, NOT_SAID, piece)
        return Received(len(told))

    def feedback(self, platform: Platform, request: FeedbackRequest) -> Received:
        """Take opinions on signals, resolved by value, and submissions that are taken back.

        The answer is the same whether or not a signal is known here, or this would be a way
        to ask. ``NotBlocked`` keeps the entry back only with the tag ``not_intimate``. Taken
        piece by piece, as :meth:`submit` does.

        Raises:
            MalformedSignal: one is a signal of no type here; nothing was taken.
            QuotaSpent: the partner has said enough today; nothing was taken.
        """
        said_of = [_by_value(each.hash_value) for each in request.hash_feedbacks]
        with self.db.transaction():
            current = active(self.platforms.get(platform.id))
            self.reports.spend(current.id, len(said_of))
            self.platforms.note_canary(_pictures(said_of), current.id)
        for piece in _pieces(request.hash_feedbacks):
            with self.db.transaction():
                current = active(self.platforms.get(platform.id))
                for each in piece:
                    self._take(current, each)
        return Received(len(request.hash_feedbacks))

    @property
    def _disguises(self) -> Disguises:
        return Disguises(self.db, self.bank, self.platforms)

    def _numbers(self, platform: Platform) -> Numbers:
        return Numbers(self.keys, platform.id)

    def _serve(
        self, platform_id: PlatformId, start: int, limit: int, token: str | None
    ) -> tuple[_Page, int]:
        """Return a page, noted as served, and the time to start at next.

        What changed between reading and noting is read again: a withdrawal that came in
        between did not find this partner among those to be named on the receipt, so its
        signals are not sent any more. An empty page is noted too, once a day: who else holds a
        picture decides whether it comes again, and must not decide whom a receipt names. After
        the last page the time is now, so that nothing is sent twice.
        """
        with self.db.reading():
            page = self._read(platform_id, start, limit, token)
        if not page.new and not page.records:
            return page, self._led_back(start)
        if not page.new and page.more:
            return page, page.at
        with self.db.transaction():
            if self.bank.head_seq() != page.head_seq:
                page = self._read(platform_id, start, limit, token)
            store = DeliveryStore(self.db)
            store.note(platform_id, Channel.PARTNER, page.new, self.now().date())
            if not page.records:
                return page, self._led_back(start)
            return page, page.at if page.more else self.bank.mark_time()

    def _led_back(self, start: int) -> int:
        """Return *start*, or now if that comes first; nothing of when the banks last changed."""
        return min(start, max(FIRST_TIMESTAMP, int(self.now().timestamp())))

    def _read(self, platform_id: PlatformId, start: int, limit: int, token: str | None) -> _Page:
        """Read a page inside the open transaction, the platform's canaries among the records."""
        platform = with_the_feed(self.platforms.get(platform_id))
        store, today = DeliveryStore(self.db), self.now().date()
        served = store.served(platform_id, Channel.PARTNER)
        unnoted = [
            bank
            for bank in sorted(platform.banks)
            if platform_id not in store.since(Channel.PARTNER, bank, today)
        ]
        reader = Reader(platform_id, platform.banks, served)
        if token:
            after = self._numbers(platform).place(_NO_EPOCH, token, "page")
        else:
            after = self.bank.shared_before(start)
        shared = self.bank.shared(reader, after, limit + 1)
        canaries = self._disguises.shared(platform_id, after)
        due = [each for each in canaries if token or each.at >= start]
        both = sorted([*shared, *due], key=lambda record: record.seq)
        more, head_seq = len(both) > limit, self.bank.head_seq()
        return _Page(reader, both[:limit], more, head_seq, unnoted)

    def _dressed(self, platform: Platform, records: Sequence[SharedRecord]) -> list[HashRecord]:
        told = self._numbers(platform).of_entries([record.entry_id for record in records])
        return [self._record(*pair) for pair in zip(told, records, strict=True)]

    def _record(self, number: str, record: SharedRecord) -> HashRecord:
        status = "Active" if record.active else "Withdrawn"
        return HashRecord(
            last_modified=record.at,
            signal_type=_TYPES[record.type],
            hash_value=record.content.hex(),
            hash_status=status,
            case_numbers={number: status},
            feedbacks=self._feedbacks(record),
        )

    def _feedbacks(self, record: SharedRecord) -> list[CspFeedback]:
        if not record.active:
            return [CspFeedback(self.settings.hub_name, "NotBlocked", ["withdrawn"])]
        if not record.vouched:
            return [CspFeedback(self.settings.hub_name, "None", ["review_only"])]
        return []

    def _take(self, platform: Platform, feedback: HashFeedback) -> None:
        said_of = _by_value(feedback.hash_value)
        if feedback.feedback_value in _TAKEN_BACK:
            self.bank.take_back(platform.id, said_of.type, said_of.key)
            return
        opinion = _OPINIONS.get(feedback.feedback_value)
        if opinion is None:
            return
        reason = ""
        if opinion == "negative":
            reason = NOT_INTIMATE if NOT_INTIMATE in feedback.tags else "other"
        entries = self.bank.holding(said_of.type, said_of.key, platform.banks)
        for entry_id in [*entries, *self._disguises.holding(said_of.content, platform.banks)]:
            self.reports.take(platform, Report(entry_id, opinion, reason))


def _by_value(text: str) -> BankSignal:
    """Return the signal that a feedback speaks of; its length alone tells the type.

    Raises:
        MalformedSignal: no type here is written like this.
    """
    kind = SignalType.MD5 if len(text) == 2 * DIGEST_BYTES else SignalType.PDQ
    return BankSignal(from_text(kind, text), type=kind)


def _pictures(signals: Sequence[BankSignal]) -> NDArray[np.uint8]:
    """Return those that are of pictures; shape (n, 32)."""
    packed = [each.content for each in signals if each.type is SignalType.PDQ]
    return np.frombuffer(b"".join(packed), np.uint8).reshape(-1, SIGNAL_BYTES)


def _pieces(records: Sequence[_Record]) -> Iterator[Sequence[_Record]]:
    return (records[at : at + AT_ONCE] for at in range(0, len(records), AT_ONCE))
