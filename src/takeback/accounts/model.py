"""Platforms and staff as values, and the one table of who may do what. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal

from takeback.ids import KeyId, PlatformId, StaffId


class Tier(StrEnum):
    """How much of the bank a platform gets."""

    LOOKUP = "lookup"
    """Asks the hub, within a quota; receives no list."""
    FEED = "feed"
    """Receives the bank and runs a matcher; two people approved it."""


class Role(StrEnum):
    """What a member of staff is there for."""

    OPERATOR = "operator"
    """Runs the hub's server; sees no case."""
    CASEWORKER = "caseworker"
    """Handles cases."""
    LEAD = "lead"
    """Answers for the centre's decisions."""


class Action(StrEnum):
    """What staff can ask the hub to do."""

    MANAGE_STAFF = "manage_staff"
    MANAGE_PLATFORMS = "manage_platforms"
    APPROVE_FEED = "approve_feed"
    MANAGE_KEYS = "manage_keys"
    MARK_PLATFORM = "mark_platform"
    PLANT_CANARIES = "plant_canaries"
    READ_CASE = "read_case"
    VOUCH_CASE = "vouch_case"
    RECOVER_CASE = "recover_case"
    CLOSE_CASE = "close_case"
    HOLD_CASE = "hold_case"
    RELEASE_HOLD = "release_hold"
    LIST_QUARANTINE = "list_quarantine"
    LIFT_QUARANTINE = "lift_quarantine"
    RESUME_ENTRIES = "resume_entries"
    READ_AUDIT = "read_audit"
    READ_BANK = "read_bank"
    BACK_UP = "back_up"


_EVERYONE = frozenset(Role)
_HUB = frozenset({Role.OPERATOR, Role.LEAD})
_CASES = frozenset({Role.CASEWORKER, Role.LEAD})
_LEAD = frozenset({Role.LEAD})

ALLOWED: Final[Mapping[Action, frozenset[Role]]] = {
    Action.MANAGE_STAFF: _HUB,
    Action.MANAGE_PLATFORMS: _HUB,
    Action.APPROVE_FEED: _HUB,
    Action.MANAGE_KEYS: _HUB,
    Action.MARK_PLATFORM: _LEAD,
    Action.PLANT_CANARIES: _HUB,
    Action.READ_CASE: _CASES,
    Action.VOUCH_CASE: _CASES,
    Action.RECOVER_CASE: _CASES,
    Action.CLOSE_CASE: _CASES,
    Action.HOLD_CASE: _CASES,
    Action.RELEASE_HOLD: _LEAD,
    Action.LIST_QUARANTINE: _CASES,
    Action.LIFT_QUARANTINE: _CASES,
    Action.RESUME_ENTRIES: _CASES,
    Action.READ_AUDIT: _HUB,
    Action.READ_BANK: _EVERYONE,
    Action.BACK_UP: frozenset({Role.OPERATOR}),
}
"""Which roles may take which action. docs/reference/roles.md is held to it."""

Scope = Literal[
    "partner",
    "stopncii_subscription",
    "stopncii_fetch",
    "stopncii_submit",
    "stopncii_feedback",
]
"""What a platform's key opens: our own partner API, or one part of the StopNCII API."""

SCOPES: Final[tuple[Scope, ...]] = (
    "partner",
    "stopncii_subscription",
    "stopncii_fetch",
    "stopncii_submit",
    "stopncii_feedback",
)

Spending = Literal["lookup", "submit", "report"]
"""What a quota counts: signals looked up, signals submitted, or opinions and responses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A service that looks up signals or receives the feed."""

    id: PlatformId
    name: str
    tier: Tier = Tier.LOOKUP
    handles_under_18: bool = False
    counts_opinions: bool = False
    epoch: int = 0
    """Rises whenever what this platform may see changes, so that it reads everything again."""
    quota_per_day: int
    active: bool = True

    @property
    def banks(self) -> frozenset[str]:
        """The banks that this platform may see."""
        adult = frozenset({"adult"})
        return adult | {"under_18", "not_said"} if self.handles_under_18 else adult


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A member of staff."""

    id: StaffId
    name: str
    role: Role
    active: bool = True
    key_digest: bytes = field(repr=False)
    """SHA-256 of the key file's text."""

    @property
    def actor(self) -> str:
        """How the audit log names this person."""
        return f"staff:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformKey:
    """A platform's key as the hub keeps it: everything but the key."""

    id: KeyId
    platform_id: PlatformId
    scope: Scope
    digest: bytes = field(repr=False)
    """SHA-256 of the key's text."""
    issued_at: datetime
    expires_at: datetime | None = None
    revoked: bool = False

    def opens(self, now: datetime) -> bool:
        """Tell whether the key still works."""
        return not self.revoked and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenAway:
    """How much a restore without a journal took away from platforms."""

    unmarked: int
    """Platforms that lost the under-18 mark."""
    demoted: int
    """Platforms that lost the feed."""
    revoked: int
    """Keys that opened something in the backup."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key, shown this once."""

    id: KeyId
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A signal of a picture that was drawn by chance and exists nowhere."""

    type: str
    """``pdq`` or ``kp1``."""
    signal: bytes = field(repr=False)
    quality: int
    view: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A signal of no picture, given to one platform only; seen elsewhere, it shows a leak."""

    id: int
    platform_id: PlatformId
    type: str
    """Of the signal: ``pdq`` or ``kp1``."""
    signal: bytes = field(repr=False)
    quality: int
    view: str
    """They come as the views of a picture do that somebody registers."""
    vouched: bool
    """Whether it looks vouched; the same for all of a picture."""
    planted_on: date
    appears_at: datetime
    """From when on its platform receives it: pictures come one after another."""
    seen_at: tuple[PlatformId, ...] = ()
    """Other platforms that sent it to us."""
