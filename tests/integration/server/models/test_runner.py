"""A real runner with real SavedModels."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from server.domain.errors import ModelFailed
from server.models.leases import LoadedVersion
from server.models.loader import Loader
from server.models.signatures import check_signatures
from tests.support import linear_model
from tests.support.linear_model import WriteModel, class_columns, member_columns, publish, snapshot
from tests.support.shared_runner import SharedRunner, shared_runner

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

WEIGHT = 2.0
MINUTES = np.random.default_rng(7).choice([10, 15, 20, 30, 45, 60], size=500).astype(np.float32)
"""Many classes last equally long, so many scores are equal."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runner() -> AsyncIterator[SharedRunner]:
    async with shared_runner() as started:
        yield started


@pytest.fixture(scope="module")
def write_saved_model() -> Callable[..., None]:
    from tests.support import saved_models  # noqa: PLC0415 - imports TensorFlow

    return saved_models.write_saved_model


@pytest.fixture(scope="module")
def good_version(write_saved_model: WriteModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("models") / "classes", 1, WEIGHT, write_saved_model)


async def load(runner: SharedRunner, version_dir: Path) -> LoadedVersion:
    async def start(_: Callable[[], None]) -> SharedRunner:
        return runner

    async def prepare(version: LoadedVersion) -> None:
        await version.use_snapshot(snapshot(1, MINUTES))

    return await Loader([start], [], prepare).load(version_dir, lambda: None)


@pytest_asyncio.fixture(loop_scope="module")
async def loaded(runner: SharedRunner, good_version: Path) -> LoadedVersion:
    return await load(runner, good_version)


async def test_the_signatures_are_described(runner: SharedRunner, good_version: Path) -> None:
    check_signatures(linear_model.manifest(1, WEIGHT), await runner.load(good_version))


@pytest.mark.parametrize("seed", range(5))
async def test_a_ranking_equals_numpy(loaded: LoadedVersion, seed: int) -> None:
    chance = np.random.default_rng(seed)
    candidates = chance.random((1, len(MINUTES))) < chance.random()
    columns = member_columns(liking=chance.normal(), surface=str(chance.choice(["home", "search", ""])))
    count = int(chance.integers(1, len(MINUTES) + 1))
    with loaded.lease("classes") as lease:
        scores, positions = await lease.rank(lambda: columns, candidates, count)
    expected = linear_model.ranking(WEIGHT, columns, class_columns(MINUTES), candidates, count)
    np.testing.assert_allclose(scores, expected[0], atol=1e-5)
    np.testing.assert_array_equal(positions, expected[1])
    assert scores.dtype == np.float32
    assert positions.dtype == np.int32


async def test_row_by_row_scores_equal_numpy(loaded: LoadedVersion) -> None:
    rows = {name: np.repeat(column, len(MINUTES), axis=0) for name, column in member_columns(0.3).items()}
    columns = {**rows, **class_columns(MINUTES)}
    scores = (await loaded.runner.run("serving_default", columns))["score"]
    np.testing.assert_allclose(scores, linear_model.scores(WEIGHT, columns), atol=1e-5)


async def test_a_catalogue_without_classes_ranks_none(loaded: LoadedVersion) -> None:
    await loaded.use_snapshot(snapshot(2, MINUTES[:0]))
    with loaded.lease("classes") as lease:
        scores, positions = await lease.rank(member_columns, np.ones((1, 0), dtype=np.bool_), 0)
    assert scores.shape == positions.shape == (1, 0)


async def test_a_lease_ranks_its_own_snapshot_beside_newer_ones(loaded: LoadedVersion) -> None:
    with loaded.lease("classes") as before:
        for generation in (2, 3, 4):
            await loaded.use_snapshot(snapshot(generation, MINUTES[:3]))
        everything = np.ones((1, len(MINUTES)), dtype=np.bool_)
        scores, _ = await before.rank(member_columns, everything, len(MINUTES))
        assert scores.shape == (1, len(MINUTES))


async def test_a_call_that_tensorflow_can_not_do_fails_alone(loaded: LoadedVersion) -> None:
    with loaded.lease("classes") as lease:
        with pytest.raises(ModelFailed, match="version 1 of 'classes' can't rank"):
            await lease.rank(member_columns, np.ones((1, 2, 3), dtype=np.bool_), 1)
        _, positions = await lease.rank(member_columns, np.ones((1, len(MINUTES)), dtype=np.bool_), 1)
        assert positions.shape == (1, 1)
