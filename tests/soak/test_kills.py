"""Two hundred kills with -9, half of them on each database.

``KILLS`` and ``SEED`` in the environment choose how many and which; the seed is printed.
"""

import os
import secrets
from pathlib import Path

import pytest

from tests.journeys.test_kills import besieged

KILLS = int(os.environ.get("KILLS", "200"))
SEED = int(os.environ.get("SEED", secrets.randbits(32)))


@pytest.mark.soak
def test_nothing_acknowledged_is_lost_by_many_kills(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each half is a long life of one hub, its worker and a matcher."""
    with capsys.disabled():
        print(f"\n{database_url.partition(':')[0]}: {KILLS // 2} kills, SEED={SEED}")

    siege = besieged(tmp_path, database_url, KILLS // 2, SEED)

    with capsys.disabled():
        ledger = siege.ledger
        told = f"{len(ledger.cases)} cases, {len(ledger.signals())} signals"
        print(f"killed {siege.kills}; {told}, {len(ledger.responses)} responses: all there")
