"""The life of a version."""

import pytest

from server.domain.versions import RefusalReason, VersionRecord, VersionState

START, LOADING, AVAILABLE, UNLOADING, END = VersionState


def record(state: VersionState) -> VersionRecord:
    return VersionRecord("classes", 7, state, since=1.0)


def test_a_version_goes_through_its_states_in_order() -> None:
    current = record(START)
    for state in (LOADING, AVAILABLE, UNLOADING, END):
        current = current.to(state, now=2.0)
    assert current == VersionRecord("classes", 7, END, since=2.0)


@pytest.mark.parametrize(
    ("state", "following"),
    [
        (START, AVAILABLE),
        (START, UNLOADING),
        (LOADING, UNLOADING),
        (AVAILABLE, END),
        (UNLOADING, AVAILABLE),
        (END, LOADING),
    ],
)
def test_other_steps_are_refused(state: VersionState, following: VersionState) -> None:
    with pytest.raises(ValueError, match=f"version 7 can't go from {state.name} to {following.name}"):
        record(state).to(following, now=2.0)


def test_a_reason_is_kept_until_the_next_state() -> None:
    refused = record(LOADING).to(END, 2.0, RefusalReason.LOAD_FAILED, "no graph")
    assert (refused.refusal, refused.message) == (RefusalReason.LOAD_FAILED, "no graph")
    again = refused.to(START, 3.0)
    assert (again.refusal, again.message) == (None, "")
