"""Every trouble of a Redis is gone through, costs no request, and is over afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse

from bench.redis_trouble import TroubledRedis
from bench.trouble import WELL, Course, go_through
from tests.support.app import publish, running, write_features
from tests.support.feast_store import write, write_profile
from tests.support.redis import running_redis

pytestmark = pytest.mark.slow

ONLINE = (
    "type: redis\n  connection_string: 127.0.0.1:{port},socket_timeout=0.05,socket_connect_timeout=0.05,retry=null"
)
COURSE = Course(rounds=1, seconds=0.3, pause_seconds=0, members=20)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[TroubledRedis]:
    with running_redis():  # skips the test where none is installed
        made = TroubledRedis(tmp_path)
    yield made
    made.close()


async def test_no_trouble_costs_a_request(tmp_path: Path, redis: TroubledRedis) -> None:
    repo = write_profile(tmp_path, ONLINE.format(port=redis.port), "trouble")
    write(write_features(repo), "members", [{"member_id": name, "liking": 1.0} for name in COURSE.everybody])
    publish(tmp_path, 1)
    async with running(tmp_path, repo) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        phases = await go_through(server.address, redis, COURSE)

    outcomes = {name: {a.outcome for a in answers} for name, ((_, answers),) in phases.answers.items()}
    assert not any(a.has_failed for ((_, answers),) in phases.answers.values() for a in answers)
    assert "LIVE" in outcomes[WELL]
    assert {"LAST_KNOWN", "DEFAULTS"} <= outcomes["hanging"]
    assert outcomes["slow"] <= {"LIVE", "LAST_KNOWN", "DEFAULTS"}
    assert outcomes["lying"] == outcomes["dead"] == {"LAST_KNOWN", "DEFAULTS"}
