"""The table of errors is complete, and says what `error_reason.proto` says."""

import base64
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo

from paceline.v1 import error_reason_pb2 as pb
from server.domain.errors import FieldViolation, InvalidRequest, NoModel, PacelineError
from server.rpc.errors import KINDS, MAX_VIOLATIONS, UNEXPECTED, kind_of, to_status

PROTO = Path(__file__).parents[4] / "protos/paceline/v1/error_reason.proto"


def leaves(error: type[PacelineError]) -> set[type[PacelineError]]:
    below = error.__subclasses__()
    return {leaf for child in below for leaf in leaves(child)} if below else {error}


def test_every_error_has_a_code_and_a_reason() -> None:
    assert leaves(PacelineError) == set(KINDS)


def test_every_reason_is_given_by_exactly_one_error() -> None:
    reasons = [kind.reason for kind in (*KINDS.values(), UNEXPECTED)]
    assert sorted(reasons) == sorted(set(pb.ErrorReason.values()) - {pb.ERROR_REASON_UNSPECIFIED})


def test_every_reason_has_the_code_that_its_comment_says() -> None:
    text = PROTO.read_text(encoding="utf-8")
    pairs = re.findall(r"// ([A-Z_]+): .*\n\s+(ERROR_REASON_\w+) =", text)
    found = {(kind.code.name, pb.ErrorReason.Name(kind.reason)) for kind in (*KINDS.values(), UNEXPECTED)}
    assert found == set(pairs)


def details(error: Exception) -> tuple[ErrorInfo, list[BadRequest]]:
    status = to_status(error)
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    others = []
    for detail in status.details[1:]:
        others.append(BadRequest())
        assert detail.Unpack(others[-1])
    return info, others


def test_a_status_names_the_reason_and_the_domain() -> None:
    info, others = details(NoModel("none"))
    assert (info.reason, info.domain, others) == ("NO_MODEL", "paceline", [])
    assert to_status(NoModel("none")).message == "none"


def test_invalid_fields_are_listed() -> None:
    info, others = details(InvalidRequest([FieldViolation("member_id", "is empty")]))
    assert info.reason == "INVALID_FIELD"
    assert [(v.field, v.description) for v in others[0].field_violations] == [("member_id", "is empty")]


def test_a_status_fits_the_trailers_however_much_is_wrong() -> None:
    error = InvalidRequest([FieldViolation("f" * 5000, "漢" * 5000)] * 500)
    _, others = details(error)
    assert len(others[0].field_violations) == MAX_VIOLATIONS
    status = to_status(error)
    in_trailers = len(base64.b64encode(status.SerializeToString())) + len(quote(status.message))
    assert in_trailers < 8 * 1024


@pytest.mark.parametrize(
    "error", [KeyError("password=1"), PacelineError("password=1"), TimeoutError("password=1")]
)
def test_nothing_of_an_unexpected_error_shows(error: Exception) -> None:
    assert kind_of(error) is UNEXPECTED
    assert to_status(error).message == "the server failed"
    assert "password" not in str(to_status(error))
