"""Making the registry say what the definitions say."""

from collections.abc import Collection, Sequence

from feast import FeatureService, FeatureStore, Field, OnDemandFeatureView
from feast.errors import FeastError
from feast.feast_object import FeastObject
from feast.feature_view import DUMMY_ENTITY_NAME

from features.description import describe, describe_on_demand, describe_registry, on_demand_views
from features.errors import RepositoryError
from features.lint import lint_on_demand
from features.plan import Change, plan
from features.store_errors import registry_name, reported


def apply(store: FeatureStore, objects: Sequence[FeastObject]) -> list[Change]:
    """Registers the definitions and removes what is registered and no longer defined.

    Returns:
        What changed.

    Raises:
        RepositoryError: Feast does not accept a definition, or an on-demand view can't be served.
        StoreError: The registry or the online store can't be reached.
    """
    _check_on_demand(objects)
    before = describe_registry(store)
    with reported(f"the registry {registry_name(store)} or the online store can't be written"):
        try:
            store.apply(list(objects), objects_to_delete=_undefined(store, objects), partial=False)
        except (FeastError, TypeError, ValueError) as error:
            raise RepositoryError(f"Feast does not accept the definitions: {error}") from error
        _register_anew(store, objects)
    return plan(before, describe(objects))


def _check_on_demand(objects: Sequence[FeastObject]) -> None:
    """Checks all on-demand views in place of Feast, which refuses features with a description, tag or Float32."""
    if findings := lint_on_demand(objects):
        raise RepositoryError("; ".join(map(str, findings)))
    views = {view.name: view for view in objects if isinstance(view, OnDemandFeatureView)}
    for view in views.values():
        view.infer_features = _nothing_to_infer  # type: ignore[method-assign]
    for service in objects:
        if isinstance(service, FeatureService):
            _take_bare(service, views)


def _take_bare(service: FeatureService, views: Collection[str]) -> None:
    """Has a service name the features of on-demand views without description and tags.

    Feast reads the views back without them, and refuses to answer for a service that has them.
    """
    for projection in service.feature_view_projections:
        if projection.name in views:
            projection.features = [Field(name=f.name, dtype=f.dtype) for f in projection.features]


def _nothing_to_infer() -> None:
    """Their features are all defined."""


def _undefined(store: FeatureStore, objects: Sequence[FeastObject]) -> list[FeastObject]:
    """Returns what is registered and no longer defined."""
    defined = {(type(o), o.name) for o in objects}
    registered: list[FeastObject] = [*store.list_feature_services(), *store.list_batch_feature_views()]
    registered += on_demand_views(store)
    registered += [entity for entity in store.list_entities() if entity.name != DUMMY_ENTITY_NAME]
    return [o for o in registered if (type(o), o.name) not in defined]


def _register_anew(store: FeatureStore, objects: Sequence[FeastObject]) -> None:
    """Registers on-demand views that Feast left as they were: in a database, if only their features changed."""
    registered = {view.name: describe_on_demand(view) for view in on_demand_views(store)}
    for view in objects:
        if isinstance(view, OnDemandFeatureView) and describe_on_demand(view) != registered[view.name]:
            store.registry.delete_feature_view(view.name, store.project)
            store.registry.apply_feature_view(view, store.project)
