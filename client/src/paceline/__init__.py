"""Clients for Paceline: which classes should this member see now?"""

from paceline.admin import AdminClient, Note
from paceline.aio import AsyncPacelineClient
from paceline.calls import Choice, Moment, recommend_request
from paceline.channels import TlsOptions, open_async_channel, open_channel
from paceline.client import PacelineClient
from paceline.errors import (
    Cancelled,
    DeadlineExceeded,
    FailedPrecondition,
    FieldViolation,
    InvalidRequest,
    NotFound,
    PacelineError,
    PermissionDenied,
    ResourceExhausted,
    ServerFault,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from paceline.events import completion, impression, rating, start
from paceline.retry import RetryPolicy
from paceline.v1.error_reason_pb2 import ErrorReason
from paceline.v1.event_service_pb2 import Event, EventRejectionReason, EventResult, EventStatus
from paceline.values import Value, any_of, at_least, at_most, between, from_feature_value, to_feature_value

__all__ = [
    "AdminClient",
    "AsyncPacelineClient",
    "Cancelled",
    "Choice",
    "DeadlineExceeded",
    "ErrorReason",
    "Event",
    "EventRejectionReason",
    "EventResult",
    "EventStatus",
    "FailedPrecondition",
    "FieldViolation",
    "InvalidRequest",
    "Moment",
    "NotFound",
    "Note",
    "PacelineClient",
    "PacelineError",
    "PermissionDenied",
    "ResourceExhausted",
    "RetryPolicy",
    "ServerFault",
    "TlsOptions",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Value",
    "any_of",
    "at_least",
    "at_most",
    "between",
    "completion",
    "from_feature_value",
    "impression",
    "open_async_channel",
    "open_channel",
    "rating",
    "recommend_request",
    "start",
    "to_feature_value",
]
