"""One followed bank: its part of the state file, and its entries in the index.

The ledger of one follower. Both sides change in one transaction of the state file.
"""

from dataclasses import dataclass

from takeback.clock import Clock
from takeback.exchange.follow import Position
from takeback.exchange.wire import FeedPage
from takeback.matcher.health import HubStatus
from takeback.matcher.state import Change, State
from takeback.matching import Index


@dataclass(frozen=True, slots=True)
class Holding:
    """A ``follow.Ledger`` on the state file and the index."""

    source: int
    state: State
    index: Index
    status: HubStatus
    now: Clock

    def position(self) -> Position:
        """Return how far the feed was read."""
        return self.state.position(self.source)

    def take(self, page: FeedPage) -> None:
        """Apply the page to the state file and the index, whole or not at all."""
        self.state.take(self.source, page, self.now(), self._apply)
        if not page.more:
            self.status.read_once = True

    def restart(self) -> None:
        """Begin to read everything again, over what is held."""
        self.state.restart(self.source)

    def _apply(self, change: Change) -> None:
        if change.gone:
            self.index.withdraw(change.gone)
        if change.ids:
            self.index.add(change.ids, change.signals)


def load(state: State, index: Index) -> None:
    """Put every entry of the state file into the index."""
    for ids, signals in state.load():
        index.add(ids, signals)
