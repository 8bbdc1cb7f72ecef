"""Ranking for several requests in one call, without ever waiting for more; see `server.domain.shared_calls`.

The requests of a call share the reading of features and the pass through the model. A version makes one call at a
time: two at a time would each be for fewer, and with one, 500 classes are ranked 1.2 times as fast.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.domain.errors import FeatureMissing, PacelineError, StoreUnavailable
from server.domain.requests import RequestContext
from server.domain.results import FeatureRow, ServingMode
from server.domain.shared_calls import SharedCalls
from server.ranking.inputs import Asked, InputReader
from server.ranking.ports import Columns, Lease, MemberRows

CALLS_AT_ONCE = 1
"""Of one version, snapshot and arm."""

_Key: TypeAlias = tuple[int, int, str, str]
"""Which manifest, snapshot, model and arm; the first two by identity, as the leases of the requests hold them."""


class Ranked(NamedTuple):
    """The best classes for one member."""

    scores: NDArray[np.float32]
    """``[count]``, falling."""
    positions: NDArray[np.int32]
    """Of the classes in the snapshot, ``[count]``."""
    member_is_known: bool
    serving_mode: ServingMode
    feature_rows: Sequence[FeatureRow]
    request_time: int
    """The moment that it is for, in seconds since the epoch."""
    columns: Columns
    """What the model was given of the members of the call, but for the class side."""
    row: int
    """Which of them the member is."""


@dataclass(frozen=True, slots=True)
class _Request:
    lease: Lease
    asked: Asked
    candidates: NDArray[np.bool_]
    count: int


class Batches:
    """Ranks for the requests of all members.

    Args:
        inputs: Reads what the model needs to know of members.
    """

    def __init__(self, inputs: InputReader) -> None:
        self._inputs = inputs
        self._calls: dict[_Key, SharedCalls[_Request, Ranked]] = {}

    async def rank(
        self,
        lease: Lease,
        member_id: str,
        context: RequestContext,
        candidates: NDArray[np.bool_],
        count: int,
        *,
        is_bulk: bool = False,
    ) -> Ranked:
        """Returns the best candidates for a member. The lease has to be held until then.

        Args:
            lease: Whose version ranks.
            member_id: The member.
            context: Of the request.
            candidates: The classes that may be ranked ``[classes]``.
            count: How many to return, at most as many as there are candidates.
            is_bulk: Whether the requests of others go first.

        Raises:
            InvalidRequest: A context feature is not one of the model's, or of another type.
            StoreUnavailable: The members' features could not be read, and the model may not do without.
            FeatureMissing: The member lacks a feature that may not be missing.
            RunnerLost: The process that runs the version ended.
            ModelFailed: The model can't.
        """
        request = _Request(lease, self._inputs.ask(lease.manifest, member_id, context), candidates, count)
        return await self._calls_of(lease).ask(request, len(candidates), yields=is_bulk)

    def _calls_of(self, lease: Lease) -> SharedCalls[_Request, Ranked]:
        key = (id(lease.manifest), id(lease.snapshot), lease.model_name, lease.arm)
        calls = self._calls.get(key)
        if calls is None:
            self._calls = {known: calls for known, calls in self._calls.items() if not calls.is_idle}
            calls = SharedCalls(self._ranked, most=lease.rows_at_once, calls_at_once=CALLS_AT_ONCE)
            self._calls[key] = calls
        return calls

    async def _ranked(self, requests: Sequence[_Request]) -> Sequence[Ranked | PacelineError]:
        lease = requests[0].lease
        read: list[MemberRows] = []

        def columns() -> Columns:
            read.append(self._inputs.read(lease.manifest, [request.asked for request in requests]))
            return read[-1].columns

        candidates = np.stack([request.candidates for request in requests])
        count = max(request.count for request in requests)
        if count:
            scores, positions = await lease.rank(columns, candidates, count)
        else:
            await asyncio.to_thread(columns)
            scores, positions = np.empty((len(requests), 0), np.float32), np.empty((len(requests), 0), np.int32)
        members = read[-1]
        of_members = zip(members.is_known, members.serving_modes, members.feature_rows, strict=True)
        ranked = enumerate(zip(requests, scores, positions, of_members, strict=True))
        found: list[Ranked | PacelineError] = [
            Ranked(s[: r.count], p[: r.count], *of_member, r.asked.request_time, members.columns, row)
            for row, (r, s, p, of_member) in ranked
        ]
        for name, lacks in members.lacking.items():
            for place in np.flatnonzero(lacks).tolist():
                found[place] = _missing(name, members.serving_modes[place], members.feature_rows[place])
        return found


def _missing(feature: str, mode: ServingMode, rows: Sequence[FeatureRow]) -> PacelineError:
    if mode is ServingMode.DEFAULTS:
        return StoreUnavailable(f"the online store could not be read, and the model has to know {feature!r}")
    return FeatureMissing(f"the member lacks the feature {feature!r}, without which nothing may be ranked", rows)
