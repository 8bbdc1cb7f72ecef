"""Golden requests against a loaded version."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from server.domain.versions import RefusalReason, Refused
from server.models.golden import replay_golden_requests
from server.ranking.ports import Columns
from tests.support.fake_runner import FakeRunner, write_fake_model
from tests.support.linear_model import manifest

Ranking = tuple[NDArray[np.float32], NDArray[np.int32]]


async def loaded_runner(folder: Path, weight: float, kind: type[FakeRunner] = FakeRunner) -> FakeRunner:
    write_fake_model(folder, weight)
    runner = kind(lambda: None, {})
    await runner.load(folder)
    return runner


async def refusal(promised: pb.Manifest, runner: FakeRunner) -> str:
    with pytest.raises(Refused) as refused:
        await replay_golden_requests(promised, runner)
    assert refused.value.reason is RefusalReason.GOLDEN_MISMATCH
    return str(refused.value)


async def test_the_scores_promised_are_accepted(tmp_path: Path) -> None:
    await replay_golden_requests(manifest(1, 2.0), await loaded_runner(tmp_path, 2.0))


async def test_scores_within_the_tolerance_are_accepted(tmp_path: Path) -> None:
    promised = manifest(1, 2.0)
    promised.score_tolerance = 0.01
    await replay_golden_requests(promised, await loaded_runner(tmp_path, 2.01))


async def test_other_scores_are_refused_with_the_worst_of_them(tmp_path: Path) -> None:
    message = await refusal(manifest(1, 2.0), await loaded_runner(tmp_path, -2.0))
    assert message == (
        "golden request 0: serving_default scores 0.2689414 where the manifest says 0.8807971 (tolerance 1e-05)"
    )


async def test_scores_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    runner = await loaded_runner(tmp_path, float("nan"))
    assert "serving_default scores nan" in await refusal(manifest(1, 2.0), runner)


async def test_a_version_without_golden_requests_is_refused(tmp_path: Path) -> None:
    promised = manifest(1, 2.0)
    del promised.golden_requests[:]
    assert "holds no golden request" in await refusal(promised, await loaded_runner(tmp_path, 2.0))


async def test_a_request_that_lacks_a_column_is_refused(tmp_path: Path) -> None:
    promised = manifest(1, 2.0)
    del promised.golden_requests[0].columns[-1]
    message = await refusal(promised, await loaded_runner(tmp_path, 2.0))
    assert message.startswith("golden request 0: has the columns ['class_id', 'liking'")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda scores, places: (scores, places[:, ::-1]), "rank scores 0.88079"),
        (lambda scores, places: (scores[:, ::-1], places[:, ::-1]), "rank's scores do not fall"),
        (lambda scores, places: (scores, places * 0), r"places classes [0, 0, 0], expected each of 3 once"),
        (lambda scores, places: (scores * np.float32("nan"), places), "rank scores nan"),
        (lambda scores, places: (scores[:, :2], places), "rank gives [2] scores, expected [3]"),
    ],
    ids=["other places", "rising", "one place for all", "not finite", "too few"],
)
async def test_a_ranking_that_disagrees_is_refused(
    tmp_path: Path, spoil: Callable[[NDArray[np.float32], NDArray[np.int32]], Ranking], message: str
) -> None:
    class SpoiltRunner(FakeRunner):
        async def rank(self, key: int, columns: Columns, candidates: NDArray[np.bool_], count: int) -> Ranking:
            return spoil(*await super().rank(key, columns, candidates, count))

    runner = await loaded_runner(tmp_path, 2.0, SpoiltRunner)
    assert message in await refusal(manifest(1, 2.0), runner)
