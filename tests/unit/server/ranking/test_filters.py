"""Filters against a plain loop over the classes, and what they refuse."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.stubs import manifest_pb2 as pb
from server.domain.errors import InvalidRequest
from server.domain.requests import AnyOf, ClassFilter, Range
from server.ranking.filters import ClassFilters
from tests.support.fakes import snapshot

MINUTES = st.none() | st.integers(-3, 3)
GENRES = st.none() | st.lists(st.sampled_from(["pop", "rock", "folk"]))
ROWS = st.lists(st.tuples(MINUTES, GENRES), min_size=1, max_size=8)
BOUND = st.none() | st.floats(-4, 4)


def filters_of(**features: list[Any]) -> ClassFilters:
    count = len(next(iter(features.values())))
    return ClassFilters(snapshot([f"c{place}" for place in range(count)], features))


@given(ROWS, st.lists(st.integers(-3, 3), min_size=1))
def test_any_of_passes_the_classes_whose_feature_equals_a_value(rows: list[Any], wanted: list[int]) -> None:
    mask = filters_of(minutes=[minutes for minutes, _ in rows]).mask([ClassFilter("minutes", AnyOf(wanted))])
    assert mask.tolist() == [minutes in wanted for minutes, _ in rows]


@given(ROWS, st.lists(st.sampled_from(["pop", "rock", "jazz"]), min_size=1))
def test_any_of_on_a_list_passes_the_classes_with_such_an_element(rows: list[Any], wanted: list[str]) -> None:
    mask = filters_of(genres=[genres for _, genres in rows]).mask([ClassFilter("genres", AnyOf(wanted))])
    assert mask.tolist() == [bool(set(genres or ()) & set(wanted)) for _, genres in rows]


@given(ROWS, BOUND, BOUND)
def test_a_range_includes_its_bounds_and_never_passes_a_missing_number(
    rows: list[Any], least: float | None, greatest: float | None
) -> None:
    mask = filters_of(minutes=[minutes for minutes, _ in rows]).mask(
        [ClassFilter("minutes", Range(least, greatest))]
    )
    expected = [
        minutes is not None and (least is None or minutes >= least) and (greatest is None or minutes <= greatest)
        for minutes, _ in rows
    ]
    assert mask.tolist() == expected


def test_every_filter_has_to_pass() -> None:
    filters = filters_of(minutes=[10, 20, 20], genres=[["pop"], ["pop"], ["rock"]])
    both = [ClassFilter("minutes", AnyOf([20])), ClassFilter("genres", AnyOf(["pop"]))]
    assert filters.mask(both).tolist() == [False, True, False]
    assert filters.mask([]).all()


def test_a_float32_feature_is_found_by_the_number_it_was_stored_from() -> None:
    stored = float(np.float32(0.1))
    assert stored != 0.1
    filters = filters_of(rating=[stored, 0.2, None])
    assert filters.mask([ClassFilter("rating", AnyOf([0.1]))]).tolist() == [True, False, False]
    assert filters.mask([ClassFilter("rating", Range(0.1, 0.1))]).tolist() == [True, False, False]


def test_a_whole_number_finds_a_real_one_and_a_truth_value_finds_neither() -> None:
    filters = filters_of(rating=[4.0, 1.0], is_live=[True, False])
    assert filters.mask([ClassFilter("rating", AnyOf([4]))]).tolist() == [True, False]
    assert filters.mask([ClassFilter("is_live", AnyOf([False]))]).tolist() == [False, True]
    with pytest.raises(InvalidRequest):
        filters.mask([ClassFilter("rating", AnyOf([True]))])


@pytest.mark.parametrize(
    ("wanted", "field", "description"),
    [
        (
            ClassFilter("nope", AnyOf(["x"])),
            "filters[1].feature_name",
            "is 'nope', expected a class feature: genres",
        ),
        (ClassFilter("title", AnyOf([3])), "filters[1].any_of.values[0]", "is 3, expected a text as 'title' is"),
        (ClassFilter("title", AnyOf(["a", 3])), "filters[1].any_of.values[1]", "is 3, expected a text"),
        (ClassFilter("minutes", AnyOf(["3"])), "filters[1].any_of.values[0]", "expected a whole number"),
        (ClassFilter("minutes", AnyOf([2.5])), "filters[1].any_of.values[0]", "expected a whole number"),
        (ClassFilter("rating", AnyOf(["x"])), "filters[1].any_of.values[0]", "expected a number"),
        (ClassFilter("is_live", AnyOf([1])), "filters[1].any_of.values[0]", "expected true or false"),
        (ClassFilter("title", Range(1, 2)), "filters[1].range", "does not fit 'title', which is not a number"),
        (ClassFilter("genres", Range(1, 2)), "filters[1].range", "does not fit 'genres'"),
    ],
)
def test_a_filter_that_does_not_fit_the_catalogue_is_refused_by_its_place(
    wanted: ClassFilter, field: str, description: str
) -> None:
    good = ClassFilter("minutes", Range(1, 2))
    with pytest.raises(InvalidRequest) as refused:
        filters_of(minutes=[1]).mask([good, wanted])
    assert refused.value.violations[0].field == field
    assert description in refused.value.violations[0].description


def test_elements_of_number_lists_can_be_asked_for() -> None:
    filters = ClassFilters(snapshot(["a", "b"], {"ids": [[1, 2], None]}, types={"ids": pb.DATA_TYPE_INT64_LIST}))
    assert filters.mask([ClassFilter("ids", AnyOf([2]))]).tolist() == [True, False]
