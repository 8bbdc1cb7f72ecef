"""What a call can raise; a `grpc.RpcError` never leaves the client, but is the `__cause__` of these.

PacelineError
├── InvalidRequest      the request has invalid fields, see `violations`
├── Unauthenticated     the server does not know who asks
├── PermissionDenied    the server refuses this caller, or this call at this address
├── NotFound            the server has no such model or version
├── FailedPrecondition  the request is fine, but not as things stand: see `reason`
├── Unavailable         no answer now, retries included; a later call may succeed
├── ResourceExhausted   a quota is spent, or a message is too large
├── DeadlineExceeded    no answer in time
├── Cancelled           the call was cancelled, such as by closing the client
├── Unimplemented       the server does not have the call: another service, or an older one
└── ServerFault         the server failed
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from paceline.v1.error_reason_pb2 import ERROR_REASON_UNSPECIFIED, ErrorReason

DOMAIN = "paceline"
"""The domain of the server's reasons."""
REASON_PREFIX = "ERROR_REASON_"
_REASONS = frozenset(ErrorReason.keys())


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One invalid field of a request: its path, and what is wrong with it."""

    field: str
    description: str


class PacelineError(Exception):
    """A call failed.

    Attributes:
        code: The gRPC status code.
        reason: The server's reason; ERROR_REASON_UNSPECIFIED when it gave none, as when no server was reached.
        violations: The invalid fields; only an `InvalidRequest` has any.
    """

    code = grpc.StatusCode.UNKNOWN

    def __init__(
        self,
        message: str = "",
        *,
        code: grpc.StatusCode | None = None,
        reason: ErrorReason.ValueType = ERROR_REASON_UNSPECIFIED,
        violations: Sequence[FieldViolation] = (),
    ) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.reason = reason
        self.violations = tuple(violations)


class InvalidRequest(PacelineError):
    """The request has invalid fields; the same request never succeeds."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class Unauthenticated(PacelineError):
    """The server does not know who asks: a certificate is missing or not trusted."""

    code = grpc.StatusCode.UNAUTHENTICATED


class PermissionDenied(PacelineError):
    """The server refuses this caller, or this call at this address."""

    code = grpc.StatusCode.PERMISSION_DENIED


class NotFound(PacelineError):
    """The server has no such model or version."""

    code = grpc.StatusCode.NOT_FOUND


class FailedPrecondition(PacelineError):
    """The request is fine, but the state of a model does not allow it; `reason` tells why. Nothing was changed."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class Unavailable(PacelineError):
    """No answer now. `PacelineClient` has retried as its `RetryPolicy` says; a later call may succeed."""

    code = grpc.StatusCode.UNAVAILABLE


class ResourceExhausted(PacelineError):
    """A quota is spent, or a message is too large."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class DeadlineExceeded(PacelineError):
    """No answer within the call's timeout."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class Cancelled(PacelineError):
    """The call was cancelled, such as by closing the client."""

    code = grpc.StatusCode.CANCELLED


class Unimplemented(PacelineError):
    """The server does not have the call: it is another service, or an older one."""

    code = grpc.StatusCode.UNIMPLEMENTED


class ServerFault(PacelineError):
    """The server failed; `code` tells how."""

    code = grpc.StatusCode.INTERNAL


ERRORS: Mapping[grpc.StatusCode, type[PacelineError]] = MappingProxyType(
    {
        grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
        grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
        grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
        grpc.StatusCode.NOT_FOUND: NotFound,
        grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
        grpc.StatusCode.UNAVAILABLE: Unavailable,
        grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
        grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
        grpc.StatusCode.CANCELLED: Cancelled,
        grpc.StatusCode.UNIMPLEMENTED: Unimplemented,
        grpc.StatusCode.ABORTED: ServerFault,
        grpc.StatusCode.ALREADY_EXISTS: ServerFault,
        grpc.StatusCode.DATA_LOSS: ServerFault,
        grpc.StatusCode.INTERNAL: ServerFault,
        grpc.StatusCode.OUT_OF_RANGE: ServerFault,
        grpc.StatusCode.UNKNOWN: ServerFault,
    }
)
"""Which error each status code but OK becomes."""


@contextmanager
def rpc_errors() -> Iterator[None]:
    """Turns the `grpc.RpcError` of its block into a `PacelineError`."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc(error) from error


def from_rpc(error: grpc.RpcError) -> PacelineError:
    """Returns the error of a failed call, with the reason and the invalid fields that the server gave."""
    status = _status(error)
    violations = _violations(status)
    message = "; ".join(f"{v.field}: {v.description}" for v in violations)
    return ERRORS[error.code()](
        message or error.details() or error.code().name,
        code=error.code(),
        reason=_reason(status),
        violations=violations,
    )


def _status(error: grpc.RpcError) -> Status:
    """Returns the status with its details; an empty one if there is none, or none that can be read."""
    try:
        status: Status | None = rpc_status.from_call(cast("grpc.Call", error))
    except (ValueError, DecodeError):
        return Status()
    return status or Status()


def _reason(status: Status) -> ErrorReason.ValueType:
    """Returns the first reason that this version of the client knows."""
    info = ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info) and info.domain == DOMAIN and REASON_PREFIX + info.reason in _REASONS:
            return ErrorReason.Value(REASON_PREFIX + info.reason)
    return ERROR_REASON_UNSPECIFIED


def _violations(status: Status) -> list[FieldViolation]:
    invalid = BadRequest()
    for detail in status.details:
        if detail.Unpack(invalid):
            return [FieldViolation(v.field, v.description) for v in invalid.field_violations]
    return []
