"""The same questions put to several indexes in turn, one a call, and how long each took.

Questions go out in blocks: a block to ours, the same block to the peer, then the next block.
Whatever the machine does meanwhile, it does to all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Signals = NDArray[np.uint8]
Ask = Callable[[Signals], Callable[[], object]]
"""Prepares one question, shape (32,), so that only the search itself is timed."""

BLOCK: Final = 50


class Lane(NamedTuple):
    """One index, and what it is asked."""

    ask: Ask
    questions: Signals


class Times(NamedTuple):
    """Milliseconds of one kind of question to one index."""

    asked: int
    p50: float
    p99: float
    longest: float
    least_block: float
    most_block: float
    """The least and the greatest median of a block: how steady the machine was."""


def race(lanes: Mapping[str, Lane]) -> dict[str, list[float]]:
    """Put each block to every lane in turn; return the seconds of every question.

    Lanes with fewer questions end sooner.
    """
    seconds: dict[str, list[float]] = {name: [] for name in lanes}
    for lane in lanes.values():
        lane.ask(lane.questions[0])()
    for begin in range(0, max(len(lane.questions) for lane in lanes.values()), BLOCK):
        for name, lane in lanes.items():
            seconds[name] += block(lane, begin)
    return seconds


def block(lane: Lane, begin: int) -> list[float]:
    """Ask one block of questions; return the seconds of each."""
    taken = []
    for call in [lane.ask(question) for question in lane.questions[begin : begin + BLOCK]]:
        started = perf_counter()
        call()
        taken.append(perf_counter() - started)
    return taken


def times(seconds: Sequence[float]) -> Times:
    """Sum up what was taken."""
    milli = np.array(seconds) * 1000
    medians = [float(np.median(milli[i : i + BLOCK])) for i in range(0, len(milli), BLOCK)]
    p50, p99 = np.percentile(milli, [50, 99])
    return Times(len(milli), float(p50), float(p99), float(milli.max()), min(medians), max(medians))
