"""A server whose Redis is killed, hangs, and lies: every request is answered, and says from what."""

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import FeatureStore
from grpc_health.v1.health_pb2 import HealthCheckResponse
from redis import Redis

from contract.ranked_lists import CLASS_IDS, SCORES, VERSION
from contract.stubs.manifest_pb2 import MISSING_POLICY_FAIL, Manifest
from paceline import FailedPrecondition, Unavailable, any_of
from paceline.v1 import recommendation_service_pb2 as pb
from tests.support.app import Running, publish, running, write_features
from tests.support.feast_store import DAY, NOW, write, write_catalogue, write_profile
from tests.support.redis import redis_process

pytestmark = pytest.mark.slow

ONLINE = (
    "type: redis\n  connection_string: 127.0.0.1:{port},socket_timeout=0.05,socket_connect_timeout=0.05,retry=null"
)
LIVE, LAST_KNOWN, DEFAULTS = pb.SERVING_MODE_LIVE, pb.SERVING_MODE_LAST_KNOWN, pb.SERVING_MODE_DEFAULTS
BATCH_SCORED, POPULAR = pb.SERVING_MODE_BATCH_SCORED, pb.SERVING_MODE_POPULAR
KNOWN, UNKNOWN = ["c2", "c3", "c1"], ["c1", "c2", "c3"]
"""The classes for a member who likes long ones, and for one of whom nothing is known."""


class Site:
    """A feature repository with its Redis."""

    def __init__(self, root: Path, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.root = root
        self.port = port
        self.process = process
        self.repo = write_profile(root, ONLINE.format(port=port), "trouble")
        self.store: FeatureStore = write_features(self.repo)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with redis_process() as (port, process):
        made = Site(tmp_path, port, process)
        publish(tmp_path, 1)
        yield made


@pytest.fixture
def strict_site(tmp_path: Path) -> Iterator[Site]:
    """The same, whose model has to know what a member likes, with a list of the member m2."""
    with redis_process() as (port, process):
        made = Site(tmp_path, port, process)
        publish(tmp_path, 1, change=_be_strict)
        folder = tmp_path / "data" / "recommendations"
        folder.mkdir(parents=True)
        row = {"member_id": "m2", CLASS_IDS: ["c1", "c2", "c3"], SCORES: [0.9, 0.8, 0.7], VERSION: 1}
        pq.write_table(pa.Table.from_pylist([row]), folder / "shard-00000.parquet")
        yield made


def _be_strict(manifest: Manifest) -> None:
    manifest.feature_source.popularity_feature = "minutes"
    for spec in manifest.inputs:
        if spec.name == "liking":
            spec.missing_policy = MISSING_POLICY_FAIL


async def _asked(server: Running, member: str) -> tuple[int, list[str]]:
    response = await server.client.recommend_classes(member, timeout=5)
    return response.serving_mode, [ranked.class_id for ranked in response.classes]


async def _until_live(server: Running) -> None:
    """Asks until the store is read again; the test's own limit of time ends it."""
    while (await _asked(server, "m1"))[0] != LIVE:
        pass


@contextmanager
def _frozen(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def test_the_answer_says_how_old_the_features_are(site: Site) -> None:
    write(site.store, "members", [{"member_id": "old", "liking": 1.0}], at=NOW - 3 * DAY)
    async with running(site.root, site.repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)

        answers = [await server.client.recommend_classes(member) for member in ("m1", "old", "nobody")]

        rows = [answer.feature_rows[0] for answer in answers]
        assert {row.feature_view for row in rows} == {"members"}
        assert [row.status for row in rows] == [
            pb.FEATURE_ROW_STATUS_OK,
            pb.FEATURE_ROW_STATUS_STALE,
            pb.FEATURE_ROW_STATUS_MISSING,
        ]
        assert 0 <= rows[0].age_seconds < 3600
        assert 3 * DAY <= rows[1].age_seconds < 3 * DAY + 3600
        assert rows[2].age_seconds == 0
        scored = await server.client.score_classes("old", ["c1"])
        assert scored.feature_rows[0].status == pb.FEATURE_ROW_STATUS_STALE


async def test_a_redis_that_hangs_or_ends_costs_no_request(site: Site) -> None:
    async with running(site.root, site.repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        assert await _asked(server, "m1") == (LIVE, KNOWN)
        with _frozen(site.process):
            together = await asyncio.gather(*(_asked(server, member) for member in ["m1", "m2"] * 40))
            assert set(map(str, together)) == {str((LAST_KNOWN, KNOWN)), str((DEFAULTS, UNKNOWN))}
        await _until_live(server)

        site.process.kill()
        site.process.wait(10)
        assert await _asked(server, "m1") == (LAST_KNOWN, KNOWN)
        scored = await server.client.score_classes("m2", ["c1"])
        assert (scored.serving_mode, list(scored.feature_rows)) == (DEFAULTS, [])
        metrics = await server.metrics()
        assert 'paceline_member_reads_total{source="last_known"}' in metrics
        assert 'paceline_member_reads_total{source="defaults"}' in metrics
        assert 'paceline_feature_rows_total{status="ok",view="members"}' in metrics
        assert 'paceline_feature_age_seconds_count{view="members"}' in metrics
        with redis_process(site.port):
            write(site.store, "members", [{"member_id": "m1", "liking": 1.0}])
            await _until_live(server)


async def test_who_can_not_be_ranked_gets_a_list_made_before_or_what_is_popular(strict_site: Site) -> None:
    async with running(strict_site.root, strict_site.repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        assert await _asked(server, "m1") == (LIVE, KNOWN)
        nobody = await server.client.recommend_classes("nobody")
        assert nobody.serving_mode == POPULAR
        assert nobody.feature_rows[0].status == pb.FEATURE_ROW_STATUS_MISSING
        with pytest.raises(FailedPrecondition, match="lacks the feature 'liking'"):
            await server.client.score_classes("nobody", ["c1"])

        strict_site.process.kill()
        strict_site.process.wait(10)

        assert await _asked(server, "m1") == (LAST_KNOWN, KNOWN)
        assert await _asked(server, "m2") == (BATCH_SCORED, ["c1", "c2", "c3"])
        assert await _asked(server, "m3") == (POPULAR, ["c2", "c3", "c1"])
        chosen = await server.client.recommend_classes("m2", filters=[any_of("title", "C2", "C3")], page_size=1)
        assert [(ranked.class_id, round(ranked.score, 3)) for ranked in chosen.classes] == [("c2", 0.8)]
        with pytest.raises(Unavailable, match="the model has to know 'liking'"):
            await server.client.score_classes("m2", ["c1"])
        metrics = await server.metrics()
        assert 'paceline_fallbacks_total{cause="StoreUnavailable",mode="batch_scored"} 2.0' in metrics
        assert 'paceline_fallbacks_total{cause="FeatureMissing",mode="popular"} 1.0' in metrics
        assert 'paceline_features_total{feature="liking",status="missing"}' in metrics


async def test_a_server_starts_while_redis_is_down(site: Site) -> None:
    async with running(site.root, site.repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)
    site.process.kill()
    site.process.wait(10)

    async with running(site.root, site.repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        assert await _asked(server, "m1") == (DEFAULTS, UNKNOWN)
        with redis_process(site.port):
            write_catalogue(site.store, 2, {"c4": 10.0}, at=NOW + 60)
            await _until_live(server)
            while await _asked(server, "m1") != (LIVE, ["c4"]):
                pass


async def test_a_server_that_starts_while_redis_hangs_has_lists_for_who_can_not_be_ranked(
    strict_site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(strict_site.root, strict_site.repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)

    with _frozen(strict_site.process):
        async with running(strict_site.root, strict_site.repo) as server:
            await server.health_is(HealthCheckResponse.SERVING)
            assert await _asked(server, "m2") == (BATCH_SCORED, ["c1", "c2", "c3"])
            assert await _asked(server, "m3") == (POPULAR, ["c2", "c3", "c1"])
    assert re.search(r"version 1 has the catalogue of \d+ s ago: the online store could not be read", caplog.text)


async def test_a_model_that_can_not_rank_costs_no_request(strict_site: Site) -> None:
    async with running(strict_site.root, strict_site.repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        for runner in server.runners.started:
            runner.kept.clear()  # so that it fails as a model does

        assert await _asked(server, "m1") == (POPULAR, ["c2", "c3", "c1"])
        assert await _asked(server, "m2") == (BATCH_SCORED, ["c1", "c2", "c3"])


@pytest.mark.parametrize("lie", ["another type of key", "cut off", "no value", "no time"])
async def test_what_redis_holds_wrongly_of_one_member_costs_the_others_nothing(site: Site, lie: str) -> None:
    write(site.store, "members", [{"member_id": "m2", "liking": 1.0}])
    async with running(site.root, site.repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        with Redis(port=site.port) as client:
            _tell(client, lie)

        first, second, third = await asyncio.gather(*(_asked(server, member) for member in ("m1", "m2", "m1")))

        assert first == third == (LIVE, KNOWN)
        assert second == (DEFAULTS, UNKNOWN)


def _tell(client: "Redis", lie: str) -> None:
    """Spoils what is held of the member m2."""
    (key,) = client.execute_command("KEYS", "*m2*")  # its methods' types are wrong: of texts, and to be awaited
    if lie == "another type of key":
        client.delete(key)
        client.set(key, "a text")
        return
    fields = client.execute_command("HGETALL", key)
    (time,) = (field for field in fields if field.startswith(b"_ts:"))
    (value,) = (field for field in fields if field != time)
    field = time if lie == "no time" else value
    spoilt = {"cut off": fields[value][:-1], "no value": b"\xff\xff\xff", "no time": b"\xff\xff"}
    client.execute_command("HSET", key, field, spoilt[lie])
