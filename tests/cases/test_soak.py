"""Long runs about cases, with the real Argon2id. Started by ``make soak`` only."""

import random
import time
from pathlib import Path

import pytest

from takeback.cases.codes import argon2id
from takeback.cases.wire import Access
from takeback.db import Database
from takeback.errors import NotFound
from takeback.settings import Settings
from tests.cases.fakes import CountingKdf
from tests.cases.world import World, unknown_code, wrong_pin
from tests.conftest import FakeClock

TRIES = 1_000


@pytest.mark.soak
def test_time_does_not_tell_known_codes_from_unknown_ones(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """Over a thousand interleaved tries the area under the curve is near one half."""
    settings = Settings(openings_per_second=10_000, proof_of_work_bits=0)
    world = World(database, clock, tmp_path, settings, kdf=CountingKdf(argon2id))
    opened = [world.open() for _ in range(TRIES // 20)]
    known = [wrong_pin(one) for one in opened * 10]
    unknown = [unknown_code(one) for one in opened * 10]
    tries = [(access, True) for access in known] + [(access, False) for access in unknown]
    random.Random(1).shuffle(tries)
    seconds: dict[bool, list[float]] = {True: [], False: []}

    for access, is_known in tries:
        seconds[is_known].append(refusal(world, access))

    assert len(seconds[True]) == len(seconds[False]) == TRIES // 2
    assert 0.45 <= area_under_curve(seconds[True], seconds[False]) <= 0.55


def refusal(world: World, access: Access) -> float:
    """Return how many seconds a refusal takes."""
    started = time.perf_counter()
    with pytest.raises(NotFound):
        world.cases.receipt(access)
    return time.perf_counter() - started


def area_under_curve(some: list[float], others: list[float]) -> float:
    """Return the chance that one of *some* is larger than one of *others*."""
    larger = sum((one > other) + (one == other) / 2 for one in some for other in others)
    return larger / (len(some) * len(others))
