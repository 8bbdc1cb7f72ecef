"""Errors of the client as the status that a server answers with: the inverse of `paceline.errors.from_rpc`."""

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from paceline.errors import DOMAIN, REASON_PREFIX, PacelineError
from paceline.v1.error_reason_pb2 import ErrorReason


def to_status(error: PacelineError) -> grpc.Status:
    """Returns the status, with details, that a client turns into an equal error."""
    details: list[Message] = []
    if error.reason:
        reason = ErrorReason.Name(error.reason).removeprefix(REASON_PREFIX)
        details.append(ErrorInfo(reason=reason, domain=DOMAIN))
    if error.violations:
        violations = [
            BadRequest.FieldViolation(field=v.field, description=v.description) for v in error.violations
        ]
        details.append(BadRequest(field_violations=violations))
    code: int = error.code.value[0]
    return rpc_status.to_status(Status(code=code, message=str(error), details=[_packed(d) for d in details]))


def _packed(message: Message) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed
