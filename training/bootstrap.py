"""How sure a figure is: the bootstrap over whatever was drawn independently (Efron, Ann. Statist. 1979).

Rows of one member go together, so members are drawn, not rows: each replicate counts a member Poisson(1) times
(Chamandy et al., 2012), which differs from drawing with replacement only by how many are drawn. Two models are
compared on the same draws, so what both find hard cancels out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

REPLICATES = 400
CONFIDENCE = 0.95

Floats = NDArray[np.floating[Any]]
Weighted = Callable[[Floats], float]
"""Returns a figure of rows that count as often as the weights ``[rows]`` say; NaN where it is not defined."""
WeightedMetric = Callable[[Floats, Floats], Weighted]
"""Prepares a figure of labels and scores, ``[rows]`` each, for many weightings."""

_SMALLEST = 1e-15
"""Probabilities are kept this far from 0 and 1, as in scikit-learn's `log_loss` of float64."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and where it would lie, drawn anew.

    Attributes:
        low: The lower end of the percentile interval.
        estimate: The figure itself.
        high: The upper end.
        standard_error: The standard deviation of the replicates.
    """

    low: float
    estimate: float
    high: float
    standard_error: float


def auc(labels: Floats, scores: Floats) -> Weighted:
    """The chance that a positive row is scored above a negative one; ties count half."""
    order = np.argsort(scores, kind="stable")
    ordered, is_positive = scores[order], labels[order] > 0
    positives = np.flatnonzero(is_positive)
    below = np.searchsorted(ordered, ordered[positives], side="left")
    up_to = np.searchsorted(ordered, ordered[positives], side="right")

    def weighted(weights: Floats) -> float:
        weights = weights[order]
        negatives = np.concatenate([[0.0], np.cumsum(np.where(is_positive, 0.0, weights))])
        pairs = weights[positives].sum() * negatives[-1]
        won = weights[positives] @ (negatives[below] + negatives[up_to]) / 2
        return float(won / pairs) if pairs else float("nan")

    return weighted


def log_loss(labels: Floats, scores: Floats) -> Weighted:
    """Mean negative log-likelihood in nats."""
    scores = np.clip(scores.astype(np.float64), _SMALLEST, 1 - _SMALLEST)
    losses = -np.where(labels > 0, np.log(scores), np.log1p(-scores))
    return lambda weights: _mean(losses, weights)


def rmse(labels: Floats, scores: Floats) -> Weighted:
    """Root of the mean squared error."""
    squares = np.square(scores.astype(np.float64) - labels)
    return lambda weights: float(np.sqrt(_mean(squares, weights)))


def interval(
    metric: WeightedMetric, labels: Floats, scores: Floats, units: NDArray[Any] | None, seed: int = 0
) -> Interval:
    """Returns a figure with its interval.

    Args:
        metric: `auc`, `log_loss` or `rmse`.
        labels: ``[rows]``.
        scores: ``[rows]``.
        units: What is drawn, such as the member of each row, ``[rows]``; None draws rows.
        seed: Of the draws.
    """
    return _bootstrap(metric(labels, scores), len(labels), units, seed)


def paired_difference(
    metric: WeightedMetric,
    labels: Floats,
    scores: tuple[Floats, Floats],
    units: NDArray[Any] | None,
    seed: int = 0,
) -> Interval:
    """Returns the figure of the first scores minus that of the second, with its interval; see `interval`."""
    first, second = (metric(labels, each) for each in scores)
    return _bootstrap(lambda weights: first(weights) - second(weights), len(labels), units, seed)


def _bootstrap(figure: Weighted, rows: int, units: NDArray[Any] | None, seed: int) -> Interval:
    """Replicates in which the figure is not defined are left out."""
    codes = np.arange(rows) if units is None else pd.factorize(units)[0]
    draws, count = np.random.default_rng(seed), int(codes.max(initial=-1)) + 1
    found = np.array([figure(draws.poisson(1.0, count).astype(np.float64)[codes]) for _ in range(REPLICATES)])
    found = found[np.isfinite(found)]
    estimate = figure(np.ones(rows))
    if not len(found):
        return Interval(float("nan"), estimate, float("nan"), float("nan"))
    low, high = np.quantile(found, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), estimate, float(high), float(found.std()))


def _mean(values: Floats, weights: Floats) -> float:
    total = weights.sum()
    return float(weights @ values / total) if total else float("nan")
