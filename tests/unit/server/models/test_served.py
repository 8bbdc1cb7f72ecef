"""Several models: what is asked for by name, version and label."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.domain.errors import InvalidRequest, NoModel, NotFound, PacelineError
from server.domain.models import Every, ModelProblem, ModelSpec
from tests.support.fake_runner import FakeRunner
from tests.support.model_servers import ModelServers, model_servers


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[ModelServers]:
    """Serves two versions of "books", one pinned by a label, and one of "films"."""
    async with model_servers(tmp_path) as servers:
        for version in (1, 2):
            servers.publish("books", version)
        servers.publish("films", 7)
        books = servers.config("books", policy=Every(), labels={"classic": 1})
        await servers.serve(books, servers.config("films"))
        await servers.until(lambda: len(servers.models.manager("books").available) == 2)
        yield servers


@pytest.mark.parametrize(
    ("spec", "version"),
    [
        (ModelSpec("books"), 2),
        (ModelSpec("books", version=1), 1),
        (ModelSpec("books", label="classic"), 1),
        (ModelSpec("books", label="stable"), 2),
        (ModelSpec("films"), 7),
    ],
)
async def test_what_is_asked_for_is_leased(servers: ModelServers, spec: ModelSpec, version: int) -> None:
    with servers.models.lease(spec) as lease:
        assert (lease.model_name, lease.version) == (spec.name, version)


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        (ModelSpec("cars"), NotFound, "no model 'cars' is served; there is: books, films"),
        (ModelSpec("films", version=8), NotFound, "version 8 of 'films' is not serving"),
        (ModelSpec("books", label="new"), InvalidRequest, "is 'new', expected one of classic, stable"),
    ],
)
async def test_what_is_not_there(
    servers: ModelServers, spec: ModelSpec, error: type[PacelineError], message: str
) -> None:
    with pytest.raises(error, match=message):
        servers.models.lease(spec)


async def test_a_model_whose_only_process_died_is_unavailable_until_it_is_replaced(servers: ModelServers) -> None:
    (loaded,) = servers.models.manager("films").available
    assert isinstance(loaded.runner, FakeRunner)
    loaded.runner.crash()
    for spec in (ModelSpec("films"), ModelSpec("films", version=7)):
        with pytest.raises(NoModel):
            servers.models.lease(spec)


async def test_a_model_whose_only_process_hangs_is_unavailable(servers: ModelServers) -> None:
    (loaded,) = servers.models.manager("films").available
    assert isinstance(loaded.runner, FakeRunner)
    loaded.runner.is_responsive = False
    for spec in (ModelSpec("films"), ModelSpec("films", version=7)):
        with pytest.raises(NoModel):
            servers.models.lease(spec)
    with pytest.raises(NotFound):
        servers.models.lease(ModelSpec("films", version=8))


async def test_what_is_told_is_in_order(servers: ModelServers) -> None:
    models = servers.models
    assert [config.name for config in models.configs] == ["books", "films"]
    assert [(r.model_name, r.version) for r in models.records] == [("books", 2), ("books", 1), ("films", 7)]
    assert [(s.model_name, s.label, s.version, s.pinned_version) for s in models.labels] == [
        ("books", "classic", 1, 1),
        ("books", "stable", 2, None),
        ("films", "stable", 7, None),
    ]


async def test_problems_are_told_by_model(servers: ModelServers) -> None:
    assert servers.models.problems == []
    (servers.root / "films").rename(servers.root / "elsewhere")
    await servers.models.manager("films").look()
    assert servers.models.problems == [ModelProblem("films", f"{servers.root / 'films'} does not exist")]
