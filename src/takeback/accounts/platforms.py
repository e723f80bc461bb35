"""Platforms: who they are, in which tier, and how they are marked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Final

from takeback.accounts.model import Action, Platform, Staff, TakenAway, Tier
from takeback.accounts.names import checked_name
from takeback.accounts.permission import Audit, refuse_same_person, require
from takeback.accounts.store import KeyStore, PlatformStore
from takeback.clock import Clock
from takeback.db import Database
from takeback.errors import IllegalTransition, NameTaken
from takeback.ids import PlatformId, new_id
from takeback.journal import Journal, Kind
from takeback.settings import Settings

_DEFAULTS = Settings()

TAKEN_AWAY: Final[Mapping[Kind | str, Mapping[str, Any]]] = {
    "platform.unmarked": {"handles_under_18": False},
    "platform.demoted": {"tier": Tier.LOOKUP},
    "platform.retired": {"tier": Tier.LOOKUP, "active": False},
}
"""What each kind of journal line about platforms took away."""


@dataclass(frozen=True, slots=True)
class PlatformService:
    """What every part of :class:`~takeback.accounts.service.Platforms` works with."""

    db: Database
    audit: Audit
    journal: Journal
    now: Clock
    settings: Settings = _DEFAULTS


class PlatformAccounts(PlatformService):
    """Add and retire platforms, approve them for the feed, mark what they can handle."""

    __slots__ = ()

    def add(self, name: str, staff: Staff) -> Platform:
        """Add a platform, in the ``lookup`` tier and with no mark.

        Raises:
            NotAllowed: this role may not.
            NameTaken: a platform has that name; receipts could not tell the two apart.
            MalformedBody: the name is empty, too long or has control characters.
        """
        platform = Platform(
            id=PlatformId(new_id("platform")),
            name=checked_name(name),
            quota_per_day=self.settings.lookup_quota_per_day,
        )
        store = PlatformStore(self.db)
        with self.db.transaction():
            require(self.db, staff, Action.MANAGE_PLATFORMS)
            if platform.name in {other.name for other in store.list()}:
                raise NameTaken("another platform has this name")
            store.add(platform)
            self.audit.append("platform.added", staff.actor, platform=platform.id)
        return platform

    def approve_feed(self, platform_id: PlatformId, staff: Staff) -> Platform:
        """Approve a platform for the feed; the second of two people moves it there.

        A first approval counts only while its giver may still give it.

        Raises:
            NotAllowed: this role may not.
            NotFound: there is no such platform.
            SamePersonTwice: this person, or the same key, approved first.
            IllegalTransition: it has the feed already, or was retired.
        """
        store = PlatformStore(self.db)
        with self.db.transaction():
            require(self.db, staff, Action.APPROVE_FEED)
            platform = _active(store.get(platform_id))
            if platform.tier is Tier.FEED:
                raise IllegalTransition("this platform has the feed already")
            first = store.first_approver(platform_id)
            if first is None or not first.active:
                store.approve_first(platform_id, staff.id)
                self.audit.append("platform.approved_once", staff.actor, platform=platform_id)
                return platform
            refuse_same_person(first, staff)
            store.drop_approval(platform_id)
            self.audit.append(
                "platform.approved", staff.actor, platform=platform_id, first=first.id
            )
            return self._see_anew(replace(platform, tier=Tier.FEED))

    def demote(self, platform_id: PlatformId, staff: Staff) -> Platform:
        """Take the feed away again, or the first of its two approvals.

        Raises:
            NotAllowed: this role may not.
            NotFound: there is no such platform.
            IllegalTransition: it has neither.
        """
        store = PlatformStore(self.db)
        with self.db.transaction():
            require(self.db, staff, Action.APPROVE_FEED)
            platform = store.get(platform_id)
            if platform.tier is Tier.LOOKUP and store.first_approver(platform_id) is None:
                raise IllegalTransition("this platform does not have the feed")
            store.drop_approval(platform_id)
            self.audit.append("platform.demoted", staff.actor, platform=platform_id)
            if platform.tier is Tier.LOOKUP:
                return platform
            self._write_down("platform.demoted", platform_id)
            return self._see_anew(replace(platform, tier=Tier.LOOKUP))

    def mark(
        self,
        platform_id: PlatformId,
        staff: Staff,
        *,
        handles_under_18: bool | None = None,
        counts_opinions: bool | None = None,
    ) -> Platform:
        """Set the marks that are given and leave the others.

        Raises:
            NotAllowed: this role may not.
            NotFound: there is no such platform.
        """
        with self.db.transaction():
            require(self.db, staff, Action.MARK_PLATFORM)
            before = PlatformStore(self.db).get(platform_id)
            after = replace(
                before,
                handles_under_18=_chosen(handles_under_18, before.handles_under_18),
                counts_opinions=_chosen(counts_opinions, before.counts_opinions),
            )
            if after == before:
                return before
            if before.handles_under_18 and not after.handles_under_18:
                self._write_down("platform.unmarked", platform_id)
            self.audit.append(
                "platform.marked",
                staff.actor,
                platform=platform_id,
                handles_under_18=after.handles_under_18,
                counts_opinions=after.counts_opinions,
            )
            return self._changed(before, after)

    def retire(self, platform_id: PlatformId, staff: Staff) -> Platform:
        """Retire a platform: none of its keys opens anything from now on.

        Raises:
            NotAllowed: this role may not.
            NotFound: there is no such platform.
            IllegalTransition: it is retired already.
        """
        store = PlatformStore(self.db)
        with self.db.transaction():
            require(self.db, staff, Action.MANAGE_PLATFORMS)
            platform = _active(store.get(platform_id))
            store.drop_approval(platform_id)
            self.audit.append("platform.retired", staff.actor, platform=platform_id)
            self._write_down("platform.retired", platform_id)
            for key in KeyStore(self.db).of(platform_id):
                KeyStore(self.db).revoke(key.id)
                self.db.before_commit(partial(self.journal.append, "key.revoked", key.id))
            return self._see_anew(replace(platform, tier=Tier.LOOKUP, active=False))

    def take_away_again(self, kind: str, platform_id: PlatformId) -> None:
        """Take a tier or a mark away again, after a restore of a backup that still has it.

        A backup must not give signals to a platform that may not see them any more; what was
        given back since is for staff to give again.

        Args:
            kind: one of ``TAKEN_AWAY``.
            platform_id: which platform; harmless for one that is newer than the backup.
        """
        with self.db.transaction():
            for platform in PlatformStore(self.db).list():
                after = replace(platform, **TAKEN_AWAY[kind])
                if platform.id == platform_id and after != platform:
                    PlatformStore(self.db).drop_approval(platform_id)
                    self.audit.append("platform.taken_away", "operator", platform=platform_id)
                    self._see_anew(after)

    def take_everything_away(self) -> TakenAway:
        """Take every mark for under 18, the feed and every key away, after a restore.

        Without a journal nobody knows which of them a platform had lost since the backup.
        Staff give them again.
        """
        store = PlatformStore(self.db)
        with self.db.transaction():
            before = store.list()
            for platform in before:
                store.drop_approval(platform.id)
                after = replace(platform, handles_under_18=False, tier=Tier.LOOKUP)
                if after != platform:
                    self._see_anew(after)
            taken = TakenAway(
                unmarked=sum(platform.handles_under_18 for platform in before),
                demoted=sum(platform.tier is Tier.FEED for platform in before),
                revoked=KeyStore(self.db).revoke_all(),
            )
            self.audit.append("platforms.taken_away", "operator", **asdict(taken))
        return taken

    def get(self, platform_id: PlatformId) -> Platform:
        """Return the platform.

        Raises:
            NotFound: there is no such platform.
        """
        with self.db.reading():
            return PlatformStore(self.db).get(platform_id)

    def list(self) -> Sequence[Platform]:
        """Return every platform, the retired too, by name."""
        with self.db.reading():
            return PlatformStore(self.db).list()

    def standing(self) -> int:
        """Return a number that grows whenever any platform may see more or less than before."""
        with self.db.reading():
            return PlatformStore(self.db).standing()

    def names(self) -> Mapping[PlatformId, str]:
        """Return what each platform is called, the retired too."""
        return {platform.id: platform.name for platform in self.list()}

    def any_sees(self, bank: str) -> bool:
        """Tell whether any platform that takes part may see *bank*."""
        return any(platform.active and bank in platform.banks for platform in self.list())

    def _write_down(self, kind: Kind, platform_id: PlatformId) -> None:
        """Write to the journal what a restored backup must not give back."""
        self.db.before_commit(partial(self.journal.append, kind, platform_id))

    def _changed(self, before: Platform, after: Platform) -> Platform:
        """Store *after*, with a new epoch if the platform may now see something else."""
        if before.banks != after.banks:
            return self._see_anew(after)
        PlatformStore(self.db).replace(after)
        return after

    def _see_anew(self, platform: Platform) -> Platform:
        """Store the platform with a new epoch, so that it reads everything again."""
        changed = replace(platform, epoch=platform.epoch + 1)
        PlatformStore(self.db).replace(changed)
        return changed


def _chosen(given: bool | None, before: bool) -> bool:
    return before if given is None else given


def _active(platform: Platform) -> Platform:
    if not platform.active:
        raise IllegalTransition("this platform was retired")
    return platform
