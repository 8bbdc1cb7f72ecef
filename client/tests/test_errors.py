"""Errors as they cross the wire."""

import pickle
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status
from hypothesis import given
from hypothesis import strategies as st

from paceline import FieldViolation, InvalidRequest, PacelineClient, PacelineError, RetryPolicy, ServerFault
from paceline.errors import ERRORS, from_rpc
from paceline.testing import FakeServer
from paceline.v1.error_reason_pb2 import (
    ERROR_REASON_INVALID_FIELD,
    ERROR_REASON_NO_MODEL,
    ERROR_REASON_UNSPECIFIED,
    ErrorReason,
)

FAILURES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40)


class Failure(grpc.RpcError):
    """A failed call, as gRPC raises it."""

    def __init__(self, code: grpc.StatusCode, message: str, trailing: tuple[Any, ...] = ()) -> None:
        self._status = (code, message, trailing)

    def code(self) -> grpc.StatusCode:
        return self._status[0]

    def details(self) -> str:
        return self._status[1]

    def trailing_metadata(self) -> tuple[Any, ...]:
        return self._status[2]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


@pytest.fixture(scope="module")
def client(server: FakeServer) -> Iterator[PacelineClient]:
    with PacelineClient(server.target, timeout=10.0, retry=RetryPolicy(attempts=1)) as client:
        yield client


def raised_by(client: PacelineClient) -> PacelineError:
    with pytest.raises(PacelineError) as raised:
        client.recommend_classes("m1")
    return raised.value


def test_every_status_code_has_its_error() -> None:
    assert set(ERRORS) == set(FAILURES)
    assert all(error.code is code for code, error in ERRORS.items() if error is not ServerFault)


@given(code=st.sampled_from(FAILURES), reason=st.sampled_from(ErrorReason.values()), message=TEXTS)
def test_an_error_crosses_the_wire_unchanged(
    server: FakeServer, client: PacelineClient, code: grpc.StatusCode, reason: ErrorReason.ValueType, message: str
) -> None:
    server.fail_next(ERRORS[code](message, code=code, reason=reason))
    error = raised_by(client)
    assert (type(error), error.code, error.reason, str(error)) == (ERRORS[code], code, reason, message)


@given(st.lists(st.builds(FieldViolation, TEXTS, TEXTS), min_size=1, max_size=5))
def test_invalid_fields_cross_the_wire_in_order(
    server: FakeServer, client: PacelineClient, violations: list[FieldViolation]
) -> None:
    server.fail_next(InvalidRequest("2 fields", reason=ERROR_REASON_INVALID_FIELD, violations=violations))
    error = raised_by(client)
    assert error.violations == tuple(violations)
    assert all(f"{v.field}: {v.description}" in str(error) for v in violations)


def test_a_server_fault_of_this_server_has_no_reason(server: FakeServer, client: PacelineClient) -> None:
    server.rank("m1", [("c1", "not a number")])  # type: ignore[list-item]
    assert raised_by(client).reason == ERROR_REASON_UNSPECIFIED


@pytest.mark.parametrize(
    ("domain", "reason", "expected"),
    [
        ("paceline", "NO_MODEL", ERROR_REASON_NO_MODEL),
        ("paceline", "OF_A_NEWER_SERVER", ERROR_REASON_UNSPECIFIED),
        ("googleapis.com", "NO_MODEL", ERROR_REASON_UNSPECIFIED),
    ],
)
def test_a_reason_that_is_unknown_or_of_others_is_left_out(
    domain: str, reason: str, expected: ErrorReason.ValueType
) -> None:
    status = Status(code=Code.UNAVAILABLE, message="down")
    status.details.add().Pack(BadRequest())
    status.details.add().Pack(ErrorInfo(domain=domain, reason=reason))
    trailing = rpc_status.to_status(status).trailing_metadata
    assert from_rpc(Failure(grpc.StatusCode.UNAVAILABLE, "down", trailing)).reason == expected


@pytest.mark.parametrize("details", [b"\xff", Status(code=Code.INTERNAL).SerializeToString()])
def test_details_that_cannot_be_read_leave_the_code_and_the_message(details: bytes) -> None:
    error = from_rpc(Failure(grpc.StatusCode.UNAVAILABLE, "down", (("grpc-status-details-bin", details),)))
    assert (error.code, str(error)) == (grpc.StatusCode.UNAVAILABLE, "down")


def test_an_error_without_a_message_shows_its_code() -> None:
    assert str(from_rpc(Failure(grpc.StatusCode.ABORTED, ""))) == "ABORTED"


def test_an_error_survives_pickling() -> None:
    violations = [FieldViolation("member_id", "is empty")]
    error = InvalidRequest("bad", reason=ERROR_REASON_INVALID_FIELD, violations=violations)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (str(copy), copy.code, copy.reason, copy.violations) == (
        "bad",
        error.code,
        error.reason,
        error.violations,
    )
