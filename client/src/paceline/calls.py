"""Builds the requests of calls and reads what their responses mean; no I/O."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TypedDict, Unpack

from google.protobuf.timestamp_pb2 import Timestamp

from paceline.errors import Unavailable
from paceline.v1.error_reason_pb2 import ERROR_REASON_NO_MODEL
from paceline.v1.model_service_pb2 import (
    VERSION_STATE_AVAILABLE,
    GetModelStatusResponse,
    ModelVersionStatus,
    VersionState,
)
from paceline.v1.recommendation_service_pb2 import (
    BatchRecommendClassesRequest,
    ClassFilter,
    RecommendClassesRequest,
    RequestContext,
    ScoreClassesRequest,
)
from paceline.values import Value, to_feature_value

MAX_BATCH = 1_000
"""The most requests of one BatchRecommendClasses."""


class Moment(TypedDict, total=False):
    """What is known of the moment of a request."""

    context: Mapping[str, Value]
    """Context features by name, such as ``{"surface": "home"}``."""
    request_time: datetime | None
    """The moment asked about, with a time zone; the time of arrival unless given."""


class Choice(Moment, total=False):
    """Which classes are ranked, and what is returned of them."""

    page_size: int
    """The most classes to return, 1 to 1,000; 20 unless given."""
    filters: Iterable[ClassFilter]
    """Conditions that every class returned satisfies: `any_of`, `between`, `at_least`, `at_most`."""
    excluded_class_ids: Iterable[str]
    """Classes never to return."""
    candidate_class_ids: Sequence[str] | None
    """Only these are ranked; the whole catalogue unless given."""
    class_feature_names: Iterable[str]
    """Class features to return with each class."""
    request_id: str
    """Names the request in the response and the served-feature log; the server makes one up unless given."""


def recommend_request(member_id: str, **choice: Unpack[Choice]) -> RecommendClassesRequest:
    """Returns the request of RecommendClasses.

    Raises:
        ValueError: `candidate_class_ids` is empty, which on the wire would mean the whole catalogue, or
            `request_time` has no time zone.
        TypeError: A value is not of a feature's type.
    """
    candidates = choice.get("candidate_class_ids")
    if candidates is not None and not candidates:
        raise ValueError("candidate_class_ids is empty: leave it out to rank the whole catalogue")
    return RecommendClassesRequest(
        member_id=member_id,
        page_size=choice.get("page_size", 0),
        filters=choice.get("filters", ()),
        excluded_class_ids=choice.get("excluded_class_ids", ()),
        candidate_class_ids=candidates or (),
        context=_context(choice),
        class_feature_names=choice.get("class_feature_names", ()),
        request_id=choice.get("request_id", ""),
    )


def batches(requests: Iterable[RecommendClassesRequest]) -> Iterator[dict[int, RecommendClassesRequest]]:
    """Yields the requests by their places, as many at a time as one BatchRecommendClasses may have."""
    coming = enumerate(requests)
    while batch := dict(islice(coming, MAX_BATCH)):
        yield batch


def batch_request(batch: Mapping[int, RecommendClassesRequest]) -> BatchRecommendClassesRequest:
    """Returns the request of BatchRecommendClasses."""
    return BatchRecommendClassesRequest(requests=batch.values())


def score_request(member_id: str, class_ids: Iterable[str], **moment: Unpack[Moment]) -> ScoreClassesRequest:
    """Returns the request of ScoreClasses.

    Raises:
        ValueError: `request_time` has no time zone.
        TypeError: A value is not of a feature's type.
    """
    return ScoreClassesRequest(member_id=member_id, class_ids=class_ids, context=_context(moment))


def require_serving(response: GetModelStatusResponse) -> None:
    """Accepts a status in which a version is available.

    Raises:
        Unavailable: None is; tells the state of the newest.
    """
    if any(version.state == VERSION_STATE_AVAILABLE for version in response.versions):
        return
    newest = _describe(response.versions[0]) if response.versions else "the server has seen no version"
    raise Unavailable(f"no version of the model is serving: {newest}", reason=ERROR_REASON_NO_MODEL)


def _describe(status: ModelVersionStatus) -> str:
    state = VersionState.Name(status.state).removeprefix("VERSION_STATE_")
    text = f"{status.model_version.name}/{status.model_version.version} is {state}"
    return f"{text}: {status.refusal_message}" if status.refusal_message else text


def _context(moment: Moment) -> RequestContext:
    context = RequestContext()
    for name, value in moment.get("context", {}).items():
        context.features[name].CopyFrom(to_feature_value(value))
    if time := moment.get("request_time"):
        context.request_time.CopyFrom(to_timestamp(time, "request_time"))
    return context


def to_timestamp(time: datetime, name: str) -> Timestamp:
    """Returns the message of a time.

    Raises:
        ValueError: It has no time zone; tells the name of the argument.
    """
    if time.utcoffset() is None:
        raise ValueError(f"{name} has no time zone: {time.isoformat()}")
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp
