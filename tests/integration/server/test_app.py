"""A whole server in this process: a real feature store and channel, and a model without TensorFlow."""

import asyncio
import urllib.request
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from feast import FeatureStore
from grpc_health.v1.health_pb2 import HealthCheckResponse

from contract.stubs.manifest_pb2 import Manifest
from event_log.event import decode
from paceline import Unavailable, start
from paceline.v1 import model_service_pb2 as models_pb
from paceline.v1 import recommendation_service_pb2 as pb
from tests.support.app import publish, running, write_features
from tests.support.feast_store import NOW, REDIS, SQLITE, open_applied, write_catalogue, write_profile
from tests.support.logs import read_all
from tests.support.redis import running_redis

pytestmark = pytest.mark.slow


async def until(happens: Callable[[], Awaitable[bool]]) -> None:
    """Asks on and on; the test's timeout is the limit."""
    while not await happens():
        pass


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return write_profile(tmp_path, SQLITE.format(root=tmp_path))


@pytest.fixture
def store(repo: Path) -> FeatureStore:
    return write_features(repo)


def ids(response: pb.RecommendClassesResponse) -> list[str]:
    return [ranked.class_id for ranked in response.classes]


@pytest.mark.usefixtures("store")
async def test_a_version_that_is_published_while_the_server_waits_is_served(tmp_path: Path, repo: Path) -> None:
    async with running(tmp_path, repo) as server:
        await server.health_is(HealthCheckResponse.NOT_SERVING)
        with pytest.raises(Unavailable, match="no version of 'ranking' is serving"):
            await server.client.recommend_classes("m1", timeout=0.2)
        publish(tmp_path, 1)
        await server.health_is(HealthCheckResponse.SERVING)
        response = await server.client.recommend_classes("m1", class_feature_names=["title"])
        assert ids(response) == ["c2", "c3", "c1"]
        assert response.classes[0].class_features[0].string_value == "C2"
        assert (response.member_status, response.candidate_count) == (pb.MEMBER_STATUS_KNOWN, 3)
        assert [runner.is_serving for runner in server.runners.started] == [True]
    assert server.runners.alive == []


@pytest.mark.usefixtures("store")
async def test_a_newer_version_takes_over_and_the_older_one_ends(tmp_path: Path, repo: Path) -> None:
    publish(tmp_path, 1)
    async with running(tmp_path, repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        publish(tmp_path, 2, weight=-1.0)

        async def has_taken_over() -> bool:
            response = await server.client.recommend_classes("m1")
            best = {1: "c2", 2: "c1"}[response.model_version.version]
            assert response.classes[0].class_id == best
            return response.model_version.version == 2

        await until(has_taken_over)

        async def has_ended() -> bool:
            return (await server.client.get_model_status()).versions[1].state == models_pb.VERSION_STATE_END

        await until(has_ended)
        assert len(server.runners.alive) == 1


@pytest.mark.usefixtures("store")
async def test_members_who_ask_again_are_remembered_if_that_is_switched_on(tmp_path: Path, repo: Path) -> None:
    publish(tmp_path, 1)
    async with running(tmp_path, repo, feature_cache_seconds=3600) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        first, second = [await server.client.recommend_classes("m1") for _ in range(2)]
        assert first.classes == second.classes
        assert 'paceline_member_reads_total{source="memory"} 1.0' in await server.metrics()


async def test_a_new_catalogue_is_ranked(tmp_path: Path, repo: Path, store: FeatureStore) -> None:
    publish(tmp_path, 1)
    async with running(tmp_path, repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        await asyncio.to_thread(write_catalogue, store, 2, {"c1": 10.0, "c9": 5.0})

        async def has_it() -> bool:
            response = await server.client.recommend_classes("m1")
            assert ids(response) == {1: ["c2", "c3", "c1"], 2: ["c1", "c9"]}[response.catalogue_generation]
            return response.catalogue_generation == 2

        await until(has_it)


@pytest.mark.usefixtures("store")
async def test_a_version_that_the_registry_does_not_fit_is_refused_and_the_reason_told(
    tmp_path: Path, repo: Path
) -> None:
    def expect_more(message: Manifest) -> None:
        message.display_features[0].name = "subtitle"

    publish(tmp_path, 1, change=expect_more)
    async with running(tmp_path, repo) as server:

        async def is_refused() -> bool:
            found = await server.client.get_model_status()
            return bool(found.versions) and found.versions[0].state == models_pb.VERSION_STATE_END

        await until(is_refused)
        status = await server.status()
        assert status.refusal_reason == models_pb.REFUSAL_REASON_CONTRACT_MISMATCH
        assert status.refusal_message == "feature service 'ranking' has no feature classes:subtitle"
        await server.health_is(HealthCheckResponse.NOT_SERVING)
        assert server.runners.started == []
        assert 'paceline_refusals_total{model="ranking",reason="CONTRACT_MISMATCH"} 1.0' in await server.metrics()


async def test_a_server_whose_store_is_down_waits_for_it_says_why_and_recovers(tmp_path: Path) -> None:
    with running_redis() as port:
        repo = write_profile(tmp_path, REDIS.format(port=port))
        store = open_applied(repo)
    publish(tmp_path, 1)
    async with running(tmp_path, repo) as server:

        async def says_why() -> bool:
            found = await server.client.get_model_status()
            told = [one.refusal_message for one in found.versions if one.state == models_pb.VERSION_STATE_LOADING]
            return any("the online store could not be read" in message for message in told)

        await until(says_why)
        await server.health_is(HealthCheckResponse.NOT_SERVING)
        with running_redis(port):
            await asyncio.to_thread(write_catalogue, store, 1, {"c1": 10.0})
            await server.health_is(HealthCheckResponse.SERVING)
            response = await server.client.recommend_classes("m1")
            assert ids(response) == ["c1"]
        assert (await server.client.recommend_classes("m1")).serving_mode == pb.SERVING_MODE_LAST_KNOWN


@pytest.mark.usefixtures("store")
async def test_metrics_tell_of_requests_reads_ranks_and_what_serves(tmp_path: Path, repo: Path) -> None:
    publish(tmp_path, 7)
    async with running(tmp_path, repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        await server.client.recommend_classes("m1")
        text = await server.metrics()
        method = "/paceline.v1.RecommendationService/RecommendClasses"
        told = dict(line.rsplit(" ", 1) for line in text.splitlines())
        expected = {
            f'paceline_requests_total{{code="OK",method="{method}"}}': "1.0",
            f'paceline_request_seconds_count{{method="{method}"}}': "1.0",
            "paceline_feature_read_seconds_count": "1.0",
            'paceline_model_seconds_count{label="stable",model="ranking",version="7"}': "1.0",
            'paceline_label_version{label="stable",model="ranking"}': "7.0",
            'paceline_versions{model="ranking",state="AVAILABLE"}': "1.0",
            'paceline_model_problem{model="ranking"}': "0.0",
            'paceline_catalogue_generation{model="ranking"}': "1.0",
            'paceline_catalogue_classes{model="ranking"}': "3.0",
        }
        assert {name: told.get(name) for name in expected} == expected, text


@pytest.mark.usefixtures("store")
async def test_events_are_recorded_with_the_data_and_counted_though_no_model_serves(
    tmp_path: Path, repo: Path
) -> None:
    moment = datetime.fromtimestamp(NOW, UTC)
    async with running(tmp_path, repo) as server:
        assert not (tmp_path / "data").exists()
        sent = start("m1", "c1", event_time=moment)
        await server.client.record_events([sent, sent, start("m1", "c1", event_time=moment + timedelta(days=1))])
        metrics = await server.metrics()
    (record,) = read_all(tmp_path / "data" / "event_log")[0]
    assert decode(record.payload).event_id == sent.event_id
    for result, count in (("recorded", 1), ("duplicate", 1), ("future", 1)):
        assert f'paceline_events_total{{result="{result}",type="start"}} {count}.0' in metrics
    assert "paceline_event_commit_seconds_count 1.0" in metrics


async def test_the_http_port_tells_that_the_process_lives(tmp_path: Path, repo: Path) -> None:
    async with running(tmp_path, repo) as server:
        url = f"http://127.0.0.1:{server.http_port}"
        with await asyncio.to_thread(urllib.request.urlopen, f"{url}/healthz") as answer:
            assert answer.read() == b"ok\n"
        with pytest.raises(urllib.request.HTTPError, match="404"):
            await asyncio.to_thread(urllib.request.urlopen, f"{url}/nope")
