"""Which inputs count as the same in the served-feature log."""

from typing import Any

import pytest

from contract.served import contract_hash
from contract.stubs import manifest_pb2 as pb
from tests.support.model_inputs import RANKING_INPUTS, number, text

SOURCE = pb.FeatureSource(feature_service="v1", member_key="member_id", class_key="class_id")
HASH = contract_hash(SOURCE, RANKING_INPUTS)


def test_it_does_not_depend_on_order_defaults_vocabularies_or_the_name_of_the_service() -> None:
    assert contract_hash(SOURCE, RANKING_INPUTS[::-1]) == HASH
    assert contract_hash(pb.FeatureSource(member_key="member_id", class_key="class_id"), RANKING_INPUTS) == HASH
    others = [pb.Input.FromString(spec.SerializeToString()) for spec in RANKING_INPUTS]
    for spec in others:
        spec.ClearField("default_text")
        spec.ClearField("default_number")
        spec.vocabulary_of = ""
    assert contract_hash(SOURCE, others) == HASH


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"source": pb.SOURCE_CONTEXT},
        {"data_type": pb.DATA_TYPE_INT64},
        {"encoding": pb.ENCODING_LOG},
        {"list_length": 3},
        {"feature_view": "other"},
        {"ttl_seconds": 60},
        {"missing_policy": pb.MISSING_POLICY_LAST_VALUE},
    ],
)
def test_it_depends_on_what_makes_an_input_what_it_is(change: dict[str, Any]) -> None:
    before = number("minutes", pb.SOURCE_MEMBER)
    after = pb.Input.FromString(before.SerializeToString())
    after.MergeFrom(pb.Input(**change))
    assert contract_hash(SOURCE, [text("a"), before]) != contract_hash(SOURCE, [text("a"), after])


def test_it_depends_on_the_functions_that_compute_inputs_and_what_they_are_given() -> None:
    asked = pb.Input(name="mood", source=pb.SOURCE_CONTEXT)
    views = [pb.OnDemandView(name="v", function=function, inputs=[asked]) for function in ("f", "g")]
    views += [pb.OnDemandView(name="v", function="f"), pb.OnDemandView(name="w", function="f", inputs=[asked])]
    assert len({HASH, *(contract_hash(SOURCE, RANKING_INPUTS, [view]) for view in views)}) == 5
    assert contract_hash(SOURCE, RANKING_INPUTS, views) == contract_hash(SOURCE, RANKING_INPUTS, views[::-1])


@pytest.mark.parametrize(
    "change",
    [
        {"source": pb.SOURCE_CONTEXT},
        {"data_type": pb.DATA_TYPE_INT64},
        {"feature_view": "other"},
        {"ttl_seconds": 60},
        {"missing_policy": pb.MISSING_POLICY_LAST_VALUE},
    ],
)
def test_it_depends_on_what_counts_as_a_value_that_a_function_is_given(change: dict[str, Any]) -> None:
    before, after = (pb.Input(name="minutes", source=pb.SOURCE_MEMBER, feature_view="activity") for _ in range(2))
    after.MergeFrom(pb.Input(**change))
    views = [pb.OnDemandView(name="v", function="f", inputs=[read]) for read in (before, after)]
    assert len({contract_hash(SOURCE, RANKING_INPUTS, [view]) for view in views}) == 2


def test_it_depends_on_which_inputs_and_keys_there_are() -> None:
    assert contract_hash(SOURCE, RANKING_INPUTS[1:]) != HASH
    assert contract_hash(pb.FeatureSource(member_key="member_id", class_key="video_id"), RANKING_INPUTS) != HASH
