"""The services over a real channel, and fakes behind them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from paceline.v1 import model_service_pb2 as models_pb
from paceline.v1 import recommendation_service_pb2 as pb
from paceline.v1.model_service_pb2_grpc import ModelServiceStub
from paceline.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from server.domain.errors import PacelineError, RunnerLost, StartError, StoreUnavailable
from server.domain.labels import LabelStatus
from server.domain.models import ModelProblem
from server.domain.versions import VersionRecord, VersionState
from server.rpc import layers
from server.rpc.channel import MAX_REQUEST_BYTES
from server.rpc.services import EVENTS, Service
from tests.support.admin import FakeStates
from tests.support.channels import HOST, Served, invalid_fields, reason, running, serving
from tests.support.fakes import FakeMembers, FakeModels, snapshot
from tests.support.health import HealthClient, next_status

CLASSES = snapshot(["a", "b", "c"], {"title": ["A", "B", None]}, generation=7)
KNOWN = FakeMembers({"m1": {"country": "FR"}})


def models(**changes: Any) -> FakeModels:
    return FakeModels(CLASSES, [0.25, 0.5, 0.125], **changes)


class Endless:
    """Work that ends when it is cancelled."""

    def __init__(self) -> None:
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    records = [
        VersionRecord("ranking", 3, VersionState.AVAILABLE, 2.0),
        VersionRecord("other", 1, VersionState.START, 1.0),
    ]
    labels = [LabelStatus("other", "stable", None, None), LabelStatus("ranking", "stable", 3, None)]
    problems = [ModelProblem("other", "the folder can't be read")]
    async with serving(models(), KNOWN, states=FakeStates(records, labels, problems)) as server:
        yield server


async def recommend(
    server: Served, request: pb.RecommendClassesRequest, **call: Any
) -> pb.RecommendClassesResponse:
    async with grpc.aio.insecure_channel(server.address) as channel:
        return await RecommendationServiceStub(channel).RecommendClasses(request, **call)


async def failure(server: Served, request: pb.RecommendClassesRequest, **call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await recommend(server, request, **call)
    return failed.value


async def health_of(server: Served, service: str = "") -> int:
    async with grpc.aio.insecure_channel(server.address) as channel:
        answer = await HealthClient(channel).Check(HealthCheckRequest(service=service))
        return int(answer.status)


async def test_recommending_answers_with_classes_and_what_they_came_from(served: Served) -> None:
    request = pb.RecommendClassesRequest(member_id="m1", page_size=2, class_feature_names=["title"])
    response = await recommend(served, request)
    assert [(c.class_id, c.score, c.class_features[0].string_value) for c in response.classes] == [
        ("b", 0.5, "B"),
        ("a", 0.25, "A"),
    ]
    assert response.model_version == pb.ModelVersion(name="ranking", version=3)
    assert response.member_status == pb.MEMBER_STATUS_KNOWN
    assert (response.candidate_count, response.catalogue_generation) == (3, 7)


async def test_a_batch_is_answered_request_by_request(served: Served) -> None:
    members = ["m1", "m9", "m1"]
    requests = [pb.RecommendClassesRequest(member_id=m, page_size=size) for size, m in enumerate(members, 1)]
    async with grpc.aio.insecure_channel(served.address) as channel:
        call = RecommendationServiceStub(channel).BatchRecommendClasses(
            pb.BatchRecommendClassesRequest(requests=requests)
        )
        found = {answer.request_index: answer.response async for answer in call}
    assert {place: [c.class_id for c in response.classes] for place, response in found.items()} == {
        0: ["b"],
        1: ["b", "a"],
        2: ["b", "a", "c"],
    }
    assert [found[place].member_status for place in range(3)] == [
        pb.MEMBER_STATUS_KNOWN,
        pb.MEMBER_STATUS_UNKNOWN,
        pb.MEMBER_STATUS_KNOWN,
    ]
    assert served.observed == [("BatchRecommendClasses", "OK")]


async def test_an_invalid_batch_is_refused_as_a_whole(served: Served) -> None:
    batch = pb.BatchRecommendClassesRequest(requests=[pb.RecommendClassesRequest(member_id="m1", page_size=-1)])
    async with grpc.aio.insecure_channel(served.address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            _ = [answer async for answer in RecommendationServiceStub(channel).BatchRecommendClasses(batch)]
    assert reason(failed.value) == "INVALID_FIELD"
    assert invalid_fields(failed.value) == {"requests[0].page_size": "is -1, expected 0 to 1000"}


async def test_when_the_caller_of_a_batch_cancels_every_lease_is_given_back() -> None:
    work = Endless()
    waiting = models(before_rank=work)
    batch = pb.BatchRecommendClassesRequest(requests=[pb.RecommendClassesRequest(member_id="m1")] * 200)
    async with serving(waiting, KNOWN) as server, grpc.aio.insecure_channel(server.address) as channel:
        call = RecommendationServiceStub(channel).BatchRecommendClasses(batch)
        reading = asyncio.create_task(call.read())
        await work.begun.wait()
        call.cancel()
        await work.ended.wait()
        await asyncio.gather(reading, return_exceptions=True)
        assert waiting.leases == 0


async def test_scoring_answers_in_the_order_asked(served: Served) -> None:
    async with grpc.aio.insecure_channel(served.address) as channel:
        request = pb.ScoreClassesRequest(member_id="m9", class_ids=["c", "x"])
        response = await RecommendationServiceStub(channel).ScoreClasses(request)
    assert [(c.class_id, c.score, c.status) for c in response.classes] == [
        ("c", 0.125, pb.CLASS_STATUS_SCORED),
        ("x", 0, pb.CLASS_STATUS_UNKNOWN),
    ]
    assert response.member_status == pb.MEMBER_STATUS_UNKNOWN


async def test_invalid_fields_are_listed(served: Served) -> None:
    request = pb.RecommendClassesRequest(page_size=-1)
    error = await failure(served, request)
    assert (error.code(), reason(error)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert invalid_fields(error) == {
        "member_id": "is empty, expected the id of a member",
        "page_size": "is -1, expected 0 to 1000",
    }


async def test_a_value_of_another_type_than_the_feature_s_is_named(served: Served) -> None:
    wrong = pb.FeatureValueSet(values=[pb.FeatureValue(string_value="20")])
    request = pb.RecommendClassesRequest(
        member_id="m1", filters=[pb.ClassFilter(feature_name="minutes", any_of=wrong)]
    )
    error = await failure(served, request)
    assert invalid_fields(error) == {
        "filters[0].any_of.values[0]": "is '20', expected a whole number as 'minutes' is"
    }


@pytest.mark.parametrize(
    ("models_", "members", "expected"),
    [
        (FakeModels(None), KNOWN, "NO_MODEL"),
        (models(), FakeMembers(failure=StoreUnavailable("down")), "ONLINE_STORE_UNAVAILABLE"),
        (models(), FakeMembers(failure=RunnerLost("gone")), "RUNNER_LOST"),
    ],
)
async def test_what_this_server_lacks_now_is_unavailable(
    models_: FakeModels, members: FakeMembers, expected: str
) -> None:
    async with serving(models_, members) as server:
        error = await failure(server, pb.RecommendClassesRequest(member_id="m1"))
    assert (error.code(), reason(error)) == (grpc.StatusCode.UNAVAILABLE, expected)


@pytest.mark.parametrize(
    "fault", [KeyError("password=1"), PacelineError("password=1"), TimeoutError("password=1")]
)
async def test_a_fault_of_the_server_is_logged_and_shows_nothing(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(models(), FakeMembers(failure=fault)) as server:
        error = await failure(server, pb.RecommendClassesRequest(member_id="m1"), timeout=10)
    assert (error.code(), reason(error)) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert error.details() == "the server failed"
    assert "password" not in str(error)
    [record] = [record for record in caplog.records if record.name == layers.__name__]
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[1] is fault


async def test_when_the_deadline_passes_the_work_ends_and_the_lease_is_given_back() -> None:
    work = Endless()
    waiting = models(before_rank=work)
    async with serving(waiting, KNOWN) as server:
        error = await failure(server, pb.RecommendClassesRequest(member_id="m1"), timeout=0.2)
        await work.ended.wait()
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert waiting.leases == 0


async def test_when_the_caller_cancels_the_work_ends_and_the_lease_is_given_back() -> None:
    work = Endless()
    waiting = models(before_rank=work)
    async with serving(waiting, KNOWN) as server, grpc.aio.insecure_channel(server.address) as channel:
        call = RecommendationServiceStub(channel).RecommendClasses(pb.RecommendClassesRequest(member_id="m1"))
        await work.begun.wait()
        call.cancel()
        await work.ended.wait()
        assert waiting.leases == 0


async def test_a_request_that_is_too_large_is_refused_and_the_server_goes_on(served: Served) -> None:
    large = pb.RecommendClassesRequest(member_id="m" * (MAX_REQUEST_BYTES + 1))
    error = await failure(served, large)
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (await recommend(served, pb.RecommendClassesRequest(member_id="m1"))).classes


async def test_every_call_is_observed_with_its_code(served: Served) -> None:
    await recommend(served, pb.RecommendClassesRequest(member_id="m1"))
    await failure(served, pb.RecommendClassesRequest())
    assert served.observed == [("RecommendClasses", "OK"), ("RecommendClasses", "INVALID_ARGUMENT")]


@pytest.mark.parametrize(("name", "found"), [("", ["ranking", "other"]), ("other", ["other"]), ("nope", [])])
async def test_the_status_of_one_model_or_of_all(served: Served, name: str, found: list[str]) -> None:
    async with grpc.aio.insecure_channel(served.address) as channel:
        request = models_pb.GetModelStatusRequest(model_name=name)
        response = await ModelServiceStub(channel).GetModelStatus(request)
    assert [version.model_version.name for version in response.versions] == found
    assert {label.model_name for label in response.labels} == set(found)
    assert {problem.model_name for problem in response.problems} == set(found) & {"other"}


async def test_health_follows_whether_a_version_serves(served: Served) -> None:
    for is_serving in (False, True, False):
        await served.server.health.tell(is_serving=is_serving)
        expected = HealthCheckResponse.SERVING if is_serving else HealthCheckResponse.NOT_SERVING
        for service in ("", *served.services):
            assert await health_of(served, service) == expected


async def test_events_are_recorded_without_a_version_until_the_server_shuts_down() -> None:
    async with running([Service(EVENTS, lambda _: None)]) as served:
        await served.server.health.tell(is_serving=False)
        assert await health_of(served) == HealthCheckResponse.NOT_SERVING
        assert await health_of(served, EVENTS) == HealthCheckResponse.SERVING
        await served.server.health.drain()
        assert await health_of(served, EVENTS) == HealthCheckResponse.NOT_SERVING


async def test_a_server_that_shuts_down_is_first_seen_as_not_serving() -> None:
    """Those who watch are told, calls under way are answered, and new ones are refused."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await go_on.wait()

    async with serving(models(before_rank=wait), KNOWN) as server:
        await server.server.health.tell(is_serving=True)
        async with grpc.aio.insecure_channel(server.address) as channel:
            watch = HealthClient(channel).Watch(HealthCheckRequest())
            assert await next_status(watch) == HealthCheckResponse.SERVING
            stub = RecommendationServiceStub(channel)
            under_way = stub.RecommendClasses(pb.RecommendClassesRequest(member_id="m1"))
            await begun.wait()
            stopping = asyncio.create_task(server.server.stop(30))
            assert await next_status(watch) == HealthCheckResponse.NOT_SERVING
            watch.cancel()
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.RecommendClasses(pb.RecommendClassesRequest(member_id="m1"))
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
            go_on.set()
            assert (await under_way).classes
            await stopping


async def test_health_stays_not_serving_once_the_server_shuts_down(served: Served) -> None:
    await served.server.health.drain()
    await served.server.health.tell(is_serving=True)
    assert await health_of(served) == HealthCheckResponse.NOT_SERVING


async def test_a_call_that_comes_while_the_server_shuts_down_is_told_so(served: Served) -> None:
    closing = asyncio.create_task(served.server.gate.close())
    await asyncio.sleep(0)
    error = await failure(served, pb.RecommendClassesRequest(member_id="m1"))
    assert not closing.done(), "it waits until no more calls come"
    await closing
    assert (error.code(), reason(error)) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
    assert await health_of(served) == HealthCheckResponse.NOT_SERVING


async def test_reflection_lists_the_services(served: Served) -> None:
    async with grpc.aio.insecure_channel(served.address) as channel:
        stub: Any = ServerReflectionStub(channel)  # type: ignore[arg-type]  # its types know synchronous channels only
        call = stub.ServerReflectionInfo(iter([ServerReflectionRequest(list_services="")]))
        answer = await call.read()
    names = {service.name for service in answer.list_services_response.service}
    assert {*served.services, "grpc.health.v1.Health"} <= names


async def test_a_port_in_use_is_refused(served: Served) -> None:
    async with serving(models()) as other:
        with pytest.raises(StartError, match=f"can't listen on {HOST}:{served.port}: it is in use"):
            other.server.bind(HOST, served.port)
