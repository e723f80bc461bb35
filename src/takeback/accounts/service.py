"""What the rest of the hub asks about platforms, in one place."""

from dataclasses import dataclass
from datetime import date

from takeback.accounts.canaries import Canaries
from takeback.accounts.platform_keys import PlatformKeys
from takeback.accounts.platforms import TAKEN_AWAY, PlatformAccounts
from takeback.accounts.quotas import Quotas
from takeback.ids import PlatformId


@dataclass(frozen=True, slots=True)
class Platforms(PlatformAccounts, PlatformKeys, Quotas, Canaries):
    """Platforms with their keys, quotas and canaries. Every change is audited with it."""

    def replay(self, kind: str, record_id: str, day: date | None = None) -> None:
        """Take away again, after a restore, what a journal line says was taken away.

        Harmless where it is done already, or the record is newer than the backup.

        Args:
            kind: one of ``STOPPED``, or of ``TAKEN_AWAY``.
            record_id: the key's or the platform's id.
            day: None; no line about a key or a platform has one.
        """
        if kind in TAKEN_AWAY:
            self.take_away_again(kind, PlatformId(record_id))
        else:
            PlatformKeys.replay(self, kind, record_id, day)
