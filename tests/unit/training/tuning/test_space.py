from dataclasses import replace

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from training.model.spec import ModelSpec
from training.tuning.space import LAYER_SIZES, SearchSpace

SPEC = ModelSpec(crosses=(("a", "b"),), layer_sizes=(32, 8), l2=0.5, epochs=7)


def test_the_first_parameters_are_the_specification_itself() -> None:
    assert SearchSpace(SPEC).model(SearchSpace(SPEC).first) == SPEC


def test_the_values_of_the_specification_are_within_the_ranges() -> None:
    space = SearchSpace(SPEC)

    assert space.distributions["l2"] == FloatDistribution(1e-4, 0.5, log=True)
    assert space.distributions["layer_sizes"] == CategoricalDistribution([*LAYER_SIZES, "32,8"])
    assert SearchSpace(replace(SPEC, l2=0.0)).first["l2"] == 1e-4


def test_each_cross_is_tried_with_and_without() -> None:
    space = SearchSpace(SPEC, [("b", "c", "d"), ("a", "b")])

    assert space.first == {**space.first, "a x b": True, "b x c x d": False}
    assert space.model({**space.first, "a x b": False, "b x c x d": True}).crosses == (("b", "c", "d"),)


def test_what_a_trial_tries_takes_the_place_of_the_specification() -> None:
    space = SearchSpace(SPEC)
    tried = {**space.first, "layer_sizes": "256,128", "dropout": 0.25}

    assert space.model(tried) == replace(SPEC, layer_sizes=(256, 128), dropout=0.25)


@pytest.mark.parametrize(("part", "others"), [("wide", "deep"), ("deep", "wide")])
def test_a_part_that_is_left_out_is_not_searched(part: str, others: str) -> None:
    space = SearchSpace(ModelSpec.from_mapping({others: False}))

    assert f"{part}_learning_rate" in space.distributions
    assert f"{others}_learning_rate" not in space.distributions
    assert ("layer_sizes" in space.distributions) is (part == "deep")
