"""Runners and servers that are killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from server.domain.errors import NoModel, RunnerLost
from server.domain.models import ModelConfig
from server.domain.versions import VersionState
from server.models.client import RunnerProcess
from server.models.leases import LoadedVersion
from server.models.loader import Loader
from server.models.manager import ModelManager
from server.models.storage.local import LocalStore
from tests.support.linear_model import member_columns, publish, snapshot
from tests.support.processes import ends_within

pytestmark = pytest.mark.slow

MINUTES = np.array([10, 30, 20], dtype=np.float32)
EVERY_CLASS = np.ones((1, 3), dtype=np.bool_)

SERVER = """
import asyncio, pathlib
from server.models.client import RunnerProcess

async def main():
    runner = await RunnerProcess.start(lambda: None)
    print(runner.pid, flush=True)
    await runner.load(pathlib.Path("absent"))

asyncio.run(main())
"""


async def test_a_runner_killed_under_load_fails_its_calls_at_once_and_is_replaced(tmp_path: Path) -> None:
    from tests.support.saved_models import write_saved_model  # noqa: PLC0415 - imports TensorFlow

    pids: list[int] = []

    async def start(on_lost: Callable[[], None]) -> RunnerProcess:
        runner = await RunnerProcess.start(on_lost)
        pids.append(runner.pid)
        return runner

    async def prepare(loaded: LoadedVersion) -> None:
        await loaded.use_snapshot(snapshot(1, MINUTES))

    async def ask() -> int:
        with manager.lease() as lease:
            _, positions = await lease.rank(member_columns, EVERY_CLASS, 3)
            return int(positions[0, 0])

    publish(tmp_path / "classes", 1, 2.0, write_saved_model)
    model_dir = tmp_path / "classes"
    manager = ModelManager(
        ModelConfig("classes", str(model_dir)), LocalStore(model_dir), Loader([start], [], prepare)
    )
    await manager.look()
    await manager.step()

    calls = [asyncio.ensure_future(ask()) for _ in range(500)]
    assert await calls[0] == 1
    os.kill(pids[0], signal.SIGKILL)
    async with asyncio.timeout(1):
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {int, RunnerLost}
    with pytest.raises(NoModel):
        manager.lease()
    assert [record.state for record in manager.book.records] == [VersionState.LOADING]

    await manager.recover()
    assert [record.state for record in manager.book.records] == [VersionState.AVAILABLE]
    assert await ask() == 1
    await manager.close()


@pytest.mark.parametrize("module", ["asyncio", "uvloop"])
def test_a_runner_ends_with_its_server_even_while_it_imports_tensorflow(module: str) -> None:
    code = SERVER.replace("asyncio.run", f"{module}.run").replace("import asyncio,", f"import asyncio, {module},")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        runner_pid = int(server.stdout.readline())
        server.kill()
    assert ends_within(runner_pid, 20)
