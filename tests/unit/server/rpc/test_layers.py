"""The layers around a handler, without a channel."""

import asyncio
import logging
import math
import re
from typing import Any

import pytest

from paceline.v1 import model_service_pb2 as models_pb
from paceline.v1 import recommendation_service_pb2 as pb
from server.domain.errors import DeadlineExpired, NoModel
from server.domain.patience import seconds_given
from server.rpc.layers import deadline, observed
from server.rpc.tfserving.stubs import model_pb2, predict_pb2


class Waiting:
    """What the layers read of a call: how long the caller still waits."""

    def __init__(self, left: float | None) -> None:
        self._left = left

    def time_remaining(self) -> float | None:
        return self._left


async def call(layered: Any, left: float | None = None, request: object = "request") -> Any:
    return await layered(request, Waiting(left))


@pytest.mark.parametrize("left", [None, 60.0])
async def test_who_still_waits_is_answered(left: float | None) -> None:
    async def answer(request: str, _context: object) -> str:
        return request.upper()

    assert await call(deadline("m", answer), left) == "REQUEST"


async def test_nothing_is_begun_for_who_no_longer_waits() -> None:
    begun = False

    async def begin(_request: str, _context: object) -> None:
        nonlocal begun
        begun = True

    with pytest.raises(DeadlineExpired):
        await call(deadline("m", begin), 0.0)
    assert not begun


async def test_what_is_under_way_is_cancelled_when_the_deadline_passes() -> None:
    cancelled = False

    async def wait(_request: str, _context: object) -> None:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled = True
            raise

    with pytest.raises(DeadlineExpired):
        await call(deadline("m", wait), 0.001)
    assert cancelled


@pytest.mark.parametrize(("left", "given"), [(None, math.inf), (60.0, 60.0)])
async def test_what_is_called_can_tell_how_long_the_caller_waits(left: float | None, given: float) -> None:
    async def tell(_request: str, _context: object) -> float:
        return seconds_given.get()

    assert await call(deadline("m", tell), left) == given


async def test_another_timeout_is_not_taken_for_the_deadline() -> None:
    async def time_out(_request: str, _context: object) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await call(deadline("m", time_out), 60.0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, "OK"),
        (NoModel("none"), "UNAVAILABLE"),
        (KeyError("bug"), "INTERNAL"),
        (asyncio.CancelledError(), "CANCELLED"),
    ],
)
async def test_every_end_of_a_call_is_observed(error: BaseException | None, code: str) -> None:
    seen: list[tuple[str, str]] = []

    async def end(_request: str, _context: object) -> None:
        if error is not None:
            raise error

    layered = observed(lambda method, found, _: seen.append((method, found)))("m", end)
    if error is None:
        await call(layered)
    else:
        with pytest.raises(type(error)):
            await call(layered)
    assert seen == [("m", code)]


VERSION = pb.ModelVersion(name="ranking", version=3)
PREDICTED = predict_pb2.PredictResponse(model_spec=model_pb2.ModelSpec(name="half", version={"value": 4}))
TO_CANARY = predict_pb2.PredictRequest(model_spec=model_pb2.ModelSpec(name="half", version_label="canary"))


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Returns what was logged, with every time as 0.0."""
    return [re.sub(r"ms=[0-9.]+", "ms=0.0", record.getMessage()) for record in caplog.records]


@pytest.mark.parametrize(
    ("request_", "response", "answered"),
    [
        (
            None,
            pb.RecommendClassesResponse(model_version=VERSION, arm="canary"),
            "model=ranking version=3 arm=canary",
        ),
        (None, pb.ScoreClassesResponse(model_version=VERSION), "model=ranking version=3 arm="),
        (TO_CANARY, PREDICTED, "model=half version=4 arm=canary"),
        (None, models_pb.GetModelStatusResponse(), ""),
    ],
)
async def test_at_debug_a_call_is_logged_with_what_answered(
    request_: Any, response: Any, answered: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(_request: object, _context: object) -> Any:
        return response

    layered = observed(lambda *_: None)("/a.B/C", answer)
    with caplog.at_level(logging.INFO, "server.rpc.layers"):
        await call(layered, request=request_)
    assert logged(caplog) == []
    with caplog.at_level(logging.DEBUG, "server.rpc.layers"):
        assert await call(layered, request=request_) is response
    assert logged(caplog) == [f"/a.B/C code=OK ms=0.0 {answered}".rstrip()]


async def test_a_call_that_fails_is_logged_with_its_code(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_request: object, _context: object) -> None:
        raise NoModel("none")

    with caplog.at_level(logging.DEBUG, "server.rpc.layers"), pytest.raises(NoModel):
        await call(observed(lambda *_: None)("/a.B/C", fail))
    assert logged(caplog) == ["/a.B/C code=UNAVAILABLE ms=0.0"]
