"""kill -9 of hub, worker and matcher at random points: nothing acknowledged is lost."""

import random
from pathlib import Path

from tests.journeys.aftermath import Aftermath
from tests.journeys.processes import staged
from tests.journeys.siege import Siege
from tests.journeys.story import settings_for

KILLS = 6
SEED = 20300305


def test_nothing_acknowledged_is_lost_by_a_few_kills(tmp_path: Path, database_url: str) -> None:
    """A short form of ``tests/soak/test_kills.py``, which kills 200 times."""
    besieged(tmp_path, database_url, KILLS, SEED)


def besieged(folder: Path, database_url: str, kills: int, seed: int) -> Siege:
    """Kill so often, then look at everything."""
    settings = settings_for(
        folder, database_url, lock_hours=0, undo_days=0, unvouched_pictures_per_day=1_000_000
    )
    with staged(folder, settings) as stage:
        siege = Siege(stage, random.Random(seed))
        siege.run(kills)
        assert sum(siege.kills.values()) == kills
        Aftermath(siege).look()
        return siege
