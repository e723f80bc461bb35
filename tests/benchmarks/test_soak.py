"""What a soak holds a matcher to, and a very short one."""

import asyncio
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.index.banks import random_bits
from benchmarks.soak.__main__ import run
from benchmarks.soak.model import Asked, Model
from benchmarks.soak.report import figures, paragraph

SIGNAL = random_bits(1, seed=9)[0]
ENTRY = 5
"""The first position that is free beside a bank of five."""


@pytest.fixture
def model() -> Model:
    """An entry that is offered at 10, stored at 20, offered as gone at 30, so stored at 40."""
    model = Model(random_bits(ENTRY, seed=1), room=1)
    assert model.offer(SIGNAL, 10) == ENTRY
    model.store(ENTRY, 20)
    model.offer_gone(ENTRY, 30)
    model.store(ENTRY, 40)
    return model


@pytest.mark.parametrize(
    ("sent", "answered", "must", "may"),
    [
        (5, 9, False, False),
        (5, 15, False, True),
        (15, 25, False, True),
        (21, 29, True, True),
        (21, 31, False, True),
        (35, 45, False, True),
        (41, 45, False, False),
    ],
)
def test_an_answer_is_judged_by_when_it_was_asked_and_given(
    model: Model, sent: float, answered: float, must: bool, may: bool
) -> None:
    """While a change is under way both answers are right; before and after it only one is."""
    without = Asked(SIGNAL, sent, answered, [], more=False)
    with_it = Asked(SIGNAL, sent, answered, [(ENTRY, 0)], more=False)

    assert bool(model.wrong([without])) is must
    assert bool(model.wrong([with_it])) is not may


@pytest.mark.parametrize(
    "found",
    [[(ENTRY, 1)], [(0, 0)], [(ENTRY, 0), (ENTRY, 0)], [(ENTRY, 0), (99, 3)]],
    ids=["another distance", "another entry", "twice", "an entry that never was"],
)
def test_a_wrong_answer_is_noticed(model: Model, found: list[tuple[int, int]]) -> None:
    """Missing, too many, too near, out of order."""
    assert model.wrong([Asked(SIGNAL, 21, 29, found, more=False)])


def test_what_a_limit_cuts_off_is_not_missed(model: Model) -> None:
    """Entries as far as the last one answered may have been left out."""
    bits = np.unpackbits(SIGNAL)
    bits[:4] ^= 1
    question = np.packbits(bits)

    assert not model.wrong([Asked(question, 21, 29, [(ENTRY, 4)], more=True)])
    assert model.wrong([Asked(question, 21, 29, [], more=False)])


def test_a_short_soak_ends_without_an_error_or_a_wrong_answer(tmp_path: Path) -> None:
    """A real matcher of two processes, changes and look-ups over HTTP, and the linear scan."""
    options = Namespace(
        minutes=0.06, entries=5_000, processes=2, lookups=100, adds=40, withdrawals=10
    )
    options.cache = tmp_path

    soak = asyncio.run(run(options))

    assert soak.asking.errors == []
    assert soak.wrong == []
    assert soak.compared_changes > 50
    assert soak.compared > soak.compared_changes
    assert figures(soak)["soak.memory early MiB"] > 0
    assert "0 errors" in paragraph(soak)
