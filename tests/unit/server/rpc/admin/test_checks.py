"""Admin requests keep to the limits in the comments of the wire contract."""

import re
from pathlib import Path

import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from paceline.v1 import model_admin_service_pb2 as pb
from server.domain.errors import InvalidRequest
from server.rpc.admin.checks import MAX_NAME_BYTES, MAX_REASON_BYTES, MAX_WEIGHT, check, check_of

PROTO = Path(__file__).parents[5] / "protos/paceline/v1/model_admin_service.proto"
NOTE = pb.Note(actor="ada")
REQUESTS = [
    GetMessageClass(method.input_type)() for method in pb.DESCRIPTOR.services_by_name["ModelAdminService"].methods
]


def violations(request: Message) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as error:
        check(request)
    return {violation.field: violation.description for violation in error.value.violations}


@pytest.mark.parametrize(
    "request_",
    [
        pb.PromoteVersionRequest(model_name="ranking", version=1, note=NOTE),
        pb.PromoteVersionRequest(
            model_name="x" * MAX_NAME_BYTES,
            version=2**63 - 1,
            label="x" * MAX_NAME_BYTES,
            note=pb.Note(actor="x" * MAX_NAME_BYTES, reason="x" * MAX_REASON_BYTES),
            allow_unloaded=True,
        ),
        pb.RollBackLabelRequest(model_name="ranking", note=NOTE),
        pb.SplitTrafficRequest(model_name="ranking", note=NOTE),
        pb.SplitTrafficRequest(model_name="ranking", note=NOTE, weights={"stable": 0, "canary": MAX_WEIGHT}),
        pb.ShadowLabelRequest(model_name="ranking", label="next", share=0, note=NOTE),
        pb.ShadowLabelRequest(model_name="ranking", label="next", share=1, note=NOTE),
        pb.ListLabelEventsRequest(model_name="ranking"),
        pb.GetModelConfigRequest(),
        pb.ReloadModelConfigRequest(config_text="x", validate_only=True),
    ],
)
def test_what_keeps_to_the_limits_passes(request_: Message) -> None:
    check(request_)


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        (
            pb.PromoteVersionRequest(),
            {
                "model_name": "is empty, expected 1 to 256 bytes",
                "version": "is 0, expected a version above 0",
                "note.actor": "is empty, expected 1 to 256 bytes",
            },
        ),
        (
            pb.PinLabelRequest(
                model_name="é" * 129, label="x" * 257, note=pb.Note(actor="x" * 257, reason="x" * 1025)
            ),
            {
                "model_name": "has 258 bytes, expected at most 256",
                "label": "has 257 bytes, expected at most 256",
                "note.actor": "has 257 bytes, expected at most 256",
                "note.reason": "has 1025 bytes, expected at most 1024",
            },
        ),
        (
            pb.SplitTrafficRequest(model_name="a", note=NOTE, weights={"stable": -1, "canary": 10_001, "c": 1}),
            {
                "weights['canary']": "is 10001, expected 0 to 10000",
                "weights['stable']": "is -1, expected 0 to 10000",
            },
        ),
        (
            pb.ShadowLabelRequest(model_name="a", note=NOTE, share=1.5),
            {"label": "is empty, expected 1 to 256 bytes", "share": "is 1.5, expected 0 to 1"},
        ),
        (
            pb.ShadowLabelRequest(model_name="a", label="next", note=NOTE, share=float("nan")),
            {"share": "is nan, expected 0 to 1"},
        ),
        (
            pb.ReloadModelConfigRequest(),
            {"config_text": "is empty, expected a ModelServerConfig in protobuf's text format"},
        ),
    ],
)
def test_every_field_that_does_not_is_named(request_: Message, found: dict[str, str]) -> None:
    assert violations(request_) == found


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.DESCRIPTOR.name)
def test_every_field_of_every_request_has_a_check(request_: Message) -> None:
    for field in request_.DESCRIPTOR.fields_by_name:
        assert callable(check_of(request_, field))


def test_every_field_that_the_contract_requires_is_required() -> None:
    text = PROTO.read_text(encoding="utf-8")
    required = {
        (message, field)
        for message, body in re.findall(r"^message (\w+Request) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
        for field in re.findall(r"Required\.(?:\n\s+//.*)*\n\s+\w+ (\w+) = ", body)
    }
    empty = {request.DESCRIPTOR.name: request for request in REQUESTS}
    assert ("ShadowLabelRequest", "label") in required
    for message, field in required:
        assert field in violations(empty[message])
