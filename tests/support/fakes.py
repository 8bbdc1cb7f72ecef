"""Fakes that implement the ports of `server.ranking`: a model whose scores are given, members in a dict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from contract.columns import to_column
from contract.stubs import manifest_pb2 as pb
from server.domain.errors import NoModel
from server.domain.results import FeatureRow, ServingMode
from server.ranking.ports import Columns, MemberRows, RankedList, ReadColumns, Snapshot

text_input = partial(pb.Input, data_type=pb.DATA_TYPE_STRING, encoding=pb.ENCODING_VOCABULARY)

INPUTS = (
    text_input(name="member_id", source=pb.SOURCE_MEMBER_KEY),
    text_input(name="country", source=pb.SOURCE_MEMBER, feature_view="members"),
    text_input(name="class_id", source=pb.SOURCE_CLASS_KEY),
    text_input(name="surface", source=pb.SOURCE_CONTEXT),
    pb.Input(
        name="moods",
        source=pb.SOURCE_CONTEXT,
        data_type=pb.DATA_TYPE_STRING_LIST,
        encoding=pb.ENCODING_VOCABULARY,
        list_length=2,
    ),
    pb.Input(
        name="request_time",
        source=pb.SOURCE_REQUEST_TIME,
        data_type=pb.DATA_TYPE_INT64,
        encoding=pb.ENCODING_TIME,
    ),
)

FEATURE_TYPES: Mapping[str, int] = {
    "title": pb.DATA_TYPE_STRING,
    "minutes": pb.DATA_TYPE_INT32,
    "rating": pb.DATA_TYPE_FLOAT32,
    "is_live": pb.DATA_TYPE_BOOL,
    "genres": pb.DATA_TYPE_STRING_LIST,
    "vector": pb.DATA_TYPE_FLOAT32_LIST,
}


def manifest(version: int = 3, inputs: Sequence[pb.Input] = INPUTS) -> pb.Manifest:
    """Returns the manifest of the fakes' model."""
    return pb.Manifest(
        model_name="ranking",
        version=version,
        inputs=inputs,
        feature_source=pb.FeatureSource(
            feature_service="ranking_v1", member_key="member_id", class_key="class_id", catalogue_view="live"
        ),
    )


def snapshot(
    class_ids: Sequence[str],
    features: Mapping[str, Sequence[Any]] | None = None,
    *,
    generation: int = 1,
    types: Mapping[str, int] = FEATURE_TYPES,
) -> Snapshot:
    """Returns a catalogue; a feature that is not given has no values."""
    values = {name: (features or {}).get(name, [None] * len(class_ids)) for name in types}
    return Snapshot(
        generation=generation,
        class_ids=class_ids,
        positions={class_id: place for place, class_id in enumerate(class_ids)},
        columns={},
        features={
            name: np.fromiter(column, dtype=np.object_, count=len(class_ids)) for name, column in values.items()
        },
        feature_types=types,
    )


@dataclass
class FakeModels:
    """One version with the scores of its classes; None serves when `snapshot` is None."""

    snapshot: Snapshot | None
    scores: Sequence[float] = ()
    manifest: pb.Manifest = field(default_factory=manifest)
    leases: int = 0
    """How many leases are out."""
    asked: list[str] = field(default_factory=list)
    """The member of every lease."""
    arm: str = "stable"
    rows_at_once: int = 1000
    ranked: list[Columns] = field(default_factory=list)
    """The columns of every call of `rank`."""
    before_rank: Callable[[], Any] | None = None
    """Awaited before ranking: to fail there, or to wait."""
    score_rows: Callable[[Columns], NDArray[np.float32]] | None = None
    """Returns the scores of the classes for each member, ``[members, classes]``; in place of `scores`."""

    def lease(self, member_id: str) -> "FakeLease":
        self.asked.append(member_id)
        if self.snapshot is None:
            raise NoModel("no version of 'ranking' is serving")
        self.leases += 1
        return FakeLease(self, self.snapshot)


class FakeLease:
    def __init__(self, models: FakeModels, held: Snapshot) -> None:
        self._models = models
        self.snapshot = held
        self.manifest = models.manifest
        self.model_name = models.manifest.model_name
        self.arm = models.arm
        self.rows_at_once = models.rows_at_once

    async def rank(
        self, read: ReadColumns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        columns = read()
        self._models.ranked.append(columns)
        if self._models.before_rank is not None:
            await self._models.before_rank()
        given = self._models.score_rows(columns) if self._models.score_rows else self._models.scores
        scores = np.where(candidates, np.asarray(given, dtype=np.float32), -1)
        positions = np.argsort(-scores, axis=1, kind="stable")[:, :count]
        best = np.take_along_axis(scores, positions, axis=1)
        return best, np.where(best < 0, -1, positions).astype(np.int32)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._models.leases -= 1


@dataclass
class FakeMembers:
    """Members in a dict: their features by id."""

    members: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failure: Exception | None = None
    mode: ServingMode = ServingMode.LIVE
    rows: Sequence[FeatureRow] = ()
    lacking: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Who lacks what, by feature."""

    def read(self, inputs: Sequence[pb.Input], member_key: str, member_ids: Sequence[str]) -> MemberRows:
        if self.failure is not None:
            raise self.failure
        found = [{**self.members.get(name, {}), member_key: name} for name in member_ids]
        columns = {spec.name: to_column(spec, [row.get(spec.name) for row in found]) for spec in inputs}
        known = [name in self.members for name in member_ids]
        lacking = {name: np.isin(member_ids, who) for name, who in self.lacking.items()}
        return MemberRows(columns, known, [self.mode] * len(known), [self.rows] * len(known), lacking)


@dataclass
class FakeLists:
    """What was ranked beforehand, by member."""

    lists: Mapping[str, RankedList] = field(default_factory=dict)

    async def find(self, member_key: str, member_id: str) -> RankedList | None:
        assert member_key == "member_id"
        return self.lists.get(member_id)
