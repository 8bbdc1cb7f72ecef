"""Notes and labels from the wire, and what was done to the wire."""

from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from contract.labels import DEFAULT_LABEL, LabelAction, LabelEvent, Note
from paceline.v1 import model_admin_service_pb2 as pb
from server.domain.models import ModelChange


def to_note(message: pb.Note, certified_names: Sequence[bytes]) -> Note:
    """Returns who does something and why.

    Args:
        message: What the caller says.
        certified_names: The common names of the certificate that the caller showed, none if it showed none.
    """
    certified = ", ".join(name.decode(errors="replace") for name in certified_names)
    return Note(f"{message.actor} ({certified})" if certified else message.actor, message.reason)


def to_label(text: str) -> str:
    """Returns the label that a message means."""
    return text or DEFAULT_LABEL


def from_event(event: LabelEvent) -> pb.LabelEvent:
    """Returns the message of an entry of a model's history."""
    event_time = Timestamp()
    event_time.FromNanoseconds(int(event.time * 1e9))
    return pb.LabelEvent(
        action=pb.LabelAction.Value(f"LABEL_ACTION_{event.action.name}"),
        event_time=event_time,
        note=pb.Note(actor=event.note.actor, reason=event.note.reason),
        label="" if event.action is LabelAction.SPLIT else event.label,
        version=event.version or 0,
        previous_version=event.previous_version or 0,
        weights=event.weights,
        share=event.share,
    )


def from_change(change: ModelChange) -> pb.ModelChange:
    """Returns the message of what becomes of a model."""
    return pb.ModelChange(
        model_name=change.model_name, kind=pb.ChangeKind.Value(f"CHANGE_KIND_{change.kind.name}")
    )
