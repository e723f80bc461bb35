"""What Prometheus may count, over all processes of a matcher.

Where there are several, each counts in a file of its own and whichever is asked adds them up;
what is the same in all of them is read where it is asked.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from takeback.matcher.health import HubStatus

DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable that makes prometheus_client count in files; set by the supervisor."""

PREFIX: Final = "takeback_matcher_"


class Watched(NamedTuple):
    """A number that is read when Prometheus asks."""

    name: str
    says: str
    value: Callable[[], float]
    hub: str | None = None


@dataclass(slots=True, eq=False)
class Readings(Collector):
    """Numbers that are the same whichever process is asked."""

    watched: list[Watched] = field(default_factory=list)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name nothing ahead of time; they are read first when Prometheus asks."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read them."""
        families: dict[str, GaugeMetricFamily] = {}
        for name, says, value, hub in self.watched:
            labels = [] if hub is None else ["hub"]
            family = families.setdefault(
                name, GaugeMetricFamily(PREFIX + name, says, labels=labels)
            )
            family.add_metric([] if hub is None else [hub], value())
        yield from families.values()


def _counter(name: str, says: str, labels: Sequence[str], registry: CollectorRegistry) -> Counter:
    return Counter(PREFIX + name, says, labels, registry=registry)


@dataclass(slots=True)
class Metrics:
    """What this process counts, and what it reads when it is asked."""

    refresh: Callable[[], None] = lambda: None
    """Called before anything is read."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    lookups: Counter = field(init=False)
    matches: Counter = field(init=False)
    pictures: Counter = field(init=False)
    videos: Counter = field(init=False)
    _readings: Readings = field(default_factory=Readings)
    _added: list[tuple[Gauge, Callable[[], float]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Register the counters."""
        every = self.registry
        self.lookups = _counter("lookups", "Signals, pictures and videos looked up.", [], every)
        self.matches = _counter("matched", "Signals, pictures and videos with a match.", [], every)
        self.pictures = _counter(
            "pictures", "Pictures received, by how hashing them ended.", ["outcome"], every
        )
        self.videos = _counter(
            "videos", "Videos received, by how hashing them ended.", ["outcome"], every
        )
        if DIRECTORY not in os.environ:
            every.register(self._readings)

    def watch(self, name: str, says: str, value: Callable[[], float]) -> None:
        """Add a number that is the same in every process."""
        self._readings.watched.append(Watched(name, says, value))

    def add_up(self, name: str, says: str, value: Callable[[], float]) -> None:
        """Add a number of this process; the sum of those of all processes is told."""
        gauge = Gauge(PREFIX + name, says, registry=self.registry, multiprocess_mode="livesum")
        self._added.append((gauge, value))

    def watch_hubs(self, hubs: Sequence[HubStatus]) -> None:
        """Add the freshness and state of each hub."""
        fresh = "Seconds since the hub's bank was last known to be up to date; NaN if never."
        for hub in hubs:
            self._readings.watched += [
                Watched("fresh_seconds", fresh, hub.fresh_number, hub.name),
                Watched("hub_ok", "1 while the hub is followed.", hub.followed_number, hub.name),
                Watched(
                    "skipped_records",
                    "Records of a hub that could not be used.",
                    hub.skipped_number,
                    hub.name,
                ),
            ]

    def tell(self) -> None:
        """Write down the numbers that are added up, for whichever process is asked."""
        for gauge, value in self._added:
            gauge.set(value())

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        self.refresh()
        self.tell()
        if DIRECTORY not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        together.register(self._readings)
        return generate_latest(together)
