"""What the fake server answers: rankings as written down, filtered as the wire contract says. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from paceline.errors import FieldViolation, InvalidRequest
from paceline.v1.error_reason_pb2 import ERROR_REASON_INVALID_FIELD
from paceline.v1.recommendation_service_pb2 import (
    CLASS_STATUS_SCORED,
    CLASS_STATUS_UNKNOWN,
    MEMBER_STATUS_KNOWN,
    MEMBER_STATUS_UNKNOWN,
    BatchRecommendClassesRequest,
    BatchRecommendClassesResponse,
    ClassFilter,
    FeatureRange,
    FeatureValue,
    MemberStatus,
    ModelVersion,
    RankedClass,
    RecommendClassesRequest,
    RecommendClassesResponse,
    ScoreClassesRequest,
    ScoreClassesResponse,
    ScoredClass,
)
from paceline.values import Value, from_feature_value, to_feature_value

MODEL_VERSION = ModelVersion(name="fake", version=1)
DEFAULT_PAGE_SIZE = 20
MAX_REQUEST_ID_BYTES = 64


@dataclass
class Script:
    """Rankings and class features; a member without a ranking of its own is unknown and gets that of others."""

    rankings: dict[str, Mapping[str, float]] = field(default_factory=dict)
    others: Mapping[str, float] = field(default_factory=dict)
    class_features: dict[str, Mapping[str, Value]] = field(default_factory=dict)

    def recommend(self, request: RecommendClassesRequest) -> RecommendClassesResponse:
        """Returns the member's ranking, without what the request leaves out.

        Raises:
            InvalidRequest: The member id is empty, the request id too long, or a feature is one that no class has.
        """
        self._check(request)
        scores, status = self._ranking(request.member_id)
        ranked = [class_id for class_id in _best_first(scores) if self._passes(class_id, request)]
        names = request.class_feature_names
        return RecommendClassesResponse(
            classes=[
                RankedClass(
                    class_id=class_id, score=scores[class_id], class_features=self._features(class_id, names)
                )
                for class_id in ranked[: request.page_size or DEFAULT_PAGE_SIZE]
            ],
            model_version=MODEL_VERSION,
            member_status=status,
            unknown_class_ids=sorted(set(request.candidate_class_ids) - self._class_ids()),
            candidate_count=len(ranked),
            catalogue_generation=1,
            request_id=request.request_id or uuid4().hex,
        )

    def recommend_all(self, batch: BatchRecommendClassesRequest) -> list[BatchRecommendClassesResponse]:
        """Returns the ranking of each request, the last one first, as the order is not promised.

        Raises:
            InvalidRequest: There are no requests, or one of them is invalid.
        """
        if not batch.requests:
            raise _invalid("requests", "is empty, expected at least one entry")
        responses = [self._one_of_many(place, request) for place, request in enumerate(batch.requests)]
        return responses[::-1]

    def score(self, request: ScoreClassesRequest) -> ScoreClassesResponse:
        """Returns the member's scores; 0 for a class that only others' rankings hold.

        Raises:
            InvalidRequest: The member id or the list of classes is empty.
        """
        if not request.class_ids:
            raise _invalid("class_ids", "is empty, expected at least one class")
        _require_member(request.member_id)
        scores, status = self._ranking(request.member_id)
        known = self._class_ids()
        return ScoreClassesResponse(
            classes=[
                ScoredClass(
                    class_id=class_id,
                    score=scores.get(class_id, 0.0),
                    status=CLASS_STATUS_SCORED if class_id in known else CLASS_STATUS_UNKNOWN,
                )
                for class_id in request.class_ids
            ],
            model_version=MODEL_VERSION,
            member_status=status,
            catalogue_generation=1,
        )

    def _one_of_many(self, place: int, request: RecommendClassesRequest) -> BatchRecommendClassesResponse:
        try:
            return BatchRecommendClassesResponse(request_index=place, response=self.recommend(request))
        except InvalidRequest as error:
            (violation,) = error.violations
            raise _invalid(f"requests[{place}].{violation.field}", violation.description) from error

    def _check(self, request: RecommendClassesRequest) -> None:
        _require_member(request.member_id)
        if len(request.request_id.encode()) > MAX_REQUEST_ID_BYTES:
            raise _invalid("request_id", "is too long")
        known = {name for features in self.class_features.values() for name in features}
        for place, condition in enumerate(request.filters):
            if condition.feature_name not in known:
                raise _invalid(
                    f"filters[{place}].feature_name", f"no class feature is named {condition.feature_name}"
                )
        for place, name in enumerate(request.class_feature_names):
            if name not in known:
                raise _invalid(f"class_feature_names[{place}]", f"no class feature is named {name}")

    def _ranking(self, member_id: str) -> tuple[Mapping[str, float], MemberStatus.ValueType]:
        if member_id in self.rankings:
            return self.rankings[member_id], MEMBER_STATUS_KNOWN
        return self.others, MEMBER_STATUS_UNKNOWN

    def _class_ids(self) -> set[str]:
        return {*self.class_features, *self.others}.union(*self.rankings.values())

    def _passes(self, class_id: str, request: RecommendClassesRequest) -> bool:
        if class_id in request.excluded_class_ids:
            return False
        if request.candidate_class_ids and class_id not in request.candidate_class_ids:
            return False
        features = self.class_features.get(class_id, {})
        return all(satisfies(features.get(f.feature_name), f) for f in request.filters)

    def _features(self, class_id: str, names: Iterable[str]) -> list[FeatureValue]:
        features = self.class_features.get(class_id, {})
        return [to_feature_value(features[name]) if name in features else FeatureValue() for name in names]


def satisfies(value: Value | None, condition: ClassFilter) -> bool:
    """Whether a feature satisfies a condition; a missing one never does."""
    if value is None:
        return False
    if condition.HasField("range"):
        return isinstance(value, int | float) and _lies_in(value, condition.range)
    elements: Sequence[Value] = [value] if isinstance(value, str | int | float) else value
    wanted = [from_feature_value(message) for message in condition.any_of.values]
    return any(element in wanted for element in elements)


def _lies_in(value: float, bounds: FeatureRange) -> bool:
    above = not bounds.HasField("min") or value >= bounds.min
    below = not bounds.HasField("max") or value <= bounds.max
    return above and below


def _best_first(scores: Mapping[str, float]) -> list[str]:
    return sorted(scores, key=lambda class_id: (-scores[class_id], class_id))


def _require_member(member_id: str) -> None:
    if not member_id:
        raise _invalid("member_id", "is empty")


def _invalid(path: str, description: str) -> InvalidRequest:
    return InvalidRequest(
        f"{path}: {description}", reason=ERROR_REASON_INVALID_FIELD, violations=[FieldViolation(path, description)]
    )
