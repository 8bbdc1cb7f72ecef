import numpy as np
import pytest

from training.regression_metrics import order_metrics, regression_metrics


def test_errors_are_in_units_of_the_labels() -> None:
    labels, scores = np.array([1, 2, 3, 6], np.float32), np.array([1, 3, 3, 4], np.float32)  # of variance 3.5
    measured = regression_metrics(labels, scores)

    assert measured == pytest.approx({"rmse": 1.25**0.5, "mae": 0.75, "r2": 1 - 1.25 / 3.5})


def test_the_mean_explains_nothing() -> None:
    assert regression_metrics(np.array([1, 3], np.float32), np.array([2, 2], np.float32))["r2"] == 0


def test_ranks_are_correlated_overall_and_within_members() -> None:
    """A has ranks 1 2 3 against 1 3 2: 0.5. B has -1. C has equal labels, and so none."""
    members = np.array(["a", "a", "a", "b", "b", "c", "c"], dtype=object)
    labels = np.array([10, 20, 30, 5, 6, 7, 7], np.float32)
    scores = np.array([1, 3, 2, 9, 8, 0, 1], np.float32)

    measured = order_metrics(labels, scores, members)

    assert measured["member_spearman"] == pytest.approx((3 * 0.5 + 2 * -1) / 5)
    assert measured["member_spearman_coverage"] == pytest.approx(5 / 7)
    ranks = np.array([5, 6, 7, 1, 2, 3.5, 3.5], np.float64), np.array([2.5, 5, 4, 7, 6, 1, 2.5], np.float64)
    assert measured["spearman"] == pytest.approx(np.corrcoef(*ranks)[0, 1])


def test_scores_that_are_all_the_same_have_no_order() -> None:
    assert order_metrics(np.array([1, 2], np.float32), np.array([3, 3], np.float32), None) == {}
    assert order_metrics(np.array([1, 2], np.float32), np.array([3, 3], np.float32), np.array(["a", "a"])) == {
        "member_spearman_coverage": 0
    }
