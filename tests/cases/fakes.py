"""Stand-ins for what cases need from other domains. They keep the promises of the real ones."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from takeback.accounts.model import ALLOWED, Action, Role, Staff
from takeback.cases.codes import Kdf
from takeback.errors import NotAllowed, SamePersonTwice
from takeback.ids import CaseId, ItemId, PlatformId, StaffId, new_id
from takeback.matching.model import BankSignal, check_quality


def quick_digest(secret: bytes, salt: bytes) -> bytes:
    """Return 32 bytes that depend on both, at once."""
    return hashlib.sha256(salt + secret).digest()


@dataclass
class CountingKdf:
    """Counts the calls of the slow step, which is a quick one unless another is given."""

    step: Kdf = quick_digest
    calls: int = 0

    def __call__(self, secret: bytes, salt: bytes) -> bytes:
        """Return 32 bytes that depend on both."""
        self.calls += 1
        return self.step(secret, salt)


@dataclass
class MemoryAudit:
    """Keeps events in a list, and knows whose salt was destroyed."""

    events: list[tuple[str, str, CaseId | None, ItemId | None, dict[str, object]]] = field(
        default_factory=list
    )
    forgotten: list[CaseId] = field(default_factory=list)
    full: bool = False

    def append(
        self,
        action: str,
        actor: str,
        *,
        case: CaseId | None = None,
        item: ItemId | None = None,
        **facts: bool | int | str,
    ) -> int:
        """Add an event, unless the disk is full."""
        if self.full:
            raise OSError("disk full")
        self.events.append((action, actor, case, item, dict(facts)))
        return len(self.events)

    def forget(self, case_id: CaseId) -> None:
        """Note that the case's salt is gone."""
        self.forgotten.append(case_id)

    def actions(self) -> list[str]:
        """Return what happened, oldest first."""
        return [action for action, *_ in self.events]


@dataclass
class Hold:
    """One item's claim on its signals."""

    bank: str
    signals: tuple[bytes, ...]
    partners: bool
    vouched: bool
    waiting: bool
    withdrawn: bool = False

    @property
    def active(self) -> bool:
        """Whether the signals are matched for this item."""
        return not self.waiting and not self.withdrawn


@dataclass
class MemoryBank:
    """Holds in a dictionary. Draws a number for every change, whoever else holds the same."""

    holds: dict[ItemId, Hold] = field(default_factory=dict)
    seq: int = 0
    full: bool = False

    def register(
        self,
        case_id: CaseId,
        item_id: ItemId,
        bank: str,
        signals: Sequence[BankSignal],
        *,
        partners: bool,
        vouched: bool,
    ) -> bool:
        """Hold the signals; they wait when the day's number is used up."""
        check_quality(signals)
        bits = tuple(each.content for each in signals)
        self.holds[item_id] = Hold(bank, bits, partners, vouched, waiting=self.full)
        self.seq += 1
        return not self.full

    def withdraw(self, item_id: ItemId) -> int:
        """Let go."""
        self.holds[item_id].withdrawn = True
        self.seq += 1
        return self.seq

    def reinstate(self, item_id: ItemId) -> None:
        """Hold again."""
        self.holds[item_id].withdrawn = False
        self.seq += 1

    def purge(self, item_id: ItemId) -> None:
        """Erase."""
        self.holds.pop(item_id, None)
        self.seq += 1

    def withdraw_keypoints(self, item_id: ItemId) -> int | None:
        """Let go of none: only the tests with a real bank register keypoint signals."""
        return None

    def purge_keypoints(self, item_id: ItemId) -> int:
        """Erase none."""
        return 0

    def kept_keypoints(self, item_id: ItemId) -> int:
        """Keep none."""
        return 0

    def vouch(self, item_ids: Sequence[ItemId]) -> None:
        """Vouch, which ends the wait."""
        for item_id in item_ids:
            self.holds[item_id].vouched = True
            self.holds[item_id].waiting = False
        self.seq += 1

    def set_partners(self, item_id: ItemId, partners: bool) -> None:
        """Share, or not."""
        if item_id in self.holds:
            self.holds[item_id].partners = partners

    def suspended(self, case_id: CaseId) -> set[ItemId]:
        """Nothing here was ever restored."""
        return set()

    def resume(self, item_ids: Sequence[ItemId], actor: str = "reporter") -> None:
        """Nothing here was ever suspended."""

    def head_seq(self) -> int:
        """Return the newest number."""
        return self.seq

    def active(self) -> set[ItemId]:
        """Return the items whose signals are matched."""
        return {item_id for item_id, hold in self.holds.items() if hold.active}


@dataclass
class MemoryPlatforms:
    """Platforms with the place in the feed that each was served."""

    called: dict[PlatformId, str] = field(default_factory=dict)
    delivered: dict[PlatformId, int] = field(default_factory=dict)
    partners: dict[PlatformId, date] = field(default_factory=dict)

    def add(self, name: str, delivered: int) -> PlatformId:
        """Add a platform that was served the feed up to a place."""
        platform_id = PlatformId(new_id("platform"))
        self.called[platform_id] = name
        self.delivered[platform_id] = delivered
        return platform_id

    def add_partner(self, name: str, served_on: date) -> PlatformId:
        """Add a partner whose program can't confirm, last served on a day."""
        platform_id = PlatformId(new_id("platform"))
        self.called[platform_id] = name
        self.partners[platform_id] = served_on
        return platform_id

    def names(self) -> Mapping[PlatformId, str]:
        """Return every name."""
        return self.called

    def any_sees(self, bank: str) -> bool:
        """Tell whether anybody takes part; all of them see every bank here."""
        return bool(self.called)

    def platforms_past(self, seq: int, bank: str) -> Sequence[PlatformId]:
        """Return who was served this far."""
        return [one for one, place in self.delivered.items() if place >= seq]

    def partners_past(self, day: date, bank: str) -> Sequence[PlatformId]:
        """Return partners served on or after a day."""
        return [one for one, served_on in self.partners.items() if served_on >= day]


def person(role: Role, key: str = "") -> Staff:
    """Return a member of staff; the same *key* is the same key file."""
    staff_id = StaffId(new_id("staff"))
    digest = hashlib.sha256((key or staff_id).encode()).digest()
    return Staff(id=staff_id, name="somebody", role=role, key_digest=digest)


class TableOfRoles:
    """Decides by the table of roles alone."""

    def require(self, staff: Staff, action: Action) -> None:
        """Refuse what the role may not do."""
        if staff.role not in ALLOWED[action]:
            raise NotAllowed("not this role")

    def two_people(self, first: Staff, second: Staff) -> None:
        """Refuse one person, or one key, twice."""
        if first.id == second.id or first.key_digest == second.key_digest:
            raise SamePersonTwice("two different people are needed")
