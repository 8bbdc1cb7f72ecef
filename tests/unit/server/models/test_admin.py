"""Moving labels by hand: what is written into the history, and what is refused."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from contract.labels import DEFAULT_LABEL, LabelAction, LabelEvent, Note
from server.domain.errors import (
    InvalidRequest,
    LabelConfigured,
    NotFound,
    NothingBefore,
    NotLoaded,
    NotReadable,
    NotWritable,
    PacelineError,
)
from server.domain.models import ModelConfig
from server.models.admin import Admin
from server.models.manager import Lifecycle
from server.models.positions import label_statuses
from server.models.served import ServedModels
from tests.support.fake_runner import write_broken_model
from tests.support.model_server import ModelServer

NOTE = Note("ada", "to see")
STABLE = DEFAULT_LABEL


class Site:
    """One model that is served, and who moves its labels."""

    def __init__(self, folder: Path) -> None:
        self.server = ModelServer(folder, lifecycle=Lifecycle(keep_seconds=600))
        models = ServedModels(lambda _: self.server.manager, 1)
        models.add(self.server.manager)
        self.admin = Admin(models, lambda: self.server.now)

    async def serve(self, *versions: int) -> None:
        for version in versions:
            self.server.publish(version)
            await self.server.settle()

    @property
    def history(self) -> Sequence[LabelEvent]:
        return self.server.store.read_history()

    def configure(self, **labels: int) -> None:
        manager = self.server.manager
        manager.reconfigure(ModelConfig(manager.config.name, manager.config.base_path, labels=labels))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


class TestPromote:
    async def test_it_takes_effect_at_once_and_is_written_down(self, site: Site) -> None:
        await site.serve(1, 2)
        event = await site.admin.promote("classes", 1, STABLE, NOTE)
        assert site.server.serving_version() == 1
        assert site.history == [event]
        assert event == LabelEvent(LabelAction.PROMOTE, 1000.0, NOTE, STABLE, version=1, previous_version=2)

    async def test_a_new_label_may_be_named(self, site: Site) -> None:
        await site.serve(1)
        event = await site.admin.promote("classes", 1, "canary", NOTE)
        assert event.previous_version is None
        assert site.server.serving_version("canary") == 1

    async def test_a_version_that_is_not_published_is_not_found(self, site: Site) -> None:
        await site.serve(1)
        await refused(site, site.admin.promote("classes", 7, STABLE, NOTE), NotFound, "there is: 1")

    async def test_a_version_has_to_be_loaded(self, site: Site) -> None:
        site.server.publish(1)
        await site.serve(2)
        message = "version 1 of 'classes' is START, expected AVAILABLE"
        await refused(site, site.admin.promote("classes", 1, STABLE, NOTE), NotLoaded, message)

    async def test_unless_that_is_accepted(self, site: Site) -> None:
        site.server.publish(1)
        await site.serve(2)
        await site.admin.promote("classes", 1, STABLE, NOTE, allow_unloaded=True)
        assert site.server.serving_version() == 2
        await site.server.settle()
        assert site.server.serving_version() == 1

    async def test_a_refused_version_is_never_accepted(self, site: Site) -> None:
        site.server.publish(1, write=write_broken_model)
        site.server.publish(2, write=write_broken_model)
        await site.serve(3)
        (site.server.model_dir / "3").rename(site.server.model_dir / "0")
        await site.server.settle()
        promotion = site.admin.promote("classes", 2, STABLE, NOTE, allow_unloaded=True)
        await refused(site, promotion, NotLoaded, "version 2 of 'classes' is END: .* does not load")


class TestRollBack:
    async def test_it_goes_back_to_the_version_before_and_rejects_the_present_one(self, site: Site) -> None:
        await site.serve(1, 2)
        event = await site.admin.roll_back("classes", STABLE, NOTE)
        assert (event.version, event.previous_version) == (1, 2)
        assert site.server.serving_version() == 1
        assert site.server.manager.label_book.labels.rejected == {2}

    async def test_twice_goes_back_by_two(self, site: Site) -> None:
        await site.serve(1, 2, 3)
        await site.admin.roll_back("classes", STABLE, NOTE)
        event = await site.admin.roll_back("classes", STABLE, NOTE)
        assert event.version == 1

    async def test_a_label_that_was_promoted_goes_back_along_its_own_history(self, site: Site) -> None:
        await site.serve(1, 2, 3)
        for version in (1, 3, 2):
            await site.admin.promote("classes", version, "canary", NOTE)
        event = await site.admin.roll_back("classes", "canary", NOTE)
        assert event.version == 3

    async def test_a_version_that_crashes_is_the_one_that_is_left(self, site: Site) -> None:
        await site.serve(1, 2)
        site.server.runners.alive[1].crash()
        assert site.server.serving_version() == 1
        event = await site.admin.roll_back("classes", STABLE, NOTE)
        assert (event.version, event.previous_version) == (1, 2)

    async def test_after_a_restart_the_next_older_version_is_the_one_before(self, site: Site) -> None:
        site.server.publish(1)
        site.server.publish(2, write=write_broken_model)
        await site.serve(3)
        event = await site.admin.roll_back("classes", STABLE, NOTE)
        assert event.version == 1 or site.server.record(2).refusal is None

    async def test_with_nothing_to_go_back_to_nothing_changes(self, site: Site) -> None:
        await site.serve(1)
        await refused(site, site.admin.roll_back("classes", STABLE, NOTE), NothingBefore, "on no other version")
        await refused(site, site.admin.roll_back("classes", "canary", NOTE), NothingBefore, "label 'canary'")

    async def test_what_was_rejected_is_nothing_to_go_back_to(self, site: Site) -> None:
        await site.serve(1, 2)
        await site.admin.roll_back("classes", STABLE, NOTE)
        await refused(site, site.admin.roll_back("classes", STABLE, NOTE), NothingBefore, "on no other version")


class TestPin:
    async def test_a_pinned_label_does_not_follow(self, site: Site) -> None:
        await site.serve(1)
        await site.admin.pin("classes", STABLE, NOTE)
        await site.serve(2)
        assert site.server.serving_version() == 1
        await site.admin.unpin("classes", STABLE, NOTE)
        assert site.server.serving_version() == 2

    async def test_there_has_to_be_something_to_pin_it_to(self, site: Site) -> None:
        await refused(site, site.admin.pin("classes", STABLE, NOTE), NotLoaded, "is on no version that is loaded")


class TestSplit:
    async def test_the_shares_are_told_with_the_labels(self, site: Site) -> None:
        await site.serve(1)
        await site.admin.promote("classes", 1, "canary", NOTE)
        await site.admin.split("classes", {"stable": 90, "canary": 10}, NOTE)
        found = {status.label: status.weight for status in label_statuses(site.server.manager)}
        assert found == {"stable": 90, "canary": 10}

    @pytest.mark.parametrize(
        ("weights", "message"),
        [
            ({"nightly": 1}, "weights: is 'nightly', expected one of stable"),
            ({"stable": 0}, "weights: are all 0"),
        ],
    )
    async def test_weights_that_make_no_sense(self, site: Site, weights: dict[str, int], message: str) -> None:
        await site.serve(1)
        await refused(site, site.admin.split("classes", weights, NOTE), InvalidRequest, message)


class TestShadow:
    async def test_its_share_is_told_with_the_label(self, site: Site) -> None:
        await site.serve(1)
        await site.admin.promote("classes", 1, "next", NOTE)
        await site.admin.shadow("classes", "next", 0.25, NOTE)
        assert {s.label: s.shadow_share for s in label_statuses(site.server.manager)} == {
            "stable": 0,
            "next": 0.25,
        }
        await site.admin.shadow("classes", "next", 0, NOTE)
        assert site.server.manager.label_book.labels.shadows == {}

    async def test_the_label_has_to_be_known(self, site: Site) -> None:
        await refused(site, site.admin.shadow("classes", "nightly", 0.5, NOTE), InvalidRequest, "is 'nightly'")


MOVES: Sequence[Callable[[Admin, str, str], Awaitable[LabelEvent]]] = (
    lambda admin, model, label: admin.promote(model, 1, label, NOTE),
    lambda admin, model, label: admin.roll_back(model, label, NOTE),
    lambda admin, model, label: admin.pin(model, label, NOTE),
    lambda admin, model, label: admin.unpin(model, label, NOTE),
)


@pytest.mark.parametrize("move", MOVES)
class TestEveryMove:
    async def test_the_model_has_to_be_served(
        self, site: Site, move: Callable[[Admin, str, str], Awaitable[LabelEvent]]
    ) -> None:
        await refused(site, move(site.admin, "books", STABLE), NotFound, "no model 'books' is served")

    async def test_a_label_of_the_config_is_not_moved(
        self, site: Site, move: Callable[[Admin, str, str], Awaitable[LabelEvent]]
    ) -> None:
        await site.serve(1, 2)
        site.configure(gold=1)
        await refused(site, move(site.admin, "classes", "gold"), LabelConfigured, "is set by the model config")

    async def test_a_history_that_can_not_be_written_changes_nothing(
        self,
        site: Site,
        move: Callable[[Admin, str, str], Awaitable[LabelEvent]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def fail(_: LabelEvent) -> None:
            raise NotWritable("the disk is full")

        await site.serve(1, 2)
        monkeypatch.setattr(site.server.store, "append", fail)
        await refused(site, move(site.admin, "classes", STABLE), NotWritable, "the disk is full")
        assert site.server.serving_version() == 2

    async def test_nor_does_one_that_can_not_be_understood(
        self, site: Site, move: Callable[[Admin, str, str], Awaitable[LabelEvent]]
    ) -> None:
        await site.serve(1, 2)
        (site.server.model_dir / "history").mkdir()
        (site.server.model_dir / "history" / "00000001.json").write_text("{}")
        with pytest.raises(NotWritable, match=r"history/00000001\.json is no label event"):
            await move(site.admin, "classes", STABLE)
        with pytest.raises(NotReadable, match=r"history/00000001\.json is no label event"):
            await site.admin.history("classes")
        assert site.server.serving_version() == 2


async def refused(site: Site, asked: Awaitable[LabelEvent], error: type[PacelineError], message: str) -> None:
    """Asserts that a call fails and changes nothing."""
    before = site.history
    with pytest.raises(error, match=message):
        await asked
    assert site.history == before
