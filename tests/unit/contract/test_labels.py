"""Labels as the fold of a history."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contract.labels import DEFAULT_LABEL, LabelAction, LabelEvent, Labels, LabelState, Note, fold

PROMOTE, ROLL_BACK, REVERT, PIN, UNPIN, SPLIT, SHADOW = LabelAction
NOTE = Note("ada")


def event(action: LabelAction, version: int | None = None, previous: int | None = None, **more: Any) -> LabelEvent:
    return LabelEvent(action, 0.0, NOTE, version=version, previous_version=previous, **more)


def test_without_a_history_the_default_label_follows() -> None:
    assert fold([]) == Labels({DEFAULT_LABEL: LabelState()})


def test_a_label_remembers_where_it_was_each_version_once() -> None:
    labels = fold([event(PROMOTE, 2, 1), event(PROMOTE, 3, 2), event(PROMOTE, 2, 3), event(PROMOTE, 4, 2)])
    assert labels.states[DEFAULT_LABEL] == LabelState(4, (1, 3, 2))


def test_what_is_rolled_back_or_reverted_is_rejected_until_it_is_chosen_again() -> None:
    history = [event(ROLL_BACK, 1, 2), event(REVERT, None, 3)]
    assert fold(history).rejected == {2, 3}
    assert fold([*history, event(PROMOTE, 3, 1)]).rejected == {2}
    assert fold([*history, event(PIN, 2, 2)]).rejected == {3}
    assert fold([*history, event(UNPIN, None, 1)]).rejected == {2, 3}


def test_the_last_split_counts() -> None:
    history = [event(SPLIT, weights={"stable": 1}), event(SPLIT, weights={"stable": 9, "canary": 1})]
    assert fold(history).weights == {"stable": 9, "canary": 1}
    assert fold([*history, event(SPLIT)]).weights == {}


def test_each_label_shadows_for_itself() -> None:
    history = [event(SHADOW, label="a", share=0.5), event(SHADOW, label="b", share=0.1)]
    assert fold(history).shadows == {"a": 0.5, "b": 0.1}
    assert fold([*history, event(SHADOW, label="a")]).shadows == {"b": 0.1}


def test_a_split_or_a_shadow_makes_no_label() -> None:
    assert fold([event(SPLIT, label="a"), event(SHADOW, label="b", share=1.0)]).states.keys() == {DEFAULT_LABEL}


def test_a_label_of_the_config_is_where_the_config_says() -> None:
    labels = fold([event(PROMOTE, 2, 1)], {DEFAULT_LABEL: 7, "gold": 3})
    assert labels.states == {DEFAULT_LABEL: LabelState(7), "gold": LabelState(3)}


VERSIONS = st.integers(1, 4)
EVENTS = st.builds(
    LabelEvent,
    action=st.sampled_from([PROMOTE, ROLL_BACK, REVERT, PIN, UNPIN]),
    time=st.just(0.0),
    note=st.just(NOTE),
    label=st.sampled_from([DEFAULT_LABEL, "canary"]),
    version=VERSIONS,
    previous_version=st.none() | VERSIONS,
)


@given(st.lists(EVENTS, max_size=12))
def test_a_label_is_never_where_it_says_it_was_before(history: list[LabelEvent]) -> None:
    for state in fold(history).states.values():
        assert state.version not in state.trail
        assert len(set(state.trail)) == len(state.trail)


@given(st.lists(EVENTS, max_size=12), EVENTS)
def test_folding_one_more_event_is_folding_all(history: list[LabelEvent], last: LabelEvent) -> None:
    assert fold(history).after(last) == fold([*history, last])
