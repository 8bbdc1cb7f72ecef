"""The inputs of a model that are not of the class side: of the member, the request's context, and its time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from contract.columns import columns_maker
from contract.on_demand import MEMBER_SOURCES, Failed, Values
from contract.policies import lacking
from contract.stubs import manifest_pb2 as pb
from server.domain.errors import FieldViolation, InvalidRequest
from server.domain.requests import RequestContext
from server.ranking.memo import PerObject
from server.ranking.on_demand import computed_by, ignore_failures, member_inputs
from server.ranking.ports import Columns, MemberFeatures, MemberRows
from server.ranking.types import value_fits, value_name


class Asked(NamedTuple):
    """What a request itself says of its inputs."""

    member_id: str
    context: Mapping[str, Any]
    """Its context features by name, without those that are unset."""
    request_time: int
    """The moment that it is for, in seconds since the epoch."""


class InputReader:
    """Reads the inputs of requests.

    Args:
        features: Reads the member's features.
        now: The time in seconds since the epoch.
        failed: Is told of on-demand views that fail.
    """

    def __init__(
        self, features: MemberFeatures, now: Callable[[], float], failed: Failed = ignore_failures
    ) -> None:
        self._features = features
        self._now = now
        self._plans = PerObject(partial(_Plan, failed=failed))

    def ask(self, manifest: pb.Manifest, member_id: str, context: RequestContext) -> Asked:
        """Returns what a request says of the inputs of a version.

        Raises:
            InvalidRequest: A context feature is not one of the model's, or of another type.
        """
        seconds = int(self._now()) if context.request_time is None else context.request_time
        return Asked(member_id, self._plans(manifest).context(context), seconds)

    def read(self, manifest: pb.Manifest, asked: Sequence[Asked]) -> MemberRows:
        """Returns every input but those of the class side, a row for each request. Blocks.

        Raises:
            StoreUnavailable: The members' features could not be read.
        """
        plan = self._plans(manifest)
        rows = self._features.read(plan.member_inputs, plan.member_key, [one.member_id for one in asked])
        computed = plan.computed(rows.values, asked)
        return replace(
            rows,
            columns={**rows.columns, **plan.given(asked), **computed},
            lacking={**rows.lacking, **lacking(plan.computed_inputs, computed)},
        )


class _Plan:
    """What a request needs of one manifest, worked out once."""

    def __init__(self, manifest: pb.Manifest, failed: Failed) -> None:
        self.member_key = manifest.feature_source.member_key
        self.member_inputs = member_inputs(manifest)
        self._views = computed_by(manifest, pb.SOURCE_MEMBER, manifest.inputs, failed)
        self.computed_inputs = self._views.features
        self._computed = columns_maker(self._views.features)
        needed = [spec for view in manifest.on_demand_views for spec in view.inputs]
        self._needed = {source: _names(needed, source) for source in MEMBER_SOURCES}
        specs = (*needed, *manifest.inputs)
        self._times = _names(manifest.inputs, pb.SOURCE_REQUEST_TIME)
        self._context = {spec.name: spec for spec in specs if spec.source == pb.SOURCE_CONTEXT}
        encoded = [spec for spec in self._context.values() if spec.encoding]
        self._encoded = [spec.name for spec in encoded]
        self._columns = columns_maker(encoded)

    def context(self, context: RequestContext) -> Mapping[str, Any]:
        """Returns the features that a request gives, without those that are unset."""
        if not context.features:
            return {}
        violations = [v for name, value in context.features.items() for v in self._violations(name, value)]
        if violations:
            raise InvalidRequest(violations)
        return {name: value for name, value in context.features.items() if value is not None}

    def given(self, asked: Sequence[Asked]) -> Columns:
        """Returns the columns of the context and the times of requests, a row for each."""
        columns = self._columns(_context_values(self._encoded, asked)) if self._encoded else {}
        seconds = np.array([one.request_time for one in asked], dtype=np.int64)
        return columns | dict.fromkeys(self._times, seconds)

    def computed(self, rows: Values, asked: Sequence[Asked]) -> Columns:
        """Returns the columns of the features that on-demand views compute, a row for each request."""
        if not self.computed_inputs:
            return {}
        values = {name: rows[name] for name in self._needed[pb.SOURCE_MEMBER]}
        values |= _context_values(self._needed[pb.SOURCE_CONTEXT], asked)
        values |= {name: [one.request_time for one in asked] for name in self._needed[pb.SOURCE_REQUEST_TIME]}
        return self._computed(self._views.compute(values))

    def _violations(self, name: str, value: object) -> list[FieldViolation]:
        field = f"context.features[{name!r}]"
        spec = self._context.get(name)
        if spec is None:
            known = ", ".join(sorted(self._context)) or "none"
            return [FieldViolation(field, f"is not a context feature of the model; it has: {known}")]
        if value is None or value_fits(spec.data_type, value):
            return []
        return [FieldViolation(field, f"is {value!r}, expected {value_name(spec.data_type)}")]


def _context_values(names: Iterable[str], asked: Sequence[Asked]) -> dict[str, Sequence[Any]]:
    return {name: [one.context.get(name) for one in asked] for name in names}


def _names(specs: Iterable[pb.Input], source: "pb.Source.ValueType") -> list[str]:
    return [spec.name for spec in specs if spec.source == source]
