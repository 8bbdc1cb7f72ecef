"""Each rule finds what breaks it, and nothing in the repository that we ship."""

from datetime import timedelta
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import pytest
from feast import Entity, FeatureService, FeatureView, Field, FileSource, PushSource, RequestSource, ValueType
from feast.on_demand_feature_view import OnDemandFeatureView
from feast.transformation.python_transformation import PythonTransformation
from feast.types import Int64

from features.lint import Finding, lint
from features.repository import load_definitions

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PEOPLE = {"owner": "me@x", "description": "It is."}


def _entity(**changes: Any) -> Entity:
    fields = {"name": "member", "join_keys": ["member_id"], "value_type": ValueType.STRING, **PEOPLE}
    return Entity(**{**fields, **changes})


def _field(name: str = "member_starts", **changes: Any) -> Field:
    return Field(**{"name": name, "dtype": Int64, "description": "Starts.", "tags": {"default": "0"}, **changes})


def _view(name: str = "activity", *fields: Field, **changes: Any) -> FeatureView:
    times = {"timestamp_field": "event_timestamp", "created_timestamp_column": "created_timestamp"}
    source = FileSource(name=f"{name}_rows", path="/nowhere/*.parquet", **{**times, **changes.pop("times", {})})
    given = {
        "entities": [_entity()],
        "ttl": timedelta(days=1),
        "source": source,
        "schema": list(fields or [_field()]),
    }
    return FeatureView(**{"name": name, **given, **PEOPLE, **changes})


def _pushed_view(*fields: Field) -> FeatureView:
    rows = _view().batch_source
    return _view("activity", *fields, source=PushSource(name="now", batch_source=rows))


def _service(*views: FeatureView, **changes: Any) -> FeatureService:
    return FeatureService(**{"name": "ranking_v1", "features": list(views), **PEOPLE, **changes})


def _on_demand(mode: str, *, singleton: bool) -> OnDemandFeatureView:
    text = 'def same(inputs):\n    return {"asked_minutes": inputs["minutes"]}'
    return OnDemandFeatureView(
        name="asked",
        schema=[_field("asked_minutes")],
        sources=[RequestSource(name="request", schema=[Field(name="minutes", dtype=Int64)])],
        feature_transformation=PythonTransformation(cast("FunctionType", lambda inputs: inputs), text),
        mode=mode,
        singleton=singleton,
        owner=PEOPLE["owner"],
        description=PEOPLE["description"],
    )


@pytest.mark.parametrize(
    ("repo", "rules"),
    [("feature_repo", set()), ("examples/kuairand/feature_repo", {"ttl"})],  # years old, it has no TTL on purpose
)
def test_our_own_repositories_have_nothing_to_mend(repo: str, rules: set[str]) -> None:
    assert {finding.rule for finding in lint(load_definitions(ROOT / repo))} == rules


def test_what_is_complete_has_nothing_to_mend() -> None:
    view = _view()

    assert lint([_entity(), view, _service(view), _on_demand("python", singleton=False)]) == []


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([_entity(value_type=ValueType.UNKNOWN)], [("entity member", "type")]),
        ([_entity(owner="", description="")], [("entity member", "description"), ("entity member", "owner")]),
        ([_view(description="")], [("view activity", "description")]),
        ([_view(owner="")], [("feature activity:member_starts", "owner"), ("view activity", "owner")]),
        ([_view("activity", _field(description=""))], [("feature activity:member_starts", "description")]),
        ([_view(ttl=timedelta(0))], [("view activity", "ttl")]),
        ([_view(times={"created_timestamp_column": ""})], [("view activity", "time")]),
        ([_view("Activity")], [("view Activity", "name")]),
        ([_view("activity", _field("memberStarts"))], [("feature activity:memberStarts", "name")]),
        ([_pushed_view(_field(tags={"live": "starts"}))], [("feature activity:member_starts", "live")]),
        (
            [_view("activity", _field(tags={"live": "session_starts"}))],
            [("feature activity:member_starts", "live")],
        ),
        ([_pushed_view(_field(tags={"live": "session_starts"}))], []),
        ([_pushed_view(_field(tags={"live": "minutes_today"}))], [("feature activity:member_starts", "live")]),
        (
            [_pushed_view(_field(tags={"live": "session_starts"}), _field("member_kind"))],
            [("feature activity:member_kind", "live")],
        ),
        ([_pushed_view(_field())], []),
        ([_view(), _view("other")], [("feature member_starts", "name")]),
        ([_service(owner="")], [("service ranking_v1", "owner")]),
        ([_view("activity", _field(tags={"default": "0", "on_missing": "skip"}))], []),
        ([_service(_view("activity", _field(tags={})))], []),
        ([_on_demand("pandas", singleton=False)], [("on-demand view asked", "mode")]),
        ([_on_demand("python", singleton=True)], [("on-demand view asked", "singleton")]),
        (
            [_view("activity", _field("asked_minutes")), _on_demand("python", singleton=False)],
            [("feature asked_minutes", "name")],
        ),
    ],
)
def test_each_rule_finds_what_breaks_it(objects: list[Any], expected: list[tuple[str, str]]) -> None:
    assert [(finding.subject, finding.rule) for finding in lint(objects)] == expected


def test_a_feature_needs_a_default_once_a_service_reads_it() -> None:
    view = _view("activity", _field(tags={}))

    assert lint([view]) == []
    (finding,) = lint([view, _service(view)])
    assert (finding.subject, finding.rule) == ("feature activity:member_starts", "default")


@pytest.mark.parametrize("tags", [{"on_missing": "skip"}, {"encodng": "log"}])
def test_the_tags_of_a_feature_have_to_fit_once_a_service_reads_it(tags: dict[str, str]) -> None:
    view = _view("activity", _field(tags={"default": "0", **tags}))

    (finding,) = lint([view, _service(view)])

    assert (finding.subject, finding.rule) == ("feature activity:member_starts", "tags")


def test_findings_are_shown_with_their_subject_and_rule() -> None:
    assert str(Finding("view v", "ttl", "it has no TTL")) == "view v: it has no TTL (ttl)"


@pytest.mark.parametrize(
    ("key", "tags", "policy", "rules"),
    [
        ("class_id", {}, "fail", ["popularity"]),
        ("class_id", {"popularity": "class_starts"}, "fail", []),
        ("class_id", {}, "last_value", []),
        ("member_id", {}, "fail", []),
    ],
)
def test_members_who_lack_what_may_not_be_missing_have_an_answer(
    key: str, tags: dict[str, str], policy: str, rules: list[str]
) -> None:
    view = _view("activity", _field(tags={"default": "0", "encoding": "numeric", "on_missing": policy}))
    found = lint([_entity(), view, _service(view, tags={"class_key": key, **tags})])
    assert [finding.rule for finding in found] == rules
