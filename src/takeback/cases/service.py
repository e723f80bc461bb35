"""What a reporter can do with a case, and what the rest of the hub tells a case.

Each method that reads or changes a case on a reporter's behalf goes through the gate
first: code and PIN, one slow step, the same words for every refusal. Every change and
its audit event commit together.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from msgspec import UNSET, UnsetType

from takeback.accounts.model import Action, Staff
from takeback.cases import intake, receipt
from takeback.cases.access import Gate, refused
from takeback.cases.codes import (
    Credentials,
    Kdf,
    Secrets,
    argon2id,
    new_secrets,
    parse_slip,
)
from takeback.cases.desk import Desk
from takeback.cases.lifecycle import REPORTER, Lifecycle
from takeback.cases.model import Case, CaseStatus, Item, Marker, RemovalRecord
from takeback.cases.ports import (
    Audit,
    Deliveries,
    Holders,
    Platforms,
    SignalBank,
    StaffRoom,
)
from takeback.cases.restore import replay
from takeback.cases.wire import (
    Access,
    Challenge,
    Choices,
    ItemDocument,
    Opened,
    Proof,
    Receipt,
    RegistrationDocument,
)
from takeback.cases.words import to_words
from takeback.clock import Clock
from takeback.db import Database
from takeback.due import DueTable, Handler
from takeback.errors import IllegalTransition, NotFound
from takeback.hubkeys import HubKeys
from takeback.ids import CaseId, ItemId, PlatformId, WithdrawalId, new_id
from takeback.journal import Journal
from takeback.settings import Settings


@dataclass(slots=True)
class Cases:
    """Open, read, change and end cases."""

    db: Database
    audit: Audit
    journal: Journal
    bank: SignalBank
    due: DueTable
    keys: HubKeys
    settings: Settings
    now: Clock
    staff: StaffRoom
    platforms: Platforms
    deliveries: Deliveries
    kdf: Kdf = argon2id
    lifecycle: Lifecycle = field(init=False)
    desk: Desk = field(init=False)
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.lifecycle = Lifecycle(
            db=self.db,
            audit=self.audit,
            journal=self.journal,
            bank=self.bank,
            due=self.due,
            deliveries=self.deliveries,
            settings=self.settings,
            now=self.now,
        )
        self.desk = Desk(lifecycle=self.lifecycle, staff=self.staff)
        self.gate = Gate.of(self.db, self.keys, self.settings, self.now, self.kdf)

    # ── the reporter ──────────────────────────────────────────────────────────────────

    def challenge(self) -> Challenge:
        """Give out a challenge, to be solved before anything that costs the hub work."""
        return self.gate.proofs.challenge(keypoints=self.settings.offer_keypoints)

    def admit_unproven(self) -> None:
        """Let in a caller whose browser can't make a proof of work: few a second, over all callers.

        Raises:
            TooBusy: there were enough of them just now.
        """
        self.gate.unproven.take()

    def open(self, document: RegistrationDocument, *, check_proof: bool = True) -> Opened:
        """Open a case and return what opens it again, shown this once.

        The same attempt again opens no second case: it gives the first a new code.

        Args:
            document: what the reporter's device sent.
            check_proof: False only for callers on the hub's own machine, or let in otherwise.

        Raises:
            MalformedBody: the document does not keep its description.
            MalformedSignal: a signal is not what its type says; nothing was stored.
            KeypointsNotChosen: keypoint signals came that she did not choose.
            QualityTooLow: a picture has too little detail; nothing was stored.
            BadProofOfWork: the proof of work is missing or wrong.
            TooBusy: the hub works on as many openings as it may.
        """
        self._prove(document.proof, check_proof=check_proof)
        document = intake.checked(document)
        items = intake.items(document.items)
        text = intake.text(document.text, "text")
        locators = intake.locators(document.locators, "locators")
        case = self._new_case(document)
        intake.check_keypoints(items, chosen=case.keypoints)
        made = self._admit()
        attempt = self.gate.digester.attempt("open", document.attempt, case.opened_on)
        stored = self.gate.digester.digest(made, attempt)
        with self.db.transaction():
            again = self.lifecycle.store.by_attempt(attempt)
            if again is not None:
                return self._answer_again(again, made, stored)
            self.lifecycle.store.insert(case, stored)
            self.audit.append(
                "case.opened",
                REPORTER,
                case=case.id,
                kind=case.kind,
                items=len(items),
                signals=sum(len(item.signals) for item in items),
            )
            self.lifecycle.store.add_texts(case.id, None, "text", [text])
            self.lifecycle.store.add_texts(case.id, None, "locator", locators)
            self._register(case, items, 0)
            self.lifecycle.save(case)
        return _opened(case, made)

    def receipt(self, access: Access, *, check_proof: bool = True) -> Receipt:
        """Return what the reporter may know.

        Raises:
            NotFound: nothing opens with this code and PIN.
        """
        case_id = self._enter(access, check_proof)
        with self.db.reading():
            return self._receipt(self._case(case_id))

    def add_items(
        self, access: Access, items: Sequence[ItemDocument], *, check_proof: bool = True
    ) -> Receipt:
        """Add items to a case; one that staff had closed is open again.

        Raises:
            NotFound: nothing opens with this code and PIN.
            MalformedBody: an item does not keep its description, or the case is full.
            MalformedSignal: a signal is not what its type says; nothing was stored.
            KeypointsNotChosen: keypoint signals came that she did not choose.
            QualityTooLow: a picture has too little detail; nothing was stored.
            IllegalTransition: the case is withdrawn.
        """
        case_id = self._enter(access, check_proof)
        checked = intake.items([intake.checked(item) for item in items])
        with self.db.transaction():
            case = self._case(case_id)
            case.require_running()
            chosen = case.keypoints and self.settings.offer_keypoints
            intake.check_keypoints(checked, chosen=chosen)
            held = len(self.lifecycle.store.items(case_id))
            intake.check_room(held, len(checked))
            if case.status is CaseStatus.CLOSED:
                case = replace(case.to(CaseStatus.OPEN), closed_on=None, erased=False)
                self.lifecycle.save(case)
            for item in self._register(case, checked, held):
                self.audit.append(
                    "case.item_added", REPORTER, case=case_id, item=item.id, signals=item.signals
                )
            return self._receipt(case)

    def withdraw(
        self, access: Access, item_id: ItemId | None = None, *, check_proof: bool = True
    ) -> Receipt:
        """Withdraw one item, or the whole case.

        Raises:
            NotFound: nothing opens with this code and PIN, or the case has no such item.
            IllegalTransition: it is withdrawn already.
        """
        case_id = self._enter(access, check_proof)
        with self.db.transaction():
            case = self._case(case_id)
            if item_id is None:
                self.lifecycle.withdraw(case, REPORTER)
            else:
                item = self.lifecycle.store.item(case_id, item_id)
                self.lifecycle.withdraw_item(case, item, REPORTER)
            return self._receipt(self._case(case_id))

    def undo(
        self, access: Access, item_id: ItemId | None = None, *, check_proof: bool = True
    ) -> Receipt:
        """Undo the withdrawal of one item, or of the whole case.

        Raises:
            NotFound: nothing opens with this code and PIN, or the case has no such item.
            IllegalTransition: nothing is withdrawn, or the days for an undo are over.
        """
        case_id = self._enter(access, check_proof)
        with self.db.transaction():
            case = self._case(case_id)
            if item_id is None:
                self.lifecycle.undo(case, REPORTER)
            else:
                item = self.lifecycle.store.item(case_id, item_id)
                self.lifecycle.undo_item(case, item, REPORTER)
            return self._receipt(self._case(case_id))

    def choose(self, access: Access, choices: Choices, *, check_proof: bool = True) -> Receipt:
        """Replace the reporter's choices. A lock that is turned off holds its time out first.

        Raises:
            NotFound: nothing opens with this code and PIN.
            MalformedBody: the end date is no day, or too near.
            KeypointsNotChosen: they were chosen, and this hub takes no keypoint signals.
            IllegalTransition: the case is withdrawn.
            OnHold: keypoint signals were chosen while a hold keeps those of before.
        """
        chosen = intake.choices(intake.checked(choices), self.now().date(), self.settings)
        case_id = self._enter(access, check_proof)
        with self.db.transaction():
            case = self._case(case_id)
            if case.status is CaseStatus.WITHDRAWN:
                raise IllegalTransition("the case is withdrawn; undo that first")
            new = chosen.keypoints and not case.keypoints
            intake.check_offer(chosen=new, settings=self.settings)
            case = case.choosing(chosen, self.now(), self.lifecycle.lock_time)
            return self._receipt(self.lifecycle.choose(case, REPORTER))

    def recover(
        self,
        slip: str,
        proof: Proof | UnsetType | None = None,
        *,
        attempt: str | UnsetType = UNSET,
        check_proof: bool = True,
    ) -> Opened:
        """Give a new code, PIN and slip for the recovery slip; the old ones stop.

        Only the device that sent the same attempt may use the same slip again, for a day.

        Raises:
            MalformedCode: the slip does not have 25 letters and digits.
            NotFound: no case opens with this slip.
        """
        slip = parse_slip(slip)
        self._prove(proof, check_proof=check_proof)
        made = self._admit()
        tried = self.gate.digester.attempt(f"recover:{slip}", attempt, self.now().date())
        stored = self.gate.digester.digest(made, tried)
        with self.db.transaction():
            case_id = self.lifecycle.store.by_slip(self.gate.digester.slip_mac(slip))
            case_id = case_id or self.lifecycle.store.by_attempt(tried)
            if case_id is None:
                raise refused()
            return self._answer_again(case_id, made, stored, by="slip")

    def resume(self, access: Access, *, check_proof: bool = True) -> Receipt:
        """Let the case's items count again, after a restore that suspended every entry.

        Raises:
            NotFound: nothing opens with this code and PIN.
            IllegalTransition: nothing in this case is suspended.
        """
        case_id = self._enter(access, check_proof)
        with self.db.transaction():
            suspended = sorted(self.bank.suspended(case_id))
            if not suspended:
                raise IllegalTransition("nothing in this case is suspended")
            self.bank.resume(suspended, REPORTER)
            return self._receipt(self._case(case_id))

    # ── staff ─────────────────────────────────────────────────────────────────────────

    def recover_by_two(self, case_id: CaseId, first: Staff, second: Staff) -> Opened:
        """Give a new code, PIN and slip on the word of two caseworkers; signals stay active.

        Raises:
            NotAllowed: one of them may not recover cases.
            SamePersonTwice: they are one person, or share a key.
            NotFound: there is no such case.
        """
        for person in (first, second):
            self.staff.require(person, Action.RECOVER_CASE)
        self.staff.two_people(first, second)
        made = new_secrets()
        stored = self.gate.digester.digest(made)
        with self.db.transaction():
            case = self.lifecycle.store.get(case_id)
            self.lifecycle.replace_credentials(case_id, stored)
            self.audit.append(
                "case.recovered",
                first.actor,
                case=case_id,
                by="staff",
                first=first.id,
                second=second.id,
            )
        return _opened(case, made)

    # ── the exchange, the worker and a restore ────────────────────────────────────────

    def record_removal(self, holders: Holders, platform_id: PlatformId, at: datetime) -> None:
        """Note that a person at the platform confirmed an intimate picture, and it was removed.

        Call it for nothing else: this is all that a receipt ever shows of a platform. The
        midnight from which it does is drawn here, once for each item, platform and day.
        """
        with self.db.transaction():
            for case_id, item_id in sorted({(one.case_id, one.item_id) for one in holders}):
                release_at = receipt.draw_release(at)
                removal = RemovalRecord(item_id, platform_id, at.date(), release_at)
                if self.lifecycle.records.insert_removal(removal):
                    self.audit.append(
                        "removal.recorded",
                        f"platform:{platform_id}",
                        case=case_id,
                        item=item_id,
                        platform=platform_id,
                    )

    def confirm_withdrawal(self, withdrawal_id: WithdrawalId, platform_id: PlatformId) -> None:
        """Note that a platform's matchers have stopped; once is enough, and so is twice.

        Raises:
            NotFound: there is no such withdrawal, or none any more.
        """
        with self.db.transaction():
            case_id, item_id = self.lifecycle.records.case_of(withdrawal_id)
            today = self.now().date()
            if self.lifecycle.records.confirm(withdrawal_id, platform_id, today):
                self.audit.append(
                    "withdrawal.confirmed",
                    f"platform:{platform_id}",
                    case=case_id,
                    item=item_id,
                    platform=platform_id,
                )

    def withdrawal_markers(
        self, after_seq: int, to_seq: int, banks: Collection[str]
    ) -> list[Marker]:
        """Return the withdrawals in *banks* after one place in the feed, up to another."""
        with self.db.reading():
            return self.lifecycle.records.markers(after_seq, to_seq, banks)

    def handlers(self) -> Mapping[str, Handler]:
        """Return what the worker does for each kind of due work."""
        return self.lifecycle.handlers()

    def replay(self, kind: str, record_id: str, day: date | None = None) -> None:
        """Do again what a journal line says; harmless when it is done or unknown."""
        with self.db.transaction():
            replay(self.lifecycle, kind, record_id, day)

    # ── inside ────────────────────────────────────────────────────────────────────────

    def _enter(self, access: Access, check_proof: bool) -> CaseId:
        return self.gate.enter(intake.checked(access), check_proof=check_proof)

    def _prove(self, proof: Proof | UnsetType | None, *, check_proof: bool) -> None:
        """Take a proof of work, before a document costs the hub any."""
        if check_proof:
            self.gate.proofs.take(proof)

    def _admit(self) -> Secrets:
        """Let a caller without a code in, and make the secrets they will get."""
        self.gate.bucket.take()
        return new_secrets()

    def _answer_again(
        self, case_id: CaseId, made: Secrets, stored: Credentials, by: str = "attempt"
    ) -> Opened:
        """Give the case new credentials; the old ones stop."""
        self.lifecycle.replace_credentials(case_id, stored)
        self.audit.append("case.recovered", REPORTER, case=case_id, by=by)
        return _opened(self._case(case_id), made)

    def _case(self, case_id: CaseId) -> Case:
        """Return the case that the gate let in; purged meanwhile, it is refused like any."""
        try:
            return self.lifecycle.store.get(case_id)
        except NotFound:
            raise refused() from None

    def _new_case(self, document: RegistrationDocument) -> Case:
        today = self.now().date()
        choices = intake.choices(document.choices, today, self.settings)
        intake.check_offer(chosen=choices.keypoints, settings=self.settings)
        return Case(
            id=CaseId(new_id("case")),
            kind=document.kind,
            age_band=document.age_band,
            language=document.language,
            authority=document.authority,
            opened_on=today,
            partners=choices.partners,
            partners_since=today if choices.partners else None,
            keypoints=choices.keypoints,
            lock=choices.lock,
            ends_on=choices.ends_on,
        )

    def _register(self, case: Case, items: Sequence[intake.NewItem], start: int) -> list[Item]:
        """Store items and hold their signals; the answer never tells who else holds them."""
        stored = []
        for position, new in enumerate(items, start):
            item = self._hold(case, ItemId(new_id("item")), new, position)
            self.lifecycle.store.insert_item(item)
            self.lifecycle.store.add_texts(case.id, item.id, "note", [new.note])
            self.lifecycle.store.add_texts(case.id, item.id, "locator", new.locators)
            stored.append(item)
        return stored

    def _hold(self, case: Case, item_id: ItemId, new: intake.NewItem, position: int) -> Item:
        item = Item(
            id=item_id,
            case_id=case.id,
            position=position,
            added_on=self.now().date(),
            signals=len(new.signals),
            keypoints=new.keypoints,
        )
        if not new.signals:
            return item
        first = self.bank.head_seq() + 1
        active = self.bank.register(
            case.id, item_id, case.bank, new.signals, partners=case.partners, vouched=False
        )
        return replace(item, waiting=not active, seq=first if active else 0)

    def _receipt(self, case: Case) -> Receipt:
        records = self.lifecycle.records
        now = self.now()
        return receipt.write(
            receipt.Facts(
                case=case,
                items=self.lifecycle.items_she_has(case),
                removals=records.removals(case.id, now),
                withdrawals=records.withdrawals(case.id),
                confirmations=records.confirmations(case.id),
                names=self.platforms.names(),
                compared=self.platforms.any_sees(case.bank),
                suspended=self.bank.suspended(case.id),
                now=now,
            )
        )


def _opened(case: Case, made: Secrets) -> Opened:
    return Opened(case.id, made.code, to_words(made.code, case.language), made.pin, made.slip)
