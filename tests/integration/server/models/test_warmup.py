"""Warm-up files in a real runner, with a model that counts the rows that it is asked about."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from server.models.ports import CallFailed
from tests.support import odd_models
from tests.support.shared_runner import SharedRunner, shared_runner
from tests.support.warmup_files import classify, multi_inference, predict, regress, session_run, write_warmup

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

FILE = "assets.extra/tf_serving_warmup_requests"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return odd_models.write(odd_models.Counting(), tmp_path_factory.mktemp("models") / "counting")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runner(folder: Path) -> AsyncIterator[SharedRunner]:
    async with shared_runner() as started:
        await started.load(folder)
        yield started


async def rows(runner: SharedRunner) -> int:
    """Returns how many rows the model was asked about until now."""
    found = await runner.run("serving_default", {"x": np.zeros(0, dtype=np.float32)}, ["rows"])
    return int(found["rows"])


async def failure(runner: SharedRunner, folder: Path) -> str:
    with pytest.raises(CallFailed) as failed:
        await runner.warm_up(folder)
    return str(failed.value)


async def test_a_version_without_the_file_is_not_warmed(runner: SharedRunner, tmp_path: Path) -> None:
    before = await rows(runner)
    assert await runner.warm_up(tmp_path) == 0
    assert await rows(runner) == before


@pytest.mark.parametrize(
    ("log", "count"),
    [
        (predict([1, 2, 3]), 3),
        (predict([1, 2], "serving_default", outputs=["x"]), 2),
        (classify([1, 2]), 2),
        (regress([1, 1, 1, 1]), 4),
        (multi_inference([1, 2, 3], ["classify", "classify"]), 6),
    ],
    ids=["predict", "predict an output", "classify", "regress", "multi inference"],
)
async def test_a_request_of_each_kind_is_made(
    runner: SharedRunner, tmp_path: Path, log: PredictionLog | bytes, count: int
) -> None:
    before = await rows(runner)
    write_warmup(tmp_path, [log, log])
    assert await runner.warm_up(tmp_path) == 2
    assert await rows(runner) - before == 2 * count


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (predict([-1]), "assertion failed: [x has to be at least 0. ]"),
        (predict([1], name="y"), "there is no input 'y', expected one of ['x']"),
        (predict([1], "rank"), "there is no signature 'rank', expected one of ['classify', 'serving_default']"),
        (predict([1], outputs=["z"]), "there is no output 'z', expected one of ['rows', 'x']"),
        (classify([-1]), "assertion failed: [x has to be at least 0. ]"),
        (classify([1], "rank"), "there is no signature 'rank'"),
        (classify([1], "serving_default"), "input 'x' is string [1], expected float32 [?]"),
        (multi_inference([1], ["classify", "rank"]), "there is no signature 'rank'"),
        (session_run(), "is a session_run_log, expected a log of Predict, Classify, Regress or MultiInference"),
        (b"", "is a None, expected a log of Predict"),
        (b"\xff\xff", "Error parsing message"),
    ],
)
async def test_a_request_that_fails_is_named_with_the_reason(
    runner: SharedRunner, tmp_path: Path, log: PredictionLog | bytes, message: str
) -> None:
    write_warmup(tmp_path, [predict([1]), log, predict([1])])
    assert (await failure(runner, tmp_path)).startswith(f"{FILE}: request 2: {message}")


async def test_a_file_that_is_cut_off_is_damaged_and_none_of_its_requests_is_made(
    runner: SharedRunner, tmp_path: Path
) -> None:
    before = await rows(runner)
    path = write_warmup(tmp_path, [predict([1]), predict([2])])
    path.write_bytes(path.read_bytes()[:-5])
    assert (await failure(runner, tmp_path)).startswith(f"{FILE} is damaged: truncated record at")
    assert await rows(runner) == before


async def test_a_file_of_something_else_is_damaged(runner: SharedRunner, tmp_path: Path) -> None:
    write_warmup(tmp_path, []).write_text("a list of requests")
    assert (await failure(runner, tmp_path)).startswith(f"{FILE} is damaged: corrupted record at 0")


async def test_a_thousand_requests_are_made_and_one_more_is_too_many(runner: SharedRunner, tmp_path: Path) -> None:
    before = await rows(runner)
    write_warmup(tmp_path, [predict([1])] * 1000)
    assert await runner.warm_up(tmp_path) == 1000
    write_warmup(tmp_path, [predict([1])] * 1001)
    assert await failure(runner, tmp_path) == f"{FILE} has more than 1000 requests"
    assert await rows(runner) - before == 1000
