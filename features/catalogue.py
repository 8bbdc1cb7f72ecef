"""The list of live classes, which online stores can't give: they have no way to list their keys.

It is a feature view like any other, whose entities are shards of the list. A feature service names it in its tag
``catalogue_view``. Live is every class that has a fresh row in the first view of the service that is keyed by the
service's ``class_key``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
from feast import FeatureService, FeatureStore, FeatureView

from contract.tags import feature_source
from features.day_files import day_file, write_rows
from features.errors import RepositoryError
from features.fresh import fresh_keys, lister
from features.online import write_online
from features.schema import conform, time_columns
from features.store_errors import reported

SHARD_SIZE = 10_000
"""The most class ids in a shard."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Where the live classes are listed, and which view says which they are."""

    view: FeatureView
    lister: FeatureView


@dataclass(frozen=True, slots=True)
class WrittenCatalogue:
    """A catalogue as it was written."""

    view: str
    generation: int
    class_count: int


def find_catalogues(views: Sequence[FeatureView], services: Sequence[FeatureService]) -> list[Catalogue]:
    """Returns the catalogues that the feature services name.

    Raises:
        TagError: A service lacks a tag.
        RepositoryError: A catalogue view is not registered, or services disagree on what it lists.
    """
    by_name = {view.name: view for view in views}
    found: dict[str, Catalogue] = {}
    for service in services:
        catalogue = _catalogue(by_name, service)
        other = found.setdefault(catalogue.view.name, catalogue)
        if other.lister.name != catalogue.lister.name:
            raise RepositoryError(
                f"catalogue view {catalogue.view.name!r} is to list the classes of {other.lister.name!r} and, "
                f"for feature service {service.name!r}, of {catalogue.lister.name!r}"
            )
    return list(found.values())


def _catalogue(views: dict[str, FeatureView], service: FeatureService) -> Catalogue:
    source = feature_source(service.name, service.tags)
    view = views.get(source.catalogue_view)
    if view is None or len(view.join_keys) != 1:
        raise RepositoryError(
            f"feature service {service.name!r}: catalogue_view is {source.catalogue_view!r}, "
            "expected a registered view with one join key"
        )
    return Catalogue(view, lister(views.values(), service, source.class_key))


def write_catalogue(
    store: FeatureStore, catalogue: Catalogue, day: date, end: datetime, now: datetime
) -> WrittenCatalogue:
    """Lists the classes that are live at `end`, in the offline and then in the online store.

    Raises:
        RepositoryError: The catalogue view has other columns than class_ids, generation and shard_count.
        StoreError: A store can't be read or written.
    """
    class_ids = fresh_keys(store, catalogue.lister, end)
    generation = _next_generation(store, catalogue.view, now)
    rows = _shards(catalogue.view, class_ids, generation, end)
    write_rows(day_file(catalogue.view, day), conform(catalogue.view, rows), str(generation))
    write_online(store, catalogue.view, end, afresh=True)
    return WrittenCatalogue(catalogue.view.name, generation, len(class_ids))


def _next_generation(store: FeatureStore, view: FeatureView, now: datetime) -> int:
    """Returns a number greater than the generation that is online, even if the clock went back."""
    with reported(f"the generation of view {view.name!r} can't be read"):
        online = store.get_online_features([f"{view.name}:generation"], [{view.join_keys[0]: "0"}])
    previous = online.to_dict()["generation"][0] or 0
    return max(int(now.timestamp()), previous + 1)


def _shards(view: FeatureView, class_ids: Sequence[str], generation: int, end: datetime) -> pa.Table:
    shards = [class_ids[start : start + SHARD_SIZE] for start in range(0, max(len(class_ids), 1), SHARD_SIZE)]
    count = len(shards)
    columns = {
        view.join_keys[0]: pa.array([str(number) for number in range(count)]),
        "class_ids": pa.array(shards, pa.list_(pa.string())),
        "generation": pa.array([generation] * count, pa.int64()),
        "shard_count": pa.array([count] * count, pa.int64()),
    }
    times = {name: pa.array([end] * count, pa.timestamp("us", tz="UTC")) for name in time_columns(view)}
    return pa.table(columns | times)
