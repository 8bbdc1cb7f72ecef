"""Labels that move: by hand, by what is published, and by what dies."""

import shutil
from pathlib import Path

import pytest

from server.domain.errors import NoModel
from server.domain.labels import LabelAction
from server.domain.models import Every
from server.domain.versions import VersionState
from server.models.label_book import Move
from server.models.manager import Lifecycle
from server.models.policy import Transition
from tests.support.fake_runner import write_broken_model
from tests.support.model_server import AT_ONCE, ModelServer

START, LOADING, AVAILABLE, UNLOADING, END = VersionState
PROMOTE, ROLL_BACK, REVERT, PIN, UNPIN = list(LabelAction)[:5]
KEEP = 600.0


@pytest.fixture
def server(tmp_path: Path) -> ModelServer:
    """A server that keeps what a label left."""
    return ModelServer(tmp_path, lifecycle=Lifecycle(keep_seconds=KEEP))


async def serve_one_after_the_other(server: ModelServer, *versions: int) -> None:
    for version in versions:
        server.publish(version)
        await server.settle()


class TestKeeping:
    async def test_the_version_that_a_label_left_is_kept_for_a_while(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1, 2)
        assert server.states == {2: AVAILABLE, 1: AVAILABLE}
        server.now += KEEP
        await server.settle()
        assert server.states == {2: AVAILABLE, 1: END}

    async def test_a_rollback_to_it_needs_no_loading(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1, 2)
        await server.move(ROLL_BACK, 1, previous=2)
        assert server.serving_version() == 1
        assert len(server.runners.started) == 2

    async def test_so_is_the_rejected_one_for_a_change_of_mind(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1, 2)
        await server.move(ROLL_BACK, 1, previous=2)
        await server.move(PROMOTE, 2, previous=1)
        assert server.serving_version() == 2
        assert len(server.runners.started) == 2

    async def test_resources_first_keeps_nothing(self, tmp_path: Path) -> None:
        server = ModelServer(tmp_path, lifecycle=Lifecycle(Transition.RESOURCES, KEEP))
        await serve_one_after_the_other(server, 1)
        server.publish(2)
        await server.step()
        await server.step()
        assert [runner.is_closed for runner in server.runners.started] == [True, False]
        assert server.states == {2: AVAILABLE, 1: END}


class TestFollowing:
    async def test_a_rolled_back_version_is_not_followed_again(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1, 2)
        await server.move(ROLL_BACK, 1, previous=2)
        await server.move(UNPIN, None, previous=1)
        await server.settle()
        assert server.serving_version() == 1
        await serve_one_after_the_other(server, 3)
        assert server.serving_version() == 3

    async def test_a_pinned_label_stays_while_newer_versions_are_loaded(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1)
        await server.move(PIN, 1, previous=1)
        await serve_one_after_the_other(server, 2)
        assert (server.states, server.serving_version()) == ({2: AVAILABLE, 1: AVAILABLE}, 1)
        await server.move(UNPIN, None, previous=1)
        assert server.serving_version() == 2

    async def test_another_label_may_follow_while_the_default_is_pinned(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1)
        await server.move(PROMOTE, 1, previous=1)
        await server.move(UNPIN, None, label="canary")
        await serve_one_after_the_other(server, 2)
        assert (server.serving_version(), server.serving_version("canary")) == (1, 2)

    async def test_a_label_that_was_never_set_answers_nothing(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1)
        with pytest.raises(NoModel):
            server.manager.lease("canary")


class TestPinning:
    async def test_a_version_is_loaded_before_the_label_moves_to_it(self, server: ModelServer) -> None:
        for version in (1, 2):
            server.publish(version)
        await server.settle()
        await server.move(PROMOTE, 1, previous=2)
        assert server.serving_version() == 2
        await server.settle()
        assert server.serving_version() == 1

    async def test_the_label_stays_where_it_was_if_the_version_is_refused(self, server: ModelServer) -> None:
        server.publish(1, write=write_broken_model)
        server.publish(2)
        await server.settle()
        await server.move(PROMOTE, 1, previous=2)
        await server.settle()
        assert server.serving_version() == 2

    async def test_the_pinned_version_is_loaded_first_at_start(self, server: ModelServer) -> None:
        for version in (1, 2):
            server.publish(version)
        await server.move(PROMOTE, 1)
        await server.step()
        assert server.states == {2: START, 1: AVAILABLE}

    async def test_a_pinned_version_serves_on_when_its_files_are_gone(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1, 2)
        await server.move(PROMOTE, 1, previous=2)
        shutil.rmtree(server.model_dir / "1")
        await server.settle()
        assert server.serving_version() == 1

    async def test_pinned_versions_stay_loaded_however_old(self, tmp_path: Path) -> None:
        server = ModelServer(tmp_path, lifecycle=AT_ONCE)
        await serve_one_after_the_other(server, 1)
        await server.move(PROMOTE, 1, label="golden")
        await serve_one_after_the_other(server, 2, 3)
        assert server.states == {3: AVAILABLE, 2: END, 1: AVAILABLE}


class TestLoss:
    async def test_another_version_of_its_history_answers_while_the_process_is_replaced(
        self, server: ModelServer
    ) -> None:
        await serve_one_after_the_other(server, 1, 2)
        server.runners.started[1].crash()
        assert server.serving_version() == 1
        await server.settle()
        assert server.serving_version() == 2

    async def test_so_it_does_for_a_pinned_label(self, tmp_path: Path) -> None:
        server = ModelServer(tmp_path, lifecycle=AT_ONCE, policy=Every())
        await serve_one_after_the_other(server, 1, 2, 3)
        await server.move(PROMOTE, 1, label="canary")
        await server.move(PROMOTE, 2, previous=1, label="canary")
        server.runners.started[1].crash()
        assert server.serving_version("canary") == 1
        server.runners.started[0].crash()
        with pytest.raises(NoModel):
            server.manager.lease("canary")

    async def test_a_process_that_does_not_respond_is_passed_over(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1, 2)
        server.runners.started[1].is_responsive = False
        assert server.serving_version() == 1
        server.runners.started[0].is_responsive = False
        with pytest.raises(NoModel):
            server.manager.lease()
        server.runners.started[1].is_responsive = True
        assert server.serving_version() == 2


class TestTelling:
    async def test_moves_are_told(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1, 2)
        await server.move(ROLL_BACK, 1, previous=2)
        assert server.moves == [Move("stable", 1, None), Move("stable", 2, 1), Move("stable", 1, 2)]

    async def test_a_folder_that_disappears_is_named_and_changes_nothing(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1)
        shutil.rmtree(server.model_dir)
        await server.settle()
        assert server.manager.problem == f"{server.model_dir} does not exist"
        assert (server.states, server.serving_version()) == ({1: AVAILABLE}, 1)
        server.publish(1)
        await server.settle()
        assert server.manager.problem == ""

    async def test_an_event_that_can_not_be_written_may_be_remembered(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1, 2)
        await server.move(ROLL_BACK, 1, previous=2)
        (event,) = server.store.read_history()
        shutil.rmtree(server.model_dir / "history")
        await server.manager.look()
        assert server.serving_version() == 2
        await server.manager.remember(event)
        assert server.serving_version() == 1


class TestRetiring:
    async def test_it_ends_once_the_last_lease_is_returned(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1)
        with server.manager.lease() as lease:
            server.manager.retire()
            with pytest.raises(NoModel):
                server.manager.lease()
            await server.step()
            assert (lease.version, server.states) == (1, {1: UNLOADING})
        await server.step()
        assert server.states == {1: END}

    async def test_its_loops_end_with_it(self, server: ModelServer) -> None:
        await serve_one_after_the_other(server, 1)
        server.manager.retire()
        await server.manager.run(interval_seconds=3600)
        assert server.states == {1: END}
