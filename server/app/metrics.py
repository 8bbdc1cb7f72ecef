"""What the server measures, for Prometheus.

Ranking knows nothing of it: what is timed there is timed by ports that wrap ports.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from contract.stubs.manifest_pb2 import Input, Manifest
from server.domain.versions import VersionRecord
from server.models.leases import LoadedVersion
from server.ranking.ports import Columns, Lease, MemberFeatures, MemberRow, Models, Snapshot

_SECONDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The server's metrics, in a registry of their own.

    Args:
        records: Returns the records of all versions.
        available: Returns the versions that serve, the newest last.
    """

    def __init__(
        self, records: Callable[[], Iterable[VersionRecord]], available: Callable[[], Iterable[LoadedVersion]]
    ) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Versions(records, available))
        self._calls = Counter(
            "paceline_requests", "Calls by method and status code.", ["method", "code"], registry=self.registry
        )
        self._call_seconds = self._histogram("paceline_request_seconds", "How long calls took.", ["method"])
        self._read_seconds = self._histogram("paceline_feature_read_seconds", "Reading a member's features.")
        self._rank_seconds = self._histogram("paceline_rank_seconds", "Ranking, with the way to the runner.")

    def _histogram(self, name: str, text: str, labels: Sequence[str] = ()) -> Histogram:
        return Histogram(name, text, labels, buckets=_SECONDS, registry=self.registry)

    def observe_call(self, method: str, code: str, seconds: float) -> None:
        """Takes note of a call."""
        self._calls.labels(method, code).inc()
        self._call_seconds.labels(method).observe(seconds)

    def timed_features(self, features: MemberFeatures) -> MemberFeatures:
        """Returns `features`, timed."""
        return _TimedFeatures(features, self._read_seconds)

    def timed_models(self, models: Models) -> Models:
        """Returns `models`, with the ranking of their leases timed."""
        return _TimedModels(models, self._rank_seconds)


class _TimedFeatures:
    def __init__(self, features: MemberFeatures, seconds: Histogram) -> None:
        self._features = features
        self._seconds = seconds

    async def read(self, inputs: Sequence[Input], member_key: str, member_id: str) -> MemberRow:
        with self._seconds.time():
            return await self._features.read(inputs, member_key, member_id)


class _TimedModels:
    def __init__(self, models: Models, seconds: Histogram) -> None:
        self._models = models
        self._seconds = seconds

    def lease(self) -> Lease:
        return _TimedLease(self._models.lease(), self._seconds)


class _TimedLease:
    def __init__(self, lease: Lease, seconds: Histogram) -> None:
        self._lease = lease
        self._seconds = seconds

    @property
    def manifest(self) -> Manifest:
        return self._lease.manifest

    @property
    def snapshot(self) -> Snapshot:
        return self._lease.snapshot

    async def rank(
        self, columns: Columns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        with self._seconds.time():
            return await self._lease.rank(columns, candidates, count)

    def __enter__(self) -> Self:
        self._lease.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lease.__exit__(kind, error, trace)


class _Versions(Collector):
    """The versions as they are when Prometheus asks."""

    def __init__(
        self, records: Callable[[], Iterable[VersionRecord]], available: Callable[[], Iterable[LoadedVersion]]
    ) -> None:
        self._records = records
        self._available = available

    def collect(self) -> Iterator[Metric]:
        version = GaugeMetricFamily("paceline_model_version", "The newest version that serves.", labels=["model"])
        generation = GaugeMetricFamily("paceline_catalogue_generation", "What it ranks.", labels=["model"])
        classes = GaugeMetricFamily("paceline_catalogue_classes", "How many it ranks.", labels=["model"])
        for loaded in tuple(self._available())[-1:]:
            labels: list[Any] = [loaded.manifest.model_name]
            version.add_metric(labels, loaded.manifest.version)
            if loaded.snapshot is not None:
                generation.add_metric(labels, loaded.snapshot.generation)
                classes.add_metric(labels, len(loaded.snapshot.class_ids))
        yield from (version, generation, classes, self._refused())

    def _refused(self) -> Metric:
        refused = GaugeMetricFamily("paceline_refused_versions", "Versions refused, by reason.", labels=["reason"])
        reasons = Tally(record.refusal.name for record in self._records() if record.refusal)
        for reason, count in reasons.items():
            refused.add_metric([reason], count)
        return refused
