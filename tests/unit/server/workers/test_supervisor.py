"""The supervisor keeps its workers running, over fakes and a time that is stepped."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.app.address import admin_address
from server.app.ports import Ports
from server.domain.errors import StartError
from server.workers.process import Job
from tests.support.workers import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@asynccontextmanager
async def running(site: Site, workers: int) -> AsyncIterator["asyncio.Future[Ports]"]:
    """Runs a supervisor until the block ends, and yields its ports-to-be."""
    stop, ports = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(site.supervisor(workers).run(stop, ports.set_result))
    try:
        yield ports
    finally:
        stop.set()
        await task


async def test_all_workers_get_the_same_ports_and_a_number_of_their_own(site: Site) -> None:
    async with running(site, 3) as told:
        ports = await told
        jobs = [site.started.get_nowait().job for _ in range(3)]
    assert [job.place.number for job in jobs] == [0, 1, 2]
    assert [job.place.is_first for job in jobs] == [True, False, False]
    assert {job.settings.port for job in jobs} == {ports.grpc}
    assert {admin_address(job.settings).port for job in jobs} == {ports.admin}


async def test_a_worker_that_ends_is_started_again_ever_later(site: Site) -> None:
    async with running(site, 1):
        for _ in range(10):
            (await site.started.get()).die()
        await site.started.get()
        assert site.waits == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_one_that_ran_for_a_minute_is_started_again_at_once(site: Site) -> None:
    async with running(site, 1):
        for _ in range(3):
            (await site.started.get()).die()
        stable = await site.started.get()
        site.now += 60
        stable.die()
        (await site.started.get()).die()
        await site.started.get()
        assert site.waits == [0, 1, 2, 0, 1]


async def test_the_others_run_on(site: Site) -> None:
    async with running(site, 2) as told:
        await told
        first, second = await site.started.get(), await site.started.get()
        first.die()
        again = await site.started.get()
        assert (again.number, second.was_ended) == (first.number, False)
        assert again.job == first.job
    assert second.was_ended
    assert again.was_ended


async def test_a_worker_that_cannot_start_ends_the_whole(site: Site) -> None:
    site.prepare = lambda job: None if job.place.is_first else StartError("no such key")
    with pytest.raises(StartError, match="no such key"):
        await site.supervisor(2).run(asyncio.Event())
    assert [site.started.get_nowait().was_ended for _ in range(2)] == [True, True]


async def test_one_that_cannot_start_later_is_tried_again(site: Site) -> None:
    outcomes = [None, StartError("the model config is gone"), None]
    site.prepare = lambda _: outcomes.pop(0)
    async with running(site, 1) as told:
        await told
        (await site.started.get()).die()
        for _ in range(2):
            await site.started.get()
        assert site.waits == [0, 1]


async def test_one_that_no_process_can_be_made_for_is_tried_again(site: Site) -> None:
    errors = [OSError("Cannot allocate memory")]

    def fail_once(_: Job) -> None:
        if errors:
            raise errors.pop()

    site.prepare = fail_once
    async with running(site, 1) as told:
        await told
        assert site.waits == [0]


@pytest.mark.slow
def test_it_stays_small() -> None:
    program = "import server.workers.supervisor, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True)
    assert not {"feast", "grpc", "tensorflow", "keras"} & {name.partition(".")[0] for name in done.stdout.split()}
