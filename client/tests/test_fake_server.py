"""The fake server, seen through the sync client."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline import (
    Choice,
    DeadlineExceeded,
    InvalidRequest,
    PacelineClient,
    PermissionDenied,
    RetryPolicy,
    Unavailable,
    any_of,
    at_least,
    at_most,
    between,
    from_feature_value,
)
from paceline.testing import FakeServer
from paceline.testing.script import satisfies
from paceline.v1.error_reason_pb2 import ERROR_REASON_NO_MODEL
from paceline.v1.model_service_pb2 import VERSION_STATE_LOADING
from paceline.v1.recommendation_service_pb2 import (
    CLASS_STATUS_SCORED,
    CLASS_STATUS_UNKNOWN,
    MEMBER_STATUS_KNOWN,
    MEMBER_STATUS_UNKNOWN,
    RecommendClassesResponse,
)


@pytest.fixture
def client(paceline_server: FakeServer) -> Iterator[PacelineClient]:
    with PacelineClient(paceline_server.target, timeout=10.0, retry=RetryPolicy(attempts=1)) as client:
        yield client


def ids(response: RecommendClassesResponse) -> list[str]:
    return [ranked.class_id for ranked in response.classes]


def test_a_ranking_is_returned_best_first_and_ties_by_id(
    paceline_server: FakeServer, client: PacelineClient
) -> None:
    paceline_server.rank("m1", [("c3", 0.5), ("c1", 0.25), ("c2", 0.5)])
    response = client.recommend_classes("m1")
    assert ids(response) == ["c2", "c3", "c1"]
    assert [ranked.score for ranked in response.classes] == [0.5, 0.5, 0.25]
    assert response.member_status == MEMBER_STATUS_KNOWN
    assert response.candidate_count == 3


def test_a_response_has_the_id_of_its_request_or_one_of_its_own(client: PacelineClient) -> None:
    found = [client.recommend_classes("m1", request_id=given).request_id for given in ("r1", "", "")]
    assert found[0] == "r1"
    assert "" not in found
    assert len(set(found)) == 3


def test_a_member_without_a_ranking_is_unknown_and_gets_that_of_others(
    paceline_server: FakeServer, client: PacelineClient
) -> None:
    paceline_server.rank_others([("c9", 0.1)])
    response = client.recommend_classes("m2")
    assert ids(response) == ["c9"]
    assert response.member_status == MEMBER_STATUS_UNKNOWN


def test_the_request_narrows_the_ranking(paceline_server: FakeServer, client: PacelineClient) -> None:
    paceline_server.rank("m1", [("c1", 0.9), ("c2", 0.8), ("c3", 0.7), ("c4", 0.6)])
    response = client.recommend_classes(
        "m1", page_size=1, excluded_class_ids=["c1"], candidate_class_ids=["c1", "c3", "c4", "c8"]
    )
    assert ids(response) == ["c3"]
    assert response.candidate_count == 2
    assert list(response.unknown_class_ids) == ["c8"]


def test_described_classes_can_be_filtered_and_shown(paceline_server: FakeServer, client: PacelineClient) -> None:
    paceline_server.rank("m1", [("c1", 0.9), ("c2", 0.8), ("c3", 0.7)])
    paceline_server.describe("c1", title="Power", minutes=45)
    paceline_server.describe("c2", title="Calm", minutes=20)
    response = client.recommend_classes(
        "m1", filters=[between("minutes", 10, 30)], class_feature_names=["minutes", "title"]
    )
    assert ids(response) == ["c2"]
    assert [from_feature_value(value) for value in response.classes[0].class_features] == [20, "Calm"]


def test_a_feature_that_a_class_lacks_is_unset(paceline_server: FakeServer, client: PacelineClient) -> None:
    paceline_server.rank("m1", [("c1", 0.9)])
    paceline_server.describe("c2", title="Calm")
    response = client.recommend_classes("m1", class_feature_names=["title"])
    assert [from_feature_value(value) for value in response.classes[0].class_features] == [None]


@given(st.integers(), st.integers(), st.integers())
def test_a_range_includes_both_ends(value: int, low: int, high: int) -> None:
    value, low, high = (n % 100 for n in (value, low, high))
    assert satisfies(value, between("minutes", low, high)) == (low <= value <= high)
    assert satisfies(value, at_least("minutes", low)) == (value >= low)
    assert satisfies(value, at_most("minutes", high)) == (value <= high)


def test_a_list_satisfies_by_any_element_and_a_missing_value_never() -> None:
    assert satisfies(["rock", "pop"], any_of("genres", "pop", "jazz"))
    assert not satisfies(["rock"], any_of("genres", "pop"))
    assert not satisfies(None, any_of("genres", "pop"))
    assert not satisfies("10", at_least("minutes", 1))


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        (Choice(filters=[any_of("title", "a"), any_of("mood", "a")]), "filters[1].feature_name"),
        (Choice(class_feature_names=["mood"]), "class_feature_names[0]"),
    ],
)
def test_a_feature_that_no_class_has_is_invalid(
    paceline_server: FakeServer, client: PacelineClient, choice: Choice, field: str
) -> None:
    paceline_server.describe("c1", title="Calm")
    with pytest.raises(InvalidRequest) as raised:
        client.recommend_classes("m1", **choice)
    assert [v.field for v in raised.value.violations] == [field]


def test_scores_come_in_the_order_asked_and_unknown_classes_say_so(
    paceline_server: FakeServer, client: PacelineClient
) -> None:
    paceline_server.rank("m1", [("c1", 0.75)])
    paceline_server.rank("m2", [("c2", 0.5)])
    scored = client.score_classes("m1", ["c2", "c9", "c1"]).classes
    assert [c.class_id for c in scored] == ["c2", "c9", "c1"]
    assert [c.score for c in scored] == [0.0, 0.0, 0.75]
    assert [c.status for c in scored] == [CLASS_STATUS_SCORED, CLASS_STATUS_UNKNOWN, CLASS_STATUS_SCORED]


def test_no_classes_to_score_is_invalid(client: PacelineClient) -> None:
    with pytest.raises(InvalidRequest, match="class_ids"):
        client.score_classes("m1", [])


def test_requests_are_recorded_in_order(paceline_server: FakeServer, client: PacelineClient) -> None:
    client.recommend_classes("m1")
    client.get_model_status("wide_deep")
    assert [type(request).__name__ for request in paceline_server.requests] == [
        "RecommendClassesRequest",
        "GetModelStatusRequest",
    ]


def test_injected_errors_answer_only_as_many_requests_as_told(
    paceline_server: FakeServer, client: PacelineClient
) -> None:
    paceline_server.fail_next(PermissionDenied("not you"), times=2)
    for _ in range(2):
        with pytest.raises(PermissionDenied, match="not you"):
            client.recommend_classes("m1")
    client.recommend_classes("m1")


def test_a_server_whose_version_still_loads_ranks_nothing(
    paceline_server: FakeServer, client: PacelineClient
) -> None:
    paceline_server.version_state = VERSION_STATE_LOADING
    with pytest.raises(Unavailable) as raised:
        client.recommend_classes("m1")
    assert raised.value.reason == ERROR_REASON_NO_MODEL
    assert client.get_model_status().versions[0].state == VERSION_STATE_LOADING


def test_held_requests_wait_and_are_answered_when_let_go(
    paceline_server: FakeServer, client: PacelineClient
) -> None:
    paceline_server.rank("m1", [("c1", 0.5)])
    with ThreadPoolExecutor() as pool:
        with paceline_server.held():
            calls = [pool.submit(client.recommend_classes, "m1") for _ in range(3)]
            paceline_server.wait_for_requests(3)
            assert not any(call.done() for call in calls)
        assert all(ids(call.result()) == ["c1"] for call in calls)


def test_a_held_request_misses_its_deadline(paceline_server: FakeServer, client: PacelineClient) -> None:
    with paceline_server.held(), pytest.raises(DeadlineExceeded):
        client.recommend_classes("m1", timeout=0.05)


def test_waiting_for_requests_that_never_come_says_how_many_came(paceline_server: FakeServer) -> None:
    with pytest.raises(TimeoutError, match="0 requests received, expected 1"):
        paceline_server.wait_for_requests(1, timeout=0.01)


def test_two_servers_never_share_an_address() -> None:
    with FakeServer() as one, FakeServer() as other:
        assert one.target != other.target
