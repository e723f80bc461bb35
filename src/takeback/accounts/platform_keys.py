"""Platforms' keys: shown once, kept as a digest, rotated with an overlap, revoked at once."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from takeback.accounts import keys
from takeback.accounts.model import Action, IssuedKey, Platform, PlatformKey, Scope, Staff
from takeback.accounts.permission import require
from takeback.accounts.platforms import PlatformService
from takeback.accounts.store import KeyStore, PlatformStore
from takeback.errors import IllegalTransition
from takeback.ids import KeyId, PlatformId, new_id

OVERLAP = timedelta(hours=24)
"""How long a rotated key goes on working, so that a platform can change it without a gap."""

STOPPED: Final = ("key.revoked", "key.rotated")
"""The kinds of journal lines about keys; a restored hub revokes the key for either.

A backup from before a rotation knows neither the key's end nor its successor.
"""


class PlatformKeys(PlatformService):
    """Issue, rotate, revoke and recognise keys."""

    __slots__ = ()

    def issue_key(self, platform_id: PlatformId, staff: Staff, scope: Scope) -> IssuedKey:
        """Issue a key; its text is shown this once and can't be had again.

        Raises:
            NotAllowed: this role may not.
            NotFound: there is no such platform.
            IllegalTransition: the platform was retired.
        """
        with self.db.transaction():
            require(self.db, staff, Action.MANAGE_KEYS)
            if not PlatformStore(self.db).get(platform_id).active:
                raise IllegalTransition("this platform was retired")
            issued = self._new_key(platform_id, scope)
            self.audit.append(
                "platform.key_issued",
                staff.actor,
                platform=platform_id,
                key=issued.id,
                scope=scope,
            )
        return issued

    def rotate(self, key_id: KeyId, staff: Staff, overlap: timedelta = OVERLAP) -> IssuedKey:
        """Issue a successor; the old key ends after *overlap*, or earlier if it was to.

        A restored backup that knows the old key revokes it.

        Raises:
            NotAllowed: this role may not.
            NotFound: there is no such key.
            IllegalTransition: the key has ended or was revoked.
        """
        store = KeyStore(self.db)
        overlap = max(overlap, timedelta())
        with self.db.transaction():
            require(self.db, staff, Action.MANAGE_KEYS)
            key = store.get(key_id)
            if not key.opens(self.now()):
                raise IllegalTransition("a key that has ended can't be rotated; issue a new one")
            ends = self.now() + overlap
            store.expire(key_id, min(ends, key.expires_at or ends))
            issued = self._new_key(key.platform_id, key.scope)
            self.audit.append(
                "platform.key_rotated",
                staff.actor,
                platform=key.platform_id,
                key=key_id,
                successor=issued.id,
                overlap_hours=int(overlap / timedelta(hours=1)),
            )
            self.db.before_commit(lambda: self.journal.append("key.rotated", key_id))
        return issued

    def revoke(self, key_id: KeyId, staff: Staff) -> None:
        """Stop a key at once and for good, restored backups included.

        Raises:
            NotAllowed: this role may not.
            NotFound: there is no such key.
            IllegalTransition: it was revoked already.
        """
        with self.db.transaction():
            require(self.db, staff, Action.MANAGE_KEYS)
            key = KeyStore(self.db).get(key_id)
            if key.revoked:
                raise IllegalTransition("this key was revoked already")
            self._revoke(key, staff.actor)
            self.db.before_commit(lambda: self.journal.append("key.revoked", key_id))

    def replay(self, kind: str, record_id: str, day: date | None = None) -> None:
        """Revoke, after a restore, a key that the journal names.

        Harmless for a key that is revoked already, or was issued after the backup was made.

        Args:
            kind: one of ``STOPPED``.
            record_id: the key's id.
            day: None; no line about a key has one.
        """
        if kind not in STOPPED:
            raise ValueError(f"{kind} is no journal line about keys")
        with self.db.transaction():
            key = next(iter(KeyStore(self.db).find(KeyId(record_id))), None)
            if key is not None and not key.revoked:
                self._revoke(key, "operator")

    def authenticate(self, text: str, scope: Scope) -> Platform:
        """Return whose key this is; white space around the text is no matter.

        Raises:
            NotSignedIn: no key, another scope's, one that has ended or was revoked, or one of
                a retired platform. Never says which.
        """
        text = text.strip()
        key_id = KeyId(keys.record_id(text))
        with self.db.reading():
            found = [
                (key.digest, PlatformStore(self.db).get(key.platform_id))
                for key in KeyStore(self.db).find(key_id)
                if key.scope == scope and key.opens(self.now())
            ]
        digest, platform = found[0] if found else (None, None)
        if not keys.is_key(text, digest) or platform is None or not platform.active:
            raise keys.refused()
        return platform

    def keys(self, platform_id: PlatformId) -> Sequence[PlatformKey]:
        """Return the platform's keys without their texts, the oldest first."""
        with self.db.reading():
            return KeyStore(self.db).of(platform_id)

    def _new_key(self, platform_id: PlatformId, scope: Scope) -> IssuedKey:
        issued_id = KeyId(new_id("key"))
        text = keys.new_key_text(issued_id)
        key = PlatformKey(
            id=issued_id,
            platform_id=platform_id,
            scope=scope,
            digest=keys.digest(text),
            issued_at=self.now(),
        )
        KeyStore(self.db).add(key)
        return IssuedKey(issued_id, text)

    def _revoke(self, key: PlatformKey, actor: str) -> None:
        KeyStore(self.db).revoke(key.id)
        self.audit.append("platform.key_revoked", actor, platform=key.platform_id, key=key.id)
