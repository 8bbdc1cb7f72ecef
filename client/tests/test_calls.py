"""Requests and feature values, as they are built."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline import Value, any_of, at_least, at_most, between, from_feature_value, to_feature_value
from paceline.calls import recommend_request, score_request
from paceline.v1.recommendation_service_pb2 import FeatureRange, FeatureValue, RecommendClassesRequest

TEXTS = st.text(st.characters(codec="utf-8"))
VALUES = st.one_of(
    TEXTS, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.lists(TEXTS)
)


@given(VALUES)
def test_a_value_comes_back_with_its_type(value: Value) -> None:
    back = from_feature_value(to_feature_value(value))
    assert (type(back), back) == (type(value), value)


def test_a_missing_feature_is_none() -> None:
    assert from_feature_value(FeatureValue()) is None


@pytest.mark.parametrize("value", [None, b"bytes", {"a": 1}, datetime(2026, 1, 1, tzinfo=UTC)])
def test_what_no_feature_can_be_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=f"not {type(value).__name__}"):
        to_feature_value(value)  # type: ignore[arg-type]


def test_filters_are_built_by_name() -> None:
    values = any_of("discipline", "yoga", "pilates").any_of.values
    assert [value.string_value for value in values] == ["yoga", "pilates"]
    assert between("minutes", 10, 30).range == FeatureRange(min=10, max=30)
    assert at_least("minutes", 10).range == FeatureRange(min=10)
    assert at_most("minutes", 30).range == FeatureRange(max=30)


def test_a_request_holds_what_was_given() -> None:
    time = datetime(2026, 3, 1, 8, 0, tzinfo=timezone(timedelta(hours=2)))
    request = recommend_request(
        "m1",
        page_size=3,
        filters=[any_of("discipline", "yoga")],
        excluded_class_ids={"c1"},
        candidate_class_ids=["c2", "c3"],
        context={"surface": "home"},
        request_time=time,
        class_feature_names=["title"],
        request_id="r1",
    )
    assert request.page_size == 3
    assert request.filters[0].feature_name == "discipline"
    assert list(request.excluded_class_ids) == ["c1"]
    assert list(request.candidate_class_ids) == ["c2", "c3"]
    assert request.context.features["surface"].string_value == "home"
    assert request.context.request_time.ToDatetime(UTC) == datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
    assert list(request.class_feature_names) == ["title"]
    assert request.request_id == "r1"


def test_what_is_not_given_is_left_to_the_server() -> None:
    request = recommend_request("m1")
    assert not request.context.HasField("request_time")
    request.ClearField("context")
    assert request == RecommendClassesRequest(member_id="m1")


def test_no_candidates_never_become_the_whole_catalogue() -> None:
    with pytest.raises(ValueError, match="candidate_class_ids is empty"):
        recommend_request("m1", candidate_class_ids=[])


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 3, 1)
    with pytest.raises(ValueError, match="request_time has no time zone: 2026-03-01"):
        score_request("m1", ["c1"], request_time=naive)
