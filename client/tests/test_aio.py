"""The async client over loopback: grpcio-testing's channel cannot be awaited."""

import asyncio

import pytest

from paceline import (
    AsyncPacelineClient,
    DeadlineExceeded,
    ErrorReason,
    InvalidRequest,
    RetryPolicy,
    Unavailable,
    recommend_request,
)
from paceline.testing import FakeServer
from paceline.v1.model_service_pb2 import VERSION_STATE_AVAILABLE, VERSION_STATE_LOADING

BUSY = Unavailable("the store is away", reason=ErrorReason.ERROR_REASON_ONLINE_STORE_UNAVAILABLE)


class Sleeps(list[float]):
    """Records the pauses and lets none pass."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


async def test_the_three_calls_answer(paceline_server: FakeServer) -> None:
    paceline_server.rank("m1", [("c1", 0.25), ("c2", 0.75)])
    async with AsyncPacelineClient(paceline_server.target) as client:
        ranked = await client.recommend_classes("m1", page_size=1)
        scored = await client.score_classes("m1", ["c1"])
        status = await client.get_model_status("fake")
    assert [c.class_id for c in ranked.classes] == ["c2"]
    assert [c.score for c in scored.classes] == [0.25]
    assert [v.model_version.version for v in status.versions] == [1]


async def test_a_batch_answers_at_the_places_of_its_requests_and_is_asked_again(
    paceline_server: FakeServer,
) -> None:
    for member in ("m1", "m2", "m3"):
        paceline_server.rank(member, [(f"class of {member}", 0.5)])
    paceline_server.fail_next(BUSY)
    requests = [recommend_request(member) for member in ("m1", "m2", "m3")]
    sleeps = Sleeps()
    async with AsyncPacelineClient(paceline_server.target, sleep=sleeps) as client:
        found = {place: r.classes[0].class_id async for place, r in client.batch_recommend_classes(requests)}
    assert found == {0: "class of m1", 1: "class of m2", 2: "class of m3"}
    assert len(sleeps) == 1


async def test_an_unavailable_server_is_asked_again_after_growing_pauses(paceline_server: FakeServer) -> None:
    paceline_server.fail_next(BUSY, times=2)
    sleeps = Sleeps()
    retry = RetryPolicy(attempts=3, initial_backoff=0.1, max_backoff=0.15, jitter=lambda ceiling: ceiling)
    async with AsyncPacelineClient(paceline_server.target, retry=retry, sleep=sleeps) as client:
        await client.recommend_classes("m1")
    assert sleeps == [0.1, 0.15]
    assert len(paceline_server.requests) == 3


async def test_the_last_attempts_error_is_raised_with_its_reason(paceline_server: FakeServer) -> None:
    paceline_server.fail_next(BUSY, times=3)
    async with AsyncPacelineClient(paceline_server.target, sleep=Sleeps()) as client:
        with pytest.raises(Unavailable, match="the store is away") as raised:
            await client.recommend_classes("m1")
    assert raised.value.reason == ErrorReason.ERROR_REASON_ONLINE_STORE_UNAVAILABLE


async def test_an_invalid_request_names_its_fields(paceline_server: FakeServer) -> None:
    async with AsyncPacelineClient(paceline_server.target) as client:
        with pytest.raises(InvalidRequest) as raised:
            await client.recommend_classes("")
    assert [v.field for v in raised.value.violations] == ["member_id"]


async def test_no_answer_in_time_is_an_error_of_its_own(paceline_server: FakeServer) -> None:
    async with AsyncPacelineClient(paceline_server.target) as client:
        with paceline_server.held(), pytest.raises(DeadlineExceeded):
            await client.recommend_classes("m1", timeout=0.05)


async def test_cancelling_the_task_cancels_the_call(paceline_server: FakeServer) -> None:
    async with AsyncPacelineClient(paceline_server.target, timeout=60.0) as client:
        with paceline_server.held():
            task = asyncio.create_task(client.recommend_classes("m1"))
            await asyncio.to_thread(paceline_server.wait_for_requests, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


async def test_waiting_asks_until_a_version_is_available(paceline_server: FakeServer) -> None:
    paceline_server.version_state = VERSION_STATE_LOADING
    async with AsyncPacelineClient(paceline_server.target, sleep=Sleeps()) as client:
        waiting = asyncio.create_task(client.wait_until_serving(timeout=60.0))
        await asyncio.to_thread(paceline_server.wait_for_requests, 3)
        paceline_server.version_state = VERSION_STATE_AVAILABLE
        await waiting


async def test_an_address_where_nobody_listens_is_unavailable() -> None:
    server = FakeServer()
    server.start()
    server.stop()
    async with AsyncPacelineClient(server.target, sleep=Sleeps()) as client:
        with pytest.raises(Unavailable) as raised:
            await client.recommend_classes("m1", timeout=5.0)
    assert raised.value.reason == ErrorReason.ERROR_REASON_UNSPECIFIED
