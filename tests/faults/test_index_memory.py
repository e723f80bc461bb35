"""Memory that is too short for a merge costs an index nothing but the merge."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from takeback.matching import merger
from takeback.matching.exact import index as index_module
from takeback.matching.exact.index import Index
from takeback.matching.exact.merge import Policy, merge
from takeback.matching.exact.segment import Segment
from tests.matching.disk.story import SIGNALS, SMALL, left_over, reopened

FEW_ROWS = 12
"""Enough for a merge to be due."""


def grown(index: Index, begin: int) -> None:
    """Add so many entries that a merge is due, and see that each can be found."""
    ids = np.arange(begin, begin + FEW_ROWS)
    for some in np.split(ids, 3):
        index.add(some, SIGNALS[some])
    index.settle()
    assert {entry for _, entry, _ in index.search(SIGNALS[:FEW_ROWS], 0)} >= set(range(FEW_ROWS))


def test_a_merge_without_memory_is_put_off_and_the_index_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried later, ever later, not at every change; it is said once; at last it succeeds."""
    tries: list[int] = []
    said: list[Any] = []

    def starved(sources: Sequence[Segment], policy: Policy) -> Segment:
        tries.append(len(sources))
        if len(tries) < 3:
            raise MemoryError
        return merge(sources, policy)

    monkeypatch.setattr(index_module, "merge", starved)
    monkeypatch.setattr(threading, "excepthook", said.append)
    with reopened(tmp_path, SMALL) as index:
        grown(index, 0)
        grown(index, FEW_ROWS)
        assert len(tries) == 1
        assert [report.exc_type for report in said] == [MemoryError]

        monkeypatch.setattr(merger, "PAUSE_SECONDS", 0.0)
        index._merger._not_before = 0.0
        grown(index, 2 * FEW_ROWS)
        grown(index, 3 * FEW_ROWS)
        assert len(tries) > 3
        assert len(said) == 1
        assert left_over(tmp_path) == set()
