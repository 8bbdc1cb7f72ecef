"""Features that are computed when they are asked for: for each request, or for each snapshot of the classes."""

import logging
from collections.abc import Callable, Sequence

from contract.errors import FunctionError
from contract.on_demand import Failed, OnDemandViews, stored_features
from contract.on_demand_golden import check_golden_rows
from contract.stubs import manifest_pb2 as pb
from server.domain.versions import RefusalReason, Refused

Observe = Callable[[str, int], None]
"""Is told of a view that failed, and for how many rows."""

logger = logging.getLogger(__name__)


def ignore_failures(_view: str, _rows: int, _first: str) -> None:
    """Tells nobody."""


class FirstFailures:
    """Logs the first failure of each view: a function that is wrong may fail for every request.

    Args:
        observe: Is told of all.
    """

    def __init__(self, observe: Observe) -> None:
        self._observe = observe
        self._known: set[str] = set()

    def __call__(self, view: str, rows: int, first: str) -> None:
        """Takes note of rows that a view failed for, and of what was the matter with the first."""
        self._observe(view, rows)
        if view not in self._known:
            self._known.add(view)
            logger.warning("on-demand view %r failed, its features count as missing there: %s", view, first)


def computed_by(
    manifest: pb.Manifest, source: "pb.Source.ValueType", specs: Sequence[pb.Input], failed: Failed
) -> OnDemandViews:
    """Returns what computes those features of one side of a version that are among `specs`."""
    views = [view for view in manifest.on_demand_views if view.source == source]
    return OnDemandViews(views, specs, failed)


def member_inputs(manifest: pb.Manifest) -> tuple[pb.Input, ...]:
    """Returns what a version has to know of members: what is read, and their ids."""
    keys = (spec for spec in manifest.inputs if spec.source == pb.SOURCE_MEMBER_KEY)
    return (*stored_features(manifest.inputs, manifest.on_demand_views, pb.SOURCE_MEMBER), *keys)


async def check_on_demand(manifest: pb.Manifest) -> None:
    """Accepts a version whose on-demand views are of one side each, and compute here what they did in training.

    Raises:
        Refused: One is not, or does not.
    """
    specs = [*manifest.inputs, *manifest.display_features]
    try:
        OnDemandViews(manifest.on_demand_views, specs, ignore_failures)
        for view in manifest.on_demand_views:
            check_golden_rows(view, specs)
    except FunctionError as error:
        raise Refused(RefusalReason.CONTRACT_MISMATCH, str(error)) from error
