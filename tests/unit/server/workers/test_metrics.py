"""What several workers measured is told as of one server."""

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from server.workers.metrics import WorkerMetrics
from tests.support.workers import Measuring


@pytest.fixture
def metrics() -> WorkerMetrics:
    return WorkerMetrics()


@pytest.fixture
def workers(metrics: WorkerMetrics) -> tuple[Measuring, Measuring]:
    first, second = Measuring(0), Measuring(1)
    metrics.add(first)
    metrics.add(second)
    return first, second


def told(metrics: WorkerMetrics, name: str) -> dict[str, float]:
    """Returns the samples of a name by the values of their labels."""
    families = text_string_to_metric_families(generate_latest(metrics.registry).decode())
    samples = (sample for family in families for sample in family.samples if sample.name == name)
    return {" ".join(sample.labels.values()): sample.value for sample in samples}


def test_counters_are_added_up_by_their_labels(
    metrics: WorkerMetrics, workers: tuple[Measuring, Measuring]
) -> None:
    workers[0].calls.labels("OK").inc(2)
    workers[1].calls.labels("OK").inc(3)
    workers[1].calls.labels("INTERNAL").inc()
    assert told(metrics, "calls_total") == {"OK": 5, "INTERNAL": 1}


def test_histograms_are_added_up_by_bucket(metrics: WorkerMetrics, workers: tuple[Measuring, Measuring]) -> None:
    workers[0].seconds.observe(0.5)
    workers[1].seconds.observe(1.5)
    workers[1].seconds.observe(9)
    assert told(metrics, "seconds_bucket") == {"1.0": 1, "2.0": 2, "+Inf": 3}
    assert told(metrics, "seconds_count") == {"": 3}
    assert told(metrics, "seconds_sum") == {"": 11}


def test_what_is_counted_began_with_the_first(
    metrics: WorkerMetrics, workers: tuple[Measuring, Measuring]
) -> None:
    (begun,) = told(metrics, "seconds_created").values()
    samples = (sample for worker in workers for family in worker.seconds.collect() for sample in family.samples)
    created = [sample.value for sample in samples if sample.name == "seconds_created"]
    assert begun == min(created)


def test_a_gauge_is_told_of_each_worker(metrics: WorkerMetrics, workers: tuple[Measuring, Measuring]) -> None:
    workers[0].versions.set(1)
    workers[1].versions.set(2)
    assert told(metrics, "versions") == {"0": 1, "1": 2}


def test_no_counter_goes_backwards_when_a_worker_is_replaced(
    metrics: WorkerMetrics, workers: tuple[Measuring, Measuring]
) -> None:
    for worker in workers:
        worker.calls.labels("OK").inc(5)
        worker.seconds.observe(1.5)
        worker.versions.set(1)
    assert told(metrics, "calls_total") == {"OK": 10}
    metrics.retire(workers[0])
    assert told(metrics, "calls_total") == {"OK": 10}
    assert told(metrics, "versions") == {"1": 1}
    next_one = Measuring(0)
    next_one.calls.labels("OK").inc()
    metrics.add(next_one)
    assert told(metrics, "calls_total") == {"OK": 11}
    metrics.retire(next_one)
    assert told(metrics, "calls_total") == {"OK": 11}
    assert told(metrics, "seconds_bucket") == {"1.0": 0, "2.0": 2, "+Inf": 2}


def test_of_a_worker_that_does_not_answer_what_it_told_last_is_told(
    metrics: WorkerMetrics, workers: tuple[Measuring, Measuring]
) -> None:
    workers[0].calls.labels("OK").inc(5)
    assert told(metrics, "calls_total") == {"OK": 5}
    workers[0].is_deaf = True
    workers[0].calls.labels("OK").inc(5)
    workers[1].calls.labels("OK").inc(1)
    assert told(metrics, "calls_total") == {"OK": 6}


def test_restarts_are_counted(metrics: WorkerMetrics, workers: tuple[Measuring, Measuring]) -> None:
    metrics.observe_restart(workers[1].number)
    assert told(metrics, "paceline_worker_restarts_total") == {"0": 0, "1": 1}
