"""What callers ask. The fields are named as in the wire contract, so that a violation names the caller's field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Value = str | int | float | bool | Sequence[str]
"""The value of a feature."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The feature equals one of the values; of a list feature, any element does."""

    values: Sequence[Value | None]
    """None stands for a value that the caller left unset, which is a violation."""


@dataclass(frozen=True, slots=True)
class Range:
    """The feature lies between the bounds, both included; None is no bound."""

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class ClassFilter:
    """A condition on one class feature. A class whose feature is not there never passes."""

    feature_name: str
    condition: AnyOf | Range | None
    """None stands for a condition that the caller left unset, which is a violation."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What is known of the moment of the request."""

    request_time: int | None = None
    """Seconds since the epoch; the time of arrival when None."""
    features: Mapping[str, Value | None] = field(default_factory=dict)
    """Context features by name."""


class RecommendRequest(NamedTuple):
    """Asks for the classes that a member is most likely to start."""

    member_id: str
    page_size: int = 0
    """The most classes to return; 0 is the default."""
    filters: Sequence[ClassFilter] = ()
    excluded_class_ids: Sequence[str] = ()
    candidate_class_ids: Sequence[str] = ()
    """When there are any, only these are ranked."""
    context: RequestContext = RequestContext()
    class_feature_names: Sequence[str] = ()
    is_bulk: bool = False
    """Whether the requests of others go first."""
    request_id: str = ""
    """Names the request in its answer and in the log; one is made up when empty."""


class ScoreRequest(NamedTuple):
    """Asks for the score of each of some classes."""

    member_id: str
    class_ids: Sequence[str]
    context: RequestContext = RequestContext()
