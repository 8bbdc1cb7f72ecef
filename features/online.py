"""Writing the newest rows of feature views to the online store, never backwards."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from feast import FeatureStore, FeatureView
from tqdm import tqdm

from features.by_column import write_by_column
from features.copied import Wrote, unheard
from features.errors import StoreError
from features.in_chunks import write_in_chunks
from features.registry_lock import writing_registry
from features.spark import offline_session
from features.store_errors import reported
from features.view_sources import age_limits

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def refuse_backwards(views: Iterable[FeatureView], end: datetime) -> None:
    """Checks that no view was materialised to a later end, because SQLite would overwrite newer rows with older.

    Raises:
        StoreError: One was.
    """
    for view in views:
        last = watermark(view)
        if last is not None and end < last:
            raise StoreError(
                f"view {view.name!r} is materialised until {last.isoformat()}; going back to {end.isoformat()} "
                "would overwrite newer rows"
            )


def watermark(view: FeatureView) -> datetime | None:
    """Returns until when a view is materialised, None if it never was."""
    last: datetime | None = view.most_recent_end_time
    return last if last is None or last.tzinfo else last.replace(tzinfo=UTC)


def let_readers_go_on(store: FeatureStore) -> None:
    """Has SQLite write its log ahead, which its file remembers: else a server's reads would wait for every write.

    Raises:
        StoreError: The file can't be opened.
    """
    if store.config.online_store.type != "sqlite":
        return
    path = Path(store.repo_path, store.config.online_store.path)
    with reported(f"the online store {path} can't be opened"), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def write_online(
    store: FeatureStore, view: FeatureView, end: datetime, *, afresh: bool, wrote: Wrote = unheard
) -> None:
    """Writes the newest row of each entity at `end` that still counts, and notes in the registry that it did.

    Args:
        store: The feature store.
        view: The registered view.
        end: The moment.
        afresh: Whether rows that were written before may have changed since.
        wrote: Hears of rows that were written.

    Raises:
        StoreError: The rows can't be read or written.
    """
    start = _oldest_that_counts(view, end)
    last = watermark(view)
    if last is not None and not afresh:
        start = max(start, last)
    with reported(f"view {view.name!r} can't be materialised to the {store.config.online_store.type} store"):
        if not any(write(store, view, start, end, wrote) for write in (write_by_column, write_in_chunks)):
            write_by_feast(store, view, start, end)
        note_written(store, view, start, end)


def note_written(store: FeatureStore, view: FeatureView, start: datetime, end: datetime) -> None:
    """Notes in the registry that the rows of a view from `start` to `end` are online.

    Raises:
        StoreError: The registry can't be written, or another command goes on writing to it.
    """
    with writing_registry(store):
        store.registry.apply_materialization(view, store.project, start, end)


def write_by_feast(store: FeatureStore, view: FeatureView, start: datetime, end: datetime) -> None:
    """Writes the newest row of each entity from `start` to `end` row by row, as `feast materialize` does.

    Feast's provider is called in place of `FeatureStore.materialize`, which marks the view as unavailable while it
    works (feast-dev/feast#6780) and prints to standard output.
    """
    with offline_session(store):
        store.provider.materialize_single_feature_view(
            config=store.config,
            feature_view=view,
            start_date=start,
            end_date=end,
            registry=store.registry,
            project=store.project,
            tqdm_builder=_silent,
        )


def oldest_fresh(view: FeatureView, end: datetime) -> datetime:
    """Returns the time of the oldest row of a view that is not stale at `end`."""
    return end - view.ttl if view.ttl else _EVER


def _oldest_that_counts(view: FeatureView, end: datetime) -> datetime:
    """Returns the time of the oldest row that counts at `end`: any, if a feature counts however old it is."""
    return oldest_fresh(view, end) if all(age_limits(view).values()) else _EVER


def _silent(length: int) -> "tqdm[object]":
    return tqdm(total=length, disable=True)
