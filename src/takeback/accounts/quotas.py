"""Quotas: how much a platform may look up, submit and report in one day (UTC)."""

from datetime import UTC, datetime, time, timedelta

from takeback.accounts.model import Spending
from takeback.accounts.platforms import PlatformService
from takeback.accounts.store import PlatformStore, QuotaStore
from takeback.errors import QuotaSpent
from takeback.ids import PlatformId


class Quotas(PlatformService):
    """Spend a platform's quota. It is counted in the database, so processes share it."""

    __slots__ = ()

    def spend(self, platform_id: PlatformId, n: int, kind: Spending = "lookup") -> None:
        """Spend *n* of today's quota, or nothing.

        Raises:
            QuotaSpent: fewer than *n* are left today; says when the next day begins.
            NotFound: there is no such platform.
        """
        now = self.now()
        store = QuotaStore(self.db)
        with self.db.transaction():
            quota = self._quota(platform_id, kind)
            spent = store.spent(platform_id, kind, now.date()) + n
            if spent > quota:
                raise _spent(now)
            store.put(platform_id, kind, now.date(), spent)

    def _quota(self, platform_id: PlatformId, kind: Spending) -> int:
        platform = PlatformStore(self.db).get(platform_id)
        if kind == "lookup":
            return platform.quota_per_day
        if kind == "submit":
            return self.settings.submit_quota_per_day
        return self.settings.report_quota_per_day


def _spent(now: datetime) -> QuotaSpent:
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    refusal = QuotaSpent("the quota of this day (UTC) is used up")
    refusal.retry_after = (tomorrow - now).total_seconds()
    return refusal
