"""How it goes: with each hub, and with the processes that hash.

Labels and log lines name hubs and states, never an entry, a signal or a caller.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from takeback import __version__
from takeback.clock import Clock
from takeback.exchange.follow import State
from takeback.matcher.documents import Health, HubHealth
from takeback.matcher.log import log

WRONG: frozenset[State] = frozenset({"refused", "failing"})
"""States in which a person is needed, however fresh the bank still is."""

LEVELS: Mapping[State, int] = {
    "unreachable": logging.WARNING,
    **dict.fromkeys(WRONG, logging.ERROR),
}
"""How loud a state is in the log; the others are news."""

REFUSED_HINT = (
    "Check the key: it was revoked or replaced at the hub, or the key file holds another one."
)


@dataclass(slots=True)
class HubStatus:
    """How it goes with one hub."""

    name: str
    now: Clock
    follows: bool
    """Whether its feed is followed; a hub that is asked has no freshness."""

    read_once: bool
    """Whether its bank was ever read to the end; True for one that is asked."""

    fresh_at: datetime | None = None
    state: State = "starting"
    skipped: int = 0
    """Records of its feed that could not be used."""

    changed: Callable[[], None] = lambda: None
    """Told when anything but the freshness is another."""

    def skip(self, records: int = 1) -> None:
        """Count records that could not be used; log the first of them."""
        if records and not self.skipped:
            log().warning("hub.records_skipped", hub=self.name)
        self.skipped += records
        if records:
            self.changed()

    def report(self, state: State, error: Exception | None) -> None:
        """Take note of a step; log when the state changes."""
        if state == "following":
            self.fresh_at = self.now()
        if state != self.state:
            facts = {} if error is None else {"error": type(error).__name__}
            log().log(
                LEVELS.get(state, logging.INFO), "hub.state", hub=self.name, state=state, **facts
            )
            self.state = state
            self.changed()

    def fresh_seconds(self) -> float | None:
        """Return the seconds since the bank was last known to be up to date."""
        if self.fresh_at is None:
            return None
        return max(0.0, (self.now() - self.fresh_at).total_seconds())

    def fresh_number(self) -> float:
        """Return the freshness as Prometheus wants it: NaN for never."""
        seconds = self.fresh_seconds()
        return float("nan") if seconds is None else seconds

    def skipped_number(self) -> float:
        """Return how many records could not be used."""
        return float(self.skipped)

    def followed_number(self) -> float:
        """Return 1 while the hub is followed or answers, else 0."""
        return float(self.state == "following")

    def problem(self, stale_after: float) -> str:
        """Say what is wrong, or nothing."""
        if self.state in WRONG or (not self.follows and self.state == "unreachable"):
            return f"{self.name}: {self.state}"
        if not self.read_once:
            return f"{self.name}: not read yet"
        seconds = self.fresh_seconds()
        if self.follows and (seconds is None or seconds > stale_after):
            return f"{self.name}: stale"
        return ""

    def document(self) -> HubHealth:
        """Return it for /health."""
        seconds = self.fresh_seconds()
        return HubHealth(self.name, self.state, None if seconds is None else round(seconds, 1))


@dataclass(frozen=True, slots=True)
class Vitals:
    """How it goes with everything."""

    hubs: tuple[HubStatus, ...]
    stale_after: float
    can_hash: Callable[[], bool]
    """Whether there are processes to hash with."""

    refresh: Callable[[], None] = lambda: None
    """Brings the hubs up to what the process says that follows them."""

    hindrance: Callable[[], str] = lambda: ""
    """Says why nothing can be looked up here, or nothing."""

    def loaded(self) -> bool:
        """Tell whether any bank was read to its end, so that there is something to answer from."""
        self.refresh()
        return not self.hindrance() and any(hub.read_once for hub in self.hubs)

    def stale(self) -> bool:
        """Tell whether something is wrong with any hub, so that answers may be out of date."""
        self.refresh()
        return any(hub.problem(self.stale_after) for hub in self.hubs)

    def problems(self) -> list[str]:
        """List everything that keeps the matcher from answering truthfully and fully."""
        self.refresh()
        found = [problem for hub in self.hubs if (problem := hub.problem(self.stale_after))]
        found += filter(None, [self.hindrance()])
        return found if self.can_hash() else [*found, "no process to hash with"]

    def hint(self) -> str:
        """Say what to do about it, or nothing where waiting is enough."""
        return REFUSED_HINT if any(hub.state == "refused" for hub in self.hubs) else ""

    def document(self) -> Health:
        """Return it for /health."""
        self.refresh()
        return Health("alive", __version__, [hub.document() for hub in self.hubs])
