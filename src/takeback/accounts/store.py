"""Platforms, keys, staff, quotas and canaries in the database. The only file with their SQL."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Row

from takeback.accounts.model import (
    Canary,
    MadeUp,
    Platform,
    PlatformKey,
    Role,
    Spending,
    Staff,
    Tier,
)
from takeback.db import Big, Database, Day, Flag, Instant, metadata
from takeback.errors import NotFound
from takeback.ids import KeyId, PlatformId, StaffId

platforms = sa.Table(
    "platforms",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("handles_under_18", Flag, nullable=False),
    sa.Column("counts_opinions", Flag, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("quota_per_day", sa.Integer, nullable=False),
    sa.Column("active", Flag, nullable=False),
    sqlite_strict=True,
)

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("active", Flag, nullable=False),
    sa.Column("key_digest", sa.LargeBinary, nullable=False),
    sqlite_strict=True,
)

platform_approvals = sa.Table(
    "platform_approvals",  # the first of two; the second one removes it
    metadata,
    sa.Column("platform_id", sa.ForeignKey("platforms.id"), primary_key=True),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), nullable=False),
    sqlite_strict=True,
)

platform_keys = sa.Table(
    "platform_keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("platform_id", sa.ForeignKey("platforms.id"), nullable=False, index=True),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("issued_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("revoked", Flag, nullable=False),
    sqlite_strict=True,
)

platform_spending = sa.Table(
    "platform_spending",
    metadata,
    sa.Column("platform_id", sa.ForeignKey("platforms.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("day", Day, nullable=False),
    sa.Column("spent", Big, nullable=False),
    sqlite_strict=True,
)

canaries = sa.Table(
    "canaries",
    metadata,
    sa.Column("id", Big, primary_key=True),
    sa.Column("platform_id", sa.ForeignKey("platforms.id"), nullable=False, index=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("signal", sa.LargeBinary, nullable=False),
    sa.Column("quality", sa.Integer, nullable=False),
    sa.Column("view", sa.Text, nullable=False),
    sa.Column("vouched", Flag, nullable=False),
    sa.Column("planted_on", Day, nullable=False),
    sa.Column("appears_at", Instant, nullable=False),
    sqlite_strict=True,
)

canary_touches = sa.Table(
    "canary_touches",
    metadata,
    sa.Column("canary_id", sa.ForeignKey("canaries.id"), primary_key=True),
    sa.Column("seen_at", sa.ForeignKey("platforms.id"), primary_key=True),
    sqlite_strict=True,
)


@dataclass(frozen=True, slots=True)
class PlatformStore:
    """Platforms and the first halves of their approvals."""

    db: Database

    def get(self, platform_id: PlatformId) -> Platform:
        """Return the platform, or raise ``NotFound``."""
        row = self.db.execute(platforms.select().where(platforms.c.id == platform_id)).first()
        if row is None:
            raise NotFound("there is no such platform")
        return _platform(row)

    def list(self) -> Sequence[Platform]:
        """Return every platform, by name."""
        found = self.db.execute(platforms.select().order_by(platforms.c.name))
        return [_platform(row) for row in found]

    def standing(self) -> int:
        """Return a number that grows whenever any platform may see more or less than before."""
        total: int = self.db.execute(
            sa.select(sa.func.coalesce(sa.func.sum(platforms.c.epoch), 0))
        ).scalar_one()
        return int(total)

    def add(self, platform: Platform) -> None:
        """Insert a platform."""
        self.db.execute(platforms.insert().values(**_columns(platform)))

    def replace(self, platform: Platform) -> None:
        """Replace what is stored of a platform."""
        self.db.execute(
            platforms.update().where(platforms.c.id == platform.id).values(**_columns(platform))
        )

    def first_approver(self, platform_id: PlatformId) -> Staff | None:
        """Return who approved the feed first, if a second person is being waited for."""
        row = self.db.execute(
            staff.select()
            .join(platform_approvals, platform_approvals.c.staff_id == staff.c.id)
            .where(platform_approvals.c.platform_id == platform_id)
        ).first()
        return None if row is None else _staff(row)

    def approve_first(self, platform_id: PlatformId, staff_id: StaffId) -> None:
        """Keep the first approval."""
        self.drop_approval(platform_id)
        self.db.execute(
            platform_approvals.insert().values(platform_id=platform_id, staff_id=staff_id)
        )

    def drop_approval(self, platform_id: PlatformId) -> None:
        """Forget the first approval, if there is one."""
        self.db.execute(
            platform_approvals.delete().where(platform_approvals.c.platform_id == platform_id)
        )


@dataclass(frozen=True, slots=True)
class KeyStore:
    """Platforms' keys, without the keys."""

    db: Database

    def get(self, key_id: KeyId) -> PlatformKey:
        """Return the key, or raise ``NotFound``."""
        found = self.find(key_id)
        if not found:
            raise NotFound("there is no such key")
        return found[0]

    def find(self, key_id: KeyId) -> list[PlatformKey]:
        """Return the key, or an empty list; what callers who may not tell the two apart ask."""
        found = self.db.execute(platform_keys.select().where(platform_keys.c.id == key_id))
        return [_key(row) for row in found]

    def of(self, platform_id: PlatformId) -> list[PlatformKey]:
        """Return the platform's keys, the oldest first."""
        found = self.db.execute(
            platform_keys.select()
            .where(platform_keys.c.platform_id == platform_id)
            .order_by(platform_keys.c.issued_at, platform_keys.c.id)
        )
        return [_key(row) for row in found]

    def add(self, key: PlatformKey) -> None:
        """Insert a key."""
        self.db.execute(
            platform_keys.insert().values(
                id=key.id,
                platform_id=key.platform_id,
                scope=key.scope,
                digest=key.digest,
                issued_at=key.issued_at,
                expires_at=key.expires_at,
                revoked=key.revoked,
            )
        )

    def expire(self, key_id: KeyId, at: datetime) -> None:
        """Let the key end at an instant."""
        self._update(key_id, expires_at=at)

    def revoke(self, key_id: KeyId) -> None:
        """Stop the key for good."""
        self._update(key_id, revoked=True)

    def revoke_all(self) -> int:
        """Stop every key for good and return how many were not stopped yet."""
        going = platform_keys.update().where(platform_keys.c.revoked == sa.literal(False, Flag))
        return self.db.execute(going.values(revoked=True)).rowcount

    def _update(self, key_id: KeyId, **values: object) -> None:
        self.db.execute(platform_keys.update().where(platform_keys.c.id == key_id).values(**values))


@dataclass(frozen=True, slots=True)
class StaffStore:
    """Members of staff."""

    db: Database

    def get(self, staff_id: StaffId) -> Staff:
        """Return the member of staff, or raise ``NotFound``."""
        found = self._find(staff_id)
        if not found:
            raise NotFound("there is no such member of staff")
        return found[0]

    def find_active(self, staff_id: StaffId) -> list[Staff]:
        """Return the member of staff, or an empty list when unknown or retired."""
        return [member for member in self._find(staff_id) if member.active]

    def _find(self, staff_id: StaffId) -> list[Staff]:
        return [
            _staff(row) for row in self.db.execute(staff.select().where(staff.c.id == staff_id))
        ]

    def list(self) -> Sequence[Staff]:
        """Return all staff, by name."""
        return [_staff(row) for row in self.db.execute(staff.select().order_by(staff.c.name))]

    def add(self, member: Staff) -> None:
        """Insert a member of staff."""
        self.db.execute(
            staff.insert().values(
                id=member.id,
                name=member.name,
                role=member.role.value,
                active=member.active,
                key_digest=member.key_digest,
            )
        )

    def retire(self, staff_id: StaffId) -> None:
        """Mark a member of staff as gone."""
        self.db.execute(staff.update().where(staff.c.id == staff_id).values(active=False))


@dataclass(frozen=True, slots=True)
class QuotaStore:
    """What each platform has spent on the newest day it spent anything."""

    db: Database

    def spent(self, platform_id: PlatformId, kind: Spending, day: date) -> int:
        """Return what was spent on *day*."""
        found: int | None = self.db.execute(
            sa.select(platform_spending.c.spent).where(
                _is(platform_id, kind), platform_spending.c.day == day
            )
        ).scalar()
        return found or 0

    def put(self, platform_id: PlatformId, kind: Spending, day: date, spent: int) -> None:
        """Store what was spent on *day*, in place of any day before."""
        self.db.execute(platform_spending.delete().where(_is(platform_id, kind)))
        self.db.execute(
            platform_spending.insert().values(
                platform_id=platform_id, kind=kind, day=day, spent=spent
            )
        )


@dataclass(frozen=True, slots=True)
class CanaryStore:
    """Canaries and where they were seen."""

    db: Database

    def add(
        self, platform_id: PlatformId, bundle: Sequence[MadeUp], day: date, **look: object
    ) -> None:
        """Insert the canaries of one made-up picture, which have everything else in common."""
        rest = {"platform_id": platform_id, "planted_on": day, **look}
        self.db.execute(canaries.insert(), [{**asdict(each), **rest} for each in bundle])

    def list(self) -> Sequence[Canary]:
        """Return every canary with the other platforms it was seen at, the oldest first."""
        seen: dict[int, list[PlatformId]] = {}
        for row in self.db.execute(canary_touches.select().order_by(canary_touches.c.seen_at)):
            seen.setdefault(row.canary_id, []).append(PlatformId(row.seen_at))
        found = self.db.execute(canaries.select().order_by(canaries.c.id))
        return [_canary(row, tuple(seen.get(row.id, ()))) for row in found]

    def unseen_by(self, platform_id: PlatformId, kind: str) -> Sequence[Canary]:
        """Return other platforms' canaries of a type that this platform has not sent to us yet."""
        sent = sa.select(canary_touches.c.canary_id).where(canary_touches.c.seen_at == platform_id)
        found = self.db.execute(
            canaries.select()
            .where(
                canaries.c.type == kind,
                canaries.c.platform_id != platform_id,
                canaries.c.id.not_in(sent),
            )
            .order_by(canaries.c.id)
        )
        return [_canary(row, ()) for row in found]

    def note(self, canary_id: int, seen_at: PlatformId) -> None:
        """Note that a platform sent the canary to us."""
        self.db.execute(canary_touches.insert().values(canary_id=canary_id, seen_at=seen_at))


def _is(platform_id: PlatformId, kind: Spending) -> sa.ColumnElement[bool]:
    return sa.and_(platform_spending.c.platform_id == platform_id, platform_spending.c.kind == kind)


def _columns(platform: Platform) -> dict[str, object]:
    return {
        "id": platform.id,
        "name": platform.name,
        "tier": platform.tier.value,
        "handles_under_18": platform.handles_under_18,
        "counts_opinions": platform.counts_opinions,
        "epoch": platform.epoch,
        "quota_per_day": platform.quota_per_day,
        "active": platform.active,
    }


def _platform(row: Row[tuple[object, ...]]) -> Platform:
    return Platform(**{**row._mapping, "tier": Tier(row.tier)})


def _staff(row: Row[tuple[object, ...]]) -> Staff:
    return Staff(**{**row._mapping, "role": Role(row.role)})


def _key(row: Row[tuple[object, ...]]) -> PlatformKey:
    return PlatformKey(**row._mapping)


def _canary(row: Row[tuple[object, ...]], seen_at: tuple[PlatformId, ...]) -> Canary:
    return Canary(**row._mapping, seen_at=seen_at)
