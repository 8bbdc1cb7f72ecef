"""How good scores are: how well they order, and how well they predict.

========================== ============================================================================
auc                        the chance that a positive row is scored above a negative one
member_auc                 the same within each member, weighted by rows (GAUC; Zhu et al., KDD 2018)
member_auc_coverage        the share of rows whose member has both labels, which member_auc rests on
ndcg_at_10                 normalised discounted cumulative gain, mean over members with a positive row
log_loss                   mean negative log-likelihood, in nats
calibration                mean prediction divided by mean label; 1 is best
accuracy                   the share of rows whose label is that of a score above or below 0.5
expected_calibration_error mean distance of prediction and label in 20 quantile bins (Naeini, AAAI 2015)
========================== ============================================================================
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import metrics

NDCG_DEPTH = 10
CALIBRATION_BINS = 20
FEWEST_OF_A_LABEL = 20
"""Fewer positive or negative rows than these say too little of an AUC."""

Floats = NDArray[np.floating[Any]]


def ranking_metrics(labels: Floats, scores: Floats, members: NDArray[Any] | None) -> dict[str, float]:
    """Returns the metrics that depend on the order of the scores only.

    Args:
        labels: 0 or 1, ``[rows]``, both present.
        scores: ``[rows]``.
        members: Who each row was shown to, ``[rows]``; None leaves out the metrics by member.
    """
    measured = {"auc": float(metrics.roc_auc_score(labels, scores))}
    if members is not None:
        rows = _by_member(labels, scores, members)
        measured |= _member_auc(rows)
        measured["ndcg_at_10"] = _ndcg(rows)
    return measured


def tells_auc(labels: Floats) -> bool:
    """Whether rows of these labels, 0 or 1, say enough of an AUC."""
    positives = int((labels > 0).sum())
    return min(positives, len(labels) - positives) >= FEWEST_OF_A_LABEL


def probability_metrics(labels: Floats, scores: Floats) -> dict[str, float]:
    """Returns the metrics of scores that are probabilities.

    Args:
        labels: 0 or 1, ``[rows]``, both present.
        scores: 0 to 1, ``[rows]``.
    """
    scores = scores.astype(np.float64)
    return {
        "log_loss": float(metrics.log_loss(labels, scores)),
        "accuracy": float(metrics.accuracy_score(labels, scores > 0.5)),
        "calibration": float(scores.mean() / labels.mean()),
        "expected_calibration_error": _expected_calibration_error(labels, scores),
    }


def _by_member(labels: Floats, scores: Floats, members: NDArray[Any]) -> pd.DataFrame:
    codes, _ = pd.factorize(members)
    return pd.DataFrame({"member": codes, "label": labels.astype(np.float64), "score": scores})


def _member_auc(rows: pd.DataFrame) -> dict[str, float]:
    """By the rank-sum form of the AUC: ties count half. Without a member of both labels there is no member_auc."""
    ranks = rows.groupby("member")["score"].rank()
    sums = rows.assign(rank=ranks * rows["label"], row=1).groupby("member")[["label", "rank", "row"]].sum()
    positives, negatives = sums["label"], sums["row"] - sums["label"]
    both = sums[(positives > 0) & (negatives > 0)]
    coverage = {"member_auc_coverage": len(both) and float(both["row"].sum() / len(rows))}
    if both.empty:
        return coverage
    pairs = both["label"] * (both["row"] - both["label"])
    auc = (both["rank"] - both["label"] * (both["label"] + 1) / 2) / pairs
    return {"member_auc": float(np.average(auc, weights=both["row"])), **coverage}


def _ndcg(rows: pd.DataFrame) -> float:
    """Tied rows share the mean of the discounts at the places they take, as in scikit-learn's `ndcg_score`."""
    scores = rows.groupby("member")["score"]
    first = scores.rank(method="min", ascending=False).to_numpy(np.int64)
    last = scores.rank(method="max", ascending=False).to_numpy(np.int64)
    ideal_by_count = _cumulative_discount(len(rows))
    discount = (ideal_by_count[last] - ideal_by_count[first - 1]) / (last - first + 1)
    sums = rows.assign(gain=discount * rows["label"]).groupby("member")[["gain", "label"]].sum()
    sums = sums[sums["label"] > 0]
    return float((sums["gain"] / ideal_by_count[sums["label"].to_numpy(np.int64)]).mean())


def _cumulative_discount(rows: int) -> Floats:
    """Returns the sum of the discounts of the first n places, for n from 0 to `rows`."""
    places = np.arange(1, rows + 1)
    discounts = np.where(places <= NDCG_DEPTH, 1 / np.log2(places + 1), 0)
    return np.concatenate([[0.0], np.cumsum(discounts)])


def calibration_bins(scores: Floats) -> NDArray[np.int64]:
    """Returns the quantile bin of each score, ``[rows]``. Equal scores always share one."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1]))
    return np.searchsorted(edges, scores, side="right")


def _expected_calibration_error(labels: Floats, scores: Floats) -> float:
    surplus = np.bincount(calibration_bins(scores), weights=scores - labels)
    return float(np.abs(surplus).sum() / len(scores))
