"""The states of versions, as TensorFlow Serving tells them."""

from collections.abc import Sequence

import grpc

from server.domain.errors import FieldViolation, InvalidRequest, NotFound
from server.domain.models import ModelSpec
from server.domain.versions import VersionRecord
from server.rpc.ports import ModelStates
from server.rpc.tfserving.stubs import get_model_status_pb2 as pb
from server.rpc.tfserving.stubs import status_pb2

REFUSED = grpc.StatusCode.FAILED_PRECONDITION
"""What the status of a version says that does not serve until its files change."""
FAILING = grpc.StatusCode.UNAVAILABLE
"""What it says of a version that failed and is tried again."""


def records_of(states: ModelStates, spec: ModelSpec) -> Sequence[VersionRecord]:
    """Returns the records of the versions that are asked for, newest first: all if neither version nor label is.

    Raises:
        NotFound: There is no such model, or none of its versions was seen, or not this one.
        InvalidRequest: The model has no such label.
    """
    version = spec.version if spec.label is None else _labelled(states, spec.name, spec.label)
    of_model = [record for record in states.records if record.model_name == spec.name]
    found = [record for record in of_model if version in (None, record.version)]
    if not found:
        what = f"version {version} of {spec.name!r}" if version is not None else f"a version of {spec.name!r}"
        seen = ", ".join(str(record.version) for record in of_model) or "none"
        raise NotFound(f"{what} was not seen; its versions are {seen}")
    return found


def model_status_response(records: Sequence[VersionRecord]) -> pb.GetModelStatusResponse:
    """Returns the message of records."""
    return pb.GetModelStatusResponse(model_version_status=[_version_status(record) for record in records])


def _labelled(states: ModelStates, model_name: str, label: str) -> int:
    for status in states.labels:
        if (status.model_name, status.label) == (model_name, label):
            if status.version is None:
                raise NotFound(f"no version answers for the label {label!r} of {model_name!r}")
            return status.version
    labels = ", ".join(repr(status.label) for status in states.labels if status.model_name == model_name) or "none"
    raise InvalidRequest([FieldViolation("model_spec.version_label", f"is {label!r}, expected one of {labels}")])


def _version_status(record: VersionRecord) -> pb.ModelVersionStatus:
    code = grpc.StatusCode.OK
    if record.message:
        code = REFUSED if record.refusal else FAILING
    return pb.ModelVersionStatus(
        version=record.version,
        state=pb.ModelVersionStatus.State.Value(record.state.name),
        status=status_pb2.StatusProto(error_code=code.value[0], error_message=record.message),
    )
