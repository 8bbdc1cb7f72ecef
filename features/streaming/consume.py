"""Consuming the event log of a site."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
from feast import FeatureStore
from feast.data_source import PushMode

from event_log.errors import LogUnavailable
from event_log.limits import MAX_AGE, MICRO
from event_log.reader import only_consumer
from features.aggregates import repository_settings
from features.errors import SourceError, StoreError
from features.online import let_readers_go_on
from features.store_errors import reported
from features.streaming.buffer import Buffer
from features.streaming.consumer import Consumer, Progress
from features.streaming.feeds import live_feeds
from features.streaming.log_source import LogSource
from features.streaming.member import STARTS_MICROS
from features.streaming.past import members_since
from features.streaming.ports import EventSource
from features.streaming.tables import moment

POLL_SECONDS = 0.1
WRITE_SECONDS = 10.0
"""How often what was pushed is written to Parquet."""
MAX_UNWRITTEN = 50_000
"""How many events may wait for that."""
RETRY_SECONDS = 1.0
PUSH_ROWS = 500
"""How many rows are written at a time: within the 50 ms that a Redis may take."""

Report = Callable[[Progress], None]
Warn = Callable[[str], None]


def consume(
    repo: Path,
    store: FeatureStore,
    log: Path,
    world: Path,
    *,
    once: bool,
    stop: threading.Event,
    report: Report,
    warn: Warn,
) -> Progress:
    """Follows an event log until it is told to stop.

    Args:
        repo: The folder of the feature repository.
        store: Its feature store.
        log: The folder of the log.
        world: The folder of the raw tables.
        once: Whether to end where the log ends, and to fail where else it would wait.
        stop: Set when it is to end.
        report: Hears of each write to Parquet.
        warn: Hears of what it waits for.

    Returns:
        What was done.

    Raises:
        FeatureError: See the modules of the steps. What was done before stays, and is not done again.
        EventLogError: The log can't be read, or another consumer follows it.
    """
    with only_consumer(log):
        consumer = open_consumer(repo, store, LogSource(log, now_micros), world)
        follow(consumer, once=once, stop=stop, report=report, warn=warn)
        return consumer.progress


def open_consumer(repo: Path, store: FeatureStore, source: EventSource, world: Path) -> Consumer:
    """Returns a consumer that knows what members did before the source's cursor.

    Raises:
        FeatureError: The repository is wrong, or the store or the raw tables can't be read.
        EventLogError: The log can't be read.
    """
    feeds = live_feeds(store)
    let_readers_go_on(store)
    unread = source.read(source.kept()).records
    begin = unread[0].time_micros if unread else now_micros()
    members = members_since(world, moment(begin - MAX_AGE // MICRO - STARTS_MICROS))

    def push(source_name: str, rows: pa.Table) -> None:
        with reported(f"live features can't be written to the {store.config.online_store.type} store"):
            for chunk in rows.to_batches(PUSH_ROWS):
                store.push(source_name, chunk.to_pandas(), to=PushMode.ONLINE)

    offset: timedelta = repository_settings(repo).days.offset
    buffer = Buffer(world, feeds)
    return Consumer(source, members, feeds, push, buffer, now_micros=now_micros, offset=offset)


def follow(consumer: Consumer, *, once: bool, stop: threading.Event, report: Report, warn: Warn) -> None:
    """Makes steps until the end of the log, or until it is told to stop; then writes what is left."""
    last_write = time.monotonic()
    while not stop.is_set():
        try:
            if _is_time(consumer, last_write):
                consumer.write()
                last_write = time.monotonic()
                report(consumer.progress)
            count = consumer.step()
        except (LogUnavailable, SourceError, StoreError) as error:
            if once:
                raise
            warn(f"{error}; trying again")
            stop.wait(RETRY_SECONDS)
            continue
        if not count:
            if once:
                break
            stop.wait(POLL_SECONDS)
    consumer.write()


def _is_time(consumer: Consumer, last_write: float) -> bool:
    count = consumer.unwritten_count
    return count >= MAX_UNWRITTEN or (count > 0 and time.monotonic() - last_write >= WRITE_SECONDS)


def now_micros() -> int:
    """Returns the time in microseconds since the epoch."""
    return time.time_ns() // 1_000
