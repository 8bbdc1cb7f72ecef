"""A feature store with live features, a log of events, and what consumes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from feast import FeatureStore

from event_log.event import Event, digest, encode
from event_log.limits import MICRO, REMEMBER
from event_log.writer import Entry, LogWriter
from features.streaming.consume import open_consumer
from features.streaming.consumer import Consumer
from features.streaming.log_source import LogSource
from tests.support.logs import now_micros

REPO = Path(__file__).parents[2] / "feature_repo"
FEATURES = (
    "member_session:member_impressions_session",
    "member_session:member_starts_session",
    "member_session:member_completions_session",
    "member_today:member_minutes_today",
    "member_latest:member_latest_classes_30d",
)


@dataclass(frozen=True, slots=True)
class LiveSite:
    """The folders of a site, and its store."""

    root: Path
    store: FeatureStore

    @property
    def log(self) -> Path:
        return self.root / "event_log"

    @property
    def world(self) -> Path:
        return self.root / "world"

    def send(self, *events: Event, segment_bytes: int = 1 << 20) -> None:
        """Records events as a server would."""
        writer = LogWriter(
            self.log,
            now_micros=now_micros,
            remember_micros=REMEMBER // MICRO,
            segment_bytes=segment_bytes,
        )
        for event in events:
            data = encode(event)
            writer.append([Entry(digest(event.event_id.encode()), digest(data), data)])

    def consumer(self) -> Consumer:
        """Returns a consumer that begins where the last one was."""
        return open_consumer(REPO, self.store, LogSource(self.log, now_micros), self.world)

    def consume(self) -> None:
        """Consumes all that is there, in a consumer of its own."""
        consumer = self.consumer()
        while consumer.step():
            pass
        consumer.write()

    def table(self, name: str) -> list[dict[str, Any]]:
        """Returns the rows of a raw table, by id."""
        files = str(self.world / name / "**" / "*.parquet")
        found = duckdb.read_parquet(files, hive_partitioning=False).order("ALL").to_arrow_table()
        return list(found.to_pylist())

    def online(self, member_id: str) -> Mapping[str, Any]:
        """Returns the member's live features, as Feast reads them online."""
        found = self.store.get_online_features(list(FEATURES), [{"member_id": member_id}]).to_dict()
        return {name: values[0] for name, values in found.items() if name != "member_id"}

    def historical(self, member_id: str, moments: Sequence[datetime]) -> list[Mapping[str, Any]]:
        """Returns the member's live features at some moments, as Feast joins them for training."""
        asked = pd.DataFrame({"row": range(len(moments)), "member_id": member_id, "event_timestamp": moments})
        found = self.store.get_historical_features(asked, list(FEATURES)).to_arrow().to_pylist()
        by_row = sorted(found, key=lambda row: row["row"])
        names = [feature.partition(":")[2] for feature in FEATURES]
        return [{name: row[name] for name in names} for row in by_row]


def at(micros: int) -> datetime:
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
