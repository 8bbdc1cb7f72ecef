"""On-demand views on their way into a registry, and what their change does to published models."""

from pathlib import Path

import pytest
from feast.errors import SpecifiedFeaturesNotPresentError

from contract.stubs import manifest_pb2 as pb
from features.apply import apply
from features.description import describe_registry
from features.errors import RepositoryError
from features.lineage import lineage
from features.listing import list_registered
from features.plan import Change, lines
from features.published import PublishedModel, broken_models
from features.repository import load_definitions, open_store
from tests.support.feature_repos import DEFINITIONS, write_repository
from tests.support.on_demand import with_on_demand
from training.inputs import ServiceInputs, service_inputs

pytestmark = pytest.mark.slow

WITH = with_on_demand()


def applied(folder: Path, definitions: str = WITH) -> list[Change]:
    repo = write_repository(folder, {"definitions.py": definitions})
    return apply(open_store(repo, environment={}), load_definitions(repo))


def _inputs(folder: Path) -> ServiceInputs:
    return service_inputs(describe_registry(open_store(folder / "repo", environment={})), "small_v1", {})


def test_what_was_registered_is_what_was_defined(tmp_path: Path) -> None:
    """Feast's registry gives descriptions and tags of their features away."""
    assert {change.subject for change in applied(tmp_path)} >= {
        "on-demand view now_of_member",
        "on-demand view hours_of_class",
    }
    assert applied(tmp_path) == []
    pace = next(spec for spec in _inputs(tmp_path).inputs if spec.name == "member_pace")
    assert (pace.source, pace.feature_view, pace.default_number) == (pb.SOURCE_MEMBER, "now_of_member", 0)


def test_another_function_is_breaking_and_another_comment_is_nothing(tmp_path: Path) -> None:
    applied(tmp_path)

    assert applied(tmp_path, WITH.replace("import math\n", "import math  # of the library\n")) == []
    another = WITH.replace("% 86400 / 3600", "% 86400 / 60")
    (change,) = applied(tmp_path, another)
    assert applied(tmp_path, another) == []
    assert (change.subject, change.aspect, change.is_breaking) == (
        "on-demand view now_of_member",
        "function",
        True,
    )


def test_what_else_changes_is_shown(tmp_path: Path) -> None:
    applied(tmp_path)

    changed = (
        WITH.replace('given("class_hours", Float64)', 'given("class_hours", Float32)')
        .replace('given("surface_length", Float64)', 'given("surface_length", Int64)')
        .replace("The {name}.", "That {name}.")
    )

    assert lines(applied(tmp_path, changed)) == [
        "on-demand view hours_of_class",
        "  ~ feature class_hours Float64 (default '0') → Float32 (default '0') (breaking)",
        "  ~ feature class_hours description The class_hours. → That class_hours.",
        "on-demand view now_of_member",
        "  ~ feature member_newest description The member_newest. → That member_newest.",
        "  ~ feature member_pace description The member_pace. → That member_pace.",
        "  ~ reads activity:member_last_classes_2d, activity:member_starts_2d, request_time Int64, surface_length"
        " Float64 → activity:member_last_classes_2d, activity:member_starts_2d, request_time Int64, surface_length"
        " Int64 (breaking)",
    ]
    assert applied(tmp_path, changed) == []


def test_what_is_no_longer_defined_is_removed(tmp_path: Path) -> None:
    applied(tmp_path)
    applied(tmp_path, DEFINITIONS)

    assert open_store(tmp_path / "repo", environment={}).list_on_demand_feature_views() == []
    assert applied(tmp_path, DEFINITIONS) == []


def test_a_view_of_both_sides_is_not_registered(tmp_path: Path) -> None:
    applied(tmp_path)
    both = WITH.replace("sources=[classes]", "sources=[classes, activity]")

    with pytest.raises(RepositoryError, match=r"on-demand view hours_of_class: .* with a cross in \[model\]"):
        applied(tmp_path, both)

    assert applied(tmp_path) == []  # as it was


def test_published_models_are_named_that_compute_with_another_function(tmp_path: Path) -> None:
    applied(tmp_path)
    found = _inputs(tmp_path)
    store = open_store(tmp_path / "repo", environment={})
    manifest = pb.Manifest(
        model_name="ranking",
        version=3,
        feature_source=found.source,
        inputs=found.inputs,
        on_demand_views=found.on_demand_views,
    )
    published = [PublishedModel(manifest, ("stable",))]
    before = describe_registry(store)
    applied(tmp_path, WITH.replace("% 86400 / 3600", "% 86400 / 60"))

    (broken,) = broken_models(published, before, describe_registry(store))

    assert broken.reasons == (
        "on-demand view 'now_of_member' computes with another function, the model keeps its own",
    )
    applied(
        tmp_path,
        WITH.replace("        activity,\n", '        activity[["member_starts_2d", "member_last_classes_2d"]],\n'),
    )
    assert broken_models(published, before, describe_registry(store)) == []
    applied(
        tmp_path,
        WITH.replace('given("request_time", Int64)', 'given("mood", String), given("request_time", Int64)'),
    )
    (broken,) = broken_models(published, before, describe_registry(store))
    assert broken.reasons == (
        "on-demand view 'now_of_member' computes from something else, the model from what it did",
    )
    applied(tmp_path, DEFINITIONS.replace("member_starts_2d=Int64", "member_starts_2d=String"))
    (broken,) = broken_models(published, before, describe_registry(store))
    assert broken.reasons == (
        "feature 'activity:member_starts_2d' is String, the model reads another type",
        "on-demand view 'now_of_member' is not registered",
        "on-demand view 'hours_of_class' is not registered",
    )


def test_what_a_view_reads_is_lineage_though_the_model_does_not_read_it(tmp_path: Path) -> None:
    applied(tmp_path)
    found = _inputs(tmp_path)
    inputs = [spec for spec in found.inputs if spec.feature_view != "activity"]
    published = [PublishedModel(pb.Manifest(inputs=inputs, on_demand_views=found.on_demand_views))]

    assert [use.feature for use in lineage(published, "now_of_member")] == ["member_pace", "member_newest"]
    assert {use.feature for use in lineage(published, "activity")} == {
        "member_starts_2d",
        "member_last_classes_2d",
    }


def test_feast_still_needs_what_is_worked_around(tmp_path: Path) -> None:
    repo = write_repository(tmp_path, {"definitions.py": WITH})
    store, objects = open_store(repo, environment={}), load_definitions(repo)
    with pytest.raises(SpecifiedFeaturesNotPresentError):
        store.apply(objects)

    apply(store, objects)

    fields = [field for view in store.list_on_demand_feature_views() for field in view.features]
    assert {(field.description, str(field.tags)) for field in fields} == {("", "{}")}


def test_they_are_listed_with_what_they_read(tmp_path: Path) -> None:
    applied(tmp_path)

    (listed,) = (
        view
        for view in list_registered(open_store(tmp_path / "repo", environment={}), "small_v1").on_demand_views
        if view.name == "hours_of_class"
    )

    assert listed.reads == ["classes:class_minutes"]
    assert [(f.name, f.type, f.description) for f in listed.features] == [
        ("class_hours", "Float64", "The class_hours.")
    ]
