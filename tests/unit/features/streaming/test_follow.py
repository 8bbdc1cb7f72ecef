"""Following a log until told to stop, over a log in memory and an online store that fails as told."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from event_log.cursor import Cursor
from event_log.errors import LogCorrupt, LogUnavailable
from event_log.event import Event, digest, encode
from event_log.frames import Record
from event_log.limits import MAX_AGE, MICRO
from event_log.reader import Batch
from features.errors import StoreError
from features.streaming.buffer import Buffer
from features.streaming.consume import follow
from features.streaming.consumer import Consumer
from features.streaming.feeds import Feed
from features.streaming.member import STARTS_MICROS, Member, action_of
from tests.support.events import event
from tests.support.logs import NOW_MICROS

BEGIN = Cursor()
TIME = pa.timestamp("us", tz="UTC")


@dataclass
class MemorySource:
    """Implements `EventSource`: one event a frame."""

    events: Sequence[Event]
    cursor: Cursor = BEGIN
    error: Exception | None = None
    is_garbled: bool = False
    """Whether records are no events."""

    def kept(self) -> Cursor:
        return self.cursor

    def read(self, cursor: Cursor) -> Batch:
        if self.error is not None:
            raise self.error
        found = self.events[cursor.offset : cursor.offset + 1]
        payloads = [b"{}" if self.is_garbled else encode(e) for e in found]
        records = [Record(digest(payload), 0, NOW_MICROS, payload) for payload in payloads]
        return Batch(records, 1, Cursor(1, cursor.offset + len(records)))

    def keep(self, cursor: Cursor) -> None:
        self.cursor = cursor


@dataclass
class Online:
    """Rows by member, and what goes wrong next."""

    rows: dict[str, int] = field(default_factory=dict)
    errors: list[Exception] = field(default_factory=list)
    stop_at: tuple[int, threading.Event] | None = None
    """After how many pushes which event is set."""
    count: int = 0

    def push(self, source: str, rows: pa.Table) -> None:
        if self.errors:
            raise self.errors.pop(0)
        assert source == "now"
        self.count += 1
        if self.stop_at is not None and self.count == self.stop_at[0]:
            self.stop_at[1].set()
        self.rows |= {row["member_id"]: row["starts"] for row in rows.to_pylist()}


@dataclass
class Following:
    """A consumer of three events, and what is heard of it."""

    root: Path
    source: MemorySource
    online: Online = field(default_factory=Online)
    stop: threading.Event = field(default_factory=threading.Event)
    warnings: list[str] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)

    def run(self, *, once: bool, stop_after_warnings: int = 9) -> None:
        feed = Feed(
            source="now",
            key="member_id",
            time="at",
            created="",
            computed={"starts": "session_starts"},
            schema=pa.schema([("member_id", pa.string()), ("starts", pa.int64()), ("at", TIME)]),
            folder=self.root / "rows",
        )
        consumer = Consumer(
            self.source,
            self.members,
            [feed],
            self.online.push,
            Buffer(self.root, [feed]),
            now_micros=lambda: NOW_MICROS,
            offset=timedelta(),
        )

        def warn(text: str) -> None:
            self.warnings.append(text)
            if len(self.warnings) == stop_after_warnings:
                self.stop.set()

        follow(consumer, once=once, stop=self.stop, report=lambda _: None, warn=warn)

    def written(self) -> int:
        return sum(pq.read_metadata(path).num_rows for path in (self.root / "starts").rglob("*.parquet"))


@pytest.fixture
def following(tmp_path: Path) -> Following:
    return Following(tmp_path, MemorySource([event(f"e{n}", member_id=f"m{n % 2}") for n in range(3)]))


def test_once_ends_where_the_log_ends(following: Following) -> None:
    following.run(once=True)
    assert following.online.rows == {"m0": 2, "m1": 1}
    assert (following.written(), following.source.cursor) == (3, Cursor(1, 3))


def test_who_is_told_to_stop_writes_what_was_read(following: Following) -> None:
    following.source.error = LogUnavailable("gone")
    following.run(once=False, stop_after_warnings=1)
    assert following.source.cursor == Cursor()
    following.source.error, following.stop = None, threading.Event()
    following.online.stop_at = (3, following.stop)
    following.run(once=False)
    assert (following.written(), following.source.cursor) == (3, Cursor(1, 3))


def test_a_store_that_fails_is_waited_for_unless_it_is_once(following: Following) -> None:
    following.online.errors = [StoreError("down")]
    with pytest.raises(StoreError, match="down"):
        following.run(once=True)
    assert following.source.cursor == Cursor()
    following.online.errors, following.members = [StoreError("down")], {}
    following.run(once=False, stop_after_warnings=1)
    assert following.warnings == ["down; trying again"]
    assert following.online.rows == {"m0": 1}
    assert (following.written(), following.source.cursor) == (1, Cursor(1, 1))


def test_damage_ends_it(following: Following) -> None:
    following.source.error = LogCorrupt("damaged")
    with pytest.raises(LogCorrupt, match="damaged"):
        following.run(once=False)


def test_a_record_that_is_no_event_ends_it(following: Following) -> None:
    following.source.is_garbled = True
    with pytest.raises(LogCorrupt, match=r"segment 1 of the event log: b'{}' is no event"):
        following.run(once=False, stop_after_warnings=1)
    assert following.source.cursor == Cursor()


def test_members_are_forgotten_once_nothing_of_them_can_count_any_more(following: Following) -> None:
    oldest = NOW_MICROS - STARTS_MICROS - MAX_AGE // MICRO
    for name, micros in (("idle", oldest - 1), ("remembered", oldest)):
        following.members[name] = Member()
        following.members[name].add(action_of(event(name, time_micros=micros)))
    following.run(once=True)
    assert set(following.members) == {"remembered", "m0", "m1"}
