"""Reading the features of the member who asks."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

from numpy.typing import NDArray

from contract.columns import to_column
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
        for view, specs in self._by_view(inputs).items():
            values = self._features.read(view, [member_id], specs) if view else {member_key: [member_id]}
            for spec in specs:
                columns[spec.name] = to_column(spec, values[spec.name])
            is_known = is_known or (bool(view) and any(column[0] is not None for column in values.values()))
        return MemberRow(columns, is_known)


def _by_view(inputs: Sequence[pb.Input]) -> dict[str, list[pb.Input]]:
    """Groups the member's inputs by view; the join key itself has none."""
    grouped: dict[str, list[pb.Input]] = {}
    for spec in inputs:
        if spec.source in (pb.SOURCE_MEMBER, pb.SOURCE_MEMBER_KEY):
            grouped.setdefault(spec.feature_view, []).append(spec)
    return grouped
