"""Which version answers for a label, as tables: what is, and the versions in the order in which they may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.labels import DEFAULT_LABEL, Labels, LabelState
from server.models.routes import route

FOLLOWS = LabelState()


def labels(stable: LabelState = FOLLOWS, *, rejected: tuple[int, ...] = (), **others: LabelState) -> Labels:
    return Labels({DEFAULT_LABEL: stable, **others}, frozenset(rejected))


@pytest.mark.parametrize(
    ("given", "available", "wanted", "expected"),
    [
        # It follows the newest that the policy wants, and takes what there is while that is not there.
        (labels(), [], [6], []),
        (labels(), [5, 6], [6], [6, 5]),
        (labels(), [4, 5], [6], [5, 4]),
        (labels(), [5, 7], [5], [5, 7]),
        # What was rejected comes last.
        (labels(rejected=(6,)), [5, 6], [5], [5, 6]),
        (labels(rejected=(6,)), [6], [5], [6]),
        # A pin holds against newer versions; what it was on before comes next.
        (labels(LabelState(4)), [4, 5, 6], [6], [4, 6, 5]),
        (labels(LabelState(4, (2, 3))), [2, 3, 4, 6], [6], [4, 3, 2, 6]),
        (labels(LabelState(4, (2, 3))), [2, 6], [6], [2, 6]),
        # While the version that it was rolled back to is being loaded, the rejected one is better than none.
        (labels(LabelState(3, (4, 5)), rejected=(5,)), [5], [5], [5]),
        (labels(LabelState(3, (4, 5)), rejected=(5,)), [4, 5], [5], [4, 5]),
    ],
)
def test_the_default_label(given: Labels, available: list[int], wanted: list[int], expected: list[int]) -> None:
    assert route(DEFAULT_LABEL, given, available=available, wanted=wanted) == expected


@pytest.mark.parametrize(
    ("canary", "available", "wanted", "expected"),
    [
        (LabelState(6), [5, 6], [6], [6]),
        (LabelState(6), [5], [6], []),
        (LabelState(6, (5,)), [5], [6], [5]),
        (LabelState(None, (5,)), [4, 5, 6], [6], [6, 5]),
        (LabelState(None, (5,)), [4, 5], [6], [5]),
    ],
)
def test_another_label_is_only_answered_for_by_versions_of_its_own(
    canary: LabelState, available: list[int], wanted: list[int], expected: list[int]
) -> None:
    assert route("canary", labels(canary=canary), available=available, wanted=wanted) == expected


VERSIONS = st.sets(st.integers(1, 6))


@given(
    version=st.none() | st.integers(1, 6),
    trail=st.lists(st.integers(1, 6), unique=True),
    rejected=VERSIONS,
    available=VERSIONS,
    wanted=VERSIONS,
)
def test_something_answers_for_the_default_label_as_long_as_something_is_available(
    version: int | None, trail: list[int], rejected: set[int], available: set[int], wanted: set[int]
) -> None:
    state = LabelState(version, tuple(trail))
    found = route(DEFAULT_LABEL, labels(state, rejected=tuple(rejected)), available=available, wanted=wanted)
    assert sorted(found) == sorted(available)
    assert [v in rejected for v in found] == sorted(v in rejected for v in found)
