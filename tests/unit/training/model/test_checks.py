import pytest

from contract.stubs import manifest_pb2 as pb
from tests.support.model_inputs import (
    CROSSES,
    RANKING_INPUTS,
    number,
    request_time,
    text,
    texts,
    vector,
    whole,
)
from training.errors import SpecError
from training.model.checks import check_attention, check_crosses, check_inputs
from training.model.spec import ModelSpec

CROSSABLE = [
    text("country"),
    number("age"),
    texts("genres", 3),
    texts("times", 3),
    vector("taste", 2),
    request_time(),
]


def test_inputs_and_crosses_of_every_kind_pass() -> None:
    check_inputs(RANKING_INPUTS)
    check_crosses(RANKING_INPUTS, ModelSpec(crosses=tuple(map(tuple, CROSSES))))


@pytest.mark.parametrize("name", ["country", "taste", "moods"])
def test_attention_to_what_is_no_list_with_a_vocabulary_is_refused(name: str) -> None:
    check_attention(CROSSABLE, ModelSpec(attention=("genres", "times")))

    with pytest.raises(SpecError, match=f"model.attention has '{name}', expected .*, of genres, times"):
        check_attention(CROSSABLE, ModelSpec(attention=(name,)))


@pytest.mark.parametrize(
    "name", ["hours per week", "_age", "1st", "größe", "class", "self", "a.b", "candidates", ""]
)
def test_a_name_that_no_signature_can_have_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match=f"input {name!r}"):
        check_inputs([text(name)])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([text("a"), number("a")], "two inputs have the same name"),
        ([pb.Input(name="a", source=pb.SOURCE_COLUMN)], "input 'a' has no encoding"),
        ([text("a", pb.SOURCE_CLASS)], "no input is of the member"),
        ([], "no input is of the member"),
        ([text("a", vocabulary_of="b")], "vocabulary_of is 'b', which is no input"),
        ([text("a", vocabulary_of="b"), number("b")], "'b', which has no vocabulary of its own"),
        ([text("a", vocabulary_of="b"), text("b", vocabulary_of="a")], "which has no vocabulary of its own"),
        ([text("a", vocabulary_of="b"), whole("b")], "one of them holds texts and the other whole numbers"),
    ],
)
def test_inputs_that_can_not_be_one_models_are_refused(inputs: list[pb.Input], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        check_inputs(inputs)


@pytest.mark.parametrize(
    ("cross", "message"),
    [
        (("country", "city"), "'city' can't be crossed, expected of country, age"),
        (("country", "taste"), "'taste' can't be crossed"),
        (
            ("country", "request_time"),
            "'request_time' can't be crossed, .*request_time.hour, request_time.weekday",
        ),
        (("genres", "times"), "crosses two lists"),
    ],
)
def test_a_cross_of_what_has_no_categories_or_of_two_lists_is_refused(
    cross: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        check_crosses(CROSSABLE, ModelSpec(crosses=(cross,)))
