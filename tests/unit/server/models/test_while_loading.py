"""What happens to versions while one of them is being loaded."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from server.domain.versions import RefusalReason, Refused, VersionRecord, VersionState
from tests.support.model_server import ModelServer

START, LOADING, AVAILABLE, UNLOADING, END = VersionState


@pytest.fixture
async def server(tmp_path: Path) -> ModelServer:
    """Version 1 serves."""
    server = ModelServer(tmp_path)
    server.publish(1)
    await server.settle()
    return server


async def test_a_version_that_is_deleted_ends_and_may_come_back(server: ModelServer) -> None:
    async def delete(version: int) -> None:
        shutil.rmtree(server.model_dir / str(version))
        await server.manager.look()

    server.publish(2)
    server.while_loading = delete
    await server.step()
    assert (server.states, server.serving_version()) == ({2: END, 1: AVAILABLE}, 1)
    assert len(server.runners.alive) == 1
    server.while_loading = None
    server.publish(2)
    await server.settle()
    assert (server.states, server.serving_version()) == ({2: AVAILABLE, 1: END}, 2)
    assert len(server.runners.alive) == 1


async def test_a_version_that_is_deleted_and_fails_ends(server: ModelServer) -> None:
    async def delete(version: int) -> None:
        shutil.rmtree(server.model_dir / str(version))
        await server.manager.look()
        raise Refused(RefusalReason.LOAD_FAILED, "it does not load")

    server.publish(2)
    server.while_loading = delete
    await server.step()
    assert (server.record(2).state, server.record(2).refusal) == (END, None)


async def test_a_version_whose_files_change_is_loaded_anew(server: ModelServer) -> None:
    async def change(version: int) -> None:
        server.while_loading = None
        os.utime(server.model_dir / str(version) / "weight.txt", ns=(1, 1))
        await server.manager.look()

    server.publish(2)
    server.while_loading = change
    await server.step()
    assert (server.states, server.serving_version()) == ({2: START, 1: AVAILABLE}, 1)
    await server.settle()
    assert server.serving_version() == 2
    assert [runner.is_closed for runner in server.runners.started] == [True, True, False]


async def test_a_refusal_does_not_outlast_the_files_that_it_is_of(server: ModelServer) -> None:
    async def complete(version: int) -> None:
        server.while_loading = None
        server.publish(version)
        await server.manager.look()
        raise Refused(RefusalReason.LOAD_FAILED, "it does not load")

    server.publish(2)
    server.while_loading = complete
    await server.settle()
    assert server.serving_version() == 2


async def test_what_dies_is_replaced_though_another_hangs(server: ModelServer) -> None:
    reached, gate = asyncio.Event(), asyncio.Event()

    async def hang(version: int) -> None:
        if version == 2:
            reached.set()
            await gate.wait()

    server.publish(2)
    server.while_loading = hang
    loading = asyncio.create_task(server.step())
    await reached.wait()
    server.runners.started[0].crash()
    assert await server.manager.recover()
    assert (server.states, server.serving_version()) == ({2: LOADING, 1: AVAILABLE}, 1)
    gate.set()
    assert await loading
    assert server.serving_version() == 2


async def test_its_loops_replace_it_too(tmp_path: Path) -> None:
    changes: asyncio.Queue[VersionRecord] = asyncio.Queue()
    server = ModelServer(tmp_path, on_change=changes.put_nowait)

    async def hang(version: int) -> None:
        if version == 2:
            await asyncio.Event().wait()

    async def until(version: int, state: VersionState) -> None:
        while ((record := await changes.get()).version, record.state) != (version, state):
            pass

    server.while_loading = hang
    server.publish(1)
    await server.settle()
    server.publish(2)
    loops = asyncio.create_task(server.manager.run(interval_seconds=3600))
    await until(2, LOADING)
    server.runners.started[0].crash()
    await until(1, LOADING)
    await until(1, AVAILABLE)
    assert server.serving_version() == 1
    loops.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loops
