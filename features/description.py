"""What a feature repository promises, apart from Feast: the plain form of definitions and registries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, OnDemandFeatureView
from feast.data_source import DataSource
from feast.feast_object import FeastObject
from feast.feature_view import DUMMY_ENTITY_NAME

from contract.tags import FIELD_TAGS, POPULARITY_TAG, SERVICE_TAGS
from features.function_text import function_text
from features.pushed import is_pushed
from features.schema import row_source, rows_path
from features.store_errors import registry_name, reported

_MATTERS = FIELD_TAGS - {"owner"}
_ROLES = (*SERVICE_TAGS, POPULARITY_TAG)


class About(NamedTuple):
    """What is said of a thing for people."""

    owner: str
    description: str


NOTHING_SAID = About("", "")


@dataclass(frozen=True, slots=True)
class FeatureDescription:
    """One feature: its Feast type, such as "Array(String)", and the tags that a model depends on."""

    dtype: str
    tags: Mapping[str, str] = field(default_factory=dict)
    about: About = NOTHING_SAID


@dataclass(frozen=True, slots=True)
class ViewDescription:
    """One feature view; a `ttl_seconds` of 0 is no limit."""

    join_keys: tuple[str, ...]
    ttl_seconds: int
    source: str
    features: Mapping[str, FeatureDescription]
    about: About = NOTHING_SAID


@dataclass(frozen=True, slots=True)
class OnDemandDescription:
    """One on-demand view.

    Attributes:
        reads: The stored features that it computes from, as view and feature.
        asks: What it takes of requests beside them: Feast types by name.
        function: The text of its function.
        features: What it gives.
        about: What is said of it.
    """

    reads: tuple[tuple[str, str], ...]
    asks: Mapping[str, str]
    function: str
    features: Mapping[str, FeatureDescription]
    about: About = NOTHING_SAID


@dataclass(frozen=True, slots=True)
class ServiceDescription:
    """One feature service: its features as "view:feature", and the tags that name its roles."""

    features: frozenset[str]
    tags: Mapping[str, str]
    about: About = NOTHING_SAID


@dataclass(frozen=True, slots=True)
class Description:
    """Everything that is promised, by name; of an entity its join key and type."""

    entities: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, ViewDescription] = field(default_factory=dict)
    services: Mapping[str, ServiceDescription] = field(default_factory=dict)
    on_demand: Mapping[str, OnDemandDescription] = field(default_factory=dict)


def ttl_text(seconds: int) -> str:
    """Returns a TTL such as "3 days" or "12:00:00"."""
    return str(timedelta(seconds=seconds)).removesuffix(", 0:00:00") if seconds else "none"


def describe(objects: Iterable[FeastObject]) -> Description:
    """Returns what Feast objects promise; objects of other kinds are left out."""
    listed = list(objects)
    entities = {o.name: o for o in listed if isinstance(o, Entity) and o.name != DUMMY_ENTITY_NAME}
    views = [o for o in listed if isinstance(o, FeatureView)]
    services = [o for o in listed if isinstance(o, FeatureService)]
    return Description(
        entities={name: f"{entity.join_key} {entity.value_type.name}" for name, entity in entities.items()},
        views={view.name: _view(view, entities) for view in views},
        services={service.name: _service(service) for service in services},
        on_demand={o.name: describe_on_demand(o) for o in listed if isinstance(o, OnDemandFeatureView)},
    )


def describe_registry(store: FeatureStore) -> Description:
    """Returns what the registry promises.

    Raises:
        StoreError: It can't be read.
    """
    with reported(f"the registry {registry_name(store)} can't be read"):
        return describe(
            [
                *store.list_entities(),
                *store.list_batch_feature_views(),
                *on_demand_views(store),
                *store.list_feature_services(),
            ]
        )


def on_demand_views(store: FeatureStore) -> list[OnDemandFeatureView]:
    """Returns the registered on-demand views; their functions are not loaded, which would run them."""
    found: list[OnDemandFeatureView] = store.registry.list_on_demand_feature_views(store.project, skip_udf=True)
    if not found:
        return []
    protos = [
        proto for proto in store.registry.proto().on_demand_feature_views if proto.spec.project == store.project
    ]
    fields = {proto.spec.name: [Field.from_proto(field) for field in proto.spec.features] for proto in protos}
    for view in found:
        view.features = fields[view.name]  # Feast leaves out what the registry has of them: descriptions and tags
    return found


def _view(view: FeatureView, entities: Mapping[str, Entity]) -> ViewDescription:
    return ViewDescription(
        join_keys=tuple(entities[name].join_key if name in entities else name for name in view.entities),
        ttl_seconds=int(view.ttl.total_seconds()) if view.ttl else 0,
        source=_source(row_source(view)) + (" and pushes" if is_pushed(view) else ""),
        features={feature.name: _feature(feature) for feature in view.features},
        about=About(view.owner, view.description),
    )


def describe_on_demand(view: OnDemandFeatureView) -> OnDemandDescription:
    """Returns what an on-demand view promises."""
    sources = sorted(view.source_feature_view_projections.values(), key=lambda source: str(source.name))
    asked = [field for source in view.source_request_sources.values() for field in source.schema]
    return OnDemandDescription(
        reads=tuple((source.name, name) for source in sources for name in sorted(f.name for f in source.features)),
        asks={field.name: str(field.dtype) for field in asked},
        function=function_text(view),
        features={feature.name: _feature(feature) for feature in view.features},
        about=About(view.owner, view.description),
    )


def _source(source: DataSource) -> str:
    path = rows_path(source) or source.get_table_query_string()
    return str(path) if isinstance(source, FileSource) else f"{type(source).__name__} {path}"


def _feature(feature: Field) -> FeatureDescription:
    tags = {tag: value for tag, value in feature.tags.items() if tag in _MATTERS}
    about = About(feature.tags.get("owner", ""), feature.description)
    return FeatureDescription(str(feature.dtype), tags, about)


def _service(service: FeatureService) -> ServiceDescription:
    return ServiceDescription(
        features=frozenset(
            f"{projection.name}:{feature.name}"
            for projection in service.feature_view_projections
            for feature in projection.features
        ),
        tags={tag: value for tag, value in service.tags.items() if tag in _ROLES},
        about=About(service.owner, service.description),
    )
