"""From raw tables to the online store: aggregate the missing days, materialise, and list the live classes."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from feast import FeatureService, FeatureStore, FeatureView

from contract.profile import data_dir
from features.aggregate_settings import AggregateSettings
from features.aggregates import build, every, find_aggregates, outdated, repository_settings
from features.catalogue import Catalogue, WrittenCatalogue, find_catalogues, write_catalogue
from features.errors import SourceError, StoreError
from features.exclusive import only_materialisation
from features.online import let_readers_go_on, refuse_backwards, watermark, write_online
from features.pushed import is_pushed
from features.raw_tables import RawTables
from features.recommendations import recommendations_views
from features.rewritten import is_marked, mark, unmark
from features.source_checks import check_files
from features.store_errors import registry_name, reported

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how many steps of it are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Materialisation:
    """What was done.

    Attributes:
        until: The last day.
        end: The moment that the online store now shows.
        built_count: How many files of rows were computed.
        views: The views written online.
        catalogues: The lists of live classes.
    """

    until: date
    end: datetime
    built_count: int
    views: Sequence[str]
    catalogues: Sequence[WrittenCatalogue]


def materialize(
    repo: Path,
    store: FeatureStore,
    world: Path,
    *,
    until: date | None,
    rebuild: bool,
    now: datetime,
    progress: Progress,
) -> Materialisation:
    """Brings the offline rows and the online store up to the end of a day.

    Killed at any moment, it goes on when it is called again: a day's file is there whole or not at all, and a view
    counts as online when all its rows are.

    Args:
        repo: The folder of the feature repository.
        store: Its feature store.
        world: The folder of the raw tables.
        until: The last day; by default that of the last event, if it is over.
        rebuild: Whether to compute again the days that are there.
        now: The present.
        progress: Is told of every step.

    Raises:
        BusyError: Another process is materialising in the same folder of data.
        FeatureError: See the modules of the steps. What was done before stays, and is not done again.
    """
    with only_materialisation(data_dir(repo)):
        settings = repository_settings(repo)
        views, services = _registered(store)
        catalogues = find_catalogues(views, services)
        aggregates = find_aggregates(repo, views, settings)
        tables = RawTables(world, settings)
        first, last = _range(tables, settings, until, now)
        end = settings.days.end(last)
        refuse_backwards(views, end)

        todo = list((every if rebuild else outdated)(aggregates, first, last))
        for number, (aggregate, day) in enumerate(todo):
            progress("Aggregating", number, len(todo))
            if _was_online(aggregate.view, settings.days.end(day)):
                mark(aggregate.view)
            build(tables, aggregate, day, settings)
        online = _without_catalogues(views, catalogues)
        for view in online:
            check_files(view, repo)
        _write(store, online, end, {aggregate.view.name for aggregate in aggregates}, progress)
        written = [write_catalogue(store, catalogue, last, end, now) for catalogue in catalogues]
    return Materialisation(last, end, len(todo), [view.name for view in online], written)


def _write(
    store: FeatureStore, views: Sequence[FeatureView], end: datetime, built: Collection[str], progress: Progress
) -> None:
    let_readers_go_on(store)
    for number, view in enumerate(views):
        wrote = _RowCount(view.name, number, len(views), progress)
        afresh = view.name in built and is_marked(view)
        write_online(store, view, end, afresh=afresh, wrote=wrote)
        if afresh:
            unmark(view)
    progress("Materialised", len(views), len(views))


class _RowCount:
    """Tells how many rows of a view were written."""

    def __init__(self, view: str, done: int, total: int, progress: Progress) -> None:
        self._view, self._done, self._total, self._progress = view, done, total, progress
        self._rows = 0
        self(0)

    def __call__(self, rows: int) -> None:
        self._rows += rows
        self._progress(f"{self._view}: {self._rows:,} rows", self._done, self._total)


def _registered(store: FeatureStore) -> tuple[list[FeatureView], list[FeatureService]]:
    with reported(f"the registry {registry_name(store)} can't be read"):
        views, services = store.list_batch_feature_views(), store.list_feature_services()
    if not views:
        raise StoreError(f"the registry {registry_name(store)} is empty; run `paceline features apply` first")
    others = recommendations_views(services)
    return [view for view in views if view.name not in others and not is_pushed(view)], services


def _range(tables: RawTables, settings: AggregateSettings, until: date | None, now: datetime) -> tuple[date, date]:
    """Returns the first and the last day to aggregate."""
    first_event, last_event = tables.event_range()
    first, newest = settings.days.containing(first_event), settings.days.last_ended(now)
    last = min(settings.days.containing(last_event), newest) if until is None else until
    if last > newest:
        raise SourceError(f"until is {last}, which is not over; expected {newest} or before")
    if last < first:
        raise SourceError(f"until is {last}, before the first event on {first}")
    return first, last


def _was_online(view: FeatureView, end: datetime) -> bool:
    last = watermark(view)
    return last is not None and end <= last


def _without_catalogues(views: Sequence[FeatureView], catalogues: Sequence[Catalogue]) -> list[FeatureView]:
    listed = {catalogue.view.name for catalogue in catalogues}
    return [view for view in views if view.online and view.name not in listed]
