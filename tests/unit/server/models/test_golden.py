"""Golden requests against a loaded version."""

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from server.domain.signatures import Tensors
from server.domain.versions import RefusalReason, Refused
from server.models.golden import replay_golden_requests
from server.models.ports import CallFailed
from server.ranking.ports import ReadColumns
from tests.support.fake_runner import FakeRunner, write_fake_model
from tests.support.linear_model import manifest

Ranking = tuple[NDArray[np.float32], NDArray[np.int32]]


async def loaded_runner(folder: Path, weight: float, kind: type[FakeRunner] = FakeRunner) -> FakeRunner:
    write_fake_model(folder, weight)
    runner = kind(lambda: None, {})
    await runner.load(folder)
    return runner


async def refusal(
    promised: pb.Manifest, runner: FakeRunner, reason: RefusalReason = RefusalReason.GOLDEN_MISMATCH
) -> str:
    with pytest.raises(Refused) as refused:
        await replay_golden_requests(promised, runner)
    assert refused.value.reason is reason
    return str(refused.value)


def with_requests(*scores: list[float]) -> pb.Manifest:
    """Returns a manifest that promises these scores for the same request."""
    promised = manifest(1, 0.0)
    (request,) = promised.golden_requests
    del promised.golden_requests[:]
    for each in scores:
        changed = promised.golden_requests.add()
        changed.CopyFrom(request)
        changed.scores[:] = each
    return promised


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


async def test_scores_that_are_not_finite_are_refused_before_they_are_compared(tmp_path: Path) -> None:
    runner = await loaded_runner(tmp_path, float("nan"))
    message = await refusal(manifest(1, 2.0), runner, RefusalReason.SCORES_NOT_FINITE)
    assert message == "golden request 0: serving_default gives nan: 3 of 3 scores are not finite"


@pytest.mark.parametrize("promise", [float("nan"), float("inf"), float("-inf")])
async def test_a_manifest_that_promises_what_is_not_finite_is_refused(tmp_path: Path, promise: float) -> None:
    promised = manifest(1, 2.0)
    promised.golden_requests[0].scores[1] = promise
    runner = await loaded_runner(tmp_path, 2.0)
    message = await refusal(promised, runner, RefusalReason.SCORES_NOT_FINITE)
    assert message == f"golden request 0: the manifest gives {promise}: 1 of 3 scores are not finite"


async def test_scores_that_are_all_equal_are_refused_though_they_are_as_promised(tmp_path: Path) -> None:
    message = await refusal(manifest(1, 0.0), await loaded_runner(tmp_path, 0.0), RefusalReason.SCORES_CONSTANT)
    assert message == "all 3 golden scores are 0.6224594, expected different ones"


async def test_equal_scores_of_one_request_are_fine_when_another_has_others(tmp_path: Path) -> None:
    half, same = 0.5, [1 / (1 + np.exp(-0.5))] * 3
    promised = with_requests(same, [half] * 3)
    surface = next(c for c in promised.golden_requests[1].columns if c.input_name == "surface")
    surface.texts[:] = ["search"]
    await replay_golden_requests(promised, await loaded_runner(tmp_path, 0.0))


async def test_a_single_score_is_no_constant(tmp_path: Path) -> None:
    promised = manifest(1, 2.0)
    (request,) = promised.golden_requests
    del request.scores[1:]
    for column in request.columns:
        del column.numbers[1:], column.texts[2 if column.input_name == "genres" else 1 :]
    await replay_golden_requests(promised, await loaded_runner(tmp_path, 2.0))


async def test_a_version_without_golden_requests_is_refused(tmp_path: Path) -> None:
    promised = manifest(1, 2.0)
    del promised.golden_requests[:]
    assert "holds no golden request" in await refusal(promised, await loaded_runner(tmp_path, 2.0))


async def test_a_golden_request_without_scores_is_refused(tmp_path: Path) -> None:
    message = await refusal(with_requests([]), await loaded_runner(tmp_path, 0.0))
    assert message == "golden request 0: has no scores, expected at least one"


async def test_a_request_that_lacks_a_column_is_refused(tmp_path: Path) -> None:
    promised = manifest(1, 2.0)
    del promised.golden_requests[0].columns[-1]
    message = await refusal(promised, await loaded_runner(tmp_path, 2.0))
    assert message.startswith("golden request 0: has the columns ['class_id', 'liking'")


async def test_a_request_that_the_model_can_not_do_is_refused(tmp_path: Path) -> None:
    class FailingRunner(FakeRunner):
        async def _turn(self) -> None:
            raise CallFailed("no such table", 9)

    message = await refusal(manifest(1, 2.0), await loaded_runner(tmp_path, 2.0, FailingRunner))
    assert message == "golden request 0: no such table"


async def test_scores_row_by_row_of_another_shape_are_refused(tmp_path: Path) -> None:
    class ColumnRunner(FakeRunner):
        async def run(self, signature: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
            return {"score": (await super().run(signature, tensors, outputs))["score"][:, None]}

    message = await refusal(manifest(1, 2.0), await loaded_runner(tmp_path, 2.0, ColumnRunner))
    assert message == "golden request 0: serving_default gives [3, 1] scores, expected [3]"


async def test_each_request_is_ranked_whole_and_as_a_page(tmp_path: Path) -> None:
    counts: list[int] = []

    class CountingRunner(FakeRunner):
        async def rank(self, key: int, read: ReadColumns, candidates: NDArray[np.bool_], count: int) -> Ranking:
            counts.append(count)
            return await super().rank(key, read, candidates, count)

    await replay_golden_requests(manifest(1, 2.0), await loaded_runner(tmp_path, 2.0, CountingRunner))
    assert counts == [3, 2]


async def test_a_page_of_other_classes_is_refused_though_the_whole_ranking_is_right(tmp_path: Path) -> None:
    class WorstFirstRunner(FakeRunner):
        async def rank(self, key: int, read: ReadColumns, candidates: NDArray[np.bool_], count: int) -> Ranking:
            scores, places = await super().rank(key, read, candidates, candidates.shape[1])
            return scores[:, -count:], places[:, -count:]

    runner = await loaded_runner(tmp_path, 2.0, WorstFirstRunner)
    message = await refusal(manifest(1, 2.0), runner, RefusalReason.RANKING_MISMATCH)
    assert message == (
        "golden request 0: rank of 2 finds the scores 0.8175745, 0.7625419,"
        " expected the best: 0.8807971, 0.8175745"
    )


@pytest.mark.parametrize(
    ("spoil", "reason", "message"),
    [
        (
            lambda scores, places: (scores, places[:, ::-1]),
            RefusalReason.RANKING_MISMATCH,
            "rank of 3 gives the classes [0, 2, 1] the scores of others",
        ),
        (
            lambda scores, places: (scores[:, ::-1], places[:, ::-1]),
            RefusalReason.RANKING_MISMATCH,
            "rank of 3 gives scores that do not fall: 0.7625419, 0.8175745, 0.8807971",
        ),
        (
            lambda scores, places: (scores, places * 0),
            RefusalReason.RANKING_MISMATCH,
            "rank of 3 places the classes [0, 0, 0], expected different ones of 3",
        ),
        (
            lambda scores, places: (scores, places - 1),
            RefusalReason.RANKING_MISMATCH,
            "rank of 3 places the classes [0, 1, -1], expected different ones of 3",
        ),
        (
            lambda scores, places: (scores * np.float32("nan"), places),
            RefusalReason.SCORES_NOT_FINITE,
            "rank of 3 gives nan: 3 of 3 scores are not finite",
        ),
        (
            lambda scores, places: (scores * np.float32(0.9), places),
            RefusalReason.GOLDEN_MISMATCH,
            "rank of 3 scores 0.7927173 where the manifest says 0.8807971 (tolerance 1e-05)",
        ),
        (
            lambda scores, places: (scores[:, :2], places),
            RefusalReason.GOLDEN_MISMATCH,
            "rank of 3 gives [1, 2] scores and [1, 3] positions, expected [1, 3] of each",
        ),
    ],
    ids=["other places", "rising", "one place for all", "no place", "not finite", "other scores", "too few"],
)
async def test_a_ranking_that_disagrees_is_refused(
    tmp_path: Path,
    spoil: Callable[[NDArray[np.float32], NDArray[np.int32]], Ranking],
    reason: RefusalReason,
    message: str,
) -> None:
    class SpoiltRunner(FakeRunner):
        async def rank(self, key: int, read: ReadColumns, candidates: NDArray[np.bool_], count: int) -> Ranking:
            return spoil(*await super().rank(key, read, candidates, count))

    runner = await loaded_runner(tmp_path, 2.0, SpoiltRunner)
    assert (await refusal(manifest(1, 2.0), runner, reason)).startswith(f"golden request 0: {message}")
