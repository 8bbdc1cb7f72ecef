"""What shadows are measured by, for Prometheus. Implements `server.ranking.shadow.ShadowObserver`."""

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.app.metrics import SECONDS
from server.ranking.drift import population_stability_index
from server.ranking.shadow import Comparison

KEPT_SCORES = 10_000
"""Of each side, for the drift."""
_OVERLAPS = tuple(tenth / 10 for tenth in range(11))


class ShadowMetrics(Collector):
    """How the versions that shadow differ from those that answer.

    Args:
        registry: Where the metrics are told.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._scores: dict[str, tuple[deque[float], deque[float]]] = {}
        self._overlap = Histogram(
            "paceline_shadow_overlap",
            "The share of the first ten classes that are among the shadow's.",
            ["label"],
            buckets=_OVERLAPS,
            registry=registry,
        )
        self._seconds = Histogram(
            "paceline_shadow_seconds",
            "How long a request took: as it was answered, and as the shadow did it.",
            ["label", "side"],
            buckets=SECONDS,
            registry=registry,
        )
        self._failures = self._counter("paceline_shadow_failures", "Requests that a shadow failed.", registry)
        self._drops = self._counter("paceline_shadow_drops", "Requests that a shadow had no time for.", registry)
        registry.register(self)

    def compared(self, label: str, comparison: Comparison) -> None:
        """Takes note of a request that a shadow scored."""
        self._overlap.labels(label).observe(comparison.overlap)
        self._seconds.labels(label, "live").observe(comparison.live_seconds)
        self._seconds.labels(label, "shadow").observe(comparison.shadow_seconds)
        live, shadow = self._scores.setdefault(label, (deque(maxlen=KEPT_SCORES), deque(maxlen=KEPT_SCORES)))
        live.extend(comparison.live_scores)
        shadow.extend(comparison.shadow_scores)

    def failed(self, label: str, error: Exception) -> None:  # noqa: ARG002 - of the port; the log has it
        """Takes note of a request that a shadow could not score."""
        self._failures.labels(label).inc()

    def dropped(self, label: str) -> None:
        """Takes note of a request that a shadow had no time for."""
        self._drops.labels(label).inc()

    def collect(self) -> Iterator[Metric]:
        """Part of `Collector`."""
        text = "The population stability index of the shadow's scores against those answered; NaN with too few."
        family = GaugeMetricFamily("paceline_shadow_score_psi", text, labels=["label"])
        for label, (live, shadow) in list(self._scores.items()):
            family.add_metric([label], population_stability_index(_array(live), _array(shadow)))
        yield family

    @staticmethod
    def _counter(name: str, text: str, registry: CollectorRegistry) -> Counter:
        return Counter(name, text, ["label"], registry=registry)


def _array(scores: deque[float]) -> NDArray[np.float32]:
    return np.array(list(scores), dtype=np.float32)  # copied at once, as the server goes on meanwhile
