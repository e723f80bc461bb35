"""How long answers take, in the buckets that a platform's alarms need."""

from dataclasses import dataclass
from typing import Final, Self

from prometheus_client import CollectorRegistry, Counter, Histogram

LOOKUP_BUCKETS: Final = (
    *(0.0002, 0.0005, 0.001, 0.002, 0.003, 0.004, 0.006, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0),
)
"""Seconds: one signal takes the first, ten thousand the last."""

UPLOAD_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 10.0, 30.0, 120.0)
"""Seconds: a picture takes the first, a video the last."""


@dataclass(frozen=True, slots=True)
class Timings:
    """What Prometheus is told of answers."""

    lookups: Histogram
    """From a body that has arrived to the answer, by ``one`` signal or a ``batch``."""

    uploads: Histogram
    """The same of uploads, by what they are."""

    refused: Counter
    """Requests that were refused, by status."""

    @classmethod
    def on(cls, registry: CollectorRegistry) -> Self:
        """Register them, those that were not needed yet as well."""
        timings = cls(
            Histogram(
                "takeback_matcher_lookup_seconds",
                "Seconds that look-ups of signals took.",
                ["size"],
                registry=registry,
                buckets=LOOKUP_BUCKETS,
            ),
            Histogram(
                "takeback_matcher_upload_seconds",
                "Seconds that uploads took, once they had arrived.",
                ["kind"],
                registry=registry,
                buckets=UPLOAD_BUCKETS,
            ),
            Counter(
                "takeback_matcher_refused",
                "Requests that were refused, by status.",
                ["status"],
                registry=registry,
            ),
        )
        for size in ("one", "batch"):
            timings.lookups.labels(size)
        for kind in ("picture", "video"):
            timings.uploads.labels(kind)
        return timings
