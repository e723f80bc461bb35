"""The bank: registering, withdrawing and purging signals, and finding what is near to one.

Whoever asks for a change is answered alike whether or not somebody else holds the same
signal; see ``docs/explanation/opinions-and-quarantine.md`` and decision 0013. The domains
above write the audit events of what a person did; the bank writes those of its own: an entry
quarantined or freed, entries suspended or resumed, a new epoch.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.audit.store import AuditLog
from takeback.clock import Clock
from takeback.db import Database
from takeback.errors import NotFound
from takeback.hashing.signal_types import SignalType, has_keypoints, without_keypoints
from takeback.ids import CaseId, EntryId, ItemId, PlatformId
from takeback.matching.hubindex import HubIndex
from takeback.matching.model import (
    BankSignal,
    Change,
    Changes,
    Counts,
    Found,
    Head,
    Held,
    Holder,
    Near,
    Quarantine,
    SharedRecord,
    Stamp,
    Standing,
    check_quality,
    pictures,
)
from takeback.matching.paging import Paging, Reader
from takeback.matching.quarantines import QuarantineStore
from takeback.matching.store import BankStore, Kept, Moved, parts
from takeback.settings import Settings


@dataclass(frozen=True, slots=True)
class Bank:
    """The three banks of one hub."""

    db: Database
    audit: AuditLog
    now: Clock
    settings: Settings
    index: HubIndex = field(default_factory=HubIndex)

    # -- what cases do ---------------------------------------------------------------------

    def register(  # noqa: PLR0913 - one claim, named in full at the call
        self,
        case_id: CaseId,
        item_id: ItemId,
        bank: str,
        signals: Sequence[BankSignal],
        *,
        partners: bool,
        vouched: bool,
    ) -> bool:
        """Let the item hold its signals, and say whether they are active now.

        False means that they wait for a vouch: the day's number of unvouched registrations is
        used up. It counts what is registered, not which entries are new, and a number is drawn
        in either case (read it with :meth:`head_seq` in the same transaction), so that
        nothing tells whether an entry was there before.

        Raises:
            QualityTooLow: a signal could match by chance; nothing was written.
        """
        check_quality(signals)
        with self.db.transaction():
            waiting = not (vouched or self._within_the_day(pictures(signals)))
            held = self._store.place(bank, signals)
            flags = {"partners": partners, "vouched": vouched, "waiting": waiting}
            self._store.hold(held, item_id, case_id, **flags)
            self._settle(held)
            self._store.draw()
        return not waiting

    def withdraw(self, item_id: ItemId) -> int:
        """Withdraw the item's holds and return the number of this withdrawal.

        It is drawn after those of the entries that went, so whoever has read up to it has read
        them; and it is drawn even where every entry stays, held by somebody else.
        """
        with self.db.transaction():
            self._store.mark([item_id], withdrawn=True)
            self._settle(self._store.entries_of([item_id]))
            return self._store.draw()

    def reinstate(self, item_id: ItemId) -> None:
        """Undo the item's withdrawal; what waited before waits again."""
        self._change([item_id], withdrawn=False)

    def purge(self, item_id: ItemId) -> None:
        """Delete the item's holds for good, and the signal of each entry nobody else holds."""
        with self.db.transaction():
            touched = self._store.entries_of([item_id])
            self._store.release(item_id, touched)
            self._settle(touched)
            self._store.bury(touched)
            self._store.draw()

    def withdraw_keypoints(self, item_id: ItemId) -> int | None:
        """Withdraw the item's keypoint signals, and return the number of this withdrawal.

        A video stays, without its keypoints. None where nothing of the item has any.
        """
        with self.db.transaction():
            keypoints = [each for each in self._keypoints(item_id) if not each.withdrawn]
            if not keypoints:
                return None
            self._leave_out_keypoints(item_id, keypoints)
            ids = [each.entry_id for each in keypoints]
            self._store.mark_held(item_id, ids, withdrawn=True)
            self._settle(ids)
            return self._store.draw()

    def purge_keypoints(self, item_id: ItemId) -> int:
        """Erase the keypoint signals that are withdrawn; return how many signals are fewer."""
        with self.db.transaction():
            keypoints = [each for each in self._keypoints(item_id) if each.withdrawn]
            self._leave_out_keypoints(item_id, keypoints)
            ids = [each.entry_id for each in keypoints]
            self._store.release(item_id, ids)
            self._settle(ids)
            self._store.bury(ids)
            self._store.draw()
        return _fewer(keypoints)

    def kept_keypoints(self, item_id: ItemId) -> int:
        """Return how many signals fewer :meth:`purge_keypoints` would leave."""
        with self.db.reading():
            return _fewer([each for each in self._keypoints(item_id) if each.withdrawn])

    def vouch(self, item_ids: Sequence[ItemId]) -> None:
        """Vouch for the items: waiting holds become active, a quarantine everywhere is lifted."""
        self._change(item_ids, vouched=True, waiting=False)

    def set_partners(self, item_id: ItemId, partners: bool) -> None:
        """Say whether partners whose programs may ignore a withdrawal get the item's signals."""
        self._change([item_id], partners=partners)

    def holders(self, entry_id: EntryId) -> list[Holder]:
        """Return the items of cases that hold the entry now. Never leaves the hub."""
        with self.db.reading():
            return self._store.holders(entry_id)

    # -- what partners submit ----------------------------------------------------------------

    def submit(self, platform_id: PlatformId, bank: str, signals: Sequence[BankSignal]) -> None:
        """Let a partner hold signals without a case, unvouched and for no other partner.

        Submitting a signal again changes nothing. The day's number is not spent.
        """
        with self.db.transaction():
            held = self._store.place(bank, signals)
            flags = {"partners": False, "vouched": False, "waiting": False}
            self._store.hold(held, _submitted(platform_id), None, **flags)
            self._settle(held)
            self._store.draw()
            actor = f"platform:{platform_id}"
            self.audit.append("submission.received", actor, signals=len(signals))

    def take_back(self, platform_id: PlatformId, kind: SignalType, key: bytes) -> None:
        """Release what this partner submitted of one signal, for good."""
        with self.db.transaction():
            held = self._store.held_by(_submitted(platform_id), [kind], key)
            mine = [each.entry_id for each in held]
            self._store.release(_submitted(platform_id), mine)
            self._settle(mine)
            self._store.bury(mine)
            actor = f"platform:{platform_id}"
            self.audit.append("submission.taken_back", actor, signals=len(mine))

    # -- after a restore ---------------------------------------------------------------------

    def suspend_all(self) -> None:
        """Suspend every hold that is not withdrawn, until :meth:`resume`."""
        with self.db.transaction():
            suspended = self._store.suspend_holds()
            for part in parts(self._store.all_entries()):
                self._settle(part)
            self.audit.append("entries.suspended", "operator", entries=suspended)

    def resume(self, item_ids: Sequence[ItemId], actor: str = "reporter") -> None:
        """Let the items' holds count again."""
        with self.db.transaction():
            resumed = self._change(item_ids, suspended=False)
            self.audit.append("entries.resumed", actor, entries=resumed)

    def suspended(self, case_id: CaseId) -> set[ItemId]:
        """Return the case's items that a restore suspended and nobody resumed yet."""
        with self.db.reading():
            return self._store.suspended(case_id)

    def new_epoch(self, reason: str = "restored") -> str:
        """Begin a new epoch: every reader drops what it holds and reads again."""
        epoch = secrets.token_hex(6)
        with self.db.transaction():
            self._store.set_epoch(epoch)
            self.audit.append("feed.epoch_changed", "operator", epoch=epoch, reason=reason)
        return epoch

    # -- quarantine ----------------------------------------------------------------------------

    def quarantine(
        self, entry_id: EntryId, platform_id: PlatformId | None, reason: str, actor: str
    ) -> bool:
        """Keep the entry back from one platform, or with None from everybody.

        Returns:
            Whether it is kept back; a vouched entry is never kept back from everybody.

        Raises:
            NotFound: nobody was ever shown such an entry.
        """
        with self.db.transaction():
            self._known(entry_id)
            if platform_id is None and not self._quarantine_everywhere(entry_id):
                return False
            self._quarantines.place(entry_id, platform_id, reason, self.stamp())
            self.audit.append(
                "entry.quarantined",
                actor,
                entry=entry_id,
                platform=platform_id or "everywhere",
                reason=reason,
            )
        return True

    def lift(self, entry_id: EntryId, platform_id: PlatformId | None, actor: str) -> None:
        """Lift one quarantine.

        Raises:
            NotFound: no such quarantine is in force.
        """
        with self.db.transaction():
            if not self._quarantines.holds(entry_id, platform_id):
                raise NotFound("no such quarantine is in force")
            if platform_id is None:
                self._settle([entry_id], lift=True)
            self._quarantines.lift(entry_id, platform_id, self.stamp())
            where = platform_id or "everywhere"
            self.audit.append("entry.quarantine_lifted", actor, entry=entry_id, platform=where)

    def is_quarantined(self, entry_id: EntryId, platform_id: PlatformId | None) -> bool:
        """Whether this very quarantine is in force."""
        with self.db.reading():
            return self._quarantines.holds(entry_id, platform_id)

    def quarantined(self) -> list[Quarantine]:
        """Return every quarantine in force, oldest first: the caseworkers' queue."""
        with self.db.reading():
            return self._quarantines.in_force()

    # -- reading -------------------------------------------------------------------------------

    def head(self) -> Head:
        """Return the newest number and the epoch."""
        with self.db.reading():
            return self._store.head()

    def head_seq(self) -> int:
        """Return the number of the newest change, seen by anybody or not."""
        return self.head().seq

    def counts(self) -> Counts:
        """Return the state of the banks in numbers."""
        with self.db.reading():
            return self._store.counts()

    def keypoint_share(self) -> float:
        """Return the share of active pictures that have keypoint signals, 0 to 1."""
        with self.db.reading():
            return self._store.keypoint_share()

    def bank_of(self, entry_id: EntryId) -> str:
        """Return the bank an entry is in.

        Raises:
            NotFound: nobody was ever shown such an entry.
        """
        with self.db.reading():
            return self._known(entry_id)

    def holding(self, kind: SignalType, key: bytes, banks: Iterable[str]) -> list[EntryId]:
        """Return the entries of exactly this signal in *banks* that anybody was ever shown."""
        with self.db.reading():
            return self._store.holding(kind, key, banks)

    def changes(self, reader: Reader, after: int, limit: int) -> Changes:
        """Return one page of what *reader* may see, the newest state of each entry."""
        with self.db.reading():
            entries, more = self._paging.feed(reader, after, limit)
            to_seq = entries[-1].seq if more else self._store.head().seq
        return Changes(entries, to_seq, more)

    def shared(self, reader: Reader, after: int, limit: int) -> list[SharedRecord]:
        """Return up to *limit* shared entries after number *after*, oldest first."""
        with self.db.reading():
            return self._paging.shared(reader, after, limit)

    def mark_time(self) -> int:
        """Return the time now in seconds; no partner is given an earlier one from here on."""
        with self.db.transaction():
            return self._store.shared_time(self._seconds())

    def shared_before(self, at: int) -> int:
        """Return the newest number given to partners for a time before *at*, in seconds."""
        with self.db.reading():
            return self._paging.shared_before(at)

    def search(self, signals: NDArray[np.uint8], reader: Reader, limit: int) -> list[Found]:
        """Find the active entries within the threshold of each signal that *reader* may see.

        Args:
            signals: shape (n, 32), uint8. Neither stored nor logged.
            reader: whose banks to look in; what is kept back from it is left out.
            limit: most entries for each signal, nearest first.
        """
        with self.db.reading():
            self.index.refresh(self._store.head(), self._paging)
            spare = self._quarantines.count_for(reader.platform_id)
            near, more = self.index.search(signals, reader.banks, limit + spare)
            ids = sorted({entry_id for each in near for _, entry_id in each})
            seen = self._paging.active(ids, reader)
        return [
            _found(each, seen, limit, bool(also)) for each, also in zip(near, more, strict=True)
        ]

    def stamp(self) -> Stamp:
        """Draw a number, and a time for partners that never runs backwards."""
        with self.db.transaction():
            return Stamp(self._store.draw(), self._store.shared_time(self._seconds()))

    # -- inside --------------------------------------------------------------------------------

    @property
    def _store(self) -> BankStore:
        return BankStore(self.db)

    @property
    def _quarantines(self) -> QuarantineStore:
        return QuarantineStore(self.db)

    @property
    def _paging(self) -> Paging:
        return Paging(self.db)

    def _known(self, entry_id: EntryId) -> str:
        bank = self._store.bank_of(entry_id)
        if bank is None:
            raise NotFound("no such entry")
        return bank

    def _keypoints(self, item_id: ItemId) -> list[Kept]:
        """Return the item's entries that are keypoint signals, or hold some."""
        held = self._store.held_by(item_id, [SignalType.KEYPOINTS, SignalType.VIDEO])
        return [each for each in held if has_keypoints(each.type, each.payload or b"")]

    def _leave_out_keypoints(self, item_id: ItemId, kept: Iterable[Kept]) -> None:
        """Let the item hold each video among *kept* without its keypoints, in the same way."""
        for each in kept:
            if each.type is SignalType.VIDEO and each.payload:
                rest = without_keypoints(each.payload)
                signal = BankSignal(rest, each.quality, each.view, SignalType.VIDEO)
                [entry_id] = self._store.place(each.bank, [signal])
                self._store.copy_hold(item_id, each.entry_id, entry_id)
                self._settle([entry_id])

    def _within_the_day(self, count: int) -> bool:
        """Whether *count* more unvouched pictures fit in today's number; if so, count them."""
        today = self.now().date()
        fits = self._store.unvouched_on(today) + count <= self.settings.unvouched_pictures_per_day
        self._store.count_unvouched(today, count if fits else 0)
        return fits

    def _change(self, item_ids: Sequence[ItemId], **flags: bool) -> int:
        """Set *flags* on the items' holds; return how many entries that may concern."""
        with self.db.transaction():
            self._store.mark(item_ids, **flags)
            touched = self._store.entries_of(item_ids)
            self._settle(touched)
            self._quarantines.close_lifted(touched)
        return len(touched)

    def _quarantine_everywhere(self, entry_id: EntryId) -> bool:
        """Quarantine the entry's standing; return whether it now is."""
        self._settle([entry_id], quarantine=True)
        [(_, standing, _)] = self._store.standings([entry_id])
        return standing.quarantined

    def _seconds(self) -> int:
        return int(self.now().timestamp())

    def _settle(
        self, entry_ids: Sequence[EntryId], *, quarantine: bool = False, lift: bool = False
    ) -> None:
        """Bring each entry's standing in line with its holds, drawing numbers for what moved."""
        before = list(self._store.standings(entry_ids))
        after = [
            (entry_id, was, _settled(was, held, quarantine=quarantine, lift=lift))
            for entry_id, was, held in before
        ]
        count = sum(new.moves_feed(was) + new.moves_shared(was) for _, was, new in after)
        seq = self._store.draw(count) - count if after else 0
        at = self._store.shared_time(self._seconds()) if after else 0
        self._store.save(list(_numbered(after, seq, at)))


def _submitted(platform_id: PlatformId) -> ItemId:
    """Return the one item that stands for all a partner submitted."""
    return ItemId(platform_id)


def _fewer(keypoints: Iterable[Kept]) -> int:
    """Count the signals that go with these: of a video the rest stays."""
    return sum(each.type is not SignalType.VIDEO for each in keypoints)


def _settled(was: Standing, held: Held, *, quarantine: bool, lift: bool) -> Standing:
    if quarantine:
        was = was.quarantine()
    return (was.lift() if lift else was).settle(held)


def _numbered(
    moves: Iterable[tuple[EntryId, Standing, Standing]], seq: int, at: int
) -> Iterable[Moved]:
    """Give each entry that moved the next number in the order it moved in."""
    for entry_id, was, new in moves:
        feed = shared = 0
        if new.moves_feed(was):
            seq = feed = seq + 1
        if new.moves_shared(was):
            seq = shared = seq + 1
        yield Moved(entry_id, new, feed, shared, at if shared else 0)


def _found(
    near: Sequence[tuple[int, EntryId]],
    seen: dict[EntryId, Change],
    limit: int,
    more: bool,
) -> Found:
    """Put distances and entries together; what the reader may not see is left out."""
    told = [
        Near(entry_id, distance, entry.bank, entry.view, entry.vouched)
        for distance, entry_id in near
        if (entry := seen.get(entry_id)) is not None
    ]
    return Found(told[:limit], more or len(told) > limit)
