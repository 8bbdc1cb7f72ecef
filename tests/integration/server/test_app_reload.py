"""Which models a whole server serves, changed while it runs: what becomes of the one that ranks, and of health."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse

from paceline import AdminClient, FailedPrecondition, Unavailable
from server.domain.models import ModelConfig
from server.rpc.tfserving.model_configs import format_model_configs
from tests.support import linear_model
from tests.support.app import Running, publish, running, write_features
from tests.support.fake_runner import write_fake_model
from tests.support.feast_store import SQLITE, write_profile

pytestmark = pytest.mark.slow


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return write_profile(tmp_path, SQLITE.format(root=tmp_path))


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with a version of "ranking" and one of "films"."""
    publish(tmp_path, 1)
    linear_model.publish(tmp_path / "models" / "films", 1, 1.0, write_fake_model)
    return tmp_path / "models"


def config(models: Path, names: Sequence[str]) -> str:
    return format_model_configs([ModelConfig(name, str(models / name)) for name in names])


def config_file(models: Path, *names: str) -> Path:
    file = models.parent / "models.config"
    file.write_text(config(models, names), encoding="utf-8")
    return file


async def reload(server: Running, models: Path, *names: str, validate_only: bool = False) -> None:
    """Has the server serve these models and no others."""
    with AdminClient(server.admin_address, timeout=60) as admin:
        text = config(models, names)
        await asyncio.to_thread(partial(admin.reload_model_config, text, validate_only=validate_only))


@pytest.mark.parametrize("validate_only", [True, False])
async def test_the_model_that_ranks_is_not_added_to_a_server_that_started_without_it(
    models: Path, repo: Path, validate_only: bool
) -> None:
    async with running(models.parent, repo, config_file(models)) as server:
        expected = "model 'ranking' ranks, and is served only by a server that starts with it"
        with pytest.raises(FailedPrecondition, match=expected):
            await reload(server, models, "ranking", "films", validate_only=validate_only)
        assert server.runners.started == []


async def test_a_server_of_nothing_is_serving_once_it_was_given_a_model(models: Path, repo: Path) -> None:
    async with running(models.parent, repo, config_file(models)) as server:
        await server.health_is(HealthCheckResponse.NOT_SERVING)
        await reload(server, models, "films")
        await server.health_is(HealthCheckResponse.SERVING)
        await reload(server, models)
        await server.health_is(HealthCheckResponse.NOT_SERVING)


async def test_the_model_that_ranks_can_be_taken_away_and_given_back(models: Path, repo: Path) -> None:
    write_features(repo)
    async with running(models.parent, repo, config_file(models, "ranking", "films")) as server:
        await server.health_is(HealthCheckResponse.SERVING)
        await reload(server, models, "films")
        with pytest.raises(Unavailable, match="the server has no model 'ranking'"):
            await server.client.recommend_classes("m1", timeout=0.2)
        await server.health_is(HealthCheckResponse.SERVING)
        await reload(server, models, "ranking")
        assert (await server.client.recommend_classes("m1")).classes[0].class_id == "c2"
