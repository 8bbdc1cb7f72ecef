"""The layers around a handler, without a channel."""

import asyncio
from typing import Any

import pytest

from server.domain.errors import DeadlineExpired, NoModel
from server.rpc.layers import deadline, observed


class Waiting:
    """What the layers read of a call: how long the caller still waits."""

    def __init__(self, left: float | None) -> None:
        self._left = left

    def time_remaining(self) -> float | None:
        return self._left


async def call(layered: Any, left: float | None = None) -> Any:
    return await layered("request", Waiting(left))


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
