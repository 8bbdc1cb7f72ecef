"""What a feature store holds, to be read by people and scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feast import FeatureService, FeatureStore, FeatureView, Field, OnDemandFeatureView

from features.description import describe_on_demand, on_demand_views
from features.repository import feature_service
from features.store_errors import registry_name, reported


@dataclass(frozen=True, slots=True)
class ListedFeature:
    """One feature."""

    name: str
    type: str
    owner: str
    description: str


@dataclass(frozen=True, slots=True)
class ListedView:
    """One feature view; a `ttl_seconds` of 0 is no limit."""

    name: str
    join_keys: Sequence[str]
    ttl_seconds: int
    owner: str
    description: str
    features: Sequence[ListedFeature]


@dataclass(frozen=True, slots=True)
class ListedOnDemandView:
    """One on-demand view; `reads` are stored features, as ``view:feature``, and what requests bring with them."""

    name: str
    reads: Sequence[str]
    owner: str
    description: str
    features: Sequence[ListedFeature]


@dataclass(frozen=True, slots=True)
class ListedService:
    """One feature service and the views that it takes features of."""

    name: str
    owner: str
    description: str
    tags: Mapping[str, str]
    views: Sequence[str]


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything that is registered, by name."""

    views: Sequence[ListedView]
    on_demand_views: Sequence[ListedOnDemandView]
    services: Sequence[ListedService]


def list_registered(store: FeatureStore, service: str | None = None) -> Listing:
    """Returns the registered views and services, all or what one service reads.

    Raises:
        StoreError: The registry can't be read, or the service is not registered.
    """
    with reported(f"the registry {registry_name(store)} can't be read"):
        views = sorted(store.list_batch_feature_views(), key=lambda view: view.name)
        on_demand = sorted(on_demand_views(store), key=lambda view: view.name)
        services = sorted(store.list_feature_services(), key=lambda listed: listed.name)
    if service is None:
        return Listing(
            [_view(view, view.features) for view in views],
            [_on_demand_view(view, view.features) for view in on_demand],
            [_service(s) for s in services],
        )
    chosen = feature_service(store, service)
    read = {projection.name: projection.features for projection in chosen.feature_view_projections}
    return Listing(
        [_view(view, read[view.name]) for view in views if view.name in read],
        [_on_demand_view(view, _named(view, read[view.name])) for view in on_demand if view.name in read],
        [_service(chosen)],
    )


def _view(view: FeatureView, features: Sequence[Field]) -> ListedView:
    return ListedView(
        name=view.name,
        join_keys=view.join_keys,
        ttl_seconds=int(view.ttl.total_seconds()) if view.ttl else 0,
        owner=view.owner,
        description=view.description,
        features=[_feature(field, view.owner) for field in features],
    )


def _on_demand_view(view: OnDemandFeatureView, features: Sequence[Field]) -> ListedOnDemandView:
    described = describe_on_demand(view)
    return ListedOnDemandView(
        name=view.name,
        reads=[*(":".join(reference) for reference in described.reads), *described.asks],
        owner=view.owner,
        description=view.description,
        features=[_feature(field, view.owner) for field in features],
    )


def _named(view: OnDemandFeatureView, features: Sequence[Field]) -> list[Field]:
    """Returns features of a view as they were defined; services have no more of them than the name and type."""
    names = {field.name for field in features}
    return [field for field in view.features if field.name in names]


def _feature(field: Field, view_owner: str) -> ListedFeature:
    return ListedFeature(
        name=field.name,
        type=str(field.dtype),
        owner=field.tags.get("owner", view_owner),
        description=field.description,
    )


def _service(service: FeatureService) -> ListedService:
    return ListedService(
        name=service.name,
        owner=service.owner,
        description=service.description,
        tags=service.tags,
        views=[projection.name for projection in service.feature_view_projections],
    )
