"""Reading the features of the members who ask."""

from collections.abc import Callable, Mapping, Sequence

from contract.columns import columns_maker
from contract.policies import lacking
from contract.stubs import manifest_pb2 as pb
from server.domain.results import FeatureRow
from server.features.cells import Feature, feature_of
from server.features.online import OnlineFeatures
from server.ranking.memo import PerObject
from server.ranking.ports import MemberRows

ObserveRows = Callable[[Sequence[Sequence[FeatureRow]], Mapping[str, Sequence[str]]], None]
"""Is told of the rows of members, and which features were read, by view."""


def _ignore(_: Sequence[Sequence[FeatureRow]], __: Mapping[str, Sequence[str]]) -> None:
    """Observes nothing."""


class FeastMemberFeatures:
    """Implements `server.ranking.ports.MemberFeatures` on Feast.

    Args:
        features: Reads the online store.
        observe: Is told of the rows that were read.
    """

    def __init__(self, features: OnlineFeatures, observe: ObserveRows = _ignore) -> None:
        self._features = features
        self._observe = observe
        self._plans = PerObject(_Plan)

    def read(self, inputs: Sequence[pb.Input], member_key: str, member_ids: Sequence[str]) -> MemberRows:
        """Returns the columns of the members; see the port."""
        plan = self._plans(inputs)
        values, modes, feature_rows = self._features.read_views(member_ids, plan.views)
        self._observe(feature_rows, plan.names)
        rows = zip(member_ids, *values.values(), strict=True)
        is_known = [any(value is not None for value in row) for _, *row in rows]
        values[member_key] = list(member_ids)
        columns = plan.columns(values)
        return MemberRows(columns, is_known, modes, feature_rows, lacking(plan.required, columns), values)


class _Plan:
    """What a read needs of the inputs of one version, worked out once."""

    def __init__(self, inputs: Sequence[pb.Input]) -> None:
        specs = [spec for spec in inputs if spec.source in (pb.SOURCE_MEMBER, pb.SOURCE_MEMBER_KEY)]
        self.columns = columns_maker([spec for spec in specs if spec.encoding])
        self.views: dict[str, list[Feature]] = {}
        for spec in specs:
            if spec.source == pb.SOURCE_MEMBER:
                self.views.setdefault(spec.feature_view, []).append(feature_of(spec))
        self.names = {view: tuple(feature.name for feature in found) for view, found in self.views.items()}
        self.required = [spec for spec in specs if spec.encoding and spec.missing_policy == pb.MISSING_POLICY_FAIL]
