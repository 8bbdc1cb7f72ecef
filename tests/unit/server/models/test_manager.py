"""The life of a model's versions, step by step."""

import asyncio
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from server.domain.errors import NoModel, RunnerLost, StoreUnavailable
from server.domain.signatures import Signature, TensorSpec
from server.domain.versions import RefusalReason, Refused, VersionRecord, VersionState
from tests.support.fake_runner import FakeRunner, write_broken_model
from tests.support.linear_model import member_columns
from tests.support.model_server import MINUTES, ModelServer

START, LOADING, AVAILABLE, UNLOADING, END = VersionState
EVERY_CLASS = np.ones((1, len(MINUTES)), dtype=np.bool_)


@pytest.fixture
def server(tmp_path: Path) -> ModelServer:
    return ModelServer(tmp_path)


class TestServing:
    async def test_nothing_serves_before_anything_is_published(self, server: ModelServer) -> None:
        assert await server.step() is False
        with pytest.raises(NoModel, match="no version of 'classes' is serving"):
            server.manager.lease()

    async def test_a_version_is_loaded_in_one_step_and_ranks(self, server: ModelServer) -> None:
        server.publish(1)
        assert await server.step() is True
        with server.manager.lease() as lease:
            _, positions = await lease.rank(member_columns, EVERY_CLASS, 2)
        assert positions.tolist() == [[1, 2]]

    async def test_a_runner_gives_up_its_low_priority_before_it_serves(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        assert [runner.is_serving for runner in server.runners.started] == [True]

    async def test_only_the_newest_of_several_is_loaded(self, server: ModelServer) -> None:
        for version in (2, 9, 10):
            server.publish(version)
        await server.settle()
        assert server.states == {10: AVAILABLE, 9: START, 2: START}
        assert len(server.runners.started) == 1

    async def test_every_change_is_announced_available_after_the_fact(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        assert server.changed == [START, LOADING, AVAILABLE]

    async def test_records_tell_since_when(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        server.now += 50
        await server.settle()
        assert server.record(1).since == 1000.0

    async def test_records_tell_what_runs_a_version_while_it_is_available(self, server: ModelServer) -> None:
        for version in (1, 2):
            server.publish(version)
            await server.settle()
        assert [server.record(version).runtime for version in (1, 2)] == ["", "numpy"]

    async def test_closing_ends_every_runner(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        lease = server.manager.lease()
        await server.manager.close()
        assert [runner.is_closed for runner in server.runners.started] == [True]
        with pytest.raises(NoModel):
            server.manager.lease()
        with lease, pytest.raises(RunnerLost):
            await lease.rank(member_columns, EVERY_CLASS, 1)


class TestSwap:
    async def test_the_new_version_serves_before_the_old_one_is_unloaded(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        server.publish(2)
        await server.step()
        assert (server.states, server.serving_version()) == ({2: AVAILABLE, 1: AVAILABLE}, 2)
        await server.step()
        assert (server.states, server.serving_version()) == ({2: AVAILABLE, 1: UNLOADING}, 2)
        await server.step()
        assert (server.states, server.serving_version()) == ({2: AVAILABLE, 1: END}, 2)
        assert [runner.is_closed for runner in server.runners.started] == [True, False]

    async def test_the_old_version_ends_with_its_last_lease(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        first, last = server.manager.lease(), server.manager.lease()
        server.publish(2)
        await server.settle()
        assert server.states == {2: AVAILABLE, 1: UNLOADING}
        with first:
            pass
        await server.settle()
        assert server.states == {2: AVAILABLE, 1: UNLOADING}
        with last:
            scores, _ = await last.rank(member_columns, EVERY_CLASS, 1)
            assert scores.shape == (1, 1)
        await server.settle()
        assert server.states == {2: AVAILABLE, 1: END}

    async def test_deleting_the_newest_brings_the_one_before_back(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        server.publish(2)
        await server.settle()
        shutil.rmtree(server.model_dir / "2")
        await server.settle()
        assert (server.states, server.serving_version()) == ({2: END, 1: AVAILABLE}, 1)

    async def test_the_last_version_serves_on_when_its_files_are_gone(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        shutil.rmtree(server.model_dir)
        await server.settle()
        assert server.serving_version() == 1

    async def test_a_version_that_is_gone_before_it_was_loaded_ends(self, server: ModelServer) -> None:
        server.publish(1)
        server.publish(2)
        await server.settle()
        shutil.rmtree(server.model_dir / "1")
        await server.settle()
        assert server.states == {2: AVAILABLE, 1: END}


class TestRefusal:
    @pytest.mark.parametrize(
        ("file", "content", "reason"),
        [
            ("manifest.json", "{", RefusalReason.MANIFEST_INVALID),
            ("weight.txt", None, RefusalReason.FILE_MISSING),
            ("weight.txt", "2.", RefusalReason.FILE_CHANGED),
        ],
    )
    async def test_damaged_files_are_refused_before_a_runner_starts(
        self, server: ModelServer, file: str, content: str | None, reason: RefusalReason
    ) -> None:
        path = server.publish(2) / file
        path.unlink() if content is None else path.write_text(content)
        await server.settle()
        assert server.states == {2: END}
        assert server.record(2).refusal is reason
        assert str(path) in server.record(2).message
        assert server.runners.started == []

    async def test_a_check_refuses_before_a_runner_starts(self, server: ModelServer) -> None:
        server.failing_check = Refused(RefusalReason.CONTRACT_MISMATCH, "no view 'classes'")
        server.publish(2)
        await server.settle()
        assert server.record(2).refusal is RefusalReason.CONTRACT_MISMATCH
        assert server.record(2).message == "no view 'classes'"
        assert (server.checked, server.runners.started) == ([2], [])

    async def test_a_model_that_does_not_load_is_refused(self, server: ModelServer) -> None:
        server.publish(2, write=write_broken_model)
        await server.settle()
        assert server.record(2).refusal is RefusalReason.LOAD_FAILED
        assert server.runners.alive == []

    async def test_a_model_with_other_signatures_is_refused(self, server: ModelServer) -> None:
        server.runners.signatures = {"serving_default": Signature({}, {"score": TensorSpec("float32")})}
        server.publish(2)
        await server.settle()
        assert server.record(2).refusal is RefusalReason.SIGNATURE_MISMATCH
        assert server.runners.alive == []

    async def test_a_model_with_other_scores_is_refused(self, server: ModelServer) -> None:
        server.publish(2, promised=2.1)
        await server.settle()
        assert server.record(2).refusal is RefusalReason.GOLDEN_MISMATCH
        assert server.runners.alive == []

    async def test_the_version_that_serves_goes_on(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        server.publish(2, promised=2.1)
        await server.settle()
        assert (server.states, server.serving_version()) == ({2: END, 1: AVAILABLE}, 1)

    async def test_the_next_older_good_version_is_loaded_at_start(self, server: ModelServer) -> None:
        server.publish(1)
        server.publish(2, write=write_broken_model)
        server.publish(3, promised=0.0)
        await server.settle()
        assert (server.states, server.serving_version()) == ({3: END, 2: END, 1: AVAILABLE}, 1)

    async def test_a_refused_version_is_not_tried_again(self, server: ModelServer) -> None:
        server.publish(2, write=write_broken_model)
        await server.settle()
        server.now += 1_000_000
        await server.settle()
        assert len(server.runners.started) == 1

    async def test_a_refused_version_is_tried_again_when_its_files_change(self, server: ModelServer) -> None:
        server.publish(1)
        server.publish(2, write=write_broken_model)
        await server.settle()
        server.publish(2)
        await server.settle()
        assert server.serving_version() == 2
        assert (server.record(2).refusal, server.record(2).message) == (None, "")

    async def test_a_refused_version_whose_files_changed_may_be_refused_again(self, server: ModelServer) -> None:
        path = server.publish(2, write=write_broken_model) / "weight.txt"
        await server.settle()
        os.utime(path, ns=(1, 1))
        await server.settle()
        assert server.record(2).refusal is RefusalReason.LOAD_FAILED
        assert len(server.runners.started) == 2


class TestTryingAgain:
    async def test_a_failure_that_is_not_the_versions_own_is_tried_again(self, server: ModelServer) -> None:
        server.failing_prepare = StoreUnavailable("the online store does not answer")
        server.publish(1)
        await server.step()
        assert server.states == {1: LOADING}
        assert server.record(1).message == (
            "StoreUnavailable: the online store does not answer; tried again in 0 s"
        )
        assert server.runners.alive == []
        server.failing_prepare = None
        await server.settle()
        assert server.serving_version() == 1
        assert server.record(1).message == ""

    async def test_the_wait_doubles_up_to_a_minute(self, server: ModelServer) -> None:
        server.failing_check = StoreUnavailable("the registry does not answer")
        server.publish(1)
        await server.settle()
        waits = []
        for _ in range(10):
            begun = server.now
            while not await server.step():
                server.now += 1
            waits.append(server.now - begun)
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]

    async def test_an_older_version_serves_while_the_newest_waits(self, server: ModelServer) -> None:
        server.publish(1)
        server.publish(2)
        server.runners.crashing_starts = 2
        await server.settle()
        assert (server.states, server.serving_version()) == ({2: LOADING, 1: AVAILABLE}, 1)
        server.now += 1
        await server.settle()
        assert server.serving_version() == 2

    async def test_a_version_that_takes_too_long_to_load_is_ended(self, tmp_path: Path) -> None:
        server = ModelServer(tmp_path, timeout_seconds=0)
        server.publish(1)
        await server.step()
        assert server.record(1).message.startswith("TimeoutError")
        assert server.runners.alive == []


class TestCrash:
    async def test_leases_fail_at_once_until_the_version_is_loaded_again(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        with server.manager.lease() as lease:
            server.runners.started[0].crash()
            with pytest.raises(RunnerLost):
                await lease.rank(member_columns, EVERY_CLASS, 1)
        assert server.states == {1: LOADING}
        with pytest.raises(NoModel):
            server.manager.lease()
        await server.settle()
        assert server.serving_version() == 1
        assert [runner.is_closed for runner in server.runners.started] == [True, False]

    async def test_the_loss_is_announced_at_once(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        server.runners.started[0].crash()
        assert server.changes[-1].state is LOADING

    async def test_a_version_that_keeps_crashing_waits_longer_each_time(self, server: ModelServer) -> None:
        server.publish(1)
        for wait in (0, 1, 2, 4):
            await server.settle()
            server.runners.alive[0].crash()
            assert server.record(1).message == f"its runner ended; tried again in {wait} s"
            server.now += wait

    async def test_a_version_that_served_for_a_minute_starts_with_a_clean_sheet(self, server: ModelServer) -> None:
        server.publish(1)
        for _ in range(3):
            await server.settle()
            server.now += 60
            server.runners.alive[0].crash()
            assert server.record(1).message == "its runner ended; tried again in 0 s"

    async def test_a_runner_that_crashes_the_moment_it_was_to_serve_is_replaced(self, server: ModelServer) -> None:
        class ShortLivedRunner(FakeRunner):
            async def serve(self) -> None:
                await super().serve()
                self.crash()

        server.publish(1)
        server.runners.kind = ShortLivedRunner
        await server.step()
        assert server.states == {1: LOADING}
        server.runners.kind = FakeRunner
        await server.settle()
        assert server.serving_version() == 1

    async def test_the_older_version_takes_over_when_the_newer_crashes_before_it_is_unloaded(
        self, server: ModelServer
    ) -> None:
        server.publish(1)
        await server.settle()
        server.publish(2)
        await server.step()
        server.runners.started[1].crash()
        assert server.serving_version() == 1

    async def test_a_draining_version_that_crashes_ends_though_it_is_leased(self, server: ModelServer) -> None:
        server.publish(1)
        await server.settle()
        with server.manager.lease():
            server.publish(2)
            await server.settle()
            server.runners.started[0].crash()
            await server.settle()
            assert server.states == {2: AVAILABLE, 1: END}

    async def test_files_that_changed_since_are_noticed_when_it_is_loaded_again(self, server: ModelServer) -> None:
        server.publish(1)
        path = server.publish(2)
        await server.settle()
        (path / "weight.txt").write_text("3.0")
        server.runners.alive[0].crash()
        await server.settle()
        assert server.record(2).refusal is RefusalReason.FILE_CHANGED
        assert server.serving_version() == 1


class TestLoop:
    async def test_it_is_woken_by_a_loss_and_runs_until_cancelled(self, tmp_path: Path) -> None:
        changes: asyncio.Queue[VersionRecord] = asyncio.Queue()
        server = ModelServer(tmp_path, on_change=changes.put_nowait)
        server.publish(1)
        loop = asyncio.ensure_future(server.manager.run(interval_seconds=3600))
        seen = [(await changes.get()).state for _ in range(3)]
        await server.settle()  # so that the loop has come to its pause
        server.runners.alive[0].crash()
        seen += [(await changes.get()).state for _ in range(3)]
        assert seen == [START, LOADING, AVAILABLE, LOADING, LOADING, AVAILABLE]
        loop.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loop

    async def test_it_survives_a_step_that_fails(self, tmp_path: Path) -> None:
        served, failed = asyncio.Event(), list[VersionRecord]()

        def on_change(record: VersionRecord) -> None:
            if record.state is LOADING and not failed:
                failed.append(record)
                raise ZeroDivisionError
            if record.state is AVAILABLE:
                served.set()

        server = ModelServer(tmp_path, on_change=on_change)
        server.publish(1)
        loop = asyncio.ensure_future(server.manager.run(interval_seconds=0))
        await served.wait()
        loop.cancel()
        assert server.serving_version() == 1
