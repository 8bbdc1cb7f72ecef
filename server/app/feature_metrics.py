"""What the server measures of the features of members, for Prometheus.

A member has a hundred features in two or three rows. All of a row are as old as the row, so a read counts rows and
the few features without a value; what that is for each feature is worked out when Prometheus asks.
"""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from contract.cells import CellStatus
from server.app.children import Children
from server.domain.results import FeatureRow

AGES = tuple(hours * 3600.0 for hours in (1 / 60, 0.25, 1, 3, 6, 12, 24, 36, 48, 72, 168, 720))
"""Of features, from a minute to a month."""


class FeatureMetrics(Collector):
    """Counts rows by view, and features by status.

    Args:
        registry: Where the metrics are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        rows = "Rows of members by view: ok, missing, or stale by its TTL."
        ages = "How old the rows of members were."
        self._rows = Children(Counter("paceline_feature_rows", rows, ["view", "status"], registry=registry))
        self._ages = Children(
            Histogram("paceline_feature_age_seconds", ages, ["view"], buckets=AGES, registry=registry)
        )
        self._lock = Lock()
        self._statuses: Tally[tuple[tuple[str, ...], CellStatus]] = Tally()
        self._nulls: Tally[str] = Tally()
        registry.register(self)

    def observe(self, members: Sequence[Sequence[FeatureRow]], features: Mapping[str, Sequence[str]]) -> None:
        """Takes note of how old the features of members were, and which had no value.

        Args:
            members: The rows of each.
            features: The features that were read, by view.
        """
        rows = list(chain.from_iterable(members))
        for row in rows:
            if row.age_seconds is not None:
                self._ages[row.view,].observe(row.age_seconds)
        counts = Tally((row.view, row.status) for row in rows)
        for (view, status), count in counts.items():
            self._rows[view, status.name.lower()].inc(count)
        with self._lock:
            for (view, status), count in counts.items():
                self._statuses[tuple(features[view]), status] += count
            self._nulls.update(name for row in rows if row.status is CellStatus.OK for name in row.absent)

    def collect(self) -> Iterator[Metric]:
        """Yields how often each feature had which status."""
        text = "Features of members that were read: ok, null, missing, or stale by the TTL."
        family = CounterMetricFamily("paceline_features", text, labels=["feature", "status"])
        for (feature, status), count in sorted(self._features().items()):
            family.add_metric([feature, status], count)
        yield family

    def _features(self) -> Mapping[tuple[str, str], int]:
        with self._lock:
            statuses, nulls = dict(self._statuses), dict(self._nulls)
        found: Tally[tuple[str, str]] = Tally()
        for (names, status), count in statuses.items():
            found.update({(name, status.name.lower()): count for name in names})
        for name, count in nulls.items():
            found[name, "null"] += count
            found[name, "ok"] -= count
        return {key: count for key, count in found.items() if count}
