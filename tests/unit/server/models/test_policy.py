"""The policy, as tables: what is, what is wanted, and the one step that follows."""

import pytest

from server.domain.models import Every, Latest, Specific, VersionPolicy
from server.domain.versions import VersionState
from server.models.policy import Action, Load, Transition, Unload, next_action, wanted_versions

START, LOADING, AVAILABLE, UNLOADING, END = VersionState
NEWEST = Latest()


@pytest.mark.parametrize(
    ("published", "policy", "unfit", "wanted"),
    [
        ([], NEWEST, [], []),
        ([1], NEWEST, [], [1]),
        ([1, 2, 3], NEWEST, [], [3]),
        ([9, 10], NEWEST, [], [10]),
        ([1, 2, 3], NEWEST, [3], [2]),
        ([1, 2, 3], NEWEST, [3, 2], [1]),
        ([1, 2, 3], NEWEST, [2], [3]),
        ([1], NEWEST, [1], []),
        ([1], NEWEST, [1, 2], []),
        ([1, 2, 3], Latest(2), [], [3, 2]),
        ([1, 2, 3], Latest(2), [3], [2, 1]),
        ([1], Latest(2), [], [1]),
        ([1, 2, 3], Specific(frozenset({1, 3, 7})), [], [3, 1]),
        ([1, 2, 3], Specific(frozenset({1, 3})), [3], [1]),
        ([1, 2, 3], Every(), [], [3, 2, 1]),
        ([1, 2, 3], Every(), [2], [3, 1]),
    ],
)
def test_the_versions_that_a_policy_wants(
    published: list[int], policy: VersionPolicy, unfit: list[int], wanted: list[int]
) -> None:
    assert wanted_versions(published, policy, unfit) == wanted


@pytest.mark.parametrize(
    ("states", "wanted", "needed", "action"),
    [
        # Nothing is there, or nothing is wanted.
        ({}, [], [], None),
        ({1: START}, [], [], None),
        ({1: END}, [], [], None),
        # What is wanted is loaded.
        ({1: START}, [1], [], Load(1)),
        ({1: START, 2: START}, [2], [], Load(2)),
        # A version whose runner died, or that ended, is loaded again.
        ({1: LOADING}, [1], [], Load(1)),
        ({1: END}, [1], [], Load(1)),
        # The new version is loaded before the old one is unloaded.
        ({1: AVAILABLE, 2: START}, [2], [1], Load(2)),
        ({1: AVAILABLE, 2: LOADING}, [2], [1], Load(2)),
        ({1: AVAILABLE, 2: AVAILABLE}, [2], [2], Unload(1)),
        ({1: UNLOADING, 2: AVAILABLE}, [2], [2], None),
        ({1: END, 2: AVAILABLE}, [2], [2], None),
        # The same, backwards: the newest is gone.
        ({1: END, 2: AVAILABLE}, [1], [2], Load(1)),
        ({1: AVAILABLE, 2: AVAILABLE}, [1], [1], Unload(2)),
        # A version that is still unloading has to end before it is loaded again; others need not wait for it.
        ({1: AVAILABLE, 2: UNLOADING}, [2], [1], None),
        ({1: START, 2: UNLOADING}, [2, 1], [], Load(1)),
        # What answers requests stays, though it is not wanted.
        ({1: AVAILABLE}, [], [1], None),
        ({1: AVAILABLE, 2: LOADING}, [], [1], None),
        ({1: AVAILABLE, 2: AVAILABLE}, [], [2], Unload(1)),
        ({1: AVAILABLE, 2: AVAILABLE}, [2], [1, 2], None),
        # One step at a time: the most urgent is loaded first, the oldest unloaded first.
        ({1: AVAILABLE, 2: AVAILABLE, 3: AVAILABLE}, [3], [3], Unload(1)),
        ({1: START, 2: START}, [1, 2], [], Load(1)),
        ({1: START, 2: AVAILABLE, 3: AVAILABLE}, [3, 1], [3], Load(1)),
    ],
)
def test_the_next_action_when_availability_comes_first(
    states: dict[int, VersionState], wanted: list[int], needed: list[int], action: Action | None
) -> None:
    assert next_action(states, wanted, needed=needed) == action


@pytest.mark.parametrize(
    ("states", "wanted", "needed", "action"),
    [
        ({1: START}, [1], [], Load(1)),
        # The old version is gone before the new one is loaded.
        ({1: AVAILABLE, 2: START}, [2], [1], Unload(1)),
        ({1: UNLOADING, 2: START}, [2], [], None),
        ({1: END, 2: START}, [2], [], Load(2)),
        ({1: AVAILABLE, 2: START}, [2, 1], [1], Load(2)),
        # While nothing is wanted there is nothing to make room for.
        ({1: AVAILABLE}, [], [1], None),
        ({1: AVAILABLE, 2: AVAILABLE}, [], [2], Unload(1)),
    ],
)
def test_the_next_action_when_resources_come_first(
    states: dict[int, VersionState], wanted: list[int], needed: list[int], action: Action | None
) -> None:
    assert next_action(states, wanted, needed=needed, transition=Transition.RESOURCES) == action
