"""Requests that outlive the messages they were made of, as those do that are scored after the reply."""

import gc

from paceline.v1 import recommendation_service_pb2 as pb
from server.domain.requests import RecommendRequest
from server.rpc.converters import recommend_request


def _kept(count: int) -> RecommendRequest:
    message = pb.RecommendClassesRequest(
        member_id="m1",
        excluded_class_ids=[f"excluded{number}" for number in range(count)],
        candidate_class_ids=[f"candidate{number}" for number in range(count)],
        class_feature_names=[f"name{number}" for number in range(count)],
    )
    return recommend_request(pb.RecommendClassesRequest.FromString(message.SerializeToString()))


def test_a_request_keeps_what_its_message_held_when_the_message_is_gone() -> None:
    requests = [_kept(count) for count in range(50)]
    gc.collect()
    for count, request in enumerate(requests):
        assert list(request.excluded_class_ids) == [f"excluded{number}" for number in range(count)]
        assert list(request.candidate_class_ids) == [f"candidate{number}" for number in range(count)]
        assert list(request.class_feature_names) == [f"name{number}" for number in range(count)]
