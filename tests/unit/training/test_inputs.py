from collections.abc import Mapping
from dataclasses import replace

import pytest

from contract.errors import TagError
from contract.stubs import manifest_pb2 as pb
from features.description import Description, FeatureDescription, ServiceDescription, ViewDescription
from training.errors import DataError
from training.inputs import service_inputs

pytestmark = pytest.mark.slow


def _view(join_key: str, ttl_seconds: int = 60, **features: FeatureDescription) -> ViewDescription:
    return ViewDescription((join_key,), ttl_seconds, "source", features)


TITLE = FeatureDescription("String", {"encoding": "none"})
REGISTERED = Description(
    entities={"member": "member_id STRING", "class": "class_id STRING", "shard": "shard INT64"},
    views={
        "profile": _view("member_id", age=FeatureDescription("Int64", {"default": "30"})),
        "about": _view("class_id", 0, title=TITLE, genres=FeatureDescription("Array(String)"), unused=TITLE),
    },
    services={
        "s": ServiceDescription(
            frozenset({"profile:age", "about:title", "about:genres"}),
            {"member_key": "member_id", "class_key": "class_id", "catalogue_view": "all"},
        )
    },
)


def _with_views(views: Mapping[str, ViewDescription]) -> Description:
    return replace(REGISTERED, views=views)


def test_features_keys_request_time_and_context_become_inputs() -> None:
    found = service_inputs(REGISTERED, "s", {"surface": "String"})

    assert found.source.feature_service == "s"
    assert {spec.name: spec.source for spec in found.inputs} == {
        "age": pb.SOURCE_MEMBER,
        "genres": pb.SOURCE_CLASS,
        "member_id": pb.SOURCE_MEMBER_KEY,
        "class_id": pb.SOURCE_CLASS_KEY,
        "request_time": pb.SOURCE_REQUEST_TIME,
        "surface": pb.SOURCE_CONTEXT,
    }
    age = found.inputs[0]
    assert (age.feature_view, age.ttl_seconds, age.default_number) == ("profile", 60, 30)
    assert all(spec.encoding for spec in found.inputs)


def test_the_popularity_of_classes_is_a_number_of_theirs() -> None:
    about = replace(REGISTERED.views["about"], features={"starts": FeatureDescription("Int64"), "title": TITLE})
    roles = REGISTERED.services["s"].tags

    def source(popularity: str) -> pb.FeatureSource:
        features = frozenset({"profile:age", "about:title", "about:starts"})
        service = ServiceDescription(features, {**roles, "popularity": popularity})
        views = {**REGISTERED.views, "about": about}
        return service_inputs(replace(REGISTERED, views=views, services={"s": service}), "s", {}).source

    assert source("starts").popularity_feature == "starts"
    for name in ("title", "age", "nothing"):
        with pytest.raises(DataError, match=rf"tag popularity '{name}', expected a class feature .*: starts"):
            source(name)


def test_class_features_that_the_model_does_not_read_are_for_display() -> None:
    (title,) = service_inputs(REGISTERED, "s", {}).display_features

    assert (title.name, title.feature_view, title.encoding) == ("title", "about", pb.ENCODING_UNSPECIFIED)


def test_a_view_of_neither_side_is_named() -> None:
    views = {**REGISTERED.views, "profile": replace(REGISTERED.views["profile"], join_keys=("shard",))}

    with pytest.raises(DataError, match="view 'profile' is keyed by shard, expected member_id or class_id"):
        service_inputs(_with_views(views), "s", {})


def test_a_key_that_is_not_a_text_is_named_with_its_entity() -> None:
    registered = replace(REGISTERED, entities={**REGISTERED.entities, "member": "member_id INT64"})

    with pytest.raises(DataError, match=r"entity 'member' .* is INT64, expected STRING"):
        service_inputs(registered, "s", {})


@pytest.mark.parametrize("name", ["age", "title", "member_id", "request_time"])
def test_a_name_that_occurs_twice_is_named(name: str) -> None:
    with pytest.raises(DataError, match=f"the name '{name}' occurs twice"):
        service_inputs(REGISTERED, "s", {name: "String"})


def test_a_context_of_an_unknown_type_is_named() -> None:
    with pytest.raises(TagError, match="feature 'surface': type Text is not supported"):
        service_inputs(REGISTERED, "s", {"surface": "Text"})
