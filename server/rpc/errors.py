"""The one table from domain errors to gRPC statuses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import grpc
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from paceline.v1 import error_reason_pb2 as pb
from server.domain.errors import (
    DeadlineExpired,
    Draining,
    EventLogUnavailable,
    FeatureMissing,
    FieldViolation,
    InvalidRequest,
    LabelConfigured,
    ModelFailed,
    NoModel,
    NoSignature,
    NotAllowed,
    NotFound,
    NothingBefore,
    NotLoaded,
    NotReadable,
    NotWritable,
    PacelineError,
    RestartNeeded,
    RunnerLost,
    StoreUnavailable,
)

DOMAIN = "paceline"
REASON_PREFIX = "ERROR_REASON_"

MAX_VIOLATIONS = 5
MAX_TEXT_BYTES = 400
"""A status travels in the trailers, which gRPC limits to 8 KiB: the rest is cut."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The status code and the reason of an error."""

    code: grpc.StatusCode
    reason: "pb.ErrorReason.ValueType"


KINDS: Mapping[type[PacelineError], Kind] = {
    InvalidRequest: Kind(grpc.StatusCode.INVALID_ARGUMENT, pb.ERROR_REASON_INVALID_FIELD),
    NotFound: Kind(grpc.StatusCode.NOT_FOUND, pb.ERROR_REASON_MODEL_NOT_FOUND),
    NoSignature: Kind(grpc.StatusCode.FAILED_PRECONDITION, pb.ERROR_REASON_SIGNATURE_NOT_FOUND),
    NotLoaded: Kind(grpc.StatusCode.FAILED_PRECONDITION, pb.ERROR_REASON_VERSION_NOT_LOADED),
    NothingBefore: Kind(grpc.StatusCode.FAILED_PRECONDITION, pb.ERROR_REASON_NOTHING_BEFORE),
    LabelConfigured: Kind(grpc.StatusCode.FAILED_PRECONDITION, pb.ERROR_REASON_LABEL_CONFIGURED),
    NotReadable: Kind(grpc.StatusCode.FAILED_PRECONDITION, pb.ERROR_REASON_HISTORY_NOT_READABLE),
    NotWritable: Kind(grpc.StatusCode.FAILED_PRECONDITION, pb.ERROR_REASON_HISTORY_NOT_WRITABLE),
    RestartNeeded: Kind(grpc.StatusCode.FAILED_PRECONDITION, pb.ERROR_REASON_RESTART_NEEDED),
    FeatureMissing: Kind(grpc.StatusCode.FAILED_PRECONDITION, pb.ERROR_REASON_FEATURE_MISSING),
    NotAllowed: Kind(grpc.StatusCode.PERMISSION_DENIED, pb.ERROR_REASON_ADMIN_ONLY),
    ModelFailed: Kind(grpc.StatusCode.INTERNAL, pb.ERROR_REASON_MODEL_FAILED),
    NoModel: Kind(grpc.StatusCode.UNAVAILABLE, pb.ERROR_REASON_NO_MODEL),
    RunnerLost: Kind(grpc.StatusCode.UNAVAILABLE, pb.ERROR_REASON_RUNNER_LOST),
    StoreUnavailable: Kind(grpc.StatusCode.UNAVAILABLE, pb.ERROR_REASON_ONLINE_STORE_UNAVAILABLE),
    EventLogUnavailable: Kind(grpc.StatusCode.UNAVAILABLE, pb.ERROR_REASON_EVENT_LOG_UNAVAILABLE),
    Draining: Kind(grpc.StatusCode.UNAVAILABLE, pb.ERROR_REASON_DRAINING),
    DeadlineExpired: Kind(grpc.StatusCode.DEADLINE_EXCEEDED, pb.ERROR_REASON_DEADLINE_EXPIRED),
}
CODES = {code.value[0]: code for code in grpc.StatusCode}
UNEXPECTED = Kind(grpc.StatusCode.INTERNAL, pb.ERROR_REASON_INTERNAL)
"""Every other exception is a fault of the server."""


def kind_of(error: Exception) -> Kind:
    """Returns the status code and reason that callers get for an error."""
    kind = next((kind for expected, kind in KINDS.items() if isinstance(error, expected)), UNEXPECTED)
    # TensorFlow's codes are gRPC's.
    return Kind(CODES.get(error.code, kind.code), kind.reason) if isinstance(error, ModelFailed) else kind


def to_status(error: Exception) -> Status:
    """Returns the status that callers get: nothing of an unexpected error shows in it."""
    kind = kind_of(error)
    text = "the server failed" if kind is UNEXPECTED else str(error)
    status = Status(code=kind.code.value[0], message=_cut(text))
    reason = pb.ErrorReason.Name(kind.reason).removeprefix(REASON_PREFIX)
    status.details.append(_packed(ErrorInfo(reason=reason, domain=DOMAIN)))
    if isinstance(error, InvalidRequest):
        status.details.append(_packed(BadRequest(field_violations=_violations(error.violations))))
    return status


def _violations(found: Sequence[FieldViolation]) -> Iterator[BadRequest.FieldViolation]:
    for violation in found[:MAX_VIOLATIONS]:
        yield BadRequest.FieldViolation(field=_cut(violation.field), description=_cut(violation.description))


def _packed(message: ErrorInfo | BadRequest) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed


def _cut(text: str) -> str:
    encoded = text.encode()
    if len(encoded) <= MAX_TEXT_BYTES:
        return text
    return encoded[:MAX_TEXT_BYTES].decode(errors="ignore") + "…"
