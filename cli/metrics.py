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
    """Prints a table with a row for each subject of each split and a column for each metric."""
    document = metrics_document(metrics)
    measured = [(split, subject, row) for split, rows in document.items() for subject, row in rows.items()]
    names = list(dict.fromkeys(name for _, _, row in measured for name in row))
    rows = [(split, subject, *(row.get(name, "") for name in names)) for split, subject, row in measured]
    print_table(title, ["split", "subject", *(name.replace("_", " ") for name in names)], rows)
