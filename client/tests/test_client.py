"""The sync client over grpcio-testing's channel: every attempt is answered by hand and time is moved by hand."""

import grpc
import pytest

from client.tests.fake_channel import SCORE, STATUS, FakeChannel
from paceline import DeadlineExceeded, InvalidRequest, PacelineError, Unavailable, recommend_request
from paceline.v1.model_service_pb2 import (
    VERSION_STATE_AVAILABLE,
    VERSION_STATE_LOADING,
    GetModelStatusResponse,
    ModelVersionStatus,
    VersionState,
)
from paceline.v1.recommendation_service_pb2 import (
    BatchRecommendClassesResponse,
    ModelVersion,
    RankedClass,
    RecommendClassesResponse,
    ScoreClassesResponse,
)

RESPONSE = RecommendClassesResponse(classes=[RankedClass(class_id="c1", score=0.5)])
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


def status(state: VersionState.ValueType) -> GetModelStatusResponse:
    version = ModelVersion(name="wide_deep", version=7)
    return GetModelStatusResponse(versions=[ModelVersionStatus(model_version=version, state=state)])


def test_an_answer_is_returned_as_it_came(channel: FakeChannel) -> None:
    call = channel.begin(channel.client.recommend_classes, "m1", page_size=5)
    request, rpc = channel.take()
    assert (request.member_id, request.page_size) == ("m1", 5)
    rpc.terminate(RESPONSE, (), grpc.StatusCode.OK, "")
    assert call.result() == RESPONSE


def test_scores_are_asked_for_in_the_order_given(channel: FakeChannel) -> None:
    call = channel.begin(channel.client.score_classes, "m1", ["c2", "c1"], context={"surface": "home"})
    request, rpc = channel.take(SCORE)
    assert list(request.class_ids) == ["c2", "c1"]
    assert request.context.features["surface"].string_value == "home"
    rpc.terminate(ScoreClassesResponse(), (), grpc.StatusCode.OK, "")
    assert call.result() == ScoreClassesResponse()


def test_every_call_has_a_deadline_of_its_own_or_the_clients(channel: FakeChannel) -> None:
    for timeout in (None, 0.25):
        call = channel.begin(channel.client.recommend_classes, "m1", timeout=timeout)
        channel.answer(RESPONSE)
        call.result()
    assert channel.timeouts == [1.0, 0.25]


def test_a_retry_has_only_the_time_that_is_left(channel: FakeChannel) -> None:
    call = channel.begin(channel.client.recommend_classes, "m1", timeout=1.0)
    channel.fail(UNAVAILABLE, after=0.3)
    channel.fail(UNAVAILABLE)
    channel.answer(RESPONSE)
    assert call.result() == RESPONSE
    assert channel.timeouts == pytest.approx([1.0, 1.0 - 0.3 - 0.1, 1.0 - 0.3 - 0.1 - 0.2])


def test_the_last_attempts_error_is_raised(channel: FakeChannel) -> None:
    call = channel.begin(channel.client.recommend_classes, "m1")
    for _ in range(3):
        channel.fail(UNAVAILABLE)
    with pytest.raises(Unavailable, match="as told") as raised:
        call.result()
    assert isinstance(raised.value.__cause__, grpc.RpcError)
    assert channel.time.time() == pytest.approx(0.1 + 0.2)


def test_no_retry_is_waited_for_that_would_come_too_late(channel: FakeChannel) -> None:
    call = channel.begin(channel.client.recommend_classes, "m1", timeout=1.0)
    channel.fail(UNAVAILABLE, after=0.95)
    with pytest.raises(Unavailable):
        call.result()
    assert channel.time.time() == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.DEADLINE_EXCEEDED, DeadlineExceeded),
        (grpc.StatusCode.INVALID_ARGUMENT, InvalidRequest),
        (grpc.StatusCode.INTERNAL, PacelineError),
    ],
)
def test_only_an_unavailable_server_is_asked_again(
    channel: FakeChannel, code: grpc.StatusCode, error: type[PacelineError]
) -> None:
    call = channel.begin(channel.client.recommend_classes, "m1")
    channel.fail(code)
    with pytest.raises(error):
        call.result()
    assert len(channel.timeouts) == 1


def test_what_a_lost_server_did_not_answer_of_a_batch_is_asked_for_again(channel: FakeChannel) -> None:
    requests = [recommend_request(f"m{number}") for number in range(3)]
    answers = channel.client.batch_recommend_classes(requests, timeout=30.0)

    first = channel.begin(next, answers)
    _, rpc = channel.take_batch()
    rpc.send_response(BatchRecommendClassesResponse(request_index=1, response=RESPONSE))
    assert first.result() == (1, RESPONSE)
    others = channel.begin(lambda: list(answers))
    rpc.terminate((), UNAVAILABLE, "gone")
    again, rpc = channel.take_batch()
    rpc.send_response(BatchRecommendClassesResponse(request_index=1, response=RESPONSE))
    rpc.send_response(BatchRecommendClassesResponse(request_index=0, response=RESPONSE))
    rpc.terminate((), grpc.StatusCode.OK, "")

    assert list(again.requests) == [requests[0], requests[2]]
    assert others.result() == [(2, RESPONSE), (0, RESPONSE)]
    assert channel.timeouts == pytest.approx([30.0, 30.0 - 0.1])


def test_a_batch_of_any_size_is_sent_a_thousand_at_a_time(channel: FakeChannel) -> None:
    requests = (recommend_request(f"m{number}") for number in range(1500))
    call = channel.begin(lambda: list(channel.client.batch_recommend_classes(requests)))

    for size in (1000, 500):
        request, rpc = channel.take_batch()
        assert len(request.requests) == size
        for place in range(size):
            rpc.send_response(BatchRecommendClassesResponse(request_index=place, response=RESPONSE))
        rpc.terminate((), grpc.StatusCode.OK, "")

    assert [place for place, _ in call.result()] == list(range(1500))


def test_a_batch_that_is_refused_is_not_asked_again(channel: FakeChannel) -> None:
    call = channel.begin(lambda: list(channel.client.batch_recommend_classes([recommend_request("m1")])))
    _, rpc = channel.take_batch()
    rpc.terminate((), grpc.StatusCode.INVALID_ARGUMENT, "as told")
    with pytest.raises(InvalidRequest):
        call.result()
    assert len(channel.timeouts) == 1


def test_waiting_ends_when_a_version_is_available(channel: FakeChannel) -> None:
    call = channel.begin(channel.client.wait_until_serving, timeout=60.0)
    channel.fail(UNAVAILABLE, STATUS)
    channel.answer(GetModelStatusResponse(), STATUS)
    channel.answer(status(VERSION_STATE_LOADING), STATUS)
    channel.answer(status(VERSION_STATE_AVAILABLE), STATUS)
    call.result()
    assert len(channel.timeouts) == 4


def test_waiting_in_vain_tells_the_state_of_the_newest_version(channel: FakeChannel) -> None:
    call = channel.begin(channel.client.wait_until_serving, timeout=0.25)
    channel.answer(status(VERSION_STATE_LOADING), STATUS)
    channel.answer(status(VERSION_STATE_LOADING), STATUS)
    with pytest.raises(Unavailable, match="wide_deep/7 is LOADING"):
        call.result()


def test_waiting_ends_at_once_where_the_server_refuses_to_tell(channel: FakeChannel) -> None:
    call = channel.begin(channel.client.wait_until_serving, timeout=60.0)
    channel.fail(grpc.StatusCode.PERMISSION_DENIED, STATUS)
    with pytest.raises(PacelineError):
        call.result()
