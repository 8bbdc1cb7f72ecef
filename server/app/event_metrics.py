"""What the server measures of the events that it records."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class EventMetrics:
    """The metrics of EventService.

    Args:
        registry: Where they are.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._events = Counter(
            "paceline_events",
            "Events by type and result: recorded, duplicate, or why they were rejected.",
            ["type", "result"],
            registry=registry,
        )
        self._commit_seconds = Histogram(
            "paceline_event_commit_seconds",
            "Writing events of one or more calls, and waiting for other writers and the disk.",
            buckets=SECONDS,
            registry=registry,
        )

    def observe_events(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Takes note of how many events there were by type and result."""
        for labels, count in counts.items():
            self._events.labels(*labels).inc(count)

    def observe_commit(self, seconds: float) -> None:
        """Takes note of how long a write took."""
        self._commit_seconds.observe(seconds)
