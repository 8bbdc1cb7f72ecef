"""Where labels are, as text and as JSON."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cli.models_events import percent
from paceline.v1.model_service_pb2 import LabelStatus

Key = tuple[str, int]
"""The name of a model and a version."""


def labels_by_version(labels: Iterable[LabelStatus]) -> Mapping[Key, str]:
    """Returns the labels that each version answers for, such as "canary 10 % (pinned), stable 90 %"."""
    labels = list(labels)
    totals: Counter[str] = Counter()
    for status in labels:
        totals[status.model_name] += status.weight
    texts: defaultdict[Key, list[str]] = defaultdict(list)
    for status in labels:
        texts[status.model_name, status.version].append(_text(status, totals[status.model_name]))
    return {key: ", ".join(found) for key, found in texts.items()}


def unanswered(labels: Iterable[LabelStatus]) -> Sequence[str]:
    """Returns a sentence for each label that no version answers for."""
    return [
        f"no version answers for label {status.label} of {status.model_name}{_pinned_to(status)}"
        for status in labels
        if not status.version
    ]


def label_document(status: LabelStatus) -> Mapping[str, Any]:
    """Returns a label for JSON."""
    return {
        "model": status.model_name,
        "label": status.label,
        "version": status.version or None,
        "pinned_version": status.pinned_version or None,
        "weight": status.weight,
        "shadow_share": status.shadow_share,
    }


def _text(status: LabelStatus, total: int) -> str:
    share = f" {percent(status.weight / total)}" if status.weight else ""
    return f"{status.label}{share}{_marks(status)}"


def _marks(status: LabelStatus) -> str:
    marks = []
    if status.pinned_version:
        elsewhere = status.pinned_version != status.version
        marks.append(f"pinned to {status.pinned_version}" if elsewhere else "pinned")
    if status.shadow_share:
        marks.append(f"shadows {percent(status.shadow_share)}")
    return f" ({', '.join(marks)})" if marks else ""


def _pinned_to(status: LabelStatus) -> str:
    return f", which is pinned to version {status.pinned_version}" if status.pinned_version else ""
