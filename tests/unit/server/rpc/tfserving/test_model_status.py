"""The states of versions, with TensorFlow Serving's numbers and codes."""

import pytest

from server.domain.errors import InvalidRequest, NotFound
from server.domain.labels import LabelStatus
from server.domain.models import ModelSpec
from server.domain.versions import RefusalReason, VersionRecord, VersionState
from server.rpc.tfserving.model_status import model_status_response, records_of
from tests.support.admin import FakeStates

STATES = FakeStates(
    records=[
        VersionRecord("half", 5, VersionState.END, 1.0, RefusalReason.LOAD_FAILED, "it does not load"),
        VersionRecord("half", 4, VersionState.LOADING, 1.0, None, "its runner ended"),
        VersionRecord("half", 3, VersionState.AVAILABLE, 1.0),
        VersionRecord("ranking", 1, VersionState.START, 1.0),
    ],
    labels=[
        LabelStatus("half", "canary", None, None),
        LabelStatus("half", "stable", 3, None),
        LabelStatus("ranking", "old", 1, None),
    ],
)


@pytest.mark.parametrize(
    ("spec", "versions"),
    [
        (ModelSpec("half"), [5, 4, 3]),
        (ModelSpec("half", version=4), [4]),
        (ModelSpec("half", label="stable"), [3]),
        (ModelSpec("ranking"), [1]),
    ],
)
def test_the_versions_of_a_model_are_told_newest_first_or_the_one_asked_for(
    spec: ModelSpec, versions: list[int]
) -> None:
    assert [record.version for record in records_of(STATES, spec)] == versions


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (ModelSpec("other"), "a version of 'other' was not seen; its versions are none"),
        (ModelSpec("half", version=9), "version 9 of 'half' was not seen; its versions are 5, 4, 3"),
        (ModelSpec("half", label="canary"), "no version answers for the label 'canary' of 'half'"),
    ],
)
def test_what_was_not_seen_is_not_found(spec: ModelSpec, message: str) -> None:
    with pytest.raises(NotFound) as error:
        records_of(STATES, spec)
    assert str(error.value) == message


def test_a_label_that_a_model_does_not_have_is_invalid() -> None:
    with pytest.raises(InvalidRequest) as error:
        records_of(STATES, ModelSpec("half", label="old"))
    assert str(error.value) == "model_spec.version_label: is 'old', expected one of 'canary', 'stable'"


def test_states_have_tensorflow_serving_s_numbers_and_failures_a_code() -> None:
    response = model_status_response(records_of(STATES, ModelSpec("half")))
    failed_precondition, unavailable = 9, 14
    found = [(status.version, status.state, status.status) for status in response.model_version_status]
    assert [(version, state) for version, state, _ in found] == [(5, 50), (4, 20), (3, 30)]
    assert [(status.error_code, status.error_message) for *_, status in found] == [
        (failed_precondition, "it does not load"),
        (unavailable, "its runner ended"),
        (0, ""),
    ]


@pytest.mark.parametrize("state", VersionState)
def test_every_state_has_a_number(state: VersionState) -> None:
    response = model_status_response([VersionRecord("half", 1, state, 1.0)])
    assert response.model_version_status[0].state == 10 * state
