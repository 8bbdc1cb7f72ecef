"""Measuring whatever gives scores, on splits."""

from collections.abc import Iterable, Mapping, Sequence

from contract.stubs.manifest_pb2 import Metric
from training.baselines import Subject
from training.metrics import probability_metrics, ranking_metrics
from training.model.spec import BINARY, REGRESSION
from training.progress import Progress
from training.regression_metrics import order_metrics, regression_metrics
from training.table import Table

MODEL = "model"
ORACLE = "oracle"
CHANCE = 0.5
"""The AUC of scores that know nothing."""


def measure(
    subjects: Sequence[Subject], splits: Mapping[str, Table], progress: Progress, objective: str = BINARY
) -> list[Metric]:
    """Returns the metrics of every subject on every split, by name."""
    metrics: list[Metric] = []
    steps = [(split, subject) for split in splits for subject in subjects]
    for done, (split, subject) in enumerate(steps):
        progress("evaluating", done, len(steps))
        for name, value in _measure(subject, splits[split], objective).items():
            metrics.append(Metric(name=name, subject=subject.name, split=split, value=value))
    progress("evaluating", len(steps), len(steps))
    return metrics


def _measure(subject: Subject, table: Table, objective: str) -> dict[str, float]:
    scores = subject.score(table)
    if objective == REGRESSION:
        orders = order_metrics(table.labels, scores, table.members)
        return orders | (regression_metrics(table.labels, scores) if subject.is_probability else {})
    measured = ranking_metrics(table.labels, scores, table.members)
    if subject.is_probability:
        measured |= probability_metrics(table.labels, scores)
    return measured


def share_of_reachable_lift(metrics: Iterable[Metric]) -> float | None:
    """Returns ``(model - 0.5) / (oracle - 0.5)`` of the AUCs; None without an oracle."""
    auc = {metric.subject: metric.value for metric in metrics if metric.name == "auc"}
    if ORACLE not in auc or auc[ORACLE] == CHANCE:
        return None
    return (auc[MODEL] - CHANCE) / (auc[ORACLE] - CHANCE)
