"""Reading the features of the member who asks."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from contract.columns import row_maker
from contract.stubs import manifest_pb2 as pb
from server.features.online import OnlineFeatures
from server.ranking.memo import PerObject
from server.ranking.ports import MemberRow


class FeastMemberFeatures:
    """Implements `server.ranking.ports.MemberFeatures` on Feast.

    Args:
        features: Reads the online store.
        executor: Where it blocks, so that the event loop does not.
    """

    def __init__(self, features: OnlineFeatures, executor: Executor) -> None:
        self._features = features
        self._executor = executor
        self._by_view = PerObject(_by_view)

    async def read(self, inputs: Sequence[pb.Input], member_key: str, member_id: str) -> MemberRow:
        """Returns the columns of the member; see the port."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._read, inputs, member_key, member_id)

    def _read(self, inputs: Sequence[pb.Input], member_key: str, member_id: str) -> MemberRow:
        columns: dict[str, NDArray[Any]] = {}
        is_known = False
        for view in self._by_view(inputs):
            if not view.name:
                columns[member_key] = view.makers[member_key](member_id)
                continue
            values = self._features.read(view.name, [member_id], view.specs)
            is_known = is_known or any(column[0] is not None for column in values.values())
            columns.update((name, make(values[name][0])) for name, make in view.makers.items())
        return MemberRow(columns, is_known)


@dataclass(frozen=True, slots=True)
class _View:
    """Inputs that are read together: the features of one view, or the join key, whose view has no name."""

    name: str
    specs: Sequence[pb.Input]
    makers: Mapping[str, Callable[[Any], NDArray[Any]]]
    """What makes a column of each value."""


def _by_view(inputs: Sequence[pb.Input]) -> Sequence[_View]:
    grouped: dict[str, list[pb.Input]] = {}
    for spec in inputs:
        if spec.source in (pb.SOURCE_MEMBER, pb.SOURCE_MEMBER_KEY):
            grouped.setdefault(spec.feature_view, []).append(spec)
    return [_View(name, specs, {spec.name: row_maker(spec) for spec in specs}) for name, specs in grouped.items()]
