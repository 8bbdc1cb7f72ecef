"""The limits of a request that can be checked without a model: those in the comments of the wire contract."""

import math
from collections.abc import Iterator, Sequence

from event_log.event import Event
from server.domain.errors import FieldViolation, InvalidRequest
from server.domain.requests import AnyOf, ClassFilter, Range, RecommendRequest, RequestContext, ScoreRequest

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 1_000
MAX_MEMBER_ID_BYTES = 256
MAX_REQUEST_ID_BYTES = 64
MAX_CLASS_IDS = 10_000
MAX_FILTERS = 32
MAX_FILTER_VALUES = 1_000
MAX_CLASS_FEATURE_NAMES = 32
MAX_BATCH = 1_000
MAX_EVENTS = 1_000
TIMES = range(-62_135_596_800, 253_402_300_800)
"""The seconds that a Timestamp may hold: the years 1 to 9999."""


def check_recommend(request: RecommendRequest) -> None:
    """Raises InvalidRequest with every violation of the limits of a RecommendRequest."""
    _raise(list(_recommend(request)))


def check_batch(requests: Sequence[RecommendRequest]) -> None:
    """Raises InvalidRequest with every violation of the limits of a batch and of its requests."""
    field = "requests"
    inside = (v.inside(f"{field}[{i}]") for i, r in enumerate(requests[:MAX_BATCH]) for v in _recommend(r))
    _raise([*_not_empty(field, requests), *_at_most(field, requests, MAX_BATCH), *inside])


def check_score(request: ScoreRequest) -> None:
    """Raises InvalidRequest with every violation of the limits of a ScoreRequest."""
    _raise(
        [
            *_member_id(request.member_id),
            *_not_empty("class_ids", request.class_ids),
            *_at_most("class_ids", request.class_ids, MAX_CLASS_IDS),
            *_request_time(request.context),
        ]
    )


def check_events(events: Sequence[Event]) -> None:
    """Raises InvalidRequest if there are no events, or too many."""
    _raise([*_not_empty("events", events), *_at_most("events", events, MAX_EVENTS)])


def _raise(violations: Sequence[FieldViolation]) -> None:
    if violations:
        raise InvalidRequest(violations)


def _recommend(request: RecommendRequest) -> Iterator[FieldViolation]:
    yield from _member_id(request.member_id)
    yield from _page_size(request.page_size)
    yield from _at_most("filters", request.filters, MAX_FILTERS)
    yield from _at_most("excluded_class_ids", request.excluded_class_ids, MAX_CLASS_IDS)
    yield from _at_most("candidate_class_ids", request.candidate_class_ids, MAX_CLASS_IDS)
    yield from _at_most("class_feature_names", request.class_feature_names, MAX_CLASS_FEATURE_NAMES)
    yield from _filters(request.filters[:MAX_FILTERS])
    yield from _request_time(request.context)
    yield from _request_id(request.request_id)


def _request_id(request_id: str) -> Iterator[FieldViolation]:
    size = len(request_id.encode())
    if size > MAX_REQUEST_ID_BYTES:
        yield FieldViolation("request_id", f"has {size} bytes, expected at most {MAX_REQUEST_ID_BYTES}")


def _member_id(member_id: str) -> Iterator[FieldViolation]:
    size = len(member_id.encode())
    if not size:
        yield FieldViolation("member_id", "is empty, expected the id of a member")
    if size > MAX_MEMBER_ID_BYTES:
        yield FieldViolation("member_id", f"has {size} bytes, expected at most {MAX_MEMBER_ID_BYTES}")


def _page_size(size: int) -> Iterator[FieldViolation]:
    if not 0 <= size <= MAX_PAGE_SIZE:
        yield FieldViolation("page_size", f"is {size}, expected 0 to {MAX_PAGE_SIZE}")


def _at_most(field: str, found: Sequence[object], limit: int) -> Iterator[FieldViolation]:
    if len(found) > limit:
        yield FieldViolation(field, f"has {len(found)} entries, expected at most {limit}")


def _not_empty(field: str, found: Sequence[object]) -> Iterator[FieldViolation]:
    if not found:
        yield FieldViolation(field, "is empty, expected at least one entry")


def _request_time(context: RequestContext) -> Iterator[FieldViolation]:
    seconds = context.request_time
    if seconds is not None and seconds not in TIMES:
        yield FieldViolation("context.request_time", f"is {seconds} s, expected a time in the years 1 to 9999")


def _filters(filters: Sequence[ClassFilter]) -> Iterator[FieldViolation]:
    for place, wanted in enumerate(filters):
        match wanted.condition:
            case AnyOf(values):
                yield from _any_of(f"filters[{place}].any_of.values", values)
            case Range(least, greatest):
                yield from _range(f"filters[{place}].range", least, greatest)
            case None:
                yield FieldViolation(f"filters[{place}]", "has no condition, expected any_of or range")


def _any_of(field: str, values: Sequence[object]) -> Iterator[FieldViolation]:
    yield from _not_empty(field, values)
    yield from _at_most(field, values, MAX_FILTER_VALUES)
    for place, value in enumerate(values[:MAX_FILTER_VALUES]):
        if value is None:
            yield FieldViolation(f"{field}[{place}]", "is unset, expected a value")


def _range(field: str, least: float | None, greatest: float | None) -> Iterator[FieldViolation]:
    for name, bound in (("min", least), ("max", greatest)):
        if bound is not None and math.isnan(bound):
            yield FieldViolation(f"{field}.{name}", "is not a number")
    if least is not None and greatest is not None and least > greatest:
        yield FieldViolation(field, f"has min {least:g} above max {greatest:g}")
