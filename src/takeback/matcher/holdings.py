"""One followed bank: its part of the state file, and its entries in the indexes.

The ledger of one follower. Both sides change in one transaction of the state file.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from takeback.clock import Clock
from takeback.exchange.follow import Position
from takeback.exchange.wire import FeedPage
from takeback.matcher.health import HubStatus
from takeback.matcher.reading import Change
from takeback.matcher.state import State


class Written(Protocol):
    """The banks, as far as pages change them."""

    def apply(self, change: Change) -> None:
        """Withdraw what is gone, and add what is new."""


B = TypeVar("B", bound=Written)


@dataclass(frozen=True, slots=True)
class Holding(Generic[B]):
    """A ``follow.Ledger`` on the state file and the banks."""

    source: int
    state: State
    banks: B
    status: HubStatus
    now: Clock

    def position(self) -> Position:
        """Return how far the feed was read."""
        return self.state.position(self.source)

    def take(self, page: FeedPage) -> None:
        """Apply the page to the state file and the banks, whole or not at all."""
        self.state.take(self.source, page, self.now(), self._apply)
        if not page.more:
            self.status.read_once = True

    def restart(self) -> None:
        """Begin to read everything again, over what is held."""
        self.state.restart(self.source)

    def _apply(self, change: Change) -> None:
        self.banks.apply(change)
        self.status.skip(change.skipped)
