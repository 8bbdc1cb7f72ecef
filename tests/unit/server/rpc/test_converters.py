"""Messages become requests, and results become messages, without loss."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from contract.cells import CellStatus
from paceline.v1 import model_service_pb2 as models_pb
from paceline.v1 import recommendation_service_pb2 as pb
from server.domain.labels import LabelStatus
from server.domain.models import ModelProblem
from server.domain.requests import AnyOf, ClassFilter, Range, RecommendRequest, RequestContext, ScoreRequest
from server.domain.results import FeatureRow, Ranking, ScoredClass, Scores, ServingMode, Source
from server.domain.versions import RefusalReason, VersionRecord, VersionState
from server.rpc.converters import (
    from_feature_value,
    model_status_response,
    recommend_request,
    recommend_response,
    score_request,
    score_response,
    to_feature_value,
)

SOURCE = Source(
    "ranking",
    3,
    member_is_known=False,
    generation=7,
    arm="canary",
    serving_mode=ServingMode.LAST_KNOWN,
    feature_rows=[FeatureRow("old", CellStatus.STALE, 90.5), FeatureRow("none", CellStatus.MISSING, None, ["a"])],
)
FEATURE_ROWS = [
    pb.FeatureRow(feature_view="old", status=pb.FEATURE_ROW_STATUS_STALE, age_seconds=90.5),
    pb.FeatureRow(feature_view="none", status=pb.FEATURE_ROW_STATUS_MISSING, absent_features=["a"]),
]
VALUES = (
    st.none()
    | st.text()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.lists(st.text())
)


@given(VALUES)
def test_a_value_survives_the_wire_with_its_type(value: Any) -> None:
    message = pb.FeatureValue.FromString(to_feature_value(value).SerializeToString())
    found = from_feature_value(message)
    assert (found, type(found)) == (value, type(value))


def test_a_recommend_request_keeps_every_field() -> None:
    message = pb.RecommendClassesRequest(
        member_id="m1",
        page_size=5,
        filters=[
            pb.ClassFilter(
                feature_name="minutes",
                any_of=pb.FeatureValueSet(values=[pb.FeatureValue(int64_value=20), pb.FeatureValue()]),
            ),
            pb.ClassFilter(feature_name="rating", range=pb.FeatureRange(min=0)),
            pb.ClassFilter(feature_name="title"),
        ],
        excluded_class_ids=["c1"],
        candidate_class_ids=["c2", "c3"],
        context=pb.RequestContext(
            request_time=Timestamp(seconds=12, nanos=5),
            features={"surface": pb.FeatureValue(string_value="home"), "mood": pb.FeatureValue()},
        ),
        class_feature_names=["title"],
        request_id="r1",
    )
    request = recommend_request(message)
    assert request == RecommendRequest(
        member_id="m1",
        page_size=5,
        filters=[
            ClassFilter("minutes", AnyOf([20, None])),
            ClassFilter("rating", Range(min=0.0, max=None)),
            ClassFilter("title", None),
        ],
        excluded_class_ids=request.excluded_class_ids,
        candidate_class_ids=request.candidate_class_ids,
        context=RequestContext(12, {"surface": "home", "mood": None}),
        class_feature_names=request.class_feature_names,
        request_id="r1",
    )
    assert list(request.excluded_class_ids) == ["c1"]
    assert list(request.candidate_class_ids) == ["c2", "c3"]
    assert list(request.class_feature_names) == ["title"]


def test_what_is_left_out_of_a_request_is_none_or_empty() -> None:
    assert recommend_request(pb.RecommendClassesRequest()).context == RequestContext()
    assert score_request(pb.ScoreClassesRequest(context=pb.RequestContext())).context == RequestContext()


def test_a_score_request_keeps_every_field() -> None:
    message = pb.ScoreClassesRequest(member_id="m1", class_ids=["c1"])
    request = score_request(message)
    assert request == ScoreRequest("m1", request.class_ids)
    assert list(request.class_ids) == ["c1"]


def test_a_ranking_keeps_every_field() -> None:
    ranking = Ranking(["c1"], [0.5], [["A", None]], ["x"], 9, SOURCE, "r1")
    assert recommend_response(ranking) == pb.RecommendClassesResponse(
        classes=[
            pb.RankedClass(
                class_id="c1",
                score=0.5,
                class_features=[pb.FeatureValue(string_value="A"), pb.FeatureValue()],
            )
        ],
        model_version=pb.ModelVersion(name="ranking", version=3),
        member_status=pb.MEMBER_STATUS_UNKNOWN,
        unknown_class_ids=["x"],
        candidate_count=9,
        catalogue_generation=7,
        arm="canary",
        serving_mode=pb.SERVING_MODE_LAST_KNOWN,
        feature_rows=FEATURE_ROWS,
        request_id="r1",
        worst_age_seconds=90.5,
    )


def test_a_class_without_a_score_is_unknown() -> None:
    scores = Scores([ScoredClass("c1", 0.0), ScoredClass("x", None)], SOURCE)
    assert score_response(scores) == pb.ScoreClassesResponse(
        classes=[
            pb.ScoredClass(class_id="c1", score=0, status=pb.CLASS_STATUS_SCORED),
            pb.ScoredClass(class_id="x", status=pb.CLASS_STATUS_UNKNOWN),
        ],
        model_version=pb.ModelVersion(name="ranking", version=3),
        member_status=pb.MEMBER_STATUS_UNKNOWN,
        catalogue_generation=7,
        arm="canary",
        serving_mode=pb.SERVING_MODE_LAST_KNOWN,
        feature_rows=FEATURE_ROWS,
        worst_age_seconds=90.5,
    )


def test_a_refused_version_tells_why_and_since_when() -> None:
    record = VersionRecord("ranking", 3, VersionState.END, 1.5, RefusalReason.FILE_CHANGED, "x has 2 bytes")
    assert model_status_response([record], [], []).versions[0] == models_pb.ModelVersionStatus(
        model_version=pb.ModelVersion(name="ranking", version=3),
        state=models_pb.VERSION_STATE_END,
        refusal_reason=models_pb.REFUSAL_REASON_FILE_CHANGED,
        refusal_message="x has 2 bytes",
        state_time=Timestamp(seconds=1, nanos=500_000_000),
    )


def test_a_version_that_is_available_tells_what_runs_it() -> None:
    record = VersionRecord("ranking", 3, VersionState.AVAILABLE, 0, runtime="openvino, int8")
    assert model_status_response([record], [], []).versions[0].runtime == "openvino, int8"


def test_labels_and_problems_keep_every_field() -> None:
    labels = [LabelStatus("ranking", "stable", 4, 3, 90, 0.25), LabelStatus("ranking", "canary", None, None)]
    response = model_status_response([], labels, [ModelProblem("ranking", "the folder can't be read")])
    assert list(response.labels) == [
        models_pb.LabelStatus(
            model_name="ranking", label="stable", version=4, pinned_version=3, weight=90, shadow_share=0.25
        ),
        models_pb.LabelStatus(model_name="ranking", label="canary"),
    ]
    assert list(response.problems) == [
        models_pb.ModelProblem(model_name="ranking", message="the folder can't be read")
    ]


def test_states_and_reasons_of_the_wire_and_of_the_domain_are_the_same() -> None:
    def wire(keys: list[str], prefix: str) -> set[str]:
        return {key.removeprefix(prefix) for key in keys} - {"UNSPECIFIED"}

    assert wire(models_pb.VersionState.keys(), "VERSION_STATE_") == {state.name for state in VersionState}
    assert wire(models_pb.RefusalReason.keys(), "REFUSAL_REASON_") == {reason.name for reason in RefusalReason}
