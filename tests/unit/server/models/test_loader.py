"""How a version is brought to serve, with a runner that is none."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.manifest import write_manifest
from contract.stubs import manifest_pb2 as pb
from server.domain.errors import RunnerLost
from server.domain.signatures import Signature, TensorSpec
from server.domain.versions import RefusalReason, Refused
from server.models.leases import LoadedVersion
from server.models.loader import Loader
from server.models.ports import CallFailed
from server.ranking.ports import ReadColumns
from tests.support.fake_runner import FakeRunner, FakeRunners, write_broken_model, write_fake_model
from tests.support.linear_model import manifest, publish, snapshot

MINUTES = np.arange(30, dtype=np.float32)


class Site:
    """The folder of a model, and what a loader did with it, in order."""

    def __init__(self, model_dir: Path) -> None:
        self.model_dir = model_dir
        self.did: list[str] = []
        self.runners = FakeRunners()
        self.runners.kind = noting_runner(self.did.append)

    async def load(
        self,
        serving: LoadedVersion | None = None,
        *,
        requires_manifest: bool = True,
        max_slowdown: float | None = None,
    ) -> LoadedVersion:
        loader = Loader(
            [self.runners.start],
            [self._check],
            self._prepare,
            requires_manifest=requires_manifest,
            max_slowdown=max_slowdown,
        )
        return await loader.load(self.model_dir / "1", lambda: None, serving)

    async def refusal(self, *, requires_manifest: bool = True) -> Refused:
        with pytest.raises(Refused) as refused:
            await self.load(requires_manifest=requires_manifest)
        assert all(runner.is_closed for runner in self.runners.started[-1:])
        return refused.value

    def publish(self, weight: float = 1.0) -> Path:
        return publish(self.model_dir, 1, weight, write_fake_model)

    def put_down(self, weight: float = 1.0) -> Path:
        """Puts a model there without a manifest."""
        version_dir = self.model_dir / "1"
        version_dir.mkdir(parents=True)
        write_fake_model(version_dir, weight)
        return version_dir

    async def _check(self, _: pb.Manifest) -> None:
        self.did.append("check")

    async def _prepare(self, loaded: LoadedVersion) -> None:
        self.did.append("prepare")
        await loaded.use_snapshot(snapshot(1, MINUTES))


def noting_runner(did: Callable[[str], None]) -> type[FakeRunner]:
    """Returns a kind of runner that tells what it does."""

    class NotingRunner(FakeRunner):
        async def load(self, saved_model_dir: Path) -> dict[str, Signature]:
            did("load")
            return dict(await super().load(saved_model_dir))

        async def warm_up(self, saved_model_dir: Path) -> int:
            did("warm up")
            return await super().warm_up(saved_model_dir)

        async def rank(
            self, key: int, read: ReadColumns, candidates: NDArray[np.bool_], count: int
        ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
            did(f"rank {count} of {candidates.shape[1]}")
            return await super().rank(key, read, candidates, count)

        async def serve(self) -> None:
            did("serve")
            await super().serve()

    return NotingRunner


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "classes")


async def test_a_version_is_checked_loaded_warmed_proven_and_prepared_before_it_serves(site: Site) -> None:
    version_dir = site.publish()
    loaded = await site.load()
    proven, warmed = ["rank 3 of 3", "rank 2 of 3"], {"rank 20 of 30", "rank 30 of 30"}
    assert site.did[:-3] == ["check", "load", "warm up", *proven, "prepare"]
    assert (set(site.did[-3:-1]), site.did[-1]) == (warmed, "serve")
    assert site.runners.started[0].warmed_up == [version_dir]
    assert not loaded.is_leased
    assert (loaded.manifest.version, loaded.signatures) == (1, site.runners.signatures)


class TestWithoutAManifest:
    async def test_a_version_is_refused_where_one_is_required(self, site: Site) -> None:
        site.put_down()
        assert (await site.refusal()).reason is RefusalReason.MANIFEST_MISSING
        assert site.runners.started == []

    async def test_any_model_that_loads_serves_where_none_is_required(self, site: Site) -> None:
        site.put_down()
        site.runners.signatures = {"classify": Signature({"inputs": TensorSpec("string")}, {})}
        loaded = await site.load(requires_manifest=False)
        assert site.did == ["load", "warm up", "serve"]
        assert loaded.manifest == pb.Manifest(model_name="classes", version=1)
        assert loaded.signatures == site.runners.signatures

    async def test_a_model_that_does_not_load_is_refused(self, site: Site) -> None:
        (site.put_down() / "weight.txt").write_text("no number")
        assert (await site.refusal(requires_manifest=False)).reason is RefusalReason.LOAD_FAILED

    @pytest.mark.parametrize(
        ("damage", "reason"),
        [
            (lambda folder: (folder / "manifest.json").write_text("{"), RefusalReason.MANIFEST_INVALID),
            (lambda folder: (folder / "manifest.json").write_text("{}"), RefusalReason.MANIFEST_INVALID),
            (lambda folder: (folder / "weight.txt").unlink(), RefusalReason.FILE_MISSING),
            (lambda folder: (folder / "weight.txt").write_text("1.1"), RefusalReason.FILE_CHANGED),
            (lambda folder: (folder / "more.txt").write_text(""), RefusalReason.FILE_CHANGED),
        ],
    )
    async def test_a_manifest_that_is_there_is_verified_all_the_same(
        self, site: Site, damage: Callable[[Path], object], reason: RefusalReason
    ) -> None:
        damage(site.publish())
        assert (await site.refusal(requires_manifest=False)).reason is reason
        assert site.runners.started == []

    async def test_what_a_manifest_promises_has_to_hold_all_the_same(self, site: Site) -> None:
        publish(site.model_dir, 1, 1.0, write_fake_model, promised=2.0)
        assert (await site.refusal(requires_manifest=False)).reason is RefusalReason.GOLDEN_MISMATCH


async def test_a_model_without_a_feature_source_is_proven_but_neither_checked_nor_prepared(site: Site) -> None:
    promised = manifest(1, 1.0)
    promised.ClearField("feature_source")
    (request,) = promised.golden_requests
    for column in request.columns:  # of a flat table: a row for each score
        if len(column.numbers) + len(column.integers) + len(column.texts) == 1:
            column.MergeFromString(column.SerializeToString() * 2)  # appends its value twice
    write_manifest(site.put_down(), promised)
    await site.load()
    assert site.did == ["load", "warm up", "serve"]
    request.scores[0] += 0.1
    write_manifest(site.model_dir / "1", promised)
    assert (await site.refusal()).reason is RefusalReason.GOLDEN_MISMATCH


async def test_a_ranking_model_is_proven_but_not_prepared_where_nothing_is_ranked(site: Site) -> None:
    loaded = await Loader([site.runners.start]).load(site.publish(), lambda: None)
    assert site.did == ["load", "warm up", "rank 3 of 3", "rank 2 of 3", "serve"]
    assert loaded.snapshot is None


async def test_a_failing_warm_up_is_refused_with_what_tensorflow_says(site: Site) -> None:
    class ColdRunner(FakeRunner):
        async def warm_up(self, saved_model_dir: Path) -> int:
            raise CallFailed(f"request 3 fails in {saved_model_dir.name}", 3)

    site.publish()
    site.runners.kind = ColdRunner
    refused = await site.refusal()
    assert refused.reason is RefusalReason.WARMUP_FAILED
    assert str(refused) == f"{site.model_dir / '1'}: request 3 fails in 1"


class TestASecondRuntime:
    """Where the preferred one can't serve a version, the last one is asked."""

    async def test_is_not_started_while_the_first_can_serve(self, site: Site) -> None:
        preferred, last = FakeRunners(), FakeRunners()

        loaded = await _loader(preferred, last).load(site.publish(), lambda: None)

        assert loaded.runner is preferred.started[0]
        assert not last.started

    async def test_serves_what_the_first_scores_otherwise(
        self, site: Site, caplog: pytest.LogCaptureFixture
    ) -> None:
        class WrongRunner(FakeRunner):
            async def rank(
                self, key: int, read: ReadColumns, candidates: NDArray[np.bool_], count: int
            ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
                scores, positions = await super().rank(key, read, candidates, count)
                return scores + np.float32(0.1), positions

        preferred, last = FakeRunners(), FakeRunners()
        preferred.kind = WrongRunner

        loaded = await _loader(preferred, last).load(site.publish(), lambda: None)

        assert loaded.runner is last.started[0]
        assert preferred.started[0].is_closed
        assert "is served by TensorFlow: golden request 0" in caplog.text

    async def test_has_the_last_word(self, site: Site) -> None:
        version_dir = publish(site.model_dir, 1, 1.0, write_broken_model)
        preferred, last = FakeRunners(), FakeRunners()

        with pytest.raises(Refused, match="does not load"):
            await _loader(preferred, last).load(version_dir, lambda: None)

        assert preferred.started[0].is_closed
        assert last.started[0].is_closed


def _loader(*runtimes: FakeRunners) -> Loader:
    return Loader([runners.start for runners in runtimes])


class TestSpeed:
    async def serving(self, site: Site, seconds: float) -> LoadedVersion:
        runner = await site.runners.start(lambda: None)
        runner.seconds = seconds
        return LoadedVersion(manifest(7, 1.0), runner, {})

    async def test_a_version_that_is_too_slow_is_refused_after_it_was_given_its_normal_priority(
        self, site: Site
    ) -> None:
        site.publish()
        serving = await self.serving(site, 0.0001)
        with pytest.raises(Refused, match=r"times the 0\.1 ms of version 7") as refused:
            await site.load(serving, max_slowdown=2)
        assert refused.value.reason is RefusalReason.TOO_SLOW
        assert site.did[-1] == "serve"
        assert site.runners.alive == [serving.runner]

    @pytest.mark.parametrize(("seconds", "max_slowdown"), [(0.0001, None), (0.0009, 2.0)])
    async def test_a_version_that_is_fast_enough_serves(
        self, site: Site, seconds: float, max_slowdown: float | None
    ) -> None:
        site.publish()
        await site.load(await self.serving(site, seconds), max_slowdown=max_slowdown)
        assert site.did[-1] == "serve"

    async def test_the_first_version_is_compared_with_none(self, site: Site) -> None:
        site.publish()
        await site.load(max_slowdown=2)
        assert site.did[-1] == "serve"


async def test_a_runner_that_is_lost_the_moment_it_was_to_serve_is_ended(site: Site) -> None:
    class ShortLivedRunner(FakeRunner):
        async def serve(self) -> None:
            self.crash()

    site.publish()
    site.runners.kind = ShortLivedRunner
    with pytest.raises(RunnerLost):
        await site.load()


async def test_a_load_that_is_cancelled_leaves_no_runner(site: Site) -> None:
    class HangingRunner(FakeRunner):
        async def warm_up(self, saved_model_dir: Path) -> int:
            started.set_result(saved_model_dir)
            never: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            return await never

    started: asyncio.Future[Path] = asyncio.get_running_loop().create_future()
    site.publish()
    site.runners.kind = HangingRunner
    loading = asyncio.ensure_future(site.load())
    await started
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    assert site.runners.alive == []
