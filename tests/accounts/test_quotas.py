"""Quotas: counted in the database, per platform, kind and day (UTC)."""

import subprocess
import sys
from datetime import timedelta

import pytest

from takeback.accounts import Platform
from takeback.errors import NotFound, QuotaSpent
from takeback.ids import PlatformId
from tests.accounts.conftest import Desk
from tests.conftest import FakeClock

SPENDER = """
import sys
from datetime import UTC, datetime
from takeback.accounts.quotas import Quotas
from takeback.db import Database
from takeback.errors import QuotaSpent

quotas = Quotas(Database(sys.argv[1]), None, None, lambda: datetime(2030, 3, 5, 12, tzinfo=UTC))
spent = 0
try:
    while True:
        quotas.spend(sys.argv[2], 3)
        spent += 3
except QuotaSpent:
    print(spent)
"""


@pytest.fixture
def platform(desk: Desk) -> Platform:
    """A platform with a quota of 100 look-ups a day."""
    return desk.platforms.add("Example", desk.operator)


def test_a_quota_is_spent_to_the_last_and_no_further(desk: Desk, platform: Platform) -> None:
    """What does not fit is refused whole and spends nothing."""
    desk.platforms.spend(platform.id, 99)

    with pytest.raises(QuotaSpent):
        desk.platforms.spend(platform.id, 2)
    desk.platforms.spend(platform.id, 1)
    with pytest.raises(QuotaSpent):
        desk.platforms.spend(platform.id, 1)


def test_the_refusal_says_when_the_next_day_begins(desk: Desk, platform: Platform) -> None:
    """At noon that is twelve hours away."""
    with pytest.raises(QuotaSpent) as refusal:
        desk.platforms.spend(platform.id, 101)

    assert refusal.value.retry_after == 12 * 3600


def test_a_new_day_begins_at_midnight_utc(desk: Desk, platform: Platform, clock: FakeClock) -> None:
    """And not 24 hours after the first look-up."""
    desk.platforms.spend(platform.id, 100)
    clock.advance(timedelta(hours=12) - timedelta(microseconds=1))
    with pytest.raises(QuotaSpent):
        desk.platforms.spend(platform.id, 1)

    clock.advance(timedelta(microseconds=1))

    desk.platforms.spend(platform.id, 100)


def test_look_ups_submissions_and_reports_are_counted_apart(desk: Desk, platform: Platform) -> None:
    """Each has its own quota, and so has each platform."""
    other = desk.platforms.add("Other", desk.operator)
    desk.platforms.spend(platform.id, 100)

    desk.platforms.spend(platform.id, 10, "submit")
    desk.platforms.spend(platform.id, 20, "report")
    desk.platforms.spend(other.id, 100)

    with pytest.raises(QuotaSpent):
        desk.platforms.spend(platform.id, 1, "submit")
    with pytest.raises(QuotaSpent):
        desk.platforms.spend(platform.id, 1, "report")


def test_two_processes_share_one_quota(desk: Desk, platform: Platform, database_url: str) -> None:
    """Together they spend 99 of 100 in threes, whoever is quicker."""
    command = [sys.executable, "-c", SPENDER, database_url, platform.id]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    spent = [int(process.communicate(timeout=60)[0]) for process in running]

    assert sum(spent) == 99
    desk.platforms.spend(platform.id, 1)


def test_an_unknown_platform_has_no_quota(desk: Desk) -> None:
    """It is not found."""
    with pytest.raises(NotFound):
        desk.platforms.spend(PlatformId("platform_0000000000000000"), 1)
