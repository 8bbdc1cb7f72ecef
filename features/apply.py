"""Making the registry say what the definitions say."""

from collections.abc import Sequence

from feast import FeatureStore, FeatureView
from feast.errors import FeastError
from feast.feast_object import FeastObject
from feast.feature_view import DUMMY_ENTITY_NAME

from features.description import describe, describe_registry
from features.errors import RepositoryError
from features.plan import Change, plan
from features.store_errors import registry_name, reported


def apply(store: FeatureStore, objects: Sequence[FeastObject]) -> list[Change]:
    """Registers the definitions and removes what is registered and no longer defined.

    Returns:
        What changed.

    Raises:
        RepositoryError: Feast does not accept a definition.
        StoreError: The registry or the online store can't be reached.
    """
    before = describe_registry(store)
    with reported(f"the registry {registry_name(store)} or the online store can't be written"):
        _forget_moved_sources(store, objects)
        try:
            store.apply(list(objects), objects_to_delete=_undefined(store, objects), partial=False)
        except (FeastError, TypeError, ValueError) as error:
            raise RepositoryError(f"Feast does not accept the definitions: {error}") from error
    return plan(before, describe(objects))


def _undefined(store: FeatureStore, objects: Sequence[FeastObject]) -> list[FeastObject]:
    """Returns what is registered and no longer defined."""
    defined = {(type(o), o.name) for o in objects}
    registered: list[FeastObject] = [*store.list_feature_services(), *store.list_batch_feature_views()]
    registered += [entity for entity in store.list_entities() if entity.name != DUMMY_ENTITY_NAME]
    return [o for o in registered if (type(o), o.name) not in defined]


def _forget_moved_sources(store: FeatureStore, objects: Sequence[FeastObject]) -> None:
    """Removes views whose source changed, keeping what is known of their materialisation.

    Feast leaves a registered view's source as it is when nothing else of the view changes.
    """
    defined = {view.name: view for view in objects if isinstance(view, FeatureView)}
    for registered in store.list_batch_feature_views():
        view = defined.get(registered.name)
        if view is not None and view.batch_source != registered.batch_source:
            view.update_materialization_intervals(registered.materialization_intervals)
            store.registry.delete_feature_view(view.name, store.project, commit=False)
