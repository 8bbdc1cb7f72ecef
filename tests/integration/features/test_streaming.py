"""From the log to Parquet and to the online store: once, whatever happens in between."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import FeatureStore

from event_log.errors import LogCorrupt
from event_log.event import Event, EventType
from event_log.files import segment_numbers
from event_log.reader import only_consumer
from event_log.writer import Entry, LogWriter
from features.aggregate_settings import AggregateSettings
from features.apply import apply
from features.day_files import write_rows
from features.errors import SourceError, StoreError
from features.materialize import materialize
from features.raw_tables import RawTables
from features.repository import load_definitions, open_store
from features.status import view_statuses
from features.streaming import parts
from features.streaming.member import COMPUTED, Member, action_of
from tests.support.command_line import CommandLine
from tests.support.documents import blocks, commands
from tests.support.events import event
from tests.support.logs import now_micros
from tests.support.polling import until
from tests.support.recording import recording
from tests.support.streaming import REPO, LiveSite, at
from tests.support.worlds import SCHEMAS, Size, write_world

pytestmark = pytest.mark.slow

IMPRESSION, START, COMPLETION, RATING = (
    EventType.IMPRESSION,
    EventType.START,
    EventType.COMPLETION,
    EventType.RATING,
)
SECOND = 1_000_000
MINUTE = 60 * SECOND
NOW = now_micros()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all data: the feature repository's sources are below it."""
    return tmp_path_factory.mktemp("data")


def applied(data: Path, profile: str = "", **environment: str) -> FeatureStore:
    store = open_store(REPO, profile, {"PACELINE_DATA": str(data), **environment})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PACELINE_DATA", str(data))
        apply(store, load_definitions(REPO))
    return store


@pytest.fixture(scope="module")
def sqlite(data: Path) -> FeatureStore:
    return applied(data)


@pytest.fixture(scope="module")
def redis(data: Path, redis_port: int) -> FeatureStore:
    return applied(data, "redis", PACELINE_REDIS=f"127.0.0.1:{redis_port}")


@pytest.fixture
def site(tmp_path: Path, sqlite: FeatureStore) -> LiveSite:
    return LiveSite(tmp_path, sqlite)


def visit(member: str, begin: int) -> list[Event]:
    """Returns a session: two classes are shown, one is started, completed and rated."""
    who: dict[str, Any] = {"member_id": member}
    seen = f"{member}-{begin}"
    return [
        event(f"{seen}-1", IMPRESSION, time_micros=begin, surface="home", request_id="r1", **who),
        event(f"{seen}-2", IMPRESSION, time_micros=begin + 1, class_id="c2", surface="home", position=1, **who),
        event(f"{seen}-3", START, time_micros=begin + 9 * SECOND, impression_id=f"{seen}-1", **who),
        event(f"{seen}-4", COMPLETION, time_micros=begin + 20 * MINUTE, watched_minutes=19.5, **who),
        event(f"{seen}-5", RATING, time_micros=begin + 21 * MINUTE, rating=5, **who),
    ]


def expected(events: list[Event]) -> dict[str, Any]:
    member = Member()
    for found in events:
        member.add(action_of(found))
    values = {name: one.compute(member, 0) for name, one in COMPUTED.items()}
    return {
        "member_impressions_session": values["session_impressions"],
        "member_starts_session": values["session_starts"],
        "member_completions_session": values["session_completions"],
        "member_minutes_today": values["minutes_today"],
        "member_latest_classes_30d": values["last_classes"],
    }


def test_events_become_rows_of_the_tables_of_a_world(site: LiveSite) -> None:
    begin = NOW - 3 * 86_400 * SECOND
    write_world(site.world, last_day=at(begin).date(), size=Size(days=1))
    simulated = {name: len(site.table(name)) for name in ("impressions", "starts", "completions", "ratings")}
    site.send(*visit("m1", begin))
    site.consume()
    assert simulated.keys() < SCHEMAS.keys()
    for name, count in simulated.items():
        assert len(site.table(name)) == count + (2 if name == "impressions" else 1)
    assert next(row for row in site.table("impressions") if row["member_id"] == "m1") == {
        "impression_id": f"m1-{begin}-1",
        "event_time": at(begin),
        "member_id": "m1",
        "class_id": "c1",
        "surface": "home",
        "position": 0,
    }
    assert [row["rating"] for row in site.table("ratings") if row["member_id"] == "m1"] == [5]
    assert {row["request_id"] for row in site.table("impression_requests")} == {"r1"}
    columns = {"members": "joined_time", "classes": "air_time"}
    tables = RawTables(site.world, AggregateSettings(time_columns=columns))
    labels = (REPO / "served_labels.sql").read_text(encoding="utf-8")
    shown = tables.query(f"{labels} HAVING $as_of IS NOT NULL", at(NOW)).to_pylist()
    assert shown == [{"request_id": "r1", "class_id": "c1", "started": True}]


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_online_and_historical_values_are_the_same(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    site = LiveSite(tmp_path, request.getfixturevalue(kind))
    member = f"{kind}-member"
    sent = [*visit(member, NOW - 100 * MINUTE), *visit(member, NOW - 40 * MINUTE)]
    site.send(*sent)
    consumer = site.consumer()
    assert consumer.step() == 10
    assert site.online(member) == expected(sent)
    consumer.write()
    moments = [at(found.time_micros) for found in sent]
    assert site.historical(member, moments) == [expected(sent[: place + 1]) for place in range(len(sent))]
    session_is_over = {"member_starts_session": None, "member_impressions_session": None}
    (later,) = site.historical(member, [at(sent[-1].time_micros + 31 * MINUTE)])
    assert session_is_over.items() <= later.items()
    assert later["member_latest_classes_30d"] == ["c1", "c1"]


def test_a_late_event_counts_and_never_moves_a_row_backwards(site: LiveSite) -> None:
    sent = visit("late", NOW - 40 * MINUTE)
    early = event("late-0", START, member_id="late", class_id="c9", time_micros=NOW - 41 * MINUTE)
    site.send(*sent)
    site.consume()
    site.send(early, event("old", START, member_id="late", class_id="c8", time_micros=NOW - 6 * 1440 * MINUTE))
    site.consume()
    assert site.online("late") == expected([*sent, early]) | {"member_latest_classes_30d": ["c1", "c9", "c8"]}
    assert site.historical("late", [at(NOW)]) == [site.online("late")]
    assert len(site.table("starts")) == 3


def test_a_consumer_that_starts_again_knows_what_was_before(site: LiveSite) -> None:
    sent = visit("again", NOW - 60 * MINUTE)
    for found in sent:
        site.send(found)
        site.consume()
    assert site.online("again") == expected(sent)


class Crash(Exception):
    """In the place of a kill."""


@pytest.mark.parametrize("files_before_the_crash", range(6))
def test_a_crash_while_writing_leaves_nothing_out_and_nothing_twice(
    site: LiveSite, monkeypatch: pytest.MonkeyPatch, files_before_the_crash: int
) -> None:
    member = f"crash{files_before_the_crash}"
    first, second = visit(member, NOW - 70 * MINUTE), visit(member, NOW - 40 * MINUTE)
    site.send(*first)
    site.consume()
    site.send(*second)
    consumer, left = site.consumer(), iter(range(files_before_the_crash))
    consumer.step()
    with monkeypatch.context() as patch:

        def write(path: Path, *args: Any) -> None:
            if next(left, None) is None:
                raise Crash
            write_rows(path, *args)

        patch.setattr(parts, "write_rows", write)
        with pytest.raises(Crash):
            consumer.write()
    extra = visit(member, NOW - 5 * MINUTE)[:2]
    site.send(*extra)
    site.consume()
    sent = [*first, *second, *extra]
    found = [row["event_id"] for name in ("starts", "completions", "ratings") for row in site.table(name)]
    found += [row["impression_id"] for row in site.table("impressions")]
    assert sorted(found) == sorted(each.event_id for each in sent)
    assert site.online(member) == expected(sent)
    moments = [at(each.time_micros) for each in sent]
    assert site.historical(member, moments) == [expected(sent[: place + 1]) for place in range(len(sent))]


def test_a_store_that_is_down_is_waited_for_and_nothing_is_lost(
    site: LiveSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = visit("down", NOW - 40 * MINUTE)
    site.send(*sent)
    consumer = site.consumer()
    with monkeypatch.context() as patch:

        def fail(*_: object, **__: object) -> None:
            raise OSError("connection refused")

        patch.setattr(site.store, "push", fail)
        for _ in range(2):
            with pytest.raises(StoreError, match="to the sqlite store: OSError: connection refused"):
                consumer.step()
        with pytest.raises(StoreError):
            consumer.write()
    assert not site.world.exists()
    assert site.online("down")["member_latest_classes_30d"] is None
    assert consumer.step() == 0
    consumer.write()
    assert site.online("down") == expected(sent)
    assert len(site.table("starts")) == 1


def test_a_disk_that_is_full_is_waited_for_and_nothing_is_lost(site: LiveSite) -> None:
    site.send(*visit("full", NOW - 40 * MINUTE))
    site.world.write_text("in the way")
    consumer = site.consumer()
    consumer.step()
    with pytest.raises(SourceError, match="can't be written"):
        consumer.write()
    site.world.unlink()
    consumer.write()
    assert len(site.table("ratings")) == 1
    assert site.consumer().step() == 0


def test_segments_that_were_consumed_are_kept_while_their_ids_are_needed(site: LiveSite) -> None:
    site.send(*visit("kept", NOW - 40 * MINUTE), segment_bytes=1)
    site.consume()
    assert len(segment_numbers(site.log)) == 5


def test_a_record_that_is_no_event_is_named(site: LiveSite) -> None:
    LogWriter(site.log, now_micros=now_micros, remember_micros=1).append([Entry(1, 1, b'{"type":"sold"}')])
    with pytest.raises(LogCorrupt, match="segment 1 of the event log"):
        site.consumer().step()


def test_a_table_without_the_columns_that_live_features_need_is_named(site: LiveSite) -> None:
    (site.world / "impressions").mkdir(parents=True)
    rows = pa.table({"id": ["a"], "event_time": [at(NOW)], "member_id": ["m1"]})
    pq.write_table(rows, site.world / "impressions" / "rows.parquet")
    message = (
        "'impressions' lacks class_id, impression_id; live features need impression_id, event_time, member_id"
    )
    with pytest.raises(SourceError, match=message):
        site.consumer()


def test_materialising_leaves_live_rows_alone(site: LiveSite, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACELINE_DATA", str(data))
    yesterday = at(NOW - 1440 * MINUTE)
    write_world(site.world, last_day=yesterday.date(), size=Size(days=1))
    sent = visit("m000001", NOW - 40 * MINUTE)
    site.send(*sent)
    site.consume()
    before = site.online("m000001")
    done = materialize(
        REPO,
        site.store,
        site.world,
        until=yesterday.date(),
        rebuild=False,
        now=at(NOW),
        progress=lambda *_: None,
    )
    assert site.online("m000001") == before
    assert not {"member_session", "member_today", "member_latest"} & {
        *done.views,
        *(status.view for status in view_statuses(site.store, at(NOW))),
    }


async def test_the_command_drains_the_log_and_says_what_it_did(
    site: LiveSite, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PACELINE_DATA", str(data))
    command = CommandLine(monkeypatch, capsys)
    monkeypatch.setattr("signal.signal", lambda *_: None)  # it runs in a thread here
    site.send(*visit("command", NOW - 40 * MINUTE))
    words = ("events", "consume", "--once", "--event-log", str(site.log), "--world", str(site.world))
    printed = await command(*words, "--json")
    assert '"event_count": 5' in printed.out
    assert '"row_count": 1' in printed.out
    assert "0 events: 0 rows pushed; 0 files written." in (await command(*words)).err
    with only_consumer(site.log):
        printed = await command(*words, code=1)
    assert "another consumer follows" in printed.err


def test_as_a_process_it_follows_the_log_and_ends_well(site: LiveSite, data: Path) -> None:
    flags = ("--event-log", site.log, "--world", site.world)
    command = [sys.executable, "-m", "cli.main", "events", "consume", *map(str, flags)]
    env = {**os.environ, "PACELINE_DATA": str(data)}
    with subprocess.Popen(command, cwd=REPO.parent, env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            until((site.log / ".consumer").exists, 60)
            sent = visit("process", NOW - 40 * MINUTE)
            site.send(*sent)
            until(lambda: site.online("process") == expected(sent), 60)
            process.send_signal(signal.SIGTERM)
            _, printed = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, printed
    assert "5 events: " in printed
    assert len(site.table("starts")) == 1


async def test_the_document_works_as_it_stands(
    sqlite: FeatureStore, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = (REPO.parent / "docs" / "events.md").read_text(encoding="utf-8")
    monkeypatch.setenv("PACELINE_DATA", str(data))
    monkeypatch.chdir(REPO.parent)
    monkeypatch.setattr("signal.signal", lambda *_: None)  # commands run in threads here
    async with recording(data / "event_log") as (served, _):
        (snippet,) = blocks(document, "python")
        program = snippet.replace("127.0.0.1:8500", served.address)
        run = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
    assert run.stdout == "[1, 1, 1, 1]\n", run.stderr
    command = CommandLine(monkeypatch, capsys)
    for words in commands(document):
        await command(*words[1:])
    site = LiveSite(data, sqlite)
    ((completed,), (rated,)) = site.table("completions"), site.table("ratings")
    is_one_day = completed["event_time"].date() == rated["event_time"].date()
    assert site.online("m000007") == {
        "member_impressions_session": 1,
        "member_starts_session": 1,
        "member_completions_session": 1,
        "member_minutes_today": 19.5 if is_one_day else 0.0,
        "member_latest_classes_30d": ["c00001"],
    }
    assert rated["rating"] == 5
