"""The figures by which two models are compared, each turned so that a gain is positive."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.bootstrap import Floats, Interval, WeightedMetric, auc, log_loss, paired_difference, rmse
from training.gate.spec import GateSpec
from training.metrics import tells_auc


@dataclass(frozen=True, slots=True)
class Figure:
    """One of them.

    Attributes:
        name: Its name.
        metric: What computes it.
        is_loss: Whether less is better.
        needs_values: Whether the values of the scores matter, and not their order only.
    """

    name: str
    metric: WeightedMetric
    is_loss: bool
    needs_values: bool

    def gain(self, labels: Floats, ours: Floats, theirs: Floats, units: NDArray[Any] | None) -> Interval:
        """Returns by how much the first scores are better than the second; see `training.bootstrap`."""
        pair = (theirs, ours) if self.is_loss else (ours, theirs)
        return paired_difference(self.metric, labels, pair, units)

    def tolerance(self, spec: GateSpec, labels: Floats, theirs: Floats) -> float:
        """Returns how much worse than `theirs` is tolerated."""
        if not self.is_loss:
            return spec.auc_tolerance
        return spec.loss_tolerance * self.metric(labels, theirs)(np.ones(len(labels)))

    def is_told_by(self, labels: Floats) -> bool:
        """Whether rows of these labels say enough of the figure."""
        return self.is_loss or tells_auc(labels)


CLASSIFICATION: Sequence[Figure] = (
    Figure("auc", auc, is_loss=False, needs_values=False),
    Figure("log_loss", log_loss, is_loss=True, needs_values=True),
)
REGRESSION: Sequence[Figure] = (Figure("rmse", rmse, is_loss=True, needs_values=True),)
