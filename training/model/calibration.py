"""Making scores as likely as they say: temperature scaling (Guo et al., ICML 2017) with a bias (Platt 1999)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST = 20.0
"""The temperature is at most this and at least its inverse, so the order of the scores stays as it is."""
_STEPS = 100
_RIDGE = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What becomes of a logit before it becomes a probability: ``logit / temperature + bias``."""

    temperature: float = 1.0
    bias: float = 0.0


UNCALIBRATED = Calibration()


def fit_calibration(labels: NDArray[np.float32], logits: NDArray[np.float32]) -> Calibration:
    """Returns the calibration with the least log loss.

    A temperature alone can't mend a mean that is off, as that of a model whose training ended early, so the bias
    is fitted with it. The labels are smoothed as in Platt 1999, ``(positives + 1) / (positives + 2)`` in place of
    1 and ``1 / (negatives + 2)`` in place of 0: logits that part a few rows without fault stay finite.

    Args:
        labels: 0 or 1, ``[rows]``, both present; of rows that the logits' model was not fitted to.
        logits: ``[rows]``, finite.
    """
    positives = float(labels.sum())
    targets = np.where(labels > 0, (positives + 1) / (positives + 2), 1 / (len(labels) - positives + 2))
    values, ones = logits.astype(np.float64), np.ones(len(logits))
    slope, bias = _logistic_regression(np.stack([values, ones], axis=1), 0 * ones, targets)
    if not 1 / MOST <= slope <= MOST:
        slope = min(max(slope, 1 / MOST), MOST)
        (bias,) = _logistic_regression(ones[:, np.newaxis], slope * values, targets)
    return Calibration(float(1 / slope), float(bias))


def _logistic_regression(features: Floats, offsets: Floats, targets: Floats) -> Floats:
    """Returns the weights ``[features]`` of the least log loss, by Newton's method with halved steps.

    Args:
        features: ``[rows, features]``.
        offsets: What is added to the logit of each row, ``[rows]``.
        targets: 0 to 1, ``[rows]``.
    """
    weights = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        predicted = np.exp(-np.logaddexp(0, -(offsets + features @ weights)))
        gradient = features.T @ (predicted - targets)
        curvature = features.T @ (features * (predicted * (1 - predicted))[:, np.newaxis])
        step = np.linalg.solve(curvature + _RIDGE * np.eye(len(weights)), gradient)
        before = _log_loss(offsets + features @ weights, targets)
        while _log_loss(offsets + features @ (weights - step), targets) > before and np.abs(step).max() > _RIDGE:
            step /= 2
        weights = weights - step
        if np.abs(step).max() <= _RIDGE:
            break
    return weights


def _log_loss(logits: Floats, targets: Floats) -> float:
    return float(np.mean(np.logaddexp(0, logits) - targets * logits))
