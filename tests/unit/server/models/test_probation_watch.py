"""A label that is moved back by itself, with a clock that is set by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contract.labels import LabelAction, LabelEvent
from server.domain.errors import NotWritable
from server.domain.versions import VersionState
from server.models.label_book import Move
from server.models.manager import Lifecycle
from server.models.observation import Observation
from server.models.probation import ACTOR, ProbationWatch
from server.ranking.probation import ProbationLimits
from tests.support.model_server import ModelServer

PROMOTE, ROLL_BACK, REVERT, _, UNPIN = list(LabelAction)[:5]
LIMITS = ProbationLimits(seconds=300, breach_seconds=10, min_request_count=10, error_rate=0.1, p99_factor=2)


class Watched:
    """A model whose versions are watched; what came of their calls is made up."""

    def __init__(self, folder: Path, limits: ProbationLimits = LIMITS) -> None:
        self.server = ModelServer(folder, lifecycle=Lifecycle(keep_seconds=600), on_move=self._follow)
        self.watch = ProbationWatch(limits, lambda: self.server.now)

    def _follow(self, move: Move) -> None:
        self.watch.follow(self.server.manager, move)

    async def serve(self, *versions: int) -> None:
        for version in versions:
            self.server.publish(version)
            await self.server.settle()
            self.calls(version)

    def calls(self, version: int, *, seconds: float = 0.002, failed: int = 0, count: int = 20) -> None:
        """Takes note of some calls, as many of which failed as are said."""
        scores = np.linspace(0.9, 0.1, 20, dtype=np.float32)[np.newaxis]
        for number in range(count):
            has_failed = number < failed
            self.watch.observe(
                Observation("classes", version, "stable", seconds, None if has_failed else scores, has_failed)
            )

    async def crash(self, seconds: int) -> None:
        """Has the runner that was started last end, and so many seconds pass until it is started anew."""
        self.server.runners.alive[-1].crash()
        await self.seconds_pass(seconds)
        await self.server.settle()

    async def seconds_pass(self, seconds: int) -> None:
        for _ in range(seconds):
            self.server.now += 1
            await self.watch.step(self.server.manager)

    @property
    def reverts(self) -> list[LabelEvent]:
        return [event for event in self.server.store.read_history() if event.action is REVERT]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


async def test_a_version_that_fails_is_left_again_and_the_reason_written_down(watched: Watched) -> None:
    await watched.serve(1, 2)
    watched.calls(2, failed=10)
    await watched.seconds_pass(11)
    assert watched.server.serving_version() == 1
    (event,) = watched.reverts
    assert (event.note.actor, event.version, event.previous_version) == (ACTOR, None, 2)
    assert event.note.reason == "error rate 0.25 over 40 requests, limit 0.1"


async def test_newer_versions_are_followed_afterwards(watched: Watched) -> None:
    await watched.serve(1, 2)
    watched.calls(2, failed=10)
    await watched.seconds_pass(11)
    await watched.serve(3)
    assert watched.server.serving_version() == 3


async def test_a_slow_version_is_left_again(watched: Watched) -> None:
    await watched.serve(1, 2)
    watched.calls(2, seconds=0.02)
    await watched.seconds_pass(11)
    assert watched.reverts[0].note.reason == "p99 20 ms over 40 requests, limit 2 times 2 ms"


async def test_a_breach_has_to_last(watched: Watched) -> None:
    await watched.serve(1, 2)
    watched.calls(2, failed=10)
    await watched.seconds_pass(9)
    watched.calls(2, count=200)
    await watched.seconds_pass(20)
    assert (watched.reverts, watched.server.serving_version()) == ([], 2)


async def test_what_lies_long_back_does_not_count(watched: Watched) -> None:
    await watched.serve(1, 2)
    await watched.seconds_pass(100)
    watched.calls(2, failed=10)
    await watched.seconds_pass(11)
    assert watched.reverts[0].note.reason.startswith("error rate 0.5 over 20 requests")


async def test_with_few_calls_a_minute_all_since_the_start_count(tmp_path: Path) -> None:
    """One call in six seconds, all of which fail: the last minute alone has ten at most."""
    watched = Watched(tmp_path, replace(LIMITS, min_request_count=100, min_failure_count=20))
    await watched.serve(1)
    watched.server.publish(2)
    await watched.server.settle()
    for _ in range(20):
        assert watched.reverts == []
        watched.calls(2, failed=1, count=1)
        await watched.seconds_pass(6)
    await watched.seconds_pass(6)
    assert watched.reverts[0].note.reason == "error rate 1 over 20 requests, limit 0.1"


async def test_a_version_that_has_passed_is_no_longer_watched(watched: Watched) -> None:
    await watched.serve(1, 2)
    await watched.seconds_pass(301)
    watched.calls(2, failed=20)
    await watched.seconds_pass(30)
    assert watched.reverts == []


async def test_no_version_is_watched_where_probation_takes_no_time(tmp_path: Path) -> None:
    watched = Watched(tmp_path, replace(LIMITS, seconds=0))
    await watched.serve(1, 2)
    watched.calls(2, failed=20)
    await watched.seconds_pass(30)
    assert watched.reverts == []


async def test_a_version_that_was_promoted_by_hand_gives_the_label_back(watched: Watched) -> None:
    await watched.serve(1, 2)
    await watched.server.move(PROMOTE, 1, previous=2)
    watched.calls(1, failed=10)
    await watched.seconds_pass(11)
    (event,) = watched.reverts
    assert (event.version, event.previous_version) == (2, 1)
    assert watched.server.serving_version() == 2


async def test_a_version_that_was_rolled_back_to_is_not_on_probation(watched: Watched) -> None:
    await watched.serve(1, 2)
    await watched.server.move(ROLL_BACK, 1, previous=2)
    watched.calls(1, failed=20)
    await watched.seconds_pass(30)
    assert watched.reverts == []


async def test_a_version_that_stands_in_is_not_on_probation(watched: Watched) -> None:
    await watched.serve(1, 2)
    watched.server.runners.alive[1].crash()
    watched.calls(1, failed=20)
    await watched.seconds_pass(30)
    assert watched.reverts == []


async def test_a_version_whose_runner_ends_again_and_again_is_left(watched: Watched) -> None:
    await watched.serve(1, 2)
    for _ in range(3):
        assert (watched.reverts, watched.server.serving_version()) == ([], 2)
        await watched.crash(seconds=10)
    (event,) = watched.reverts
    assert (event.previous_version, event.note.reason) == (2, "its runner ended 3 times")
    await watched.server.settle()
    assert watched.server.serving_version() == 1


async def test_an_end_long_before_does_not_count(watched: Watched) -> None:
    await watched.serve(1, 2)
    for _ in range(2):
        await watched.crash(seconds=10)
    await watched.seconds_pass(301)
    await watched.crash(seconds=10)
    assert (watched.reverts, watched.server.serving_version()) == ([], 2)


async def test_calls_from_before_the_end_of_a_runner_count(watched: Watched) -> None:
    await watched.serve(1, 2)
    watched.calls(2, failed=10)
    await watched.crash(seconds=1)
    await watched.seconds_pass(10)
    assert watched.reverts[0].note.reason == "error rate 0.25 over 40 requests, limit 0.1"


async def test_a_version_that_its_label_left_while_it_was_not_there_is_not_watched(watched: Watched) -> None:
    await watched.serve(1, 2)
    watched.calls(2, failed=20)
    watched.server.runners.alive[-1].crash()
    await watched.server.move(PROMOTE, 1, previous=2)
    await watched.seconds_pass(30)
    assert (watched.reverts, watched.server.serving_version()) == ([], 1)


async def test_a_label_that_moved_on_is_not_moved_back(watched: Watched) -> None:
    await watched.serve(1, 2)
    watched.calls(2, failed=10)
    await watched.seconds_pass(5)
    await watched.serve(3)
    await watched.seconds_pass(30)
    assert (watched.reverts, watched.server.serving_version()) == ([], 3)


async def test_the_label_is_moved_here_if_the_history_can_not_be_written(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: LabelEvent) -> None:
        raise NotWritable("the disk is full")

    await watched.serve(1, 2)
    monkeypatch.setattr(watched.server.store, "append", fail)
    watched.calls(2, failed=10)
    await watched.seconds_pass(11)
    assert (watched.reverts, watched.server.serving_version()) == ([], 1)


async def test_no_more_is_remembered_than_of_the_loaded_versions(watched: Watched) -> None:
    for version in range(1, 6):
        await watched.serve(version)
        watched.server.now += 600
        await watched.server.settle()
    assert len(watched.watch._stats) <= 2
    assert VersionState.AVAILABLE in watched.server.states.values()
