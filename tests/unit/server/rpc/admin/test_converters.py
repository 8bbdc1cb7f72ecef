"""What was done to labels keeps every field on the wire."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from contract.labels import LabelAction, LabelEvent, Note
from paceline.v1 import model_admin_service_pb2 as pb
from server.domain.models import ChangeKind, ModelChange
from server.rpc.admin.converters import from_change, from_event, to_label, to_note

NOTE = Note("ada", "it is better")


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            LabelEvent(LabelAction.PROMOTE, 1.5, NOTE, "canary", 4, 3),
            pb.LabelEvent(action=pb.LABEL_ACTION_PROMOTE, label="canary", version=4, previous_version=3),
        ),
        (
            LabelEvent(LabelAction.UNPIN, 1.5, NOTE, previous_version=3),
            pb.LabelEvent(action=pb.LABEL_ACTION_UNPIN, label="stable", previous_version=3),
        ),
        (
            LabelEvent(LabelAction.SPLIT, 1.5, NOTE, weights={"stable": 9, "canary": 1}),
            pb.LabelEvent(action=pb.LABEL_ACTION_SPLIT, weights={"stable": 9, "canary": 1}),
        ),
        (
            LabelEvent(LabelAction.SHADOW, 1.5, NOTE, "next", share=0.5),
            pb.LabelEvent(action=pb.LABEL_ACTION_SHADOW, label="next", share=0.5),
        ),
    ],
)
def test_an_event_keeps_every_field(event: LabelEvent, message: pb.LabelEvent) -> None:
    message.event_time.CopyFrom(Timestamp(seconds=1, nanos=500_000_000))
    message.note.CopyFrom(pb.Note(actor="ada", reason="it is better"))
    assert from_event(event) == message


def test_a_certificate_stands_beside_what_the_caller_says() -> None:
    message = pb.Note(actor="ada", reason="why not")
    assert to_note(message, []) == Note("ada", "why not")
    assert to_note(message, [b"deployer"]) == Note("ada (deployer)", "why not")


def test_no_label_is_the_default_one() -> None:
    assert (to_label(""), to_label("canary")) == ("stable", "canary")


def test_actions_and_kinds_of_the_wire_and_of_the_domain_are_the_same() -> None:
    def wire(keys: list[str], prefix: str) -> set[str]:
        return {key.removeprefix(prefix) for key in keys} - {"UNSPECIFIED"}

    assert wire(pb.LabelAction.keys(), "LABEL_ACTION_") == {action.name for action in LabelAction}
    assert wire(pb.ChangeKind.keys(), "CHANGE_KIND_") == {kind.name for kind in ChangeKind}
    changes = {from_change(ModelChange("a", kind)).kind for kind in ChangeKind}
    assert changes == set(pb.ChangeKind.values()) - {pb.CHANGE_KIND_UNSPECIFIED}
