"""The children of a metric, by their labels."""

from typing import Generic, TypeVar

from prometheus_client.metrics import MetricWrapperBase

Metric = TypeVar("Metric", bound=MetricWrapperBase)


class Children(dict[tuple[str, ...], Metric], Generic[Metric]):
    """Finds the child of a metric for some labels in a tenth of the time that the metric takes, which locks.

    Args:
        metric: The metric. Its children must not be removed.
    """

    def __init__(self, metric: Metric) -> None:
        super().__init__()
        self._metric = metric

    def __missing__(self, labels: tuple[str, ...]) -> Metric:
        """Makes a child, or finds one that another thread has made."""
        child: Metric = self._metric.labels(*labels)
        return self.setdefault(labels, child)
