"""What ranking needs from the rest of the server. `server.app` supplies the real ones, tests supply fakes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from contract.on_demand import Values
from contract.stubs.manifest_pb2 import Input, Manifest
from server.domain.requests import RecommendRequest
from server.domain.results import FeatureRow, Ranking, ServingMode, Source

Recommend = Callable[[RecommendRequest], Awaitable[Ranking]]
"""Answers a request."""
Columns = Mapping[str, NDArray[Any]]
"""The raw inputs of a model by name, as `contract.columns.to_column` makes them."""
ReadColumns = Callable[[], Columns]
"""Reads the inputs of some members, ``[members]`` each. Blocks."""


@dataclass(frozen=True, slots=True)
class MemberRows:
    """The features of members, each column ``[members]`` or ``[members, list_length]``."""

    columns: Columns
    is_known: Sequence[bool]
    """Whether any feature of each was found."""
    serving_modes: Sequence[ServingMode]
    """Where the features of each are from."""
    feature_rows: Sequence[Sequence[FeatureRow]]
    """How old the features of each are, by view."""
    lacking: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    """Who lacks a feature that may not be missing, by feature, ``[members]``."""
    values: Values = field(default_factory=dict)
    """What was read, by name, ``[members]``; None where not OK."""


class MemberFeatures(Protocol):
    """Reads the features of members from the online store. Blocks."""

    def read(self, inputs: Sequence[Input], member_key: str, member_ids: Sequence[str]) -> MemberRows:
        """Returns the columns and values of what a version has to know of members.

        Args:
            inputs: See `server.ranking.on_demand.member_inputs`. Those without an encoding have no column.
            member_key: The join key of the members.
            member_ids: The members, who may be the same more than once.

        Raises:
            StoreUnavailable: The store could not be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every class and its features at one moment, in the order of the class ids. Never changed once made."""

    generation: int
    class_ids: Sequence[str]
    """Rising."""
    positions: Mapping[str, int]
    """The place of each class id in `class_ids`."""
    columns: Columns
    """The class side of the model's inputs, ``[classes]`` or ``[classes, list_length]``."""
    features: Mapping[str, NDArray[Any]]
    """Every class feature of the feature service as objects ``[classes]``, None where not OK; for filters and
    for showing."""
    feature_types: Mapping[str, int]
    """The `DataType` of each of `features`."""
    read_time: float = 0.0
    """When it was read, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Served:
    """What was answered, and all that it was made from, which never changes any more. Only refers to it."""

    request_id: str
    member_id: str
    request_time: int
    """The moment that it is for, in seconds since the epoch."""
    manifest: Manifest
    snapshot: Snapshot
    source: Source
    columns: Columns
    """What the model was given of some members, but for the class side."""
    row: int
    """Which of them the member is."""
    scores: NDArray[np.float32]
    """``[count]``, falling."""
    positions: NDArray[np.int32]
    """Of the classes in the snapshot, ``[count]``."""


ROWS_AT_ONCE = 16_384
"""Members times classes that a model which scores all of them ranks at a time: with more, each takes longer."""
PROBED_AT_ONCE = 131_072
"""The same of one that scores but a few: what a call takes, however many it is for, is more than their share."""

Serve = Callable[[Served], None]
"""Is told of every answer. Returns at once, and never raises."""


class Lease(Protocol):
    """Keeps one version, and the snapshot whose classes it holds, alive for one request."""

    @property
    def model_name(self) -> str:
        """The name that the model is served under."""
        ...

    @property
    def arm(self) -> str:
        """The label that the traffic split gave the member."""
        ...

    @property
    def manifest(self) -> Manifest:
        """The version's manifest."""
        ...

    @property
    def snapshot(self) -> Snapshot:
        """The classes that `rank` ranks.

        Raises:
            NoModel: There are none: the version is not of a ranking model.
        """
        ...

    @property
    def rows_at_once(self) -> int:
        """The most members times classes that are worth a call of `rank`, unless one member alone has more."""
        ...

    async def rank(
        self, read: ReadColumns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Ranks the candidates for some members, in the thread that reads what the model has to know of them.

        Args:
            read: Returns the inputs that are not of the class side. It is called once, in another thread.
            candidates: ``[members, classes]``; only these are ranked.
            count: How many to return, at most the number of classes.

        Returns:
            Scores ``[members, count]``, falling, and positions in the snapshot ``[members, count]``. Where a
            member has fewer candidates than `count`, the rest has score -1 and position -1.

        Raises:
            RunnerLost: The process that runs the version ended.
            ModelFailed: The model can't.
            Exception: Whatever `read` raises.
            DeadlineExpired: The deadline of the surrounding `asyncio.timeout_at` has passed.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class RankedList:
    """The best classes of a member as they were ranked beforehand, best first."""

    class_ids: Sequence[str]
    scores: Sequence[float]
    version: int
    """That ranked them."""


class RankedLists(Protocol):
    """Finds what was ranked beforehand."""

    async def find(self, member_key: str, member_id: str) -> RankedList | None:
        """Returns the list of a member, None if there is none that can be read.

        Args:
            member_key: The join key of the members.
            member_id: The member.
        """
        ...


class Models(Protocol):
    """Hands out the versions that serve."""

    def lease(self, member_id: str) -> Lease:
        """Returns a lease on the version that serves a member, to be used as a context manager.

        Raises:
            NoModel: None is serving.
        """
        ...
