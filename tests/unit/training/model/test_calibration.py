import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.model.calibration import MOST, Calibration, fit_calibration


def _fit(labels: list[float], logits: list[float]) -> Calibration:
    return fit_calibration(np.array(labels, np.float32), np.array(logits, np.float32))


def test_two_groups_get_their_smoothed_rates() -> None:
    """With 4 positives and 6 negatives the targets are 5/6 and 1/8.

    Of the five logits 2 three are positive, mean target 0.55; of the five -2 one, mean target 0.26667. So
    2 slope + bias = log(0.55 / 0.45), and -2 slope + bias = log(0.26667 / 0.73333).
    """
    calibration = _fit([1, 1, 1, 0, 0, 1, 0, 0, 0, 0], [2.0] * 5 + [-2.0] * 5)

    above, below = np.log(0.55 / 0.45), np.log(0.2666667 / 0.7333333)
    assert calibration.temperature == pytest.approx(4 / (above - below), rel=1e-4)
    assert calibration.bias == pytest.approx((above + below) / 2, rel=1e-4)


def test_a_model_that_is_too_sure_and_off_is_calibrated() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(size=200_000)
    labels = (rng.random(len(true)) < 1 / (1 + np.exp(-true))).astype(np.float32)

    calibration = fit_calibration(labels, (3 * true + 2).astype(np.float32))

    assert calibration.temperature == pytest.approx(3, rel=0.02)
    assert calibration.bias == pytest.approx(-2 / 3, abs=0.02)


@pytest.mark.parametrize("logits", [[-1e6, -1, 1, 1e6], [5, 5, 5, 5], [4, 3, 2, 1], [0, 0, 0, 0]])
def test_odd_logits_have_a_calibration_that_keeps_their_order(logits: list[float]) -> None:
    """Those that part the labels, that are all equal, and that are in the wrong order."""
    calibration = _fit([0, 0, 1, 1], logits)

    assert 1 / MOST <= calibration.temperature <= MOST
    assert np.isfinite(calibration.bias)


@given(st.lists(st.tuples(st.booleans(), st.floats(-30, 30)), min_size=2, max_size=50))
def test_the_mean_score_is_the_mean_target(rows: list[tuple[bool, float]]) -> None:
    labels = np.array([label for label, _ in rows], np.float32)
    logits = np.array([logit for _, logit in rows], np.float32)
    if len(set(labels)) < 2:
        return

    calibration = fit_calibration(labels, logits)

    positives, count = labels.sum(), len(labels)
    negatives = count - positives
    target = (positives * (positives + 1) / (positives + 2) + negatives / (negatives + 2)) / count
    scores = 1 / (1 + np.exp(-(logits / calibration.temperature + calibration.bias)))
    assert scores.mean() == pytest.approx(target, abs=1e-5)
