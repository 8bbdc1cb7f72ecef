"""Versions that come and go, with real runners."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from server.domain.models import ModelConfig
from server.domain.versions import VersionState
from server.models.client import RunnerProcess
from server.models.leases import LoadedVersion
from server.models.loader import Loader
from server.models.manager import Lifecycle, ModelManager
from server.models.storage.local import LocalStore
from tests.support.linear_model import member_columns, publish, snapshot
from tests.support.processes import ends_within, idle_threads, idle_ticks

pytestmark = pytest.mark.slow

MINUTES = np.array([10, 30, 20], dtype=np.float32)
EVERY_CLASS = np.ones((1, 3), dtype=np.bool_)


async def test_a_newer_version_takes_over_and_the_older_process_ends(tmp_path: Path) -> None:
    from tests.support.saved_models import write_saved_model  # noqa: PLC0415 - imports TensorFlow

    runners: list[RunnerProcess] = []
    idle_while_preparing: list[set[str]] = []

    async def start(on_lost: Callable[[], None]) -> RunnerProcess:
        runners.append(await RunnerProcess.start(on_lost))
        return runners[-1]

    async def prepare(loaded: LoadedVersion) -> None:
        idle_while_preparing.append(idle_threads(runners[-1].pid))
        await loaded.use_snapshot(snapshot(1, MINUTES))

    model_dir = tmp_path / "classes"
    manager = ModelManager(
        ModelConfig("classes", str(model_dir)),
        LocalStore(model_dir),
        Loader([start], [], prepare),
        lifecycle=Lifecycle(keep_seconds=0),
    )
    publish(model_dir, 9, 2.0, write_saved_model)
    await manager.look()
    await manager.step()
    with manager.lease() as old:
        publish(model_dir, 10, -2.0, write_saved_model)
        await manager.look()
        await manager.step()
        await manager.step()
        with manager.lease() as new:
            assert (await new.rank(member_columns, EVERY_CLASS, 3))[1].tolist() == [[0, 2, 1]]
        assert (await old.rank(member_columns, EVERY_CLASS, 3))[1].tolist() == [[1, 2, 0]]
        assert not ends_within(runners[0].pid, 0)
    await manager.step()
    assert ends_within(runners[0].pid, 0)
    assert [record.state for record in manager.book.records] == [VersionState.AVAILABLE, VersionState.END]

    for idle in idle_while_preparing:
        assert "python" in idle, "what loads has to give way"
        assert "tf_Compute" not in idle, "what will serve must not"
    used = idle_ticks(runners[1].pid)
    for _ in range(300):
        with manager.lease() as lease:
            await lease.rank(member_columns, EVERY_CLASS, 3)
    assert idle_ticks(runners[1].pid) == used, "nothing that gives way has a part in serving"
    await manager.close()
    assert ends_within(runners[1].pid, 0)
