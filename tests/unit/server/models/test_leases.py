"""Leases on a loaded version and its snapshots."""

import asyncio
import math
import threading
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.stubs.manifest_pb2 import Manifest
from server.domain.errors import NoModel, RunnerLost, StoreUnavailable
from server.domain.patience import seconds_given
from server.domain.signatures import DEFAULT_SIGNATURE, Tensors
from server.models.leases import LoadedVersion, VersionLease
from server.models.observation import Observation
from server.models.signatures import expected_signatures
from server.ranking.ports import Columns, Lease, ReadColumns
from tests.support.fake_runner import FakeRunner, write_fake_model
from tests.support.linear_model import class_columns, manifest, member_columns, snapshot

NAME = "classes"
SHORT, LONG = (np.array(minutes, dtype=np.float32) for minutes in ([10, 20], [50, 40, 30]))


@pytest.fixture
async def runner(tmp_path: Path) -> FakeRunner:
    write_fake_model(tmp_path, 2.0)
    fake = FakeRunner(lambda: None, {})
    await fake.load(tmp_path)
    return fake


@pytest.fixture
def loaded(runner: FakeRunner) -> LoadedVersion:
    return LoadedVersion(manifest(1, 2.0), runner, {})


async def places(lease: Lease) -> list[int]:
    classes = len(lease.snapshot.class_ids)
    _, positions = await lease.rank(member_columns, np.ones((1, classes), dtype=np.bool_), classes)
    found: list[int] = positions[0].tolist()
    return found


async def test_there_is_nothing_to_rank_without_a_snapshot(loaded: LoadedVersion) -> None:
    with loaded.lease(NAME) as lease, pytest.raises(NoModel, match="version 1 of 'classes' has no catalogue"):
        _ = lease.snapshot
    assert not loaded.is_leased


async def test_a_lease_ranks_the_snapshot_that_was_there_when_it_was_taken(loaded: LoadedVersion) -> None:
    await loaded.use_snapshot(snapshot(1, SHORT))
    with loaded.lease(NAME) as before:
        await loaded.use_snapshot(snapshot(2, LONG))
        with loaded.lease(NAME) as after:
            assert (before.snapshot.generation, after.snapshot.generation) == (1, 2)
            assert await places(before) == [1, 0]
            assert await places(after) == [0, 1, 2]


async def test_a_leased_snapshot_outlives_any_number_of_later_ones(
    loaded: LoadedVersion, runner: FakeRunner
) -> None:
    await loaded.use_snapshot(snapshot(1, SHORT))
    with loaded.lease(NAME) as lease:
        for generation in range(2, 6):
            await loaded.use_snapshot(snapshot(generation, LONG))
        assert await places(lease) == [1, 0]
        assert len(runner.kept) == 3


async def test_the_runner_keeps_no_snapshot_that_nobody_can_ask_for(
    loaded: LoadedVersion, runner: FakeRunner
) -> None:
    for generation in range(1, 6):
        await loaded.use_snapshot(snapshot(generation, LONG))
    assert len(runner.kept) == 2


async def test_snapshots_of_the_same_generation_are_kept_apart(loaded: LoadedVersion) -> None:
    await loaded.use_snapshot(snapshot(1, SHORT))
    with loaded.lease(NAME) as before:
        await loaded.use_snapshot(snapshot(1, LONG))
        assert await places(before) == [1, 0]


async def test_snapshots_that_arrive_together_can_each_be_leased(loaded: LoadedVersion) -> None:
    arriving = [
        asyncio.ensure_future(loaded.use_snapshot(snapshot(generation, minutes)))
        for generation, minutes in enumerate([SHORT, LONG, SHORT, LONG])
    ]
    for generation, (use, expected) in enumerate(zip(arriving, [[1, 0], [0, 1, 2]] * 2, strict=True)):
        await use
        with loaded.lease(NAME) as lease:
            assert lease.snapshot.generation == generation
            assert await places(lease) == expected


async def test_a_snapshot_that_could_not_be_encoded_changes_nothing(
    loaded: LoadedVersion, runner: FakeRunner
) -> None:
    await loaded.use_snapshot(snapshot(1, SHORT))
    runner.crash()
    with pytest.raises(RunnerLost):
        await loaded.use_snapshot(snapshot(2, LONG))
    assert loaded.snapshot is not None
    assert loaded.snapshot.generation == 1


async def test_a_version_is_leased_until_the_last_lease_is_returned(loaded: LoadedVersion) -> None:
    await loaded.use_snapshot(snapshot(1, SHORT))
    with loaded.lease(NAME), loaded.lease(NAME):
        assert loaded.is_leased
    assert not loaded.is_leased


async def test_a_lease_is_returned_when_its_request_fails(loaded: LoadedVersion) -> None:
    await loaded.use_snapshot(snapshot(1, SHORT))
    with pytest.raises(ZeroDivisionError), loaded.lease(NAME):
        raise ZeroDivisionError
    assert not loaded.is_leased


async def test_every_lease_has_the_same_manifest_object(loaded: LoadedVersion) -> None:
    await loaded.use_snapshot(snapshot(1, SHORT))
    leases: list[VersionLease] = [loaded.lease(NAME), loaded.lease(NAME)]
    assert leases[0].manifest is leases[1].manifest


class CountingRunner(FakeRunner):
    """Notes how many rows each call had."""

    def __init__(self) -> None:
        super().__init__(lambda: None, {})
        self.row_counts: list[int] = []

    async def run(self, signature: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
        self.row_counts.append(len(tensors["minutes"]))
        return await super().run(signature, tensors, outputs)


async def test_rows_of_requests_at_the_same_time_share_a_call_and_each_request_is_observed() -> None:
    promised = manifest(1, 2.0)
    runner = CountingRunner()
    loaded = LoadedVersion(promised, runner, expected_signatures(promised))
    short, long = ({**member_columns(), **class_columns(minutes)} for minutes in (SHORT[:1], LONG[:1]))
    seen: list[Observation] = []

    with loaded.lease(NAME, "", seen.append) as lease:
        apart = [await lease.run(DEFAULT_SIGNATURE, tensors) for tensors in (short, long)]
        together = await asyncio.gather(*(lease.run(DEFAULT_SIGNATURE, tensors) for tensors in (short, long)))

    assert runner.row_counts == [1, 1, 2]
    assert [found["score"].tolist() for found in together] == [found["score"].tolist() for found in apart]
    assert [observed.request_count for observed in seen] == [1] * 4


async def test_a_version_without_a_manifest_is_called_for_each_request() -> None:
    """Nothing says that its rows are scored apart."""
    runner = CountingRunner()
    loaded = LoadedVersion(Manifest(model_name=NAME, version=1), runner, expected_signatures(manifest(1, 2.0)))
    tensors = {**member_columns(), **class_columns(SHORT[:1])}

    with loaded.lease(NAME) as lease:
        await asyncio.gather(*(lease.run(DEFAULT_SIGNATURE, tensors) for _ in range(2)))

    assert runner.row_counts == [1, 1]


Asks = Callable[[VersionLease], Awaitable[object]]
EVERY_CALL = pytest.mark.parametrize("ask", [places, lambda lease: lease.run(DEFAULT_SIGNATURE, member_columns())])


async def given_up(loaded: LoadedVersion, ask: Asks, seconds: float) -> list[Observation]:
    """Cancels a call that is under way, of a caller that waits so long; returns what was observed."""
    await loaded.use_snapshot(snapshot(1, SHORT))
    seen: list[Observation] = []
    seconds_given.set(seconds)
    with loaded.lease(NAME, "canary", seen.append) as lease:
        call = asyncio.ensure_future(ask(lease))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    return seen


@EVERY_CALL
async def test_a_call_that_used_up_its_caller_s_time_is_a_failure(loaded: LoadedVersion, ask: Asks) -> None:
    (call,) = await given_up(loaded, ask, 0.0)
    assert (call.version, call.label, call.has_failed) == (1, "canary", True)


@EVERY_CALL
@pytest.mark.parametrize("seconds", [60.0, math.inf])
async def test_a_call_that_its_caller_gives_up_early_took_at_least_so_long(
    loaded: LoadedVersion, ask: Asks, seconds: float
) -> None:
    (call,) = await given_up(loaded, ask, seconds)
    assert (call.version, call.label, call.has_failed, call.scores) == (1, "canary", False, None)
    assert 0 < call.seconds < 60


async def observed(
    loaded: LoadedVersion, read: ReadColumns, within: float = 60
) -> tuple[object, list[Observation]]:
    """Ranks what is read, for so long, and returns what came of it and what the version is judged by."""
    await loaded.use_snapshot(snapshot(1, SHORT))
    calls: list[Observation] = []
    with loaded.lease(NAME, on_call=calls.append) as lease:
        ranking = asyncio.wait_for(lease.rank(read, np.ones((1, 2), dtype=np.bool_), 2), within)
        (found,) = await asyncio.gather(ranking, return_exceptions=True)
    return found, calls


async def test_a_version_is_not_judged_by_how_long_it_takes_to_read(
    loaded: LoadedVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("server.models.leases.time", SimpleNamespace(perf_counter=lambda: clock[0]))

    def read() -> Columns:
        clock[0] += 60.0
        return member_columns()

    _, (call,) = await observed(loaded, read)

    assert (call.has_failed, call.seconds) == (False, 0.0)


async def test_what_can_t_be_read_is_no_failure_of_the_version(loaded: LoadedVersion) -> None:
    error = StoreUnavailable("the online store could not be read")

    def read() -> Columns:
        raise error

    assert await observed(loaded, read) == (error, [])


async def test_what_is_given_up_while_it_is_read_is_not_ranked_and_nobody_s_failure(
    tmp_path: Path,
) -> None:
    may_end, ranked = threading.Event(), []

    class Runner(FakeRunner):
        async def rank(
            self, key: int, read: ReadColumns, candidates: NDArray[np.bool_], count: int
        ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
            del key, candidates, count
            return await asyncio.to_thread(self._rank, read)

        def _rank(self, read: ReadColumns) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
            try:
                ranked.append(read())
            finally:
                has_ended.set()
            raise AssertionError

    def read() -> Columns:
        may_end.wait()
        return member_columns()

    has_ended = threading.Event()
    write_fake_model(tmp_path, 2.0)
    runner = Runner(lambda: None, {})
    await runner.load(tmp_path)
    seconds_given.set(0.01)

    found, calls = await observed(LoadedVersion(manifest(1, 2.0), runner, {}), read, within=0.05)
    may_end.set()
    await asyncio.to_thread(has_ended.wait)

    assert isinstance(found, TimeoutError)
    assert (calls, ranked) == ([], [])
