"""Functions of on-demand views: what they are given, and what becomes of what they give back."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import FunctionError
from contract.on_demand import OnDemandFunction, OnDemandViews, stored_features
from contract.on_demand_golden import check_golden_rows, set_golden_rows
from contract.stubs import manifest_pb2 as pb

STARTS = pb.Input(name="starts", source=pb.SOURCE_MEMBER, feature_view="activity", data_type=pb.DATA_TYPE_INT64)
RATE = pb.Input(name="rate", source=pb.SOURCE_MEMBER, feature_view="activity", data_type=pb.DATA_TYPE_FLOAT32)
HOUR = pb.Input(name="hour", source=pb.SOURCE_CONTEXT, data_type=pb.DATA_TYPE_FLOAT64)
MINUTES = pb.Input(name="minutes", source=pb.SOURCE_CLASS, feature_view="classes", data_type=pb.DATA_TYPE_INT32)

RATIO = """
def ratio(inputs):
    rows = zip(inputs["starts"], inputs["hour"])
    return {"ratio": [None if starts is None else starts / hour for starts, hour in rows]}
"""


def _view(function: str = RATIO, inputs: Sequence[pb.Input] = (STARTS, HOUR)) -> pb.OnDemandView:
    return pb.OnDemandView(name="asked", source=pb.SOURCE_MEMBER, inputs=inputs, function=function)


def _feature(name: str = "ratio", data_type: "pb.DataType.ValueType" = pb.DATA_TYPE_FLOAT64) -> pb.Input:
    return pb.Input(name=name, source=pb.SOURCE_MEMBER, feature_view="asked", data_type=data_type)


class Failures(list[tuple[str, int, str]]):
    def __call__(self, view: str, rows: int, first: str) -> None:
        self.append((view, rows, first))


def _compute(view: pb.OnDemandView, feature: pb.Input, **values: Sequence[Any]) -> tuple[Any, Failures]:
    failures = Failures()
    return OnDemandFunction(view, [feature]).compute(values, failures)[feature.name], failures


def test_a_function_computes_all_rows_at_once() -> None:
    view = _view("def n(inputs):\n    return {'n': [len(inputs['starts'])] * len(inputs['starts'])}", [STARTS])

    assert _compute(view, _feature("n", pb.DATA_TYPE_INT64), starts=[4, None, 6]) == ([3, 3, 3], [])


def test_a_row_that_it_raises_for_has_no_value_and_the_others_keep_theirs() -> None:
    found, failures = _compute(_view(), _feature(), starts=[4, 5, None, 6], hour=[2.0, 0.0, 0.0, None])

    assert found == [2.0, None, None, None]
    assert failures == [("asked", 2, "ZeroDivisionError: float division by zero")]


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-9, 9), st.none() | st.sampled_from([0.0, 0.5, 2.0, float("nan")])),
        min_size=1,
    )
)
def test_what_a_row_gives_does_not_depend_on_the_rows_beside_it(rows: list[tuple[Any, Any]]) -> None:
    starts, hours = (list(column) for column in zip(*rows, strict=True))
    alone = [_compute(_view(), _feature(), starts=[s], hour=[h])[0][0] for s, h in rows]

    assert _compute(_view(), _feature(), starts=starts, hour=hours)[0] == alone


@pytest.mark.parametrize(
    ("data_type", "given_value", "seen"),
    [
        (pb.DATA_TYPE_FLOAT32, 0.1, 0.10000000149011612),
        (pb.DATA_TYPE_FLOAT32, 1e300, None),
        (pb.DATA_TYPE_FLOAT64, float("inf"), None),
        (pb.DATA_TYPE_FLOAT64, 3, 3.0),
        (pb.DATA_TYPE_INT64, 3.0, 3),
        (pb.DATA_TYPE_INT32, 2**31, None),
        (pb.DATA_TYPE_INT64, True, None),
        (pb.DATA_TYPE_BOOL, True, True),
        (pb.DATA_TYPE_BOOL, 1, None),
        (pb.DATA_TYPE_STRING, "é", "é"),
        (pb.DATA_TYPE_STRING, 3, None),
        (pb.DATA_TYPE_STRING_LIST, ("a", None), ["a", None]),
        (pb.DATA_TYPE_STRING_LIST, "a", None),
        (pb.DATA_TYPE_INT64_LIST, [1, 2], [1, 2]),
        (pb.DATA_TYPE_FLOAT32_LIST, [0.5], [0.5]),
    ],
)
def test_a_function_is_given_values_of_the_input_s_type(data_type: Any, given_value: Any, seen: Any) -> None:
    spec = pb.Input(name="value", source=pb.SOURCE_MEMBER, data_type=data_type)
    view = _view("def text(inputs):\n    return {'text': [repr(value) for value in inputs['value']]}", [spec])

    assert _compute(view, _feature("text", pb.DATA_TYPE_STRING), value=[given_value])[0] == [repr(seen)]


@pytest.mark.parametrize(
    ("data_type", "gives", "kept", "message"),
    [
        (pb.DATA_TYPE_FLOAT32, "0.1", 0.10000000149011612, None),
        (pb.DATA_TYPE_FLOAT32, "None", None, None),
        (pb.DATA_TYPE_FLOAT64, "float('nan')", None, "feature 'out': it is nan, expected a finite number"),
        (pb.DATA_TYPE_INT64, "'3'", None, "feature 'out': it is '3', expected a whole number"),
        (pb.DATA_TYPE_STRING, "3", None, "feature 'out': it is 3, expected a text"),
        (pb.DATA_TYPE_STRING_LIST, "['a']", ["a"], None),
    ],
)
def test_what_is_not_of_the_feature_s_type_is_no_value(
    data_type: Any, gives: str, kept: Any, message: str | None
) -> None:
    view = _view(f"def out(inputs):\n    return {{'out': [{gives}] * len(inputs['starts'])}}", [STARTS])

    found, failures = _compute(view, _feature("out", data_type), starts=[1, 2])

    assert found == [kept, kept]
    assert failures == ([("asked", 2, message)] if message else [])


def test_arrays_of_numpy_are_taken_for_lists() -> None:
    text = """
def out(inputs):
    import numpy as np
    return {"out": np.array(inputs["starts"]) * 2}
"""
    assert _compute(_view(text, [STARTS]), _feature("out", pb.DATA_TYPE_INT64), starts=[1, 2]) == ([2, 4], [])


@pytest.mark.parametrize(
    "gives", ["{}", "None", "{'out': 3}", "{'out': [1]}", "{'out': [1, 2, 3]}", "{'out': 'ab'}"]
)
def test_something_other_than_a_value_for_each_row_is_a_failure(gives: str) -> None:
    view = _view(f"def out(inputs):\n    return {gives} if len(inputs['starts']) > 1 else 1 / 0", [STARTS])

    found, failures = _compute(view, _feature("out"), starts=[1, 2])

    assert (found, failures[0][1]) == ([None, None], 2)


@pytest.mark.parametrize("text", ["", "def f(:", "def f(inputs: Unknown): pass", "def f(i): pass\ndef g(i): pass"])
def test_what_is_not_one_function_is_refused(text: str) -> None:
    with pytest.raises(FunctionError, match="on-demand view 'asked'"):
        OnDemandFunction(_view(text), [])


def test_a_view_of_both_sides_is_refused_with_what_to_do_instead() -> None:
    with pytest.raises(FunctionError, match=r"'asked' reads features of classes .* with a cross in \[model\]"):
        OnDemandViews([_view(inputs=[STARTS, MINUTES])], [], Failures())


def test_what_is_read_is_what_the_model_reads_and_what_its_views_need() -> None:
    read_too = pb.Input(**{**_kwargs(STARTS), "encoding": pb.ENCODING_LOG})

    assert stored_features([read_too, _feature(), MINUTES], [_view(inputs=[STARTS, RATE])], pb.SOURCE_MEMBER) == [
        read_too,
        RATE,
    ]
    assert stored_features([read_too, _feature(), MINUTES], [_view()], pb.SOURCE_CLASS) == [MINUTES]


def _kwargs(spec: pb.Input) -> dict[str, Any]:
    return {field.name: value for field, value in spec.ListFields()}


def test_golden_rows_are_given_again() -> None:
    view = _view()
    set_golden_rows(view, [_feature()], {"starts": [4, 5, None], "hour": [2.0, 0.0, 1.0]})

    check_golden_rows(pb.OnDemandView.FromString(view.SerializeToString()), [_feature()])

    view.function = view.function.replace("starts / hour", "hour / starts")
    with pytest.raises(
        FunctionError,
        match=r"gives 0.5 for 'ratio' in golden row 0, expected \[2.0\]",
    ):
        check_golden_rows(view, [_feature()])


def test_golden_rows_hold_no_number_that_is_not_finite() -> None:
    view = _view()
    set_golden_rows(view, [_feature()], {"starts": [4, 5, 6], "hour": [2.0, math.nan, math.inf]})

    assert json_format.MessageToDict(view.golden_inputs)["hour"] == [2.0, None, None]
    check_golden_rows(view, [_feature()])


def test_a_view_without_golden_rows_is_refused() -> None:
    with pytest.raises(FunctionError, match="'asked' has no golden rows"):
        check_golden_rows(_view(), [_feature()])
