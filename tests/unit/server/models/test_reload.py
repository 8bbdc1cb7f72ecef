"""Serving other models than before: all of the change, or nothing of it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from server.domain.errors import InvalidRequest, NotFound, NotLoaded
from server.domain.models import ChangeKind, Every, ModelChange, ModelConfig, ModelSpec, Specific
from server.domain.versions import VersionState
from server.models.reload import Reloader
from tests.support.fake_runner import FakeRunner, write_broken_model
from tests.support.linear_model import member_columns
from tests.support.model_servers import ModelServers, model_servers

ADDED, CHANGED, REMOVED = ChangeKind


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[ModelServers]:
    """Serves one version of "books" and of "films"; there are "cars" too."""
    async with model_servers(tmp_path) as servers:
        for name in ("books", "cars", "films"):
            servers.publish(name, 1)
        await servers.serve(servers.config("books"), servers.config("films"))
        yield servers


def version(servers: ModelServers, name: str) -> int:
    with servers.models.lease(ModelSpec(name)) as lease:
        return lease.version


async def test_models_are_added_and_removed(servers: ModelServers) -> None:
    changes = await servers.admin.reload([servers.config("cars"), servers.config("books")])
    assert changes == [ModelChange("cars", ADDED), ModelChange("films", REMOVED)]
    assert [config.name for config in servers.models.configs] == ["books", "cars"]
    assert version(servers, "cars") == 1
    with pytest.raises(NotFound):
        servers.models.lease(ModelSpec("films"))


async def test_a_model_that_is_removed_answers_what_was_leased(servers: ModelServers) -> None:
    films = servers.models.manager("films")
    with servers.models.lease(ModelSpec("films")) as lease:
        await servers.admin.reload([servers.config("books")])
        scores, _ = await lease.rank(member_columns, np.ones((1, 3), dtype=np.bool_), 3)
        assert scores.shape == (1, 3)
    await films.look()
    await servers.until(lambda: films.book.records[0].state is VersionState.END)


async def test_a_trial_changes_nothing(servers: ModelServers) -> None:
    before = servers.models.configs
    changes = await servers.admin.reload([servers.config("cars")], validate_only=True)
    assert changes == [ModelChange("books", REMOVED), ModelChange("cars", ADDED), ModelChange("films", REMOVED)]
    assert servers.models.configs == before


async def test_the_same_again_changes_nothing(servers: ModelServers) -> None:
    started = len(servers.runners.started)
    assert await servers.admin.reload(servers.models.configs) == []
    assert len(servers.runners.started) == started


async def test_another_policy_takes_effect_at_once(servers: ModelServers) -> None:
    servers.publish("books", 2)
    books = servers.models.manager("books")
    await books.look()
    await servers.until(lambda: len(servers.runners.started) == 3)
    assert version(servers, "books") == 2
    await servers.admin.reload([servers.config("books", policy=Specific(frozenset({1}))), servers.config("films")])
    await servers.until(lambda: [loaded.manifest.version for loaded in books.available] == [1])
    assert version(servers, "books") == 1


async def test_another_label_answers_at_once(servers: ModelServers) -> None:
    await servers.admin.reload([servers.config("books", labels={"gold": 1}), servers.config("films")])
    with servers.models.lease(ModelSpec("books", label="gold")) as lease:
        assert lease.version == 1
    await servers.admin.reload([servers.config("books"), servers.config("films")])
    with pytest.raises(InvalidRequest, match="is 'gold', expected one of stable"):
        servers.models.lease(ModelSpec("books", label="gold"))


async def test_a_model_that_moved_is_replaced_once_the_new_one_serves(servers: ModelServers) -> None:
    servers.publish("library", 5)
    changes = await servers.admin.reload([servers.config("books", folder="library"), servers.config("films")])
    assert changes == [ModelChange("books", CHANGED)]
    assert version(servers, "books") == 5


@pytest.mark.parametrize("folder", ["broken", "nowhere"])
async def test_if_one_new_model_can_not_be_loaded_nothing_changes(servers: ModelServers, folder: str) -> None:
    servers.publish("broken", 3, write_broken_model)
    wanted = [servers.config("cars"), servers.config("films", folder=folder)]
    before = servers.models.configs
    with pytest.raises(NotLoaded, match=rf"nothing of model 'films' in {servers.root / folder} can be loaded: "):
        await servers.admin.reload(wanted)
    assert servers.models.configs == before
    assert version(servers, "films") == 1


@pytest.mark.parametrize("validate_only", [True, False])
async def test_a_place_where_no_model_can_be_is_named_and_changes_nothing(
    servers: ModelServers, validate_only: bool
) -> None:
    before = servers.models.configs
    nowhere = ModelConfig("books", "ftps3://bucket/books")
    with pytest.raises(InvalidRequest, match=r"config\.base_path: .*ftps3"):
        await servers.admin.reload([servers.config("cars"), nowhere], validate_only=validate_only)
    assert servers.models.configs == before


@pytest.mark.parametrize("validate_only", [True, False])
async def test_a_label_on_a_version_that_is_not_loaded_changes_nothing(
    servers: ModelServers, validate_only: bool
) -> None:
    before, books = servers.models.configs, servers.config("books", labels={"gold": 7})
    with pytest.raises(NotLoaded, match="label 'gold' of 'books' is to be on version 7, which is not loaded"):
        await servers.admin.reload([books], validate_only=validate_only)
    assert servers.models.configs == before


async def test_a_label_of_a_new_model_has_its_version_loaded(servers: ModelServers) -> None:
    servers.publish("cars", 2)
    cars = servers.config("cars", labels={"gold": 1}, policy=Every())
    await servers.admin.reload([cars, *servers.models.configs])
    with servers.models.lease(ModelSpec("cars", label="gold")) as lease:
        assert lease.version == 1


@pytest.mark.parametrize("gold", [1, 99], ids=["broken", "absent"])
async def test_a_label_of_a_new_model_on_a_version_that_is_not_loaded_changes_nothing(
    servers: ModelServers, gold: int
) -> None:
    servers.publish("library", 1, write_broken_model)
    servers.publish("library", 2)
    before = servers.models.configs
    library = servers.config("books", folder="library", labels={"gold": gold})
    with pytest.raises(
        NotLoaded, match=f"label 'gold' of 'books' is to be on version {gold}, which is not loaded"
    ):
        await servers.admin.reload([library])
    assert servers.models.configs == before
    assert version(servers, "books") == 1
    await servers.until(lambda: len(servers.runners.alive) == len(before))


async def test_every_label_of_a_new_model_answers_once_it_is_served(servers: ModelServers) -> None:
    for number in (2, 3):
        servers.publish("cars", number)
    await servers.admin.reload([servers.config("cars", labels={"gold": 1, "silver": 2})])
    for label, number in {"gold": 1, "silver": 2}.items():
        with servers.models.lease(ModelSpec("cars", label=label)) as lease:
            assert lease.version == number


async def test_a_new_model_whose_files_keep_changing_is_given_up(servers: ModelServers) -> None:
    servers.publish("bikes", 1)
    (servers.root / "bikes" / "1" / "manifest.json").unlink()
    await is_given_up(servers, "bikes", "version 1: its files changed less than 5 s ago, and it has no manifest")


async def test_a_new_model_that_takes_too_long_to_load_is_given_up(servers: ModelServers) -> None:
    class HangingRunner(FakeRunner):
        async def serve(self) -> None:
            await asyncio.Event().wait()

    servers.runners.kind = HangingRunner
    await is_given_up(servers, "cars", "it takes too long")


async def is_given_up(servers: ModelServers, name: str, why: str) -> None:
    """Adds a model, which fails and leaves the server able to serve others."""
    before, reloader = servers.models.configs, Reloader(servers.models, load_seconds=0.05)
    with pytest.raises(
        NotLoaded, match=f"nothing of model '{name}' in {servers.root / name} can be loaded: {why}"
    ):
        await reloader.reload([servers.config(name), *before])
    assert servers.models.configs == before
    assert await reloader.reload([servers.config("books")]) == [ModelChange("films", REMOVED)]


async def test_it_goes_on_though_the_caller_no_longer_waits(servers: ModelServers) -> None:
    class SlowRunner(FakeRunner):
        async def serve(self) -> None:
            was_loaded.set()
            await may_serve.wait()
            await super().serve()

    was_loaded, may_serve = asyncio.Event(), asyncio.Event()
    servers.runners.kind = SlowRunner
    call = asyncio.create_task(servers.admin.reload([servers.config("cars")]))
    await was_loaded.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert [config.name for config in servers.models.configs] == ["books", "films"]
    may_serve.set()
    assert await servers.admin.reload([servers.config("cars")]) == []
    assert [config.name for config in servers.models.configs] == ["cars"]
