"""Every way in which a published version can be broken, each refused by its name, while the good one serves on.

The models are real, and loaded by the real loader into a real runner, of which the broken ones share one.
"""

import re
import shutil
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from contract.manifest import write_manifest
from server.domain.versions import RefusalReason, Refused
from server.models.client import RunnerProcess
from server.models.leases import LoadedVersion
from server.models.loader import Loader
from server.models.ports import Runner
from tests.support import bad_models
from tests.support.linear_model import WriteModel, manifest, member_columns, publish, snapshot
from tests.support.saved_models import LinearModel, write_saved_model
from tests.support.shared_runner import SharedRunner, shared_runner
from tests.support.warmup_files import predict, write_warmup

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

WEIGHT = 2.0
MINUTES = np.array([10, 30, 20], dtype=np.float32)
EVERY_CLASS = np.ones((1, 3), dtype=np.bool_)
FILES = (
    "fingerprint.pb",
    "manifest.json",
    "saved_model.pb",
    "variables/variables.data-00000-of-00001",
    "variables/variables.index",
)


async def prepare(loaded: LoadedVersion) -> None:
    await loaded.use_snapshot(snapshot(1, MINUTES))


async def best(loaded: LoadedVersion) -> int:
    """Returns the place of the class that ranks first."""
    with loaded.lease("classes") as lease:
        _, positions = await lease.rank(member_columns, EVERY_CLASS, 1)
    return int(positions[0, 0])


class Site:
    """The version that serves, in a runner of its own, and the loader of others.

    Args:
        good: The version that serves.
        runner: Into which others are loaded.
        published: A good version 2.
    """

    def __init__(self, good: LoadedVersion, runner: SharedRunner, published: Path) -> None:
        self.good = good
        self.published = published
        self._runner = runner

    async def load(
        self, version_dir: Path, *, requires_manifest: bool = True, max_slowdown: float | None = None
    ) -> LoadedVersion:
        async def start(_: Callable[[], None]) -> Runner:
            return self._runner

        loader = Loader([start], [], prepare, requires_manifest=requires_manifest, max_slowdown=max_slowdown)
        return await loader.load(version_dir, lambda: None, self.good)

    async def refusal(self, version_dir: Path, *, max_slowdown: float | None = None) -> Refused:
        """Returns why a version is refused, after which the good one still ranks."""
        with pytest.raises(Refused) as refused:
            await self.load(version_dir, max_slowdown=max_slowdown)
        assert await best(self.good) == 1
        return refused.value


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    model_dir = tmp_path_factory.mktemp("models") / "classes"
    first = publish(model_dir, 1, WEIGHT, write_saved_model)
    good = await Loader([RunnerProcess.start], [], prepare).load(first, lambda: None)
    async with shared_runner() as runner:
        yield Site(good, runner, publish(model_dir, 2, WEIGHT, write_saved_model))
    await good.close()


@pytest.fixture
def copied(site: Site, tmp_path: Path) -> Path:
    """A good version, to be broken."""
    copied: Path = shutil.copytree(site.published, tmp_path / "classes" / "2")
    return copied


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def bad(kind: type[LinearModel]) -> WriteModel:
    return partial(write_saved_model, kind=kind)


async def test_a_good_version_is_not_refused(site: Site, copied: Path) -> None:
    assert files(copied) == set(FILES)
    assert await best(await site.load(copied, max_slowdown=5)) == 1


class TestFiles:
    @pytest.mark.parametrize("file", FILES)
    async def test_a_missing_file(self, site: Site, copied: Path, file: str) -> None:
        (copied / file).unlink()
        reason = RefusalReason.MANIFEST_MISSING if file == "manifest.json" else RefusalReason.FILE_MISSING
        assert (await site.refusal(copied)).reason is reason

    @pytest.mark.parametrize("file", FILES)
    @pytest.mark.parametrize("share", [0, 0.5, 0.99])
    async def test_a_truncated_file(self, site: Site, copied: Path, file: str, share: float) -> None:
        content = (copied / file).read_bytes()
        (copied / file).write_bytes(content[: int(share * len(content))])
        reason = RefusalReason.MANIFEST_INVALID if file == "manifest.json" else RefusalReason.FILE_CHANGED
        assert (await site.refusal(copied)).reason is reason

    @pytest.mark.parametrize("file", [file for file in FILES if file != "manifest.json"])
    @pytest.mark.parametrize("share", [0, 0.5, 0.99])
    async def test_a_file_with_one_byte_changed(self, site: Site, copied: Path, file: str, share: float) -> None:
        content = bytearray((copied / file).read_bytes())
        content[int(share * len(content))] ^= 1
        (copied / file).write_bytes(content)
        assert (await site.refusal(copied)).reason is RefusalReason.FILE_CHANGED

    @pytest.mark.parametrize(
        ("where", "byte", "reason"),
        [
            (r"^()\{", "[", RefusalReason.MANIFEST_INVALID),
            (r'"()version"', "x", RefusalReason.MANIFEST_INVALID),
            (r'"version": "()2', "3", RefusalReason.MANIFEST_INVALID),
            (r'"model_name": "()c', "k", RefusalReason.MANIFEST_INVALID),
            (r'"path": "()f', "g", RefusalReason.FILE_MISSING),
            (r'"size_bytes": "()\d', "0", RefusalReason.FILE_CHANGED),
            (r'"sha256": "()[0-9a-f]', "x", RefusalReason.FILE_CHANGED),
            (r'"()minutes"', "x", RefusalReason.SIGNATURE_MISMATCH),
            (r'"scores": \[\s*0\.()\d', "1", RefusalReason.GOLDEN_MISMATCH),
        ],
    )
    async def test_a_manifest_with_one_byte_changed(
        self, site: Site, copied: Path, where: str, byte: str, reason: RefusalReason
    ) -> None:
        content = (copied / "manifest.json").read_text()
        found = re.search(where, content)
        assert found is not None
        place = found.start(1)
        (copied / "manifest.json").write_text(content[:place] + byte + content[place + 1 :])
        assert (await site.refusal(copied)).reason is reason

    async def test_a_file_more(self, site: Site, copied: Path) -> None:
        (copied / "assets" / "words.txt").write_text("run")
        assert (await site.refusal(copied)).reason is RefusalReason.FILE_CHANGED

    async def test_the_manifest_of_another_version(self, site: Site, copied: Path) -> None:
        shutil.move(copied, copied.with_name("3"))
        assert (await site.refusal(copied.with_name("3"))).reason is RefusalReason.MANIFEST_INVALID


class TestSavedModel:
    """The manifest matches the files; it is the SavedModel that is wrong."""

    @pytest.mark.parametrize("file", ["saved_model.pb", "variables/variables.index"])
    @pytest.mark.parametrize("content", [b"", b"rubbish"])
    async def test_rubbish(self, site: Site, copied: Path, file: str, content: bytes) -> None:
        (copied / file).write_bytes(content)
        write_manifest(copied, manifest(2, WEIGHT))
        refused = await site.refusal(copied)
        assert refused.reason is RefusalReason.LOAD_FAILED
        assert str(refused).startswith(f"{copied} does not load: ")

    async def test_a_missing_signature(self, site: Site, tmp_path: Path) -> None:
        refused = await site.refusal(publish(tmp_path / "classes", 2, WEIGHT, bad(bad_models.WithoutEncoding)))
        assert refused.reason is RefusalReason.SIGNATURE_MISMATCH
        assert str(refused) == "there is no signature encode_classes"

    async def test_an_output_of_another_dtype(self, site: Site, tmp_path: Path) -> None:
        refused = await site.refusal(publish(tmp_path / "classes", 2, WEIGHT, bad(bad_models.DoubleScores)))
        assert refused.reason is RefusalReason.SIGNATURE_MISMATCH
        assert str(refused) == "output of serving_default 'score' is float64, expected float32"


class TestWarmUp:
    async def test_a_request_that_fails(self, site: Site, copied: Path) -> None:
        write_warmup(copied, [predict([1], name="mood")])
        write_manifest(copied, manifest(2, WEIGHT))
        refused = await site.refusal(copied)
        assert refused.reason is RefusalReason.WARMUP_FAILED
        assert "request 1: there is no input 'mood'" in str(refused)

    async def test_a_file_that_is_cut_off(self, site: Site, copied: Path) -> None:
        path = write_warmup(copied, [predict([1])])
        path.write_bytes(path.read_bytes()[:-1])
        write_manifest(copied, manifest(2, WEIGHT))
        assert (await site.refusal(copied)).reason is RefusalReason.WARMUP_FAILED


class TestScores:
    @pytest.mark.parametrize(
        ("kind", "weight", "promised", "reason"),
        [
            (LinearModel, float("nan"), WEIGHT, RefusalReason.SCORES_NOT_FINITE),
            (LinearModel, WEIGHT, float("nan"), RefusalReason.SCORES_NOT_FINITE),
            (bad_models.Unbounded, float("inf"), WEIGHT, RefusalReason.SCORES_NOT_FINITE),
            (LinearModel, 0.0, 0.0, RefusalReason.SCORES_CONSTANT),
            (LinearModel, WEIGHT, 2.001, RefusalReason.GOLDEN_MISMATCH),
            (bad_models.OtherOrder, WEIGHT, WEIGHT, RefusalReason.RANKING_MISMATCH),
            (bad_models.WorstPage, WEIGHT, WEIGHT, RefusalReason.RANKING_MISMATCH),
        ],
        ids=["NaN", "NaN promised", "infinite", "constant", "others", "another order", "another page"],
    )
    async def test_scores_that_are_wrong(
        self,
        site: Site,
        tmp_path: Path,
        *,
        kind: type[LinearModel],
        weight: float,
        promised: float,
        reason: RefusalReason,
    ) -> None:
        version_dir = publish(tmp_path / "classes", 2, weight, bad(kind), promised=promised)
        assert (await site.refusal(version_dir)).reason is reason


async def test_a_slow_model_is_refused_only_where_speed_is_compared(site: Site, tmp_path: Path) -> None:
    version_dir = publish(tmp_path / "classes", 2, WEIGHT, bad(bad_models.Slow))
    refused = await site.refusal(version_dir, max_slowdown=5)
    assert refused.reason is RefusalReason.TOO_SLOW
    assert re.fullmatch(
        r"rank of 500 takes [\d.]+ ms, expected at most 5 times the [\d.]+ ms of version 1", str(refused)
    )
    assert await best(await site.load(version_dir)) == 1


async def test_without_a_manifest_any_saved_model_serves_where_none_is_required(site: Site, copied: Path) -> None:
    (copied / "manifest.json").unlink()
    loaded = await site.load(copied, requires_manifest=False)
    assert (loaded.manifest.model_name, loaded.manifest.version) == ("classes", 2)
    assert loaded.signatures.keys() == {"serving_default", "encode_classes", "rank"}
