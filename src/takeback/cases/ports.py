"""What cases need from other domains, and nothing more."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from takeback.accounts.model import Action, Staff
from takeback.ids import CaseId, ItemId, PlatformId
from takeback.matching.model import BankSignal


class Audit(Protocol):
    """Where every change is recorded, in the transaction that makes it."""

    def append(
        self,
        action: str,
        actor: str,
        *,
        case: CaseId | None = None,
        item: ItemId | None = None,
        **facts: bool | int | str,
    ) -> int:
        """Add an event and return its number."""

    def forget(self, case_id: CaseId) -> None:
        """Destroy what links events to the case."""


class SignalBank(Protocol):
    """Where an item's signals are held; never tells whether somebody else holds the same."""

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
        """Hold the signals; return whether they are active now or wait for a vouch."""

    def withdraw(self, item_id: ItemId) -> int:
        """Let go of the item's signals and return this withdrawal's place in the feed."""

    def reinstate(self, item_id: ItemId) -> object:
        """Hold them again, exactly as before the withdrawal."""

    def purge(self, item_id: ItemId) -> object:
        """Erase what the item held."""

    def withdraw_keypoints(self, item_id: ItemId) -> int | None:
        """Let go of its keypoint signals; return this withdrawal's place, None without any."""

    def purge_keypoints(self, item_id: ItemId) -> int:
        """Erase those that are withdrawn and return how many signals are fewer."""

    def kept_keypoints(self, item_id: ItemId) -> int:
        """Return how many signals fewer it will be once those that are withdrawn are erased."""

    def vouch(self, item_ids: Sequence[ItemId]) -> object:
        """Make the items' holds vouched, and active if they waited."""

    def set_partners(self, item_id: ItemId, partners: bool) -> object:
        """Choose whether partners get the item's signals."""

    def suspended(self, case_id: CaseId) -> Collection[ItemId]:
        """Return the case's items that a restore without a journal suspended."""

    def resume(self, item_ids: Sequence[ItemId], actor: str = ...) -> object:
        """Let suspended items count again."""

    def head_seq(self) -> int:
        """Return the newest place in the feed."""


class Deliveries(Protocol):
    """Who was sent what."""

    def platforms_past(self, seq: int, bank: str) -> Sequence[PlatformId]:
        """Return the platforms that were served *bank*'s feed beyond *seq*."""

    def partners_past(self, day: date, bank: str) -> Sequence[PlatformId]:
        """Return the partners, unable to confirm, that were served *bank* on or after *day*."""


class Platforms(Protocol):
    """What platforms are called, and what they may see."""

    def names(self) -> Mapping[PlatformId, str]:
        """Return every platform's name, those that left included."""

    def any_sees(self, bank: str) -> bool:
        """Tell whether any platform that takes part may see *bank*."""


class StaffRoom(Protocol):
    """Who may do what."""

    def require(self, staff: Staff, action: Action) -> object:
        """Refuse with ``NotAllowed`` unless *staff* may take *action*."""

    def two_people(self, first: Staff, second: Staff) -> object:
        """Refuse with ``SamePersonTwice`` unless these are two people with two keys."""


class Holding(Protocol):
    """An item that holds an entry."""

    @property
    def case_id(self) -> CaseId:
        """The case it belongs to."""

    @property
    def item_id(self) -> ItemId:
        """The item."""


Holders = Iterable[Holding]
