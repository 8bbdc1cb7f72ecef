"""What was done to labels, in words and as JSON."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from cli.output import print_json, print_lines
from paceline.v1 import model_admin_service_pb2 as pb

_ACTIONS = {
    pb.LABEL_ACTION_PROMOTE: "promoted",
    pb.LABEL_ACTION_ROLL_BACK: "rolled back",
    pb.LABEL_ACTION_REVERT: "moved back by the server",
    pb.LABEL_ACTION_PIN: "pinned",
    pb.LABEL_ACTION_UNPIN: "unpinned",
}


def percent(share: float) -> str:
    """Returns a share of 0 to 1 in percent."""
    return f"{100 * share:.4g} %"


def action(event: pb.LabelEvent) -> str:
    """Returns what was done, for a table that names the label and the versions."""
    match event.action:
        case pb.LABEL_ACTION_SPLIT:
            return f"split: {_split(event.weights)}"
        case pb.LABEL_ACTION_SHADOW:
            return f"shadows {percent(event.share)}" if event.share else "shadows no more"
    return _ACTIONS[event.action]


def sentence(model: str, event: pb.LabelEvent) -> str:
    """Returns what was done, for whoever has just done it."""
    label = f"{event.label} of {model}"
    match event.action:
        case pb.LABEL_ACTION_SPLIT:
            return f"The members of {model} are split from now on: {_split(event.weights)}."
        case pb.LABEL_ACTION_SHADOW if event.share:
            return f"{label} scores {percent(event.share)} of the requests besides from now on."
        case pb.LABEL_ACTION_SHADOW:
            return f"{label} scores no requests besides any more."
        case pb.LABEL_ACTION_UNPIN:
            return f"{label} follows the newest version from now on{_left(event)}."
    if event.version == event.previous_version:
        return f"{label} stays on version {event.version} and is pinned to it: newer ones don't move it."
    return f"{label} is on version {event.version} now, pinned{_left(event)}."


def pending_sentence(model: str, event: pb.LabelEvent) -> str:
    """Returns what was done where a label was pinned to a version that is not loaded yet."""
    label = f"{event.label} of {model}"
    return f"{label} is pinned to version {event.version} and moves there once that is loaded{_left(event)}."


def event_document(model: str, event: pb.LabelEvent) -> dict[str, Any]:
    """Returns what was done for JSON."""
    return {
        "model": model,
        "action": pb.LabelAction.Name(event.action).removeprefix("LABEL_ACTION_"),
        "time": f"{event.event_time.ToDatetime(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "label": event.label or None,
        "version": event.version or None,
        "previous_version": event.previous_version or None,
        "weights": dict(event.weights),
        "share": event.share,
        "actor": event.note.actor,
        "reason": event.note.reason,
    }


def print_event(model: str, event: pb.LabelEvent, *, as_json: bool, is_pending: bool = False) -> None:
    """Prints what was done.

    Args:
        model: The name of the model.
        event: What was done.
        as_json: Whether as JSON.
        is_pending: Whether the version that a label was pinned to has to be loaded first.
    """
    if as_json:
        print_json({**event_document(model, event), "is_pending": is_pending})
    else:
        print_lines([pending_sentence(model, event) if is_pending else sentence(model, event)])


def _left(event: pb.LabelEvent) -> str:
    if not event.previous_version:
        return ""
    rejected = ", which no label follows any more" if event.action == pb.LABEL_ACTION_ROLL_BACK else ""
    return f"; it was on {event.previous_version}{rejected}"


def _split(weights: Mapping[str, int]) -> str:
    total = sum(weights.values())
    largest_first = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{label} {percent(weight / total)}" for label, weight in largest_first) or "all to stable"
