"""What the server measures, for Prometheus.

Ranking knows nothing of it: reading features is timed by a port that wraps a port.
"""

import asyncio
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from contract.stubs.manifest_pb2 import Input
from server.app.children import Children
from server.app.feature_metrics import FeatureMetrics
from server.domain.errors import PacelineError
from server.domain.results import ServingMode
from server.domain.versions import VersionRecord, VersionState
from server.models.leases import LoadedVersion
from server.models.observation import Observation
from server.ranking.ports import MemberFeatures, MemberRows
from server.rpc.ports import ModelStates

SECONDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_LOOP_SECONDS = 5.0
"""How long Prometheus waits for the event loop."""
_CALL = ("model", "version", "label")


class Metrics:
    """The server's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        calls = self._counter("paceline_requests", "Requests by method and status code.", "method", "code")
        self._calls = Children(calls)
        self._call_seconds = Children(
            self._histogram("paceline_request_seconds", "How long requests took.", "method")
        )
        self._read_seconds = self._histogram("paceline_feature_read_seconds", "Reading members' features.")
        reads = self._counter(
            "paceline_member_reads",
            "Members by where their features came from: store, memory; last_known or defaults without the store.",
            "source",
        )
        self._reads = Children(reads)
        self._fallbacks = self._counter(
            "paceline_fallbacks",
            "Answers without the model: batch_scored or popular, by the error that the caller would have got.",
            "mode",
            "cause",
        )
        self._on_demand = self._counter(
            "paceline_on_demand_failures", "Rows that an on-demand view failed for, by view.", "view"
        )
        self.features = FeatureMetrics(self.registry)
        """What it measures of members' features."""
        self._model_seconds = Children(
            self._histogram(
                "paceline_model_seconds",
                "A call of a version, for one request or several, with the way there.",
                *_CALL,
            )
        )
        self._failures = self._counter("paceline_model_failures", "What a version failed to do.", *_CALL)
        self._refusals = self._counter("paceline_refusals", "Versions that were refused.", "model", "reason")

    def watch(self, states: ModelStates, ranking: Callable[[], Iterable[LoadedVersion]]) -> None:
        """Measures what the server holds whenever Prometheus asks. To be called from the event loop.

        Args:
            states: What it holds.
            ranking: Returns the loaded versions that rank, the newest last.
        """
        self.registry.register(_States(states, ranking, asyncio.get_running_loop()))

    def observe_request(self, method: str, code: str, seconds: float) -> None:
        """Takes note of a request."""
        self._calls[method, code].inc()
        self._call_seconds[method,].observe(seconds)

    def observe_call(self, call: Observation) -> None:
        """Takes note of what a version did for a request."""
        labels = (call.model_name, str(call.version), call.label)
        if call.has_failed:
            self._failures.labels(*labels).inc()
        else:
            self._model_seconds[labels].observe(call.seconds)

    def observe_version(self, record: VersionRecord) -> None:
        """Takes note of what became of a version."""
        if record.refusal is not None:
            self._refusals.labels(record.model_name, record.refusal.name).inc()

    def observe_reads(self, counts: Mapping[str, int]) -> None:
        """Takes note of how many members' features came from where."""
        for source, count in counts.items():
            self._reads[source,].inc(count)

    def observe_fallback(self, mode: ServingMode, cause: PacelineError) -> None:
        """Takes note of an answer without the model."""
        self._fallbacks.labels(mode.name.lower(), type(cause).__name__).inc()

    def observe_on_demand(self, view: str, rows: int) -> None:
        """Takes note of rows that an on-demand view failed for."""
        self._on_demand.labels(view).inc(rows)

    def timed_features(self, features: MemberFeatures) -> MemberFeatures:
        """Returns `features`, timed."""
        return _TimedFeatures(features, self._read_seconds)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(name, text, labels, buckets=SECONDS, registry=self.registry)


class _TimedFeatures:
    def __init__(self, features: MemberFeatures, seconds: Histogram) -> None:
        self._features = features
        self._seconds = seconds

    def read(self, inputs: Sequence[Input], member_key: str, member_ids: Sequence[str]) -> MemberRows:
        with self._seconds.time():
            return self._features.read(inputs, member_key, member_ids)


class _States(Collector):
    """What the server holds when Prometheus asks: in a thread of its own, while all this belongs to the loop's."""

    def __init__(
        self,
        states: ModelStates,
        ranking: Callable[[], Iterable[LoadedVersion]],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._states = states
        self._ranking = ranking
        self._loop = loop

    def collect(self) -> Iterator[Metric]:
        yield from asyncio.run_coroutine_threadsafe(self._collect(), self._loop).result(_LOOP_SECONDS)

    async def _collect(self) -> Sequence[Metric]:
        return [self._versions(), self._labels(), self._problems(), *self._catalogue()]

    def _versions(self) -> Metric:
        family = GaugeMetricFamily("paceline_versions", "Versions by state.", labels=["model", "state"])
        tally = Tally((record.model_name, record.state.name) for record in self._states.records)
        for config in self._states.configs:
            for state in VersionState:
                family.add_metric([config.name, state.name], tally[config.name, state.name])
        return family

    def _labels(self) -> Metric:
        text = "The version that answers for a label, 0 if none does."
        family = GaugeMetricFamily("paceline_label_version", text, labels=["model", "label"])
        for status in self._states.labels:
            family.add_metric([status.model_name, status.label], status.version or 0)
        return family

    def _problems(self) -> Metric:
        text = "1 if a model can't be looked after, else 0."
        family = GaugeMetricFamily("paceline_model_problem", text, labels=["model"])
        troubled = {problem.model_name for problem in self._states.problems}
        for config in self._states.configs:
            family.add_metric([config.name], float(config.name in troubled))
        return family

    def _catalogue(self) -> Iterator[Metric]:
        generation = GaugeMetricFamily("paceline_catalogue_generation", "What is ranked.", labels=["model"])
        classes = GaugeMetricFamily("paceline_catalogue_classes", "How many are ranked.", labels=["model"])
        for loaded in tuple(self._ranking())[-1:]:
            if loaded.snapshot is not None:
                generation.add_metric([loaded.manifest.model_name], loaded.snapshot.generation)
                classes.add_metric([loaded.manifest.model_name], len(loaded.snapshot.class_ids))
        yield from (generation, classes)
