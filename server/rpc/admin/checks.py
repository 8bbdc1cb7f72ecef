"""The limits of admin requests: those in the comments of the wire contract."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.protobuf.message import Message

from paceline.v1.model_admin_service_pb2 import Note
from server.domain.errors import FieldViolation, InvalidRequest

MAX_NAME_BYTES = 256
MAX_REASON_BYTES = 1_024
MAX_WEIGHT = 10_000


def check(request: Message) -> None:
    """Raises InvalidRequest with every violation of the limits of a request of ModelAdminService."""
    violations = [
        violation
        for field in request.DESCRIPTOR.fields_by_name
        for violation in check_of(request, field)(field, getattr(request, field))
    ]
    if violations:
        raise InvalidRequest(violations)


def check_of(request: Message, field: str) -> Callable[[str, Any], Iterator[FieldViolation]]:
    """Returns what checks a field, which has the same limits in every request but for those that are listed."""
    return _CHECKS.get(f"{request.DESCRIPTOR.name}.{field}") or _CHECKS[field]


def _required(field: str, text: str, limit: int = MAX_NAME_BYTES) -> Iterator[FieldViolation]:
    if not text:
        yield FieldViolation(field, f"is empty, expected 1 to {limit} bytes")
    yield from _optional(field, text, limit)


def _optional(field: str, text: str, limit: int = MAX_NAME_BYTES) -> Iterator[FieldViolation]:
    size = len(text.encode())
    if size > limit:
        yield FieldViolation(field, f"has {size} bytes, expected at most {limit}")


def _version(field: str, version: int) -> Iterator[FieldViolation]:
    if version <= 0:
        yield FieldViolation(field, f"is {version}, expected a version above 0")


def _note(field: str, note: Note) -> Iterator[FieldViolation]:
    yield from _required(f"{field}.actor", note.actor)
    yield from _optional(f"{field}.reason", note.reason, MAX_REASON_BYTES)


def _weights(field: str, weights: Mapping[str, int]) -> Iterator[FieldViolation]:
    for label, weight in sorted(weights.items()):
        if not 0 <= weight <= MAX_WEIGHT:
            yield FieldViolation(f"{field}[{label!r}]", f"is {weight}, expected 0 to {MAX_WEIGHT}")


def _share(field: str, share: float) -> Iterator[FieldViolation]:
    if not 0 <= share <= 1:
        yield FieldViolation(field, f"is {share:g}, expected 0 to 1")


def _text(field: str, text: str) -> Iterator[FieldViolation]:
    if not text:
        yield FieldViolation(field, "is empty, expected a ModelServerConfig in protobuf's text format")


def _anything(_field: str, _value: object) -> Iterator[FieldViolation]:
    yield from ()


_CHECKS: Mapping[str, Callable[[str, Any], Iterator[FieldViolation]]] = {
    "model_name": _required,
    "version": _version,
    "label": _optional,
    "ShadowLabelRequest.label": _required,
    "note": _note,
    "weights": _weights,
    "share": _share,
    "config_text": _text,
    "allow_unloaded": _anything,
    "validate_only": _anything,
}
