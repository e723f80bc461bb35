"""What the rest of the hub asks about platforms, in one place."""

from dataclasses import dataclass

from takeback.accounts.canaries import Canaries
from takeback.accounts.platform_keys import PlatformKeys
from takeback.accounts.platforms import PlatformAccounts
from takeback.accounts.quotas import Quotas


@dataclass(frozen=True, slots=True)
class Platforms(PlatformAccounts, PlatformKeys, Quotas, Canaries):
    """Platforms with their keys, quotas and canaries. Every change is audited with it."""
