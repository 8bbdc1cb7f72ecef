"""What callers are answered. What each request makes many of are tuples: they take a quarter of the time."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from contract.cells import CellStatus
from server.domain.requests import Value


class ServingMode(Enum):
    """Where the features of a member are from, or what answered in place of the model."""

    LIVE = "the online store"
    LAST_KNOWN = "what was last read of the member, because the store can't be read"
    DEFAULTS = "nowhere, because the store can't be read: the model took its defaults"
    BATCH_SCORED = "the member's best classes as they were ranked beforehand, because the model can't rank now"
    POPULAR = "the most popular classes, because the model can't rank and nothing was ranked beforehand"

    @property
    def is_by_model(self) -> bool:
        """Whether the model ranked."""
        return self not in (ServingMode.BATCH_SCORED, ServingMode.POPULAR)


class FeatureRow(NamedTuple):
    """What the store holds of a member in one feature view."""

    view: str
    status: CellStatus
    """OK, MISSING or STALE."""
    age_seconds: float | None
    """Since its features were true; None where there is no row."""
    absent: Sequence[str] = ()
    """Those of its features that do not count where others do, or might as the row is fresh; else none."""


class Source(NamedTuple):
    """What an answer was made from."""

    model_name: str
    version: int
    member_is_known: bool
    """Whether any feature of the member was found."""
    generation: int
    """The generation of the catalogue."""
    arm: str = ""
    """The label that the traffic split gave the member."""
    serving_mode: ServingMode = ServingMode.LIVE
    """Where the member's features are from."""
    feature_rows: Sequence[FeatureRow] = ()
    """How old they are, by view."""


class Ranking(NamedTuple):
    """The best classes, by falling score; equal scores by class id."""

    class_ids: Sequence[str]
    scores: Sequence[float]
    """One for each class."""
    class_features: Sequence[Sequence[Value | None]]
    """Of each class the features asked for, in that order, None where there is no value; empty if none were."""
    unknown_class_ids: Sequence[str]
    """Those of the candidates asked for that the catalogue does not hold."""
    candidate_count: int
    """How many classes passed the filters and were ranked."""
    source: Source
    request_id: str = ""
    """The caller's, or the one that was made up."""


@dataclass(frozen=True, slots=True)
class ScoredClass:
    """One class and its score; None where the catalogue does not hold the class."""

    class_id: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Scores:
    """One entry for each class asked for, in the order asked."""

    classes: Sequence[ScoredClass]
    source: Source
