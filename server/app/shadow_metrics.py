"""What shadows are measured by, for Prometheus. Implements `server.ranking.shadow.ShadowObserver`."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

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

_kept = partial(deque[float], maxlen=KEPT_SCORES)


@dataclass(frozen=True, slots=True)
class _Scores:
    """The latest scores of two versions: the one that answered, and the one that shadowed it."""

    versions: tuple[int, int]
    live: deque[float] = field(default_factory=_kept)
    shadow: deque[float] = field(default_factory=_kept)


class ShadowMetrics(Collector):
    """How the versions that shadow differ from those that answer.

    Args:
        registry: Where the metrics are told.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._scores: dict[tuple[str, str], _Scores] = {}
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
        scores = self._scores_of(label, comparison)
        scores.live.extend(comparison.live_scores)
        scores.shadow.extend(comparison.shadow_scores)

    def failed(self, label: str, error: Exception) -> None:  # noqa: ARG002 - of the port; the log has it
        """Takes note of a request that a shadow could not score."""
        self._failures.labels(label).inc()

    def dropped(self, label: str) -> None:
        """Takes note of a request that a shadow had no time for."""
        self._drops.labels(label).inc()

    def collect(self) -> Iterator[Metric]:
        """Part of `Collector`."""
        text = "The population stability index of the shadow's scores against those answered; NaN with too few."
        family = GaugeMetricFamily("paceline_shadow_score_psi", text, labels=["label", "arm"])
        for labels, scores in list(self._scores.items()):
            family.add_metric(labels, population_stability_index(_array(scores.live), _array(scores.shadow)))
        yield family

    def _scores_of(self, label: str, comparison: Comparison) -> _Scores:
        """Returns the scores of a label and the arm that it shadowed, new ones if either has another version."""
        key = label, comparison.live.arm
        versions = comparison.live.version, comparison.shadow.version
        if key not in self._scores or self._scores[key].versions != versions:
            self._scores[key] = _Scores(versions)
        return self._scores[key]

    @staticmethod
    def _counter(name: str, text: str, registry: CollectorRegistry) -> Counter:
        return Counter(name, text, ["label"], registry=registry)


def _array(scores: deque[float]) -> NDArray[np.float32]:
    return np.array(list(scores), dtype=np.float32)  # copied at once, as the server goes on meanwhile
