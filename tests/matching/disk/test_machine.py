"""Random walks over an index on disk: it answers what comparing every entry would, to all."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import Index
from takeback.matching.exact.merge import Policy
from tests.matching.disk.story import abandoned, few_logs, left_over
from tests.matching.index_oracle import TINY, linear_search
from tests.matching.test_index import Bank


class BankOnDisk(Bank):
    """The walks of ``Bank``, with a writer that comes and goes, beside one that follows it."""

    @initialize(tail_rows=st.sampled_from([1, 5, 16]), table_rows=st.sampled_from([1, 12, 40]))
    def begin(self, tail_rows: int, table_rows: int) -> None:
        """Start in an empty directory."""
        self.room = tempfile.TemporaryDirectory()
        self.directory = Path(self.room.name) / "signals"
        self.policy = Policy(tail_rows=tail_rows, layouts=((table_rows, TINY),))
        self.logs = few_logs()
        self.logs.__enter__()
        self.index = Index.open(self.directory, self.policy)
        self.followed = FollowedIndex.open(self.directory)
        self.bank = {}
        self.mark = 0

    @rule(gone=Bank.ids_again, ids=Bank.ids, first=Bank.choice)
    def change(self, gone: list[int], ids: list[int], first: int) -> None:
        """Withdraw and add in one step."""
        signals = np.roll(self.relatives, first, axis=0)[: len(ids)]
        self.mark += 1
        self.index.change(gone, ids, signals, self.mark)
        self.bank = {entry: signal for entry, signal in self.bank.items() if entry not in gone}
        self.bank.update(zip(ids, signals, strict=True))

    @rule()
    def reopen(self) -> None:
        """Close the index and open it again."""
        self.index.close()
        self.index = Index.open(self.directory, self.policy)
        self.index.settle()
        assert left_over(self.directory) == set()

    @rule(smaller=st.booleans())
    def reopen_after_a_crash(self, smaller: bool) -> None:
        """Leave the index as a program that dies does; who comes next may want other sizes."""
        abandoned(self.index)
        policy = Policy(tail_rows=2, layouts=()) if smaller else self.policy
        self.index = Index.open(self.directory, policy)

    @rule(query=Bank.choice, radius=st.sampled_from([0, 8, 20, 31, 90]))
    def search_from_elsewhere(self, query: int, radius: int) -> None:
        """Who follows, and who only just comes, answers the same."""
        queries = self.relatives[query : query + 1]
        expected = linear_search(self.bank, queries, radius, None)[0]
        for index in (self.followed, FollowedIndex.open(self.directory)):
            assert list(index.search(queries, radius, limit=None)) == expected
            assert len(index) == len(self.bank)
            assert index.mark == self.mark

    @invariant()
    def others_know_the_members_too(self) -> None:
        """Membership is the same for who follows."""
        for entry in range(-3, 61, 9):
            assert (entry in self.followed) == (entry in self.bank)

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.index.close()
        self.logs.__exit__(None, None, None)
        self.room.cleanup()


TestBankOnDisk = BankOnDisk.TestCase
TestBankOnDisk.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
