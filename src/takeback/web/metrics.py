"""What Prometheus may count: requests by route template, status and role, and the worker.

No label can name a person, a case, a platform or a key; ``LABELS`` is all there is, and
each value comes from the code, never from a request.
"""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

MEDIA_TYPE = "text/plain; version=0.0.4"
"""Prometheus' text format; the charset is added on the way out."""

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 35.0)
"""Edges of the histogram; the last one lies beyond a long poll."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The counters of one process."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)
    waiting: Gauge = field(init=False)

    def __post_init__(self) -> None:
        made = {
            "requests": Counter(
                "takeback_requests",
                "Requests answered.",
                ["role", "route", "status"],
                registry=self.registry,
            ),
            "seconds": Histogram(
                "takeback_request_seconds",
                "Time to answer, long polls included.",
                ["role", "route"],
                buckets=SECONDS,
                registry=self.registry,
            ),
            "waiting": Gauge(
                "takeback_feed_waiting", "Long polls waiting for news.", registry=self.registry
            ),
        }
        for name, metric in made.items():
            object.__setattr__(self, name, metric)

    def answered(self, role: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests.labels(role, route, str(status)).inc()
        self.seconds.labels(role, route).observe(seconds)

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)
