"""Label events as JSON: one object, in which only what is set has a field.

The history of a model's labels is a folder of ``00000001.json``, ``00000002.json`` and so on.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from contract.labels import LabelAction, LabelEvent, Note
from contract.versions import version_number

HISTORY_FOLDER = "history"
"""Beside the versions, whose names are numbers."""

EVENT_NAME = re.compile(r"(?!0{8})[0-9]{8}\.json")
"""What the files in it are called; all others are not part of it."""

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


def to_json(event: LabelEvent) -> bytes:
    """Returns an event as JSON. Its time is rounded to the microsecond; all else is kept exactly."""
    required = {
        "action": event.action.name,
        "time": datetime.fromtimestamp(event.time, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "label": event.label,
        "actor": event.note.actor,
    }
    optional = {
        "reason": event.note.reason,
        "version": event.version,
        "previous_version": event.previous_version,
        "weights": dict(event.weights),
        "share": event.share,
    }
    set_ones = {name: value for name, value in optional.items() if value}
    return json.dumps(required | set_ones, indent=2).encode() + b"\n"


def from_json(data: bytes) -> LabelEvent:
    """Returns the event that `to_json` wrote.

    Raises:
        ValueError: It is none. A field that is not known makes it none, as it may change what the event means.
    """
    fields = json.loads(data)
    _check(fields)
    return LabelEvent(
        action=LabelAction[fields["action"]],
        time=_parse_time(fields["time"]),
        note=Note(fields["actor"], fields.get("reason", "")),
        label=fields["label"],
        version=fields.get("version"),
        previous_version=fields.get("previous_version"),
        weights=fields.get("weights", {}),
        share=fields.get("share", 0.0),
    )


class _Field(NamedTuple):
    accepts: Callable[[Any], bool]
    expected: str
    is_required: bool = False


def _check(fields: object) -> None:
    if not isinstance(fields, dict):
        raise ValueError(f"it holds {fields!r}, expected an object")
    for name in sorted(fields.keys() - _FIELDS.keys()):
        raise ValueError(f"it has a field {name!r}, which is not known")
    for name, field in _FIELDS.items():
        if name not in fields and field.is_required:
            raise ValueError(f"{name} is missing")
        if name in fields and not field.accepts(fields[name]):
            raise ValueError(f"{name} is {fields[name]!r}, expected {field.expected}")


def _parse_time(text: str) -> float:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC).timestamp()


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_action(value: Any) -> bool:
    return isinstance(value, str) and value in LabelAction.__members__


def _is_time(value: Any) -> bool:
    try:
        _parse_time(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_version(value: Any) -> bool:
    return type(value) is int and version_number(str(value)) is not None


def _are_weights(value: Any) -> bool:
    return isinstance(value, dict) and all(type(weight) is int and weight >= 0 for weight in value.values())


def _is_share(value: Any) -> bool:
    return type(value) in {int, float} and 0 <= value <= 1


_FIELDS: Mapping[str, _Field] = {
    "action": _Field(_is_action, f"one of {', '.join(LabelAction.__members__)}", is_required=True),
    "time": _Field(_is_time, "a time like 2026-01-31T12:00:00.000000Z", is_required=True),
    "label": _Field(_is_text, "a text", is_required=True),
    "actor": _Field(_is_text, "a text", is_required=True),
    "reason": _Field(_is_text, "a text"),
    "version": _Field(_is_version, "a positive integer"),
    "previous_version": _Field(_is_version, "a positive integer"),
    "weights": _Field(_are_weights, "an object of integers that are not negative"),
    "share": _Field(_is_share, "a number from 0 to 1"),
}


def read_events(folder: Path) -> list[LabelEvent]:
    """Returns the events of a history in a folder of this machine, oldest first; none if there is no such folder.

    Raises:
        OSError: It can't be read.
        ValueError: A file in it is no event.
    """
    if not folder.is_dir():
        return []
    return [_read(path) for path in sorted(folder.iterdir()) if EVENT_NAME.fullmatch(path.name)]


def _read(path: Path) -> LabelEvent:
    try:
        return from_json(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is no label event: {error}") from error
