"""Labels that move: by hand, by what is published, and by what dies."""

import shutil
from pathlib import Path

import pytest

from contract.labels import LabelAction, LabelEvent, Note
from server.domain.errors import NoModel, NotReadable, NotWritable
from server.domain.models import Every
from server.domain.versions import VersionState
from server.models.label_book import Move
from server.models.manager import Lifecycle
from server.models.policy import Transition
from server.models.positions import version_before
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


class TestBeginning:
    async def test_nothing_is_loaded_before_the_history_was_read(
        self, server: ModelServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It may say that the newest version must not serve."""

        def fail() -> None:
            raise OSError("the mount does not answer")

        for version in (1, 2):
            server.publish(version)
        await server.move(ROLL_BACK, 1, previous=2)
        other = ModelServer(server.model_dir.parent)
        with monkeypatch.context() as broken:
            broken.setattr(other.store, "read_history", fail)
            await other.settle()
            assert other.states == {2: START, 1: START}
            assert "the mount does not answer" in other.manager.problem
        await other.step()
        assert (other.states, other.serving_version()) == ({2: START, 1: AVAILABLE}, 1)


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

    async def test_but_what_the_default_label_follows_is_loaded_before_the_pins_of_others(
        self, server: ModelServer
    ) -> None:
        for version in (3, 4, 5):
            server.publish(version)
        await server.move(PROMOTE, 3, label="canary")
        await server.step()
        assert server.states == {5: AVAILABLE, 4: START, 3: START}
        await server.settle()
        assert (server.serving_version("canary"), version_before(server.manager, "stable")) == (3, 4)

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

    async def test_what_stood_in_is_not_what_a_label_goes_back_to(self, tmp_path: Path) -> None:
        server = ModelServer(tmp_path, lifecycle=AT_ONCE, policy=Every())
        await serve_one_after_the_other(server, 3, 5, 7)
        await server.move(PROMOTE, 3, previous=7)
        await server.move(PROMOTE, 5, previous=3)
        server.runners.started[1].crash()
        server.runners.started[0].crash()
        assert server.serving_version() == 7
        await server.settle()
        assert (server.serving_version(), version_before(server.manager, "stable")) == (5, 3)

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

    @pytest.mark.parametrize("is_made_again", [False, True])
    async def test_labels_stay_when_it_disappears(self, server: ModelServer, is_made_again: bool) -> None:
        await serve_one_after_the_other(server, 1, 2)
        await server.move(ROLL_BACK, 1, previous=2)
        shutil.rmtree(server.model_dir)
        if is_made_again:
            server.model_dir.mkdir()
        await server.settle()
        assert server.serving_version() == 1
        assert "history/00000001.json was read before and is gone" in server.manager.problem
        with pytest.raises(NotReadable, match="is gone"):
            await server.manager.history()


class TestUnwritten:
    async def test_a_move_that_can_not_be_written_takes_effect_here(
        self, server: ModelServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await serve_one_after_the_other(server, 1, 2)
        monkeypatch.setattr(server.store, "append", fail_to_write)
        await server.manager.remember(revert(server, to=1, of=2))
        await server.manager.look()
        assert (server.serving_version(), server.store.read_history()) == (1, [])

    async def test_it_is_written_once_that_is_possible(
        self, server: ModelServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await serve_one_after_the_other(server, 1, 2)
        event = revert(server, to=1, of=2)
        with monkeypatch.context() as full:
            full.setattr(server.store, "append", fail_to_write)
            await server.manager.remember(event)
        for _ in range(2):
            await server.manager.look()
            assert (server.serving_version(), server.store.read_history()) == (1, [event])

    async def test_it_gives_way_to_a_later_move_of_its_label(
        self, server: ModelServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await serve_one_after_the_other(server, 1, 2)
        with monkeypatch.context() as full:
            full.setattr(server.store, "append", fail_to_write)
            await server.manager.remember(revert(server, to=1, of=2))
            server.now += 1
        await server.move(PROMOTE, 2, previous=1)
        assert server.serving_version() == 2
        assert [event.action for event in server.store.read_history()] == [PROMOTE]


def fail_to_write(_: LabelEvent) -> None:
    raise NotWritable("the disk is full")


def revert(server: ModelServer, *, to: int, of: int) -> LabelEvent:
    return LabelEvent(REVERT, server.now, Note("paceline", "it fails"), version=to, previous_version=of)


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
