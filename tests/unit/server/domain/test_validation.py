"""The limits in the comments of the wire contract."""

import math
from typing import Any

import pytest

from server.domain.errors import InvalidRequest
from server.domain.requests import AnyOf, ClassFilter, Range, RecommendRequest, RequestContext, ScoreRequest
from server.domain.validation import check_recommend, check_score

ANY = ClassFilter("minutes", AnyOf([1]))


def violations(**fields: Any) -> list[tuple[str, str]]:
    try:
        check_recommend(RecommendRequest(**{"member_id": "m1", **fields}))
    except InvalidRequest as refused:
        return [(violation.field, violation.description) for violation in refused.violations]
    return []


@pytest.mark.parametrize(
    "fields",
    [
        {"member_id": "é" * 128},
        {"page_size": 1000},
        {"filters": [ANY] * 32},
        {"excluded_class_ids": ["c"] * 10_000},
        {"candidate_class_ids": ["c"] * 10_000},
        {"class_feature_names": ["f"] * 32},
        {"filters": [ClassFilter("f", AnyOf([1] * 1000))]},
        {
            "filters": [
                ClassFilter("f", Range()),
                ClassFilter("f", Range(1, 1)),
                ClassFilter("f", Range(-math.inf)),
            ]
        },
        {"context": RequestContext(request_time=-1)},
    ],
)
def test_the_limits_themselves_are_allowed(fields: dict[str, Any]) -> None:
    assert violations(**fields) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"member_id": ""}, ("member_id", "is empty, expected the id of a member")),
        ({"member_id": "é" * 129}, ("member_id", "has 258 bytes, expected at most 256")),
        ({"request_id": "é" * 33}, ("request_id", "has 66 bytes, expected at most 64")),
        ({"page_size": 1001}, ("page_size", "is 1001, expected 0 to 1000")),
        ({"page_size": -1}, ("page_size", "is -1, expected 0 to 1000")),
        ({"filters": [ANY] * 33}, ("filters", "has 33 entries, expected at most 32")),
        (
            {"excluded_class_ids": ["c"] * 10_001},
            ("excluded_class_ids", "has 10001 entries, expected at most 10000"),
        ),
        (
            {"candidate_class_ids": ["c"] * 10_001},
            ("candidate_class_ids", "has 10001 entries, expected at most 10000"),
        ),
        ({"class_feature_names": ["f"] * 33}, ("class_feature_names", "has 33 entries, expected at most 32")),
        ({"filters": [ClassFilter("f", None)]}, ("filters[0]", "has no condition, expected any_of or range")),
        (
            {"filters": [ClassFilter("f", AnyOf([]))]},
            ("filters[0].any_of.values", "is empty, expected at least one entry"),
        ),
        (
            {"filters": [ANY, ClassFilter("f", AnyOf([1, None]))]},
            ("filters[1].any_of.values[1]", "is unset, expected a value"),
        ),
        (
            {"filters": [ClassFilter("f", AnyOf([1] * 1001))]},
            ("filters[0].any_of.values", "has 1001 entries, expected at most 1000"),
        ),
        ({"filters": [ClassFilter("f", Range(2, 1))]}, ("filters[0].range", "has min 2 above max 1")),
        ({"filters": [ClassFilter("f", Range(math.nan))]}, ("filters[0].range.min", "is not a number")),
        (
            {"context": RequestContext(request_time=10**12)},
            ("context.request_time", "is 1000000000000 s, expected a time in the years 1 to 9999"),
        ),
    ],
)
def test_what_is_beyond_a_limit_is_named_with_what_was_found_and_expected(
    fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert violations(**fields) == [expected]


def test_every_violation_of_a_request_is_told_at_once() -> None:
    assert [field for field, _ in violations(member_id="", page_size=-1)] == ["member_id", "page_size"]


def test_the_limits_of_scoring() -> None:
    check_score(ScoreRequest("m1", ["c"] * 10_000))
    with pytest.raises(InvalidRequest, match="class_ids: has 10001 entries, expected at most 10000"):
        check_score(ScoreRequest("m1", ["c"] * 10_001))
    with pytest.raises(InvalidRequest, match=r"member_id: .*; class_ids: is empty.*; context.request_time"):
        check_score(ScoreRequest("", [], RequestContext(request_time=10**12)))
