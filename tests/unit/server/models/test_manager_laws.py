"""What holds of the versions of a model whatever happens, in whatever order."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from contract.labels import DEFAULT_LABEL, LabelAction, LabelEvent, Note
from server.domain.errors import Conflict, NoModel, NotFound
from server.domain.versions import VersionState
from server.models.admin import Admin
from server.models.leases import VersionLease
from server.models.manager import Lifecycle
from server.models.served import ServedModels
from tests.support.fake_runner import FakeRunner, write_broken_model
from tests.support.model_server import ModelServer

VERSIONS = st.integers(min_value=1, max_value=5)
KEEP = 100.0
NOTE = Note("ada")


class ModelLife(RuleBasedStateMachine):
    """Publishes, corrupts, deletes, promotes, rolls back, kills, leases and steps, in any order."""

    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.events = asyncio.Runner()
        self.good: set[int] = set()
        self.once_published: set[int] = set()
        self.pinned: int | None = None
        self.rejected: set[int] = set()
        self.leased: list[tuple[VersionLease, FakeRunner]] = []

    @initialize(keep_seconds=st.sampled_from([0.0, KEEP]))
    def begin(self, keep_seconds: float) -> None:
        """Begins with a version that serves."""
        self.server = ModelServer(self.folder, lifecycle=Lifecycle(keep_seconds=keep_seconds))
        models = ServedModels(lambda _: self.server.manager, 1)
        models.add(self.server.manager)
        self.admin = Admin(models, lambda: self.server.now)
        self.publish_good(3)
        self.settle()

    def teardown(self) -> None:
        self.events.run(self.server.manager.close())
        self.events.close()
        shutil.rmtree(self.folder)

    @rule(version=VERSIONS)
    def publish_good(self, version: int) -> None:
        if version not in self.once_published:  # what was published is never changed by its publisher
            self.server.publish(version)
            self.good.add(version)
            self.once_published.add(version)

    @rule(version=VERSIONS)
    def publish_good_and_settle(self, version: int) -> None:
        self.publish_good(version)
        self.settle()

    @rule(version=VERSIONS)
    def publish_bad(self, version: int) -> None:
        if version not in self.once_published:
            self.server.publish(version, write=write_broken_model)
            self.once_published.add(version)

    @rule(version=VERSIONS)
    def corrupt(self, version: int) -> None:
        if version in self.good:
            (self.server.model_dir / str(version) / "weight.txt").write_text("7.5")
            self.good.discard(version)

    @rule(version=VERSIONS)
    def delete(self, version: int) -> None:
        shutil.rmtree(self.server.model_dir / str(version), ignore_errors=True)
        self.good.discard(version)

    @rule(place=st.integers(0, 4))
    def kill_a_runner(self, place: int) -> None:
        alive = self.server.runners.alive
        if alive:
            alive[place % len(alive)].crash()

    @rule(happens=st.sampled_from(["delete", "corrupt", "kill", "look"]), place=st.integers(0, 4))
    def disturb_the_next_load(self, happens: str, place: int) -> None:
        async def disturb(version: int) -> None:
            self.server.while_loading = None
            match happens:
                case "delete":
                    self.delete(version)
                case "corrupt":
                    self.corrupt(version)
                case "kill":
                    self.kill_a_runner(place)
            await self.server.manager.look()

        self.server.while_loading = disturb

    @rule(version=VERSIONS)
    def promote(self, version: int) -> None:
        self.move(self.admin.promote("classes", version, DEFAULT_LABEL, NOTE, allow_unloaded=True))

    @rule()
    def roll_back(self) -> None:
        before = self.serving
        event = self.move(self.admin.roll_back("classes", DEFAULT_LABEL, NOTE))
        assert event is None or event.version not in self.rejected
        assert event is None or before is None or event.version != event.previous_version

    @rule()
    def pin(self) -> None:
        self.move(self.admin.pin("classes", DEFAULT_LABEL, NOTE))

    @rule()
    def unpin(self) -> None:
        self.move(self.admin.unpin("classes", DEFAULT_LABEL, NOTE))

    def move(self, action: Coroutine[None, None, LabelEvent]) -> LabelEvent | None:
        served = self.serving
        try:
            event = self.events.run(action)
        except (Conflict, NotFound):
            return None
        self.pinned = event.version
        if event.action is LabelAction.ROLL_BACK and event.previous_version:
            self.rejected.add(event.previous_version)
        if event.action in {LabelAction.PROMOTE, LabelAction.PIN} and event.version:
            self.rejected.discard(event.version)
        assert served is None or self.serving is not None, "moving a label took the serving version away"
        return event

    @rule(seconds=st.sampled_from([1, 60, KEEP]))
    def wait(self, seconds: float) -> None:
        self.server.now += seconds

    @rule(target=leases)
    def lease(self) -> object:
        try:
            lease = self.server.manager.lease()
        except NoModel:
            return multiple()
        loaded = self.server.manager.answering()
        assert loaded is not None
        assert isinstance(loaded.runner, FakeRunner)
        self.leased.append((lease, loaded.runner))
        return lease

    @rule(lease=consumes(leases))
    def give_back(self, lease: VersionLease) -> None:
        with lease:
            self.leased = [(other, runner) for other, runner in self.leased if other is not lease]

    @rule()
    def step(self) -> None:
        served = self.serving
        self.events.run(self.server.step())
        assert self.serving is not None or served is None, "a step took the serving version away"

    @rule()
    def settle(self) -> None:
        """With nothing left to wait for, the label is where it should be."""
        for _ in range(2):  # what was disturbed may have to wait
            self.server.now += 60
            self.events.run(self.server.settle(steps=40))
        loaded = {version for version, state in self.server.states.items() if state is VersionState.AVAILABLE}
        on_disk = {int(path.name) for path in self.server.model_dir.iterdir() if path.name != "history"}
        unrejected = (self.good | (loaded & on_disk)) - self.rejected
        leaving = {version for version, state in self.server.states.items() if state is VersionState.UNLOADING}
        if (
            self.pinned in (self.good | loaded) - leaving
        ):  # what is still leased has to end before it is loaded anew
            assert self.serving == self.pinned
        elif unrejected and self.pinned is None:
            assert self.serving == max(unrejected) or max(unrejected) in leaving
        elif self.good:
            assert self.serving is not None

    @rule()
    def settle_after_what_was_kept(self) -> None:
        self.server.now += KEEP
        self.settle()
        leased = {id(runner) for _, runner in self.leased}
        spare = [runner for runner in self.server.runners.alive if id(runner) not in leased]
        assert len(spare) <= 3, "the newest, the pinned one, and one that answers while that is not there"

    @invariant()
    def no_leased_runner_is_ended(self) -> None:
        assert not [runner for _, runner in self.leased if runner.is_closed and not runner.has_crashed]

    @invariant()
    def something_serves_exactly_when_a_version_is_available(self) -> None:
        assert (self.serving is not None) == (VersionState.AVAILABLE in self.server.states.values())

    @property
    def serving(self) -> int | None:
        try:
            return self.server.serving_version()
        except NoModel:
            return None


TestModelLife = ModelLife.TestCase
TestModelLife.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
