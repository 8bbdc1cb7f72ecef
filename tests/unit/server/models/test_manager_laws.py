"""What holds of the versions of a model whatever happens, in whatever order."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from server.domain.errors import NoModel
from server.domain.versions import VersionState
from server.models.leases import VersionLease
from tests.support.fake_runner import FakeRunner, write_broken_model
from tests.support.model_server import ModelServer

VERSIONS = st.integers(min_value=1, max_value=5)


class ModelLife(RuleBasedStateMachine):
    """Publishes, deletes, crashes, leases and steps, in any order."""

    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.events = asyncio.Runner()
        self.server = ModelServer(self.folder)
        self.good: set[int] = set()
        self.once_good: set[int] = set()
        self.leased: list[tuple[VersionLease, FakeRunner]] = []

    def teardown(self) -> None:
        self.events.run(self.server.manager.close())
        self.events.close()
        shutil.rmtree(self.folder)

    @rule(version=VERSIONS)
    def publish_good(self, version: int) -> None:
        if version not in self.good:
            shutil.rmtree(self.server.model_dir / str(version), ignore_errors=True)
            self.server.publish(version)
            self.good.add(version)
            self.once_good.add(version)

    @rule(version=VERSIONS)
    def publish_bad(self, version: int) -> None:
        if version not in self.once_good:  # what was published is never changed
            self.server.publish(version, write=write_broken_model)

    @rule(version=VERSIONS)
    def delete(self, version: int) -> None:
        shutil.rmtree(self.server.model_dir / str(version), ignore_errors=True)
        self.good.discard(version)

    @rule()
    def crash_every_runner(self) -> None:
        for runner in self.server.runners.alive:
            runner.crash()

    @rule(seconds=st.sampled_from([1, 60]))
    def wait(self, seconds: int) -> None:
        self.server.now += seconds

    @rule(target=leases)
    def lease(self) -> object:
        try:
            lease = self.server.manager.lease()
        except NoModel:
            return multiple()
        runner = self.server.runners.alive[-1]
        self.leased.append((lease, runner))
        return lease

    @rule(lease=consumes(leases))
    def give_back(self, lease: VersionLease) -> None:
        with lease:
            self.leased = [(other, runner) for other, runner in self.leased if other is not lease]

    @rule()
    def step(self) -> None:
        served = self.serves()
        self.events.run(self.server.manager.step())
        assert self.serves() or not served, "a step took the serving version away"

    @rule()
    def settle(self) -> None:
        """With nothing left to wait for, the newest good version serves, and nothing else but what is leased."""
        self.server.now += 60
        self.events.run(self.server.settle())
        if self.good:
            assert self.server.serving_version() == max(self.good)
        leased = {id(runner) for _, runner in self.leased}
        spare = [runner for runner in self.server.runners.alive if id(runner) not in leased]
        assert len(spare) <= 1

    @invariant()
    def no_leased_runner_is_ended(self) -> None:
        assert not [runner for _, runner in self.leased if runner.is_closed and not runner.has_crashed]

    @invariant()
    def a_lease_is_to_be_had_exactly_when_a_version_is_available(self) -> None:
        assert self.serves() == (VersionState.AVAILABLE in self.server.states.values())

    def serves(self) -> bool:
        try:
            with self.server.manager.lease():
                return True
        except NoModel:
            return False


TestModelLife = ModelLife.TestCase
TestModelLife.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
