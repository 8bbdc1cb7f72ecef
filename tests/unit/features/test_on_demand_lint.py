"""What keeps an on-demand view from being served is found before it is registered."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import pytest
from feast import Entity, FeatureService, FeatureView, Field, FileSource, RequestSource, ValueType
from feast.on_demand_feature_view import OnDemandFeatureView, on_demand_feature_view
from feast.transformation.python_transformation import PythonTransformation
from feast.types import Array, Float64, Int64, String

from features.function_text import function_text, needed_from_outside
from features.lint import lint_on_demand
from features.repository import load_definitions

pytestmark = pytest.mark.slow

REPO = Path(__file__).parents[3] / "feature_repo"
SOUND = """
def ratio(inputs):
    return {"ratio": [None if starts is None else starts / 2 for starts in inputs["starts"]]}
"""


MEMBER, CLASS = (
    Entity(name=name, join_keys=[f"{name}_id"], value_type=ValueType.STRING) for name in ("member", "class")
)


def _stored(name: str, entity: Entity, **features: Any) -> FeatureView:
    schema = [Field(name=feature, dtype=dtype) for feature, dtype in features.items()]
    source = FileSource(name=f"{name}_rows", path="/nowhere.parquet", timestamp_field="event_timestamp")
    return FeatureView(name=name, entities=[entity], ttl=timedelta(days=1), schema=schema, source=source)


ACTIVITY = _stored("activity", MEMBER, starts=Int64, last=Array(String))
CLASSES = _stored("classes", CLASS, minutes=Int64)
NEEDED = _stored("needed", MEMBER, starts=Int64)
NEEDED.features[0].tags["on_missing"] = "fail"
ASKED = RequestSource(
    name="asked", schema=[Field(name="request_time", dtype=Int64), Field(name="mood", dtype=String)]
)
SERVICE = FeatureService(
    name="ranking",
    features=[ACTIVITY, CLASSES],
    tags={"member_key": "member_id", "class_key": "class_id", "catalogue_view": "live"},
)


def _view(text: str = SOUND, sources: Sequence[Any] = (ACTIVITY, ASKED), **changes: Any) -> OnDemandFeatureView:
    transformation = PythonTransformation(cast("FunctionType", lambda inputs: inputs), text)
    given = {"name": "ratios", "schema": [Field(name="ratio", dtype=Float64)], "mode": "python", **changes}
    return OnDemandFeatureView(sources=list(sources), feature_transformation=transformation, **given)


def _findings(*objects: Any) -> list[tuple[str, str]]:
    found = lint_on_demand([MEMBER, CLASS, ACTIVITY, CLASSES, NEEDED, SERVICE, *objects])
    assert all(finding.subject == "on-demand view ratios" for finding in found)
    return [(finding.rule, finding.message) for finding in found]


@pytest.mark.parametrize("sources", [(ACTIVITY, ASKED), (ACTIVITY,), (ACTIVITY[["starts"]],)])
def test_a_view_of_members_and_the_request_is_sound(sources: Sequence[Any]) -> None:
    assert _findings(_view(sources=sources)) == []


def test_a_view_of_classes_is_sound() -> None:
    assert _findings(_view(SOUND.replace('"starts"', '"minutes"'), (CLASSES,))) == []


@pytest.mark.parametrize("other", [ACTIVITY, ASKED])
def test_a_view_of_both_sides_is_refused_with_what_to_do_instead(other: Any) -> None:
    ((rule, message),) = _findings(_view(sources=(CLASSES, other)))

    assert rule == "source"
    assert "would run for each of thousands of candidates of every request" in message
    assert "with a cross in [model]" in message


@pytest.mark.parametrize(
    ("view", "rule", "message"),
    [
        (_view(mode="pandas"), "mode", "its mode is 'pandas', expected 'python'"),
        (_view(singleton=True), "singleton", "it is a singleton, for which Feast gives all entities one value"),
        (_view(write_to_online_store=True), "mode", "it is stored or aggregates"),
        (
            _view(sources=(ACTIVITY.with_name("other"),)),
            "source",
            "it reads view 'activity' by another name",
        ),
        (
            _view(sources=(_stored("secret", MEMBER, starts=Int64),)),
            "source",
            "on-demand view 'ratios' reads 'secret:starts', which is not stored",
        ),
        (
            _view(sources=(NEEDED,)),
            "source",
            "on-demand view 'ratios' reads 'needed:starts', whose tag on_missing is 'fail'; expected 'default' or",
        ),
        (
            _view(sources=(RequestSource(name="asked", schema=[Field(name="request_time", dtype=String)]),)),
            "source",
            "its request_time is String, expected Int64",
        ),
        (_view(""), "function", "the text of its function is not known"),
        (_view("lambda inputs: inputs"), "function", "the text of its function is not known"),
        (_view(SOUND.replace("2", "LIMIT")), "function", "its function needs LIMIT from outside"),
        (
            _view(SOUND.replace("return", "from pandas import isna\n    return")),
            "function",
            "its function needs pandas from outside, expected only what it imports itself, of",
        ),
        (
            _view(SOUND.replace("starts is None", "False")),
            "function",
            "its function fails for values of its",
        ),
        (_view(SOUND.replace('"starts"', '"member_id"')), "function", "or for none: KeyError: 'member_id'"),
        (
            _view(SOUND.replace("starts / 2", "'much'")),
            "function",
            "it is 'much', expected a number",
        ),
        (
            _view("def ratio(inputs):\n    return {'ratio': [len(inputs['starts'])] * len(inputs['starts'])}"),
            "function",
            "its function gives {'ratio': [3.0, 3.0, 3.0]} for rows together and {'ratio': [1.0",
        ),
    ],
)
def test_what_can_not_be_served_is_refused(view: OnDemandFeatureView, rule: str, message: str) -> None:
    found = _findings(view)

    assert found[0][0] == rule
    assert message in found[0][1]


def test_our_own_view_goes_around_the_clock() -> None:
    views = (listed for listed in load_definitions(REPO) if isinstance(listed, OnDemandFeatureView))
    (habit,) = (view for view in views if view.name == "member_habit")
    hours, asked = [23.0, 1.0, 12.0, None], [3600, 23 * 3600, 0, 0]

    assert habit.feature_transformation is not None
    found = habit.feature_transformation.udf({"member_hour_90d": hours, "request_time": asked})

    assert found == {"member_hour_distance_90d": [2.0, 2.0, 12.0, None]}


@on_demand_feature_view(  # type: ignore[untyped-decorator]  # Feast's has no types
    sources=[ACTIVITY], schema=[Field(name="ratio", dtype=Float64)], mode="python"
)
def decorated(inputs: dict[str, Any]) -> dict[str, Any]:
    """Says something for people."""
    import math  # noqa: PLC0415 - as such a function has to

    def half(starts: int | None) -> float | None:  # or nothing
        return None if starts is None else math.floor(starts) / 2

    return {"ratio": [half(starts) for starts in inputs["starts"]]}


def test_the_text_of_a_function_is_what_it_computes_with() -> None:
    text = function_text(decorated)

    assert text.startswith(
        "def decorated(inputs):\n    import math\n\n    def half(starts):\n        return None if"
    )
    assert needed_from_outside(text) == []


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("def f(i):\n    return {n: sorted(x) for n, x in i.items()}", []),
        ("def f(i):\n    return f(i) if i else LIMIT", ["LIMIT"]),
        ("def f(i, limit=LIMIT):\n    return limit", ["LIMIT"]),
        ("def f(i):\n    def g():\n        return np.sum(i)\n    return g()", ["np"]),
        ("def f(i):\n    import numpy as np, datetime\n    return np.sum(i)", []),
        (
            "def f(i):\n    from .helpers import g\n    import scipy.stats\n    return g(i)",
            [".helpers", "scipy.stats"],
        ),
    ],
)
def test_what_a_function_needs_from_outside_is_named(text: str, needed: list[str]) -> None:
    assert needed_from_outside(text) == needed
