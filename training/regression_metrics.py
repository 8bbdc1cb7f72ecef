"""How good the scores of a regression are.

======================== ==============================================================================
rmse                     root of the mean squared error, in units of the labels
mae                      mean absolute error, in units of the labels
r2                       share of the labels' variance that the scores explain; 0 for their own mean
spearman                 correlation of the ranks of scores and labels; none where either has one value
member_spearman          the same within each member, weighted by rows
member_spearman_coverage the share of rows whose member has one, which member_spearman rests on
======================== ==============================================================================
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def regression_metrics(labels: Floats, scores: Floats) -> dict[str, float]:
    """Returns the metrics of scores that are in units of the labels.

    Args:
        labels: ``[rows]``, not all the same.
        scores: ``[rows]``.
    """
    errors = scores.astype(np.float64) - labels
    squared = float(np.mean(np.square(errors)))
    return {
        "rmse": squared**0.5,
        "mae": float(np.mean(np.abs(errors))),
        "r2": 1 - squared / float(np.var(labels, dtype=np.float64)),
    }


def order_metrics(labels: Floats, scores: Floats, members: NDArray[Any] | None) -> dict[str, float]:
    """Returns the metrics that depend on the order of the scores only; those that have no value are left out.

    Args:
        labels: ``[rows]``.
        scores: ``[rows]``.
        members: Who each row was shown to, ``[rows]``; None leaves out the metrics by member.
    """
    rows = pd.DataFrame({"label": labels, "score": scores})
    measured = {"spearman": _rank_correlation(rows)}
    if members is not None:
        groups = [group for _, group in rows.groupby(pd.factorize(members)[0])]
        found = pd.DataFrame({"rows": map(len, groups), "value": map(_rank_correlation, groups)}).dropna()
        measured["member_spearman_coverage"] = float(found["rows"].sum() / len(rows))
        if len(found):
            measured["member_spearman"] = float(np.average(found["value"], weights=found["rows"]))
    return {name: value for name, value in measured.items() if not np.isnan(value)}


def _rank_correlation(rows: pd.DataFrame) -> float:
    """Ties have the mean of their ranks."""
    ranks = rows.rank()
    centred = ranks - ranks.mean()
    label, score = (centred[name].to_numpy(np.float64) for name in ("label", "score"))
    spread = float(np.sum(label**2) * np.sum(score**2))
    product = float(np.sum(label * score))
    return product / spread**0.5 if spread else float("nan")
