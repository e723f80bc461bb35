"""One bank, searched by ours and by each peer in turn."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from benchmarks.index import ours, peers
from benchmarks.index.banks import Bank
from benchmarks.index.health import own_bucket, wrong_answers
from benchmarks.index.peers import FLAT, MULTI_HASH, Peer
from benchmarks.index.race import Lane, Times, race, times
from benchmarks.machine import give_back_memory, load
from numpy.typing import NDArray

from takeback.matching.exact.followed import FollowedIndex

Signals = NDArray[np.uint8]

OURS: Final = "Index"
CONTROL: Final = "Index, random bits"
JUDGED: Final = ("planted", "unrelated")
"""Kinds of question that targets are held to; the slower of the two counts."""

CHECKED: Final = 100
"""Questions of each kind whose whole answer is compared with the linear scan's."""


class Ours(NamedTuple):
    """An index of ours, and what it is asked."""

    searched: FollowedIndex
    questions: Mapping[str, Signals]


class Lap(NamedTuple):
    """One race: who ran beside ours, the kind of question, the seconds of every lane."""

    peer: str
    kind: str
    seconds: dict[str, list[float]]


@dataclass(slots=True)
class Result:
    """What was measured on one bank."""

    bank: str
    rows: int
    told: dict[str, float]
    wrong: int = 0
    checked: int = 0
    laps: list[Lap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def kinds(self) -> list[str]:
        """Return the kinds of question, in the order in which they were asked."""
        return list(dict.fromkeys(lap.kind for lap in self.laps))

    def peers(self) -> list[str]:
        """Return the names of the peers."""
        return list(dict.fromkeys(lap.peer for lap in self.laps if lap.peer))

    def times(self, lane: str, kind: str) -> Times:
        """Return what a lane took for one kind of question, over all races."""
        return times(
            [s for lap in self.laps if lap.kind == kind for s in lap.seconds.get(lane, [])]
        )

    def ratio(self, peer: str, kind: str) -> float:
        """Return how many times as long the peer took at the median, ours in the same race."""
        [lap] = [lap for lap in self.laps if (lap.peer, lap.kind) == (peer, kind)]
        theirs = lap.seconds[peer]
        return float(np.median(theirs) / np.median(lap.seconds[OURS][: len(theirs)]))

    def times_as_fast(self, peers: Sequence[str]) -> float:
        """Return the least of the ratios, over these peers and the judged kinds of question."""
        return min(self.ratio(peer, kind) for peer in peers for kind in JUDGED)

    def figures(self) -> dict[str, float]:
        """Return what the table asks of this bank."""
        judged = {kind: self.times(OURS, kind) for kind in JUDGED}
        found = {
            "p50": max(each.p50 for each in judged.values()),
            "p99": max(each.p99 for each in judged.values()),
            "wrong": self.wrong,
        }
        for peer in self.peers():
            theirs = [self.times(peer, kind) for kind in JUDGED]
            found[f"times {peer}"] = self.times_as_fast([peer])
            found[f"p50 {peer}"] = min(each.p50 for each in theirs)
            found[f"p99 {peer}"] = min(each.p99 for each in theirs)
        if exact := [peer for peer in self.peers() if peer in (FLAT, MULTI_HASH)]:
            found["times best faiss"] = self.times_as_fast(exact)
        if any(CONTROL in lap.seconds for lap in self.laps):
            found["against random"] = max(
                judged[kind].p50 / self.times(CONTROL, kind).p50 for kind in JUDGED
            )
        return {f"index.{self.bank}.{self.rows}.{name}": value for name, value in found.items()}


def measured(
    bank: Bank, directory: Path, control: Ours | None, chosen: Sequence[str], few: int
) -> Result:
    """Race ours beside each peer.

    Args:
        bank: what is searched and asked.
        directory: where ours lies, built from the bank.
        control: ours on random bits; None where this is it.
        chosen: names of ``PEERS``; one is in memory at a time.
        few: questions of each kind put to a peer.
    """
    result = Result(bank.name, len(bank.signals), dict(bank.told))
    result.told["own bucket, random = 1"] = own_bucket(bank.signals)
    result.notes.append(f"load {load()} when the races began")
    own = Ours(ours.opened(directory), bank.questions)
    check(result, own.searched, bank)
    for name in chosen:
        print(f"{bank.name}, {len(bank.signals):,}: building {name}", file=sys.stderr, flush=True)
        peer = PEERS[name](bank)
        result.laps += laps(own, control, peer, few)
        result.notes.append(f"{peer.name}: built in {peer.built_in:.1f} s; {peer.note}")
        del peer
        give_back_memory()
    if not chosen:
        result.laps += laps(own, control, None, few)
    return result


def laps(own: Ours, control: Ours | None, peer: Peer | None, few: int) -> Iterator[Lap]:
    """Race ours, ours on random bits and a peer, for every kind of question."""
    for kind, questions in own.questions.items():
        lanes = {OURS: Lane(ours.ask(own.searched), questions)}
        if control:
            asked = control.questions.get(kind, control.questions["planted"])
            lanes[CONTROL] = Lane(ours.ask(control.searched), asked)
        if peer:
            lanes[peer.name] = Lane(peer.ask, questions[:few])
        yield Lap(peer.name if peer else "", kind, race(lanes))


def check(result: Result, index: FollowedIndex, bank: Bank) -> None:
    """Compare whole answers with the linear scan's."""
    asked = np.concatenate([questions[:CHECKED] for questions in bank.questions.values()])
    answer = index.search(asked, limit=None).rows
    result.checked += len(asked)
    result.wrong += wrong_answers(bank.signals, asked, answer)


PEERS: Final[Mapping[str, Callable[[Bank], Peer]]] = {
    "flat": lambda bank: peers.flat(bank.signals),
    "multihash": lambda bank: peers.tuned(bank.signals, bank.questions["unrelated"]),
    "pdqindex": lambda bank: peers.pdq_index(bank.signals),
}
"""How each peer is built."""
