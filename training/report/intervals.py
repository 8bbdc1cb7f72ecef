"""How sure an AUC is, in closed form.

A report asks this of a hundred slices, too many for a bootstrap. The AUC is a sum over pairs. What each row adds
to it (its structural component; DeLong et al., Biometrics 1988) is summed by member, as rows of one go together
(Obuchowski, Biometrics 1997).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

_Z = 1.959964
"""How many standard errors to each side hold 95 % of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % confidence interval; NaN where there are too few rows to tell."""

    value: float
    error: float
    """The standard error."""

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.value - _Z * self.error

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.value + _Z * self.error


def auc(labels: Floats, scores: Floats, members: NDArray[Any] | None) -> Estimate:
    """Returns the AUC; NaN where all labels are the same.

    Args:
        labels: 0 or 1, ``[rows]``.
        scores: ``[rows]``.
        members: Who each row was shown to, ``[rows]``; None takes each row for itself.
    """
    if labels.min() == labels.max():
        return Estimate(math.nan, math.nan)
    value, influence = _components(labels, scores)
    return Estimate(value, _error(influence, members))


def auc_difference(labels: Floats, ours: Floats, theirs: Floats, members: NDArray[Any] | None) -> Estimate:
    """Returns the AUC of our scores minus that of theirs; both labels have to be there. See `auc`."""
    our_value, our_influence = _components(labels, ours)
    their_value, their_influence = _components(labels, theirs)
    return Estimate(our_value - their_value, _error(our_influence - their_influence, members))


def _components(labels: Floats, scores: Floats) -> tuple[float, Floats]:
    """Returns the AUC, and by how much each row moves it, ``[rows]``, which sums to 0."""
    is_positive = labels > 0
    positives, negatives = np.sort(scores[is_positive]), np.sort(scores[~is_positive])
    wins = np.empty(len(scores))
    wins[is_positive] = _share_below(negatives, scores[is_positive])
    wins[~is_positive] = 1 - _share_below(positives, scores[~is_positive])
    value = float(wins[is_positive].mean())
    return value, (wins - value) / np.where(is_positive, len(positives), len(negatives))


def _share_below(ordered: Floats, values: Floats) -> Floats:
    """Returns the share of `ordered` below each value; equal ones count half."""
    below = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    return below / (2 * len(ordered))


def _error(influence: Floats, members: NDArray[Any] | None) -> float:
    sums = influence if members is None else np.bincount(pd.factorize(members)[0], weights=influence)
    count = len(sums)
    return math.sqrt(float(sums @ sums) * count / (count - 1)) if count > 1 else math.nan
