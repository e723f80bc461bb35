"""The index answers exactly what comparing every entry would, whatever was done to it before."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from takeback.errors import MalformedSignal
from takeback.matching import Index
from takeback.matching.exact import places
from takeback.matching.exact.index import warm_up
from takeback.matching.exact.layout import NARROW, WIDE, Layout
from takeback.matching.exact.merge import Policy
from tests.matching.index_oracle import (
    TINY,
    Signals,
    flipped,
    linear_search,
    near_copies,
    random_signals,
)

POLICIES = {
    "scanned": Policy(layouts=()),
    "tiny": Policy(tail_rows=16, layouts=((1, TINY),)),
    "narrow": Policy(tail_rows=16, layouts=((1, NARROW),)),
    "wide": Policy(tail_rows=16, layouts=((1, WIDE),)),
    "as shipped": Policy(),
}


def hard_bank() -> Signals:
    """Strangers, a family at every small distance, a family of exact copies, flat signals."""
    strangers = random_signals(400, seed=1)
    return np.concatenate(
        [
            strangers,
            near_copies(strangers[0], 300, 40, seed=2),
            np.repeat(strangers[1:2], 60, axis=0),
            np.zeros((20, 32), np.uint8),
            np.full((20, 32), 255, np.uint8),
        ]
    )


BANK = dict(
    zip(np.random.default_rng(3).permutation(5000)[:800].tolist(), hard_bank(), strict=True)
)
"""Ids in no order, so that ties by id are not ties by arrival."""


@pytest.fixture(scope="module", params=POLICIES, ids=str)
def full(request: pytest.FixtureRequest) -> Index:
    """The hard bank in an index of each policy."""
    index = Index(POLICIES[request.param])
    ids, signals = list(BANK), np.stack(list(BANK.values()))
    for part in range(7):
        index.add(ids[part::7], signals[part::7])
    index.settle()
    return index


@settings(max_examples=25, deadline=None)
@given(
    entry=st.sampled_from(sorted(BANK)),
    flips=st.sets(st.integers(0, 255), max_size=45),
    radius=st.sampled_from([0, 1, 5, 12, 31, 32, 33, 40, 256]),
    limit=st.sampled_from([1, 2, 7, 100, None]),
)
def test_the_answer_is_that_of_comparing_every_entry(
    full: Index, entry: int, flips: set[int], radius: int, limit: int | None
) -> None:
    """The same rows in the same order, and the same word on whether there are more."""
    query = flipped(BANK[entry], np.array(sorted(flips), np.int64))
    queries = np.stack([query, BANK[entry], ~query])

    answer = full.search(queries, radius, limit=limit)

    assert (list(answer), answer.more.tolist()) == linear_search(BANK, queries, radius, limit)


def test_radius_0_answers_the_exact_copies(full: Index) -> None:
    """All of them, and nothing that differs in one bit."""
    copies = sorted(entry for entry, signal in BANK.items() if not signal.any())

    answer = full.search(np.zeros((1, 32), np.uint8), 0)

    assert list(answer) == [(0, entry, 0) for entry in copies]


def test_a_limit_says_that_more_exist(full: Index) -> None:
    """``more`` is true for the query that was cut, and only for that one."""
    queries = np.stack([np.zeros(32, np.uint8), random_signals(1, seed=9)[0]])

    answer = full.search(queries, limit=19)

    assert len(answer) == 19
    assert answer.more.tolist() == [True, False]


def test_a_limit_that_is_just_met_says_that_nothing_is_left(full: Index) -> None:
    """Twenty copies and a limit of twenty."""
    answer = full.search(np.zeros((1, 32), np.uint8), limit=20)

    assert len(answer) == 20
    assert not answer.more[0]


def test_an_empty_index_answers_nothing() -> None:
    """Neither before the first entry nor for no queries is there an error."""
    index = Index()

    assert list(index.search(random_signals(2, seed=1))) == []
    assert len(index.search(np.zeros((0, 32), np.uint8)).more) == 0
    assert len(index) == 0


def test_an_added_entry_is_found_at_once() -> None:
    """No flush, no wait."""
    index, signals = Index(), random_signals(3, seed=1)

    index.add([7, 8, 9], signals)

    assert list(index.search(signals[1:2])) == [(0, 8, 0)]
    assert 8 in index
    assert len(index) == 3


def test_a_withdrawn_entry_is_found_no_longer() -> None:
    """The others stay."""
    index, signals = Index(), random_signals(3, seed=1)
    index.add([7, 8, 9], signals)

    index.withdraw([8])

    assert [entry for _, entry, _ in index.search(signals)] == [7, 9]
    assert 8 not in index
    assert len(index) == 2


def test_withdrawing_an_unknown_id_changes_nothing() -> None:
    """A follower may replay what it has done before."""
    index, signals = Index(), random_signals(1, seed=1)
    index.add([7], signals)

    index.withdraw([8, 8, 9])
    index.withdraw([])

    assert list(index.search(signals)) == [(0, 7, 0)]


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_an_id_given_twice_is_withdrawn_once(policy: Policy) -> None:
    """The count of what is left stays right."""
    index, signals = Index(policy), random_signals(20, seed=1)
    index.add(np.arange(20), signals)
    index.settle()

    index.withdraw([7, 7, 3, 7])

    assert len(index) == 18
    assert [entry for _, entry, _ in index.search(signals[[3, 7, 9]])] == [9]


def test_an_entry_can_come_back() -> None:
    """Withdrawn and added again, it is found again."""
    index, signals = Index(), random_signals(1, seed=1)
    index.add([7], signals)
    index.withdraw([7])

    index.add([7], signals)

    assert list(index.search(signals)) == [(0, 7, 0)]


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_adding_a_known_id_replaces_its_signal(policy: Policy) -> None:
    """The old signal matches no more, though a segment still holds it."""
    index, signals = Index(policy), random_signals(20, seed=1)
    index.add(np.arange(20), signals)
    index.settle()

    index.add([7], ~signals[7:8])

    assert list(index.search(signals[7:8])) == []
    assert list(index.search(~signals[7:8])) == [(0, 7, 0)]
    assert len(index) == 20


def test_the_caller_may_reuse_its_array() -> None:
    """The index keeps a copy."""
    index, signals = Index(), random_signals(1, seed=1)
    query = signals.copy()
    index.add([7], signals)

    signals[:] = 0

    assert list(index.search(query)) == [(0, 7, 0)]


def test_read_only_and_strided_arrays_are_accepted() -> None:
    """And compile nothing new: a search after the warm-up never waits for the compiler."""
    warm_up()
    loops: list[Any] = [places._search_all]
    index = Index(POLICIES["tiny"])
    strided = np.zeros((40, 64), np.uint8)[::2, ::2]
    strided[:] = random_signals(20, seed=1)
    frozen = strided.copy()
    frozen.flags.writeable = False

    index.add(np.arange(20, dtype=np.int32), strided)
    index.settle()
    answers = [index.search(form, radius) for form in (strided, frozen) for radius in (31, 200)]

    assert list(answers[0]) == list(answers[2]) == [(i, i, 0) for i in range(20)]
    assert [len(loop.signatures) for loop in loops] == [1]


@pytest.mark.parametrize(
    "signals",
    [
        np.zeros((1, 31), np.uint8),
        np.zeros(32, np.uint8),
        np.zeros((1, 32), np.int64),
        np.zeros((1, 32), np.float32),
        np.zeros((1, 1, 32), np.uint8),
        [b"\0" * 32],
        None,
    ],
    ids=["31 bytes", "one row", "int64", "float32", "three axes", "bytes", "nothing"],
)
def test_malformed_signals_are_refused(signals: Any) -> None:  # noqa: ANN401
    """By search and by add, which then adds nothing."""
    index = Index()

    with pytest.raises(MalformedSignal):
        index.search(signals)
    with pytest.raises(MalformedSignal):
        index.add([1], signals)

    assert len(index) == 0


@pytest.mark.parametrize(
    "ids",
    [[1], [1, 2, 3], [1, 1], [1.0, 2.0], [[1], [2]], ["1", "2"], np.array([1, 2], np.uint64)],
    ids=["too few", "too many", "twice the same", "fractions", "two axes", "text", "uint64"],
)
def test_malformed_ids_are_refused(ids: Any) -> None:  # noqa: ANN401
    """Nothing of the call is added."""
    index = Index()

    with pytest.raises(ValueError, match="ids must be"):
        index.add(ids, random_signals(2, seed=1))

    assert len(index) == 0


@pytest.mark.parametrize("radius", [-1, 257])
def test_a_radius_out_of_range_is_refused(radius: int) -> None:
    """A distance is 0 to 256."""
    with pytest.raises(ValueError, match="radius"):
        Index().search(random_signals(1, seed=1), radius)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_out_of_range_is_refused(limit: int) -> None:
    """Asking for nothing is a mistake."""
    with pytest.raises(ValueError, match="limit"):
        Index().search(random_signals(1, seed=1), limit=limit)


def test_a_withdrawn_signal_is_gone_from_memory() -> None:
    """In the tail and in a segment; the same look finds it before."""
    signals = random_signals(40, seed=4)
    index = Index(Policy(tail_rows=16, layouts=((1, TINY),)))
    index.add(np.arange(30), signals[:30])
    index.settle()
    index.add(np.arange(30, 40), signals[30:])
    assert held_bytes(index) == {signal.tobytes() for signal in signals}

    index.withdraw([3, 35])

    assert held_bytes(index) & {signals[3].tobytes(), signals[35].tobytes()} == set()


@pytest.mark.parametrize("layout", [TINY, NARROW, WIDE], ids=["tiny", "narrow", "wide"])
def test_tables_do_not_tell_where_a_withdrawn_signal_stood(layout: Layout) -> None:
    """Its keys, put together, would be the signal; its neighbours under the same keys stay."""
    signals = np.concatenate([near_copies(random_signals(1, seed=4)[0], 30, 3, seed=5)] * 2)
    index = Index(Policy(tail_rows=1, layouts=((1, layout),)))
    index.add(np.arange(60), signals)
    index.settle()

    index.withdraw([3, 40])

    for segment in index._snapshot.segments:
        assert segment.layout is not None
        counts = np.bincount(segment.tables.positions.clip(max=60), minlength=61)
        gone = np.isin(segment.ids, [3, 40])
        assert (counts[:60][gone] == 0).all()
        assert (counts[:60][~gone] == len(layout.widths)).all()
    assert len(index.search(signals[3:4], limit=None)) == 58


def held_bytes(index: Index) -> set[bytes]:
    """Collect every signal that lies in the index's memory, ended or not."""
    snapshot = index._snapshot
    held = [segment.signals(np.arange(len(segment.ids))) for segment in snapshot.segments]
    held.append(snapshot.tail.rows[: snapshot.tail.size])
    return {row.tobytes() for rows in held for row in rows}


def test_the_lines_of_the_page_do_what_it_says() -> None:
    """Each block of docs/reference/index.md is a program of its own."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "index.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)

    assert len(blocks) == 2
    for block in blocks:
        exec(block, {})  # noqa: S102


class Bank(RuleBasedStateMachine):
    """Random walks over an index, beside a dictionary that is compared in full."""

    relatives = near_copies(random_signals(1, seed=5)[0], 40, 20, seed=6)
    ids = st.lists(st.integers(-3, 60), unique=True, max_size=30)
    ids_again = st.lists(st.integers(-3, 60), max_size=30)
    choice = st.integers(0, len(relatives) - 1)

    @initialize(tail_rows=st.sampled_from([1, 5, 16]), table_rows=st.sampled_from([1, 12, 40]))
    def begin(self, tail_rows: int, table_rows: int) -> None:
        """Start empty, with sizes that make merges frequent."""
        self.index = Index(Policy(tail_rows=tail_rows, layouts=((table_rows, TINY),)))
        self.bank: dict[int, Signals] = {}

    @rule(ids=ids, first=choice)
    def add(self, ids: list[int], first: int) -> None:
        """Add entries, some of them known, some with the signal they have."""
        signals = np.roll(self.relatives, first, axis=0)[: len(ids)]
        self.index.add(ids, signals)
        self.bank.update(zip(ids, signals, strict=True))

    @rule(ids=ids_again)
    def withdraw(self, ids: list[int]) -> None:
        """Withdraw entries, some of them unknown, some of them twice."""
        self.index.withdraw(ids)
        for entry in ids:
            self.bank.pop(entry, None)

    @rule()
    def replay(self) -> None:
        """Add again all that is there."""
        self.index.add(
            list(self.bank), np.array(list(self.bank.values()), np.uint8).reshape(-1, 32)
        )

    @rule()
    def settle(self) -> None:
        """Let the merges finish."""
        self.index.settle()

    @rule(
        query=choice,
        radius=st.sampled_from([0, 8, 20, 31, 90]),
        limit=st.sampled_from([1, 5, None]),
    )
    def search(self, query: int, radius: int, limit: int | None) -> None:
        """Whatever happened, the answer is the linear one."""
        queries = self.relatives[query : query + 1]
        answer = self.index.search(queries, radius, limit=limit)
        assert (list(answer), answer.more.tolist()) == linear_search(
            self.bank, queries, radius, limit
        )

    @invariant()
    def members_are_those_added_and_not_withdrawn(self) -> None:
        """Length and membership agree with the dictionary."""
        assert len(self.index) == len(self.bank)
        assert all((entry in self.index) == (entry in self.bank) for entry in range(-3, 61, 7))


TestBank = Bank.TestCase
TestBank.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
