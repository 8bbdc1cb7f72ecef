"""How metrics are printed."""

from collections.abc import Iterable
from typing import Any

from cli.output import print_table
from contract.stubs.manifest_pb2 import Metric


def metrics_document(metrics: Iterable[Metric]) -> dict[str, Any]:
    """Returns metrics as ``{split: {subject: {name: value}}}``."""
    document: dict[str, Any] = {}
    for metric in metrics:
        document.setdefault(metric.split, {}).setdefault(metric.subject, {})[metric.name] = metric.value
    return document


def print_metrics(title: str, metrics: Iterable[Metric]) -> None:
    """Prints a table for each split, with a row for each metric and a column for each subject."""
    for split, subjects in metrics_document(metrics).items():
        names = dict.fromkeys(name for values in subjects.values() for name in values)
        rows = [
            (name.replace("_", " "), *(values.get(name, "") for values in subjects.values())) for name in names
        ]
        print_table(f"{title}: {split}", ["", *subjects], rows)
