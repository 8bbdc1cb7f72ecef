"""The speed of a version beside that of the one that serves, with runners that say how long they take."""

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from contract.columns import to_message
from contract.stubs import manifest_pb2 as pb
from server.domain.errors import RunnerLost
from server.domain.signatures import Tensors
from server.domain.versions import RefusalReason, Refused
from server.models.leases import LoadedVersion
from server.models.ports import CallFailed
from server.models.speed import ROUNDS, ROWS, check_speed
from server.ranking.ports import Columns
from tests.support.fake_runner import FakeRunner
from tests.support.linear_model import class_columns, manifest, member_columns


class TimedRunner(FakeRunner):
    """Takes as long as it is told, time after time."""

    def __init__(self, seconds: Iterable[float]) -> None:
        super().__init__(lambda: None, {})
        self._times: Iterator[float] = iter(seconds)

    async def measure(self, signature: str, tensors: Tensors, classes: Columns) -> float:
        await super().measure(signature, tensors, classes)
        return next(self._times)


def version(number: int, seconds: float, *, promised: pb.Manifest | None = None) -> LoadedVersion:
    return LoadedVersion(promised or manifest(number, 1.0), TimedRunner([seconds] * ROUNDS), {})


def measured(loaded: LoadedVersion) -> list[tuple[str, Tensors, Columns]]:
    assert isinstance(loaded.runner, FakeRunner)
    return loaded.runner.measured


def flat_manifest(number: int) -> pb.Manifest:
    age = pb.Input(
        name="age", source=pb.SOURCE_COLUMN, data_type=pb.DATA_TYPE_FLOAT32, encoding=pb.ENCODING_NUMERIC
    )
    ages = to_message(age, np.array([1, 2, 3], dtype=np.float32))
    golden = pb.GoldenRequest(columns=[ages], scores=[0.1, 0.2, 0.3])
    return pb.Manifest(model_name="classes", version=number, inputs=[age], golden_requests=[golden])


async def test_a_version_that_takes_as_long_as_is_allowed_passes() -> None:
    await check_speed(version(2, 0.002), version(1, 0.001), max_slowdown=2)


async def test_a_version_that_takes_longer_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        await check_speed(version(2, 0.0021), version(1, 0.001), max_slowdown=2)
    assert refused.value.reason is RefusalReason.TOO_SLOW
    assert str(refused.value) == "rank of 500 takes 2.1 ms, expected at most 2 times the 1 ms of version 1"


async def test_of_a_version_the_fastest_of_all_rounds_counts() -> None:
    loaded = version(2, 0)
    loaded.runner = TimedRunner([0.9] * (ROUNDS - 1) + [0.0019])
    await check_speed(loaded, version(1, 0.001), max_slowdown=2)
    assert len(measured(loaded)) == ROUNDS


async def test_of_the_one_that_serves_the_fastest_of_all_rounds_counts() -> None:
    serving = version(1, 0)
    serving.runner = TimedRunner([0.001] + [0.9] * (ROUNDS - 1))
    with pytest.raises(Refused):
        await check_speed(version(2, 0.0021), serving, max_slowdown=2)
    assert len(measured(serving)) == ROUNDS


async def test_they_are_asked_in_turns() -> None:
    order: list[str] = []

    class NotingRunner(TimedRunner):
        async def measure(self, signature: str, tensors: Tensors, classes: Columns) -> float:
            order.append("serving" if self is serving.runner else "new")
            return await super().measure(signature, tensors, classes)

    loaded, serving = version(2, 0), version(1, 0)
    loaded.runner, serving.runner = NotingRunner([0.001] * ROUNDS), NotingRunner([0.001] * ROUNDS)
    await check_speed(loaded, serving, max_slowdown=2)
    assert order == ["new", "serving"] * ROUNDS


async def test_ranking_models_rank_their_first_golden_member_over_as_many_classes() -> None:
    loaded = version(2, 0.001)
    await check_speed(loaded, version(1, 0.001), max_slowdown=2)
    signature, tensors, classes = measured(loaded)[0]
    assert signature == "rank"
    assert tensors.keys() == {*member_columns(), "candidates", "count"}
    assert (tensors["candidates"].shape, int(tensors["count"])) == ((1, ROWS), ROWS)
    assert classes.keys() == class_columns(np.zeros(0, dtype=np.float32)).keys()
    assert classes["minutes"].tolist() == ([20.0, 45.0, 30.0] * ROWS)[:ROWS]
    assert classes["genres"].shape == (ROWS, 2)


async def test_other_models_score_as_many_rows() -> None:
    loaded = version(2, 0.001, promised=flat_manifest(2))
    await check_speed(loaded, version(1, 0.001, promised=flat_manifest(1)), max_slowdown=2)
    signature, tensors, classes = measured(loaded)[0]
    assert (signature, dict(classes)) == ("serving_default", {})
    assert tensors["age"].tolist() == ([1.0, 2.0, 3.0] * ROWS)[:ROWS]


@pytest.mark.parametrize("other", [pb.Manifest(version=1), flat_manifest(1)], ids=["no manifest", "no ranking"])
async def test_versions_of_different_kinds_are_not_compared(other: pb.Manifest) -> None:
    for loaded, serving in [
        (version(2, 9), version(1, 1, promised=other)),
        (version(2, 9, promised=other), version(1, 1)),
    ]:
        await check_speed(loaded, serving, max_slowdown=2)
        assert measured(loaded) == measured(serving) == []


@pytest.mark.parametrize("error", [RunnerLost("it ended"), CallFailed("no such key")])
async def test_a_version_is_not_held_to_account_for_the_one_that_serves(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    class FailingRunner(FakeRunner):
        async def _turn(self) -> None:
            raise error

    serving = LoadedVersion(manifest(1, 1.0), FailingRunner(lambda: None, {}), {})
    await check_speed(version(2, 9), serving, max_slowdown=2)
    assert f"version 2 is not compared in speed: {error}" in caplog.text


async def test_a_version_whose_own_runner_is_lost_does_not_pass() -> None:
    loaded = version(2, 0.001)
    assert isinstance(loaded.runner, FakeRunner)
    loaded.runner.crash()
    with pytest.raises(RunnerLost):
        await check_speed(loaded, version(1, 0.001), max_slowdown=2)
