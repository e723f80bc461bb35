"""How cases and items end: withdrawal, undo, retention, end date, purge.

Everything here runs inside a transaction that the caller has opened. What must survive a
restored backup goes to the journal as the transaction's last step, so a change that can't
be journalled does not happen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from takeback.cases.codes import Credentials
from takeback.cases.model import (
    CASE_DUES,
    EFFECT,
    ITEM_DUES,
    ITEM_EFFECT,
    ITEM_PURGE,
    KEYPOINTS,
    PURGE,
    RETENTION,
    Case,
    CaseStatus,
    Confirmation,
    Item,
    ItemStatus,
    Withdrawal,
)
from takeback.cases.ports import Audit, Deliveries, SignalBank
from takeback.cases.records import RecordStore
from takeback.cases.store import CaseStore
from takeback.clock import Clock
from takeback.db import Database
from takeback.due import DueTable, Handler
from takeback.errors import NotFound
from takeback.ids import CaseId, ItemId, WithdrawalId, new_id
from takeback.journal import Journal, Kind
from takeback.settings import Settings

WORKER = "worker"
REPORTER = "reporter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """Moves cases and items along their workflows, with all that follows from it."""

    db: Database
    audit: Audit
    journal: Journal
    bank: SignalBank
    due: DueTable
    deliveries: Deliveries
    settings: Settings
    now: Clock

    @property
    def store(self) -> CaseStore:
        """Cases, items and texts."""
        return CaseStore(self.db)

    @property
    def records(self) -> RecordStore:
        """Withdrawals and removals."""
        return RecordStore(self.db)

    def handlers(self) -> Mapping[str, Handler]:
        """Return what to do for each kind of due work."""
        return {
            EFFECT: lambda subject: self._effect_is_due(CaseId(subject)),
            PURGE: lambda subject: self._purge_is_due(CaseId(subject)),
            KEYPOINTS: lambda subject: self._keypoints_are_due(CaseId(subject)),
            RETENTION: lambda subject: self._retention_is_due(CaseId(subject)),
            ITEM_EFFECT: lambda subject: self._item_effect_is_due(ItemId(subject)),
            ITEM_PURGE: lambda subject: self._item_purge_is_due(ItemId(subject)),
        }

    def save(self, case: Case) -> None:
        """Store the case and set its timers."""
        self.store.put(case)
        self._schedule(case.id, case.dues(self.retention_time))

    def save_item(self, item: Item) -> None:
        """Store the item and set its timers."""
        self.store.put_item(item)
        self._schedule(item.id, item.dues())

    def choose(self, case: Case, actor: str) -> Case:
        """Store a case with new choices, do what follows from them, and return it."""
        before = self.store.get(case.id)
        for item in self.store.items(case.id):
            if item.signals:
                self.bank.set_partners(item.id, case.partners)
        self.save(case)
        self.audit.append(
            "case.choices_changed",
            actor,
            case=case.id,
            end_date=case.ends_on is not None,
            keypoints=case.keypoints,
            lock=case.lock and case.unlocks_at is None,
            partners=case.partners,
        )
        if before.partners and not case.partners:
            self._note("case.unshared", case.id)
        if before.ends_on != case.ends_on:
            self._note("case.ends", case.id, case.ends_on)
        if case.keypoints_kept or not self._has_come(case.keypoints_end):
            return case
        return self.withdraw_keypoints(case, actor)

    def withdraw_keypoints(self, case: Case, actor: str) -> Case:
        """Withdraw and erase the keypoint signals of every item now, and return the case.

        Nothing undoes it: chosen again, they are made again on her device. A hold keeps what
        is stored until it is released, not what is active.
        """
        items = [item for item in self.store.items(case.id) if item.keypoints]
        for item in items:
            self._let_go_of_keypoints(case, item)
        if case.held:
            ends = case.keypoints_end or self.now()  # a backup that was restored knows no end
            case = replace(case, keypoints_kept=True, keypoints_end=ends)
        else:
            self._erase_keypoints(items)
            case = replace(case, keypoints_kept=False, keypoints_end=None)
        self.save(case)
        self.audit.append("case.keypoints_withdrawn", actor, case=case.id, items=len(items))
        self._note("case.keypoints_withdrawn", case.id)
        return case

    def items_she_has(self, case: Case) -> list[Item]:
        """Return the case's items as she left them: what only a hold still keeps is gone."""
        items = self.store.items(case.id)
        if not case.keypoints_kept:
            return items
        kept = {item.id: self.bank.kept_keypoints(item.id) for item in items}
        return [replace(item, signals=item.signals - kept[item.id]) for item in items]

    def replace_credentials(self, case_id: CaseId, made: Credentials) -> None:
        """Give the case new credentials; the old ones stop, in a restored backup too."""
        self.store.replace_credentials(case_id, made)
        self._note("case.recovered", case_id)

    def withdraw(self, case: Case, actor: str) -> None:
        """Withdraw the case: at once, or after the lock's time if she chose the lock."""
        case.require_running()
        now = self.now()
        if not case.locked(now):
            self.take_effect(case, actor, now + self.undo_time)
            return
        self.save(case.withdrawing(now + self.lock_time))
        self.audit.append("case.withdrawal_scheduled", actor, case=case.id)

    def withdraw_item(self, case: Case, item: Item, actor: str) -> None:
        """Withdraw one item: at once, or after the lock's time."""
        case.require_running()
        now = self.now()
        if not case.locked(now):
            self.item_takes_effect(case, item, actor, now + self.undo_time)
            return
        self.save_item(item.withdrawing(now + self.lock_time))
        self.audit.append("case.withdrawal_scheduled", actor, case=case.id, item=item.id)

    def undo(self, case: Case, actor: str) -> None:
        """Put the case back to exactly what it was before its withdrawal."""
        restored = case.restored(self.now())
        gone = [item for item in self.store.items(case.id) if item.with_case]
        for item in gone:
            self._bring_back(case, item)
        self.save(restored)
        self.audit.append("case.withdrawal_undone", actor, case=case.id, items=len(gone))
        self._note("case.reinstated", case.id)

    def undo_item(self, case: Case, item: Item, actor: str) -> None:
        """Put one item back to what it was before its own withdrawal."""
        case.require_running()
        self._bring_back(case, item)
        self.audit.append("case.withdrawal_undone", actor, case=case.id, item=item.id)
        self._note("item.reinstated", item.id)

    def released(self, case: Case) -> None:
        """Set every timer again that a hold had stopped."""
        self.save(case)
        for item in self.store.items(case.id):
            self._schedule(item.id, item.dues())

    def purge(self, case: Case, reason: str, actor: str = WORKER) -> None:
        """Erase everything about the case. Nothing leads back."""
        gone = case.to(CaseStatus.PURGED)
        items = self.store.items(gone.id)
        for item in items:
            self.bank.purge(item.id)
            self._schedule(item.id, dict.fromkeys(ITEM_DUES))
        self._schedule(gone.id, dict.fromkeys(CASE_DUES))
        self.audit.append("case.purged", actor, case=gone.id, items=len(items), reason=reason)
        self.audit.forget(gone.id)
        self.store.delete(gone.id)
        self._note("case.purged", gone.id)
        self.db.after_commit(self.db.truncate_log)

    def drop(self, case: Case, item: Item, undo_until: datetime, *, with_case: bool) -> None:
        """Take one item out of its bank and note who must be told."""
        self.save_item(item.withdrawn(undo_until, with_case=with_case))
        if item.signals:
            self._record(case, item, self.bank.withdraw(item.id))
        if not with_case:  # the case's own line speaks for the items that go with it
            self._note("item.withdrawn", item.id)

    def take_effect(self, case: Case, actor: str, undo_until: datetime) -> Case:
        """Withdraw the case and every item of it now, and return it.

        An item whose own withdrawal was under way keeps it: the case's undo is not its undo.
        """
        running = (ItemStatus.ACTIVE, ItemStatus.WITHDRAWING)
        gone = [item for item in self.store.items(case.id) if item.status in running]
        for item in gone:
            with_case = item.status is ItemStatus.ACTIVE
            self.drop(case, item, undo_until, with_case=with_case)
        withdrawn = case.withdrawn(undo_until)
        self.save(withdrawn)
        self.audit.append("case.withdrawn", actor, case=case.id, items=len(gone))
        self._note("case.withdrawn", case.id)
        return withdrawn

    def item_takes_effect(self, case: Case, item: Item, actor: str, undo_until: datetime) -> None:
        """Withdraw one item now."""
        self.drop(case, item, undo_until, with_case=False)
        self.audit.append("case.withdrawn", actor, case=case.id, item=item.id)

    def _let_go_of_keypoints(self, case: Case, item: Item) -> None:
        """Withdraw an item's keypoint signals, if they are active, and note who must be told."""
        seq = self.bank.withdraw_keypoints(item.id)
        if seq is not None:
            self._record(case, item, seq, keypoints=True)

    def _erase_keypoints(self, items: Iterable[Item]) -> None:
        for item in items:
            fewer = self.bank.purge_keypoints(item.id)
            self.save_item(replace(item, keypoints=False, signals=item.signals - fewer))
        self.db.after_commit(self.db.truncate_log)

    def _record(self, case: Case, item: Item, seq: int, *, keypoints: bool = False) -> None:
        """Write a withdrawal down, with the platforms that were sent what it takes away."""
        withdrawal = Withdrawal(
            id=WithdrawalId(new_id("withdrawal")),
            case_id=case.id,
            item_id=item.id,
            bank=case.bank,
            seq=seq,
            on=self.now().date(),
            keypoints=keypoints,
        )
        told = self._told(case, item, withdrawal.id)
        able = [one for one in told if one.able or not keypoints]  # partners never got keypoints
        self.records.insert_withdrawal(withdrawal, able)

    def _bring_back(self, case: Case, item: Item) -> None:
        self.save_item(item.restored(self.now()))
        if item.status is not ItemStatus.WITHDRAWN:
            return
        if item.signals:
            self.bank.reinstate(item.id)
            self.records.undo_withdrawal(item.id)
        if case.keypoints_kept:
            self._let_go_of_keypoints(case, item)

    def _told(self, case: Case, item: Item, withdrawal_id: WithdrawalId) -> list[Confirmation]:
        """Return the platforms that were sent the item's signals."""
        if item.waiting:
            return []
        able = set(self.deliveries.platforms_past(item.seq, case.bank))
        unable = set()
        if case.partners_since is not None:
            since = max(case.partners_since, item.added_on)
            unable = set(self.deliveries.partners_past(since, case.bank)) - able
        return [Confirmation(withdrawal_id, one, able=True) for one in sorted(able)] + [
            Confirmation(withdrawal_id, one, able=False) for one in sorted(unable)
        ]

    def _effect_is_due(self, case_id: CaseId) -> None:
        case = self._case_with_due(case_id, EFFECT)
        if case is not None:
            self.take_effect(case, WORKER, self.now() + self.undo_time)

    def _item_effect_is_due(self, item_id: ItemId) -> None:
        found = self._item_with_due(item_id, ITEM_EFFECT)
        if found is not None:
            self.item_takes_effect(*found, WORKER, self.now() + self.undo_time)

    def _keypoints_are_due(self, case_id: CaseId) -> None:
        case = self._case_with_due(case_id, KEYPOINTS)
        if case is not None:
            self.withdraw_keypoints(case, WORKER)

    def _purge_is_due(self, case_id: CaseId) -> None:
        """Purge a withdrawn case; end and purge one whose end date has come.

        A hold keeps what is stored, not what is active: the end date still withdraws.
        """
        case = self._case_with_due(case_id, PURGE)
        if case is None:
            return
        ended = case.status is not CaseStatus.WITHDRAWN
        if ended:
            case = self.take_effect(case, WORKER, self.now())
        if not case.held:
            self.purge(case, "end_date" if ended else "withdrawn")

    def _item_purge_is_due(self, item_id: ItemId) -> None:
        found = self._item_with_due(item_id, ITEM_PURGE)
        if found is None or found[0].held:
            return
        case, item = found
        self.bank.purge(item.id)
        self.store.erase_item_texts(item.id)
        self.save_item(item.to(ItemStatus.PURGED))
        self.audit.append("case.purged", WORKER, case=case.id, item=item.id, reason="item")
        self.db.after_commit(self.db.truncate_log)

    def _retention_is_due(self, case_id: CaseId) -> None:
        """Erase texts and locators; signals, code, PIN and receipt stay."""
        case = self._case_with_due(case_id, RETENTION)
        if case is None:
            return
        locators = len(self.store.texts(case_id, "locator"))
        texts = len(self.store.texts(case_id, "text") + self.store.texts(case_id, "note"))
        self.store.erase_texts(case_id)
        self.save(replace(case, erased=True))
        self.audit.append(
            "case.retention_erased", WORKER, case=case_id, locators=locators, texts=texts
        )
        self.db.after_commit(self.db.truncate_log)

    def _case_with_due(self, case_id: CaseId, kind: str) -> Case | None:
        """Return the case if, by its own state, *kind* is due now: a timer alone erases nothing."""
        try:
            case = self.store.get(case_id)
        except NotFound:
            return None
        return case if self._has_come(case.dues(self.retention_time)[kind]) else None

    def _item_with_due(self, item_id: ItemId, kind: str) -> tuple[Case, Item] | None:
        try:
            case_id = self.store.case_of(item_id)
        except NotFound:
            return None
        item = self.store.item(case_id, item_id)
        return (self.store.get(case_id), item) if self._has_come(item.dues()[kind]) else None

    def _has_come(self, at: datetime | None) -> bool:
        return at is not None and at <= self.now()

    def _schedule(self, subject: str, dues: Mapping[str, datetime | None]) -> None:
        for kind, at in dues.items():
            if at is None:
                self.due.drop(kind, subject)
            else:
                self.due.put(kind, subject, at)

    def _note(self, kind: Kind, record_id: str, day: date | None = None) -> None:
        self.db.before_commit(lambda: self.journal.append(kind, record_id, day))

    @property
    def undo_time(self) -> timedelta:
        """How long a withdrawal can be undone."""
        return timedelta(days=self.settings.undo_days)

    @property
    def lock_time(self) -> timedelta:
        """How long the lock delays a withdrawal."""
        return timedelta(hours=self.settings.lock_hours)

    @property
    def retention_time(self) -> timedelta:
        """How long texts and locators stay after closing."""
        return timedelta(days=self.settings.retention_days)
