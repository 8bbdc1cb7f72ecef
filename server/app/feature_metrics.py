"""What the server measures of the features of members, for Prometheus.

A member has a hundred features in two or three rows. All of a row are as old as the row, so a read counts rows and
the few features without a value; what that is for each feature is worked out when Prometheus asks.
"""

from bisect import bisect_left
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, chain
from threading import Lock

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from contract.cells import CellStatus
from server.domain.results import FeatureRow

AGES = tuple(hours * 3600.0 for hours in (1 / 60, 0.25, 1, 3, 6, 12, 24, 36, 48, 72, 168, 720))
"""Of features, from a minute to a month."""
_BOUNDS = [*map(floatToGoString, AGES), "+Inf"]


class FeatureMetrics(Collector):
    """Counts rows by view, and features by status.

    Args:
        registry: Where the metrics are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lock = Lock()
        self._statuses: Tally[tuple[str, tuple[str, ...], CellStatus]] = Tally()
        self._nulls: Tally[str] = Tally()
        self._ages: defaultdict[str, _Ages] = defaultdict(_Ages)
        registry.register(self)

    def observe(self, members: Sequence[Sequence[FeatureRow]], features: Mapping[str, Sequence[str]]) -> None:
        """Takes note of how old the features of members were, and which had no value.

        Args:
            members: The rows of each.
            features: The features that were read, by view.
        """
        with self._lock:
            for view, status, age, absent in chain.from_iterable(members):
                self._statuses[view, tuple(features[view]), status] += 1
                if age is not None:
                    self._ages[view].note(age)
                if absent and status is CellStatus.OK:
                    self._nulls.update(absent)

    def collect(self) -> Iterator[Metric]:
        """Yields how many rows and features had which status, and how old rows were."""
        with self._lock:
            statuses, nulls = dict(self._statuses), dict(self._nulls)
            ages = {view: (list(found.counts), found.sum) for view, found in self._ages.items()}
        rows: Tally[tuple[str, str]] = Tally()
        for (view, _, status), count in statuses.items():
            rows[view, status.name.lower()] += count
        text = "Rows of members by view: ok, missing, or stale by its TTL."
        yield _counter("paceline_feature_rows", text, ["view", "status"], rows)
        family = HistogramMetricFamily(
            "paceline_feature_age_seconds", "How old the rows of members were.", labels=["view"]
        )
        for view, (counts, total) in ages.items():
            family.add_metric([view], list(zip(_BOUNDS, accumulate(counts), strict=True)), total)
        yield family
        text = "Features of members that were read: ok, null, missing, or stale by the TTL."
        yield _counter("paceline_features", text, ["feature", "status"], _features(statuses, nulls))


class _Ages:
    """How old rows were."""

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        """Between each of `AGES` and the one before it."""
        self.sum = 0.0

    def note(self, age: float) -> None:
        """Takes note of a row."""
        self.counts[bisect_left(AGES, age)] += 1
        self.sum += age


def _features(
    statuses: Mapping[tuple[str, tuple[str, ...], CellStatus], int], nulls: Mapping[str, int]
) -> Mapping[tuple[str, str], int]:
    """Returns how many of each feature had which status."""
    found: Tally[tuple[str, str]] = Tally()
    for (_, names, status), count in statuses.items():
        found.update({(name, status.name.lower()): count for name in names})
    for name, count in nulls.items():
        found[name, "null"] += count
        found[name, "ok"] -= count
    return {key: count for key, count in found.items() if count}


def _counter(
    name: str, text: str, labels: Sequence[str], counts: Mapping[tuple[str, str], int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, count in sorted(counts.items()):
        family.add_metric(values, count)
    return family
