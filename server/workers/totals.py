"""Adding up what several workers measured.

Counters and histograms are added up: `paceline_requests_total` is what all workers have answered. A gauge tells
what one worker holds, such as `paceline_versions` or `paceline_label_version`, and a sum of two would hide the one
that is behind; so each keeps its own, with the label `worker`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import Metric

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class _Total:
    """The samples of one family."""

    family: Metric
    values: dict[Key, float] = field(default_factory=dict)

    def add(self, family: Metric) -> None:
        for sample in family.samples:
            key = (sample.name, tuple(sample.labels.items()))
            before = self.values.get(key)
            if before is None:
                self.values[key] = sample.value
            elif sample.name.endswith("_created"):
                self.values[key] = min(before, sample.value)
            else:
                self.values[key] = before + sample.value

    def metric(self) -> Metric:
        metric = Metric(self.family.name, self.family.documentation, self.family.type)
        for (name, labels), value in self.values.items():
            metric.add_sample(name, dict(labels), value)
        return metric


def add_up(families: Iterable[Metric]) -> Sequence[Metric]:
    """Returns families with the sums of all samples of a name that have the same labels."""
    totals: dict[str, _Total] = {}
    for family in families:
        totals.setdefault(family.name, _Total(family)).add(family)
    return [total.metric() for total in totals.values()]


def of_worker(number: int, families: Iterable[Metric]) -> Sequence[Metric]:
    """Returns the families of a worker, with its number as a label of every gauge."""
    return [_labelled(family, number) if family.type == "gauge" else family for family in families]


def lasting(families: Iterable[Metric]) -> Sequence[Metric]:
    """Returns what a worker that ended still counts for: all but its gauges."""
    return [family for family in families if family.type != "gauge"]


def _labelled(family: Metric, number: int) -> Metric:
    metric = Metric(family.name, family.documentation, family.type)
    for sample in family.samples:
        metric.add_sample(sample.name, {**sample.labels, "worker": str(number)}, sample.value)
    return metric
