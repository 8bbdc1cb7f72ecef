import tomllib
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.errors import SpecError
from training.model.spec import ModelSpec

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.]*", fullmatch=True)
SPECS = st.builds(
    ModelSpec,
    objective=st.sampled_from(["binary", "regression"]),
    deep=st.booleans(),
    crosses=st.lists(st.lists(NAMES, min_size=2, max_size=3, unique=True).map(tuple), max_size=3).map(tuple),
    layer_sizes=st.lists(st.integers(1, 8192), min_size=1).map(tuple),
    attention=st.lists(NAMES, max_size=3).map(tuple),
    dropout=st.floats(0, 0.9),
    l2=st.floats(0, 10),
    precision=st.sampled_from(["float32", "bfloat16"]),
    seed=st.integers(0, 2**31 - 1),
)


@given(SPECS)
def test_a_spec_survives_toml(spec: ModelSpec) -> None:
    assert ModelSpec.from_mapping(tomllib.loads(spec.to_toml())) == spec


def test_an_empty_table_gives_the_defaults() -> None:
    assert ModelSpec.from_mapping({}) == ModelSpec()


def test_a_whole_number_is_taken_for_a_number() -> None:
    assert ModelSpec.from_mapping({"dropout": 0}).dropout == 0.0


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SpecError, match="unknown key 'layers', expected one of objective, wide, deep, crosses"):
        ModelSpec.from_mapping({"layers": [1]})


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"seed": True}, "model.seed is True, expected a whole number"),
        ({"seed": 1.5}, "model.seed is 1.5, expected a whole number"),
        ({"wide": 1}, "model.wide is 1, expected true or false"),
        ({"dropout": "much"}, "model.dropout is 'much', expected a number"),
        ({"dropout": 1.0}, "model.dropout is 1.0, expected 0.0 to 0.9"),
        ({"dropout": float("nan")}, "model.dropout is nan, expected 0.0 to 0.9"),
        ({"epochs": 0}, "model.epochs is 0, expected 1 to 10000"),
        ({"precision": 16}, "model.precision is 16, expected a text"),
        ({"precision": "half"}, "model.precision is 'half', expected float32 or bfloat16"),
        ({"layer_sizes": 64}, "model.layer_sizes is 64, expected a list"),
        ({"layer_sizes": [64, 0]}, "model.layer_sizes is 0, expected 1 to 8192"),
        ({"layer_sizes": []}, "model.layer_sizes is empty"),
        ({"wide": False, "deep": False}, "model.wide and model.deep are both false"),
        ({"objective": "ranking"}, "model.objective is 'ranking', expected binary or regression"),
        ({"ensemble_size": 2, "attention": ["a"]}, "model.ensemble_size is 2, expected 1 with model.attention"),
        ({"ensemble_size": 2, "warm_start": True}, "model.ensemble_size is 2, expected 1 with model.warm_start"),
        ({"attention": [1]}, "model.attention is 1, expected a text"),
        ({"crosses": ["a"]}, "model.crosses has 'a', expected a list of input names"),
        ({"crosses": [["a"]]}, "expected at least two different inputs"),
        ({"crosses": [["a", "a"]]}, "expected at least two different inputs"),
    ],
)
def test_a_value_of_the_wrong_type_or_range_is_refused_by_name(mapping: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message.replace(".", r"\.")):
        ModelSpec.from_mapping(mapping)


def test_every_number_is_bounded() -> None:
    numbers = [f for f in fields(ModelSpec) if f.type in (int, float)]
    assert numbers
    assert all("bounds" in f.metadata for f in numbers)
