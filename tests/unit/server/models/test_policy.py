"""The policy, as tables: what is, what is wanted, and the one step that follows."""

import pytest

from server.domain.versions import VersionState
from server.models.policy import Action, Load, Unload, desired_versions, next_action

START, LOADING, AVAILABLE, UNLOADING, END = VersionState


@pytest.mark.parametrize(
    ("present", "excluded", "desired"),
    [
        ([], [], set()),
        ([1], [], {1}),
        ([1, 2, 3], [], {3}),
        ([9, 10], [], {10}),
        ([1, 2, 3], [3], {2}),
        ([1, 2, 3], [3, 2], {1}),
        ([1, 2, 3], [2], {3}),
        ([1], [1], set()),
        ([1], [1, 2], set()),
    ],
)
def test_the_newest_acceptable_version_is_desired(
    present: list[int], excluded: list[int], desired: set[int]
) -> None:
    assert desired_versions(present, excluded) == desired


@pytest.mark.parametrize(
    ("states", "desired", "action"),
    [
        # Nothing is there, or nothing is wanted.
        ({}, set(), None),
        ({1: START}, set(), None),
        ({1: END}, set(), None),
        # What is wanted is loaded.
        ({1: START}, {1}, Load(1)),
        ({1: START, 2: START}, {2}, Load(2)),
        # A version whose runner died, or that ended, is loaded again.
        ({1: LOADING}, {1}, Load(1)),
        ({1: END}, {1}, Load(1)),
        # The new version is loaded before the old one is unloaded.
        ({1: AVAILABLE, 2: START}, {2}, Load(2)),
        ({1: AVAILABLE, 2: LOADING}, {2}, Load(2)),
        ({1: AVAILABLE, 2: AVAILABLE}, {2}, Unload(1)),
        ({1: UNLOADING, 2: AVAILABLE}, {2}, None),
        ({1: END, 2: AVAILABLE}, {2}, None),
        # The same, backwards: the newest is gone.
        ({1: END, 2: AVAILABLE}, {1}, Load(1)),
        ({1: AVAILABLE, 2: AVAILABLE}, {1}, Unload(2)),
        # A version that is still unloading has to end before it is loaded again.
        ({1: AVAILABLE, 2: UNLOADING}, {2}, None),
        # The last one available stays, though it is not wanted.
        ({1: AVAILABLE}, set(), None),
        ({1: AVAILABLE, 2: LOADING}, set(), None),
        ({1: AVAILABLE, 2: AVAILABLE}, set(), Unload(1)),
        # One step at a time: the oldest is unloaded first, the newest loaded first.
        ({1: AVAILABLE, 2: AVAILABLE, 3: AVAILABLE}, {3}, Unload(1)),
        ({1: START, 2: START}, {1, 2}, Load(2)),
        ({1: START, 2: AVAILABLE, 3: AVAILABLE}, {1, 3}, Load(1)),
    ],
)
def test_the_next_action(states: dict[int, VersionState], desired: set[int], action: Action | None) -> None:
    assert next_action(states, desired) == action
