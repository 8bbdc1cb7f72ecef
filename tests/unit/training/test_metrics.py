import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import ndcg_score, roc_auc_score

from training.metrics import probability_metrics, ranking_metrics

Floats = NDArray[np.float64]


def _array(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def test_the_metrics_of_an_order_by_hand() -> None:
    """Member a ranks half the pairs right, b all; c started nothing."""
    members = np.array(["a", "a", "a", "b", "b", "c"], dtype=object)
    labels = _array(0, 1, 0, 1, 0, 0)
    scores = _array(0.1, 0.5, 0.9, 0.8, 0.2, 0.3)

    measured = ranking_metrics(labels, scores, members)

    assert measured["auc"] == pytest.approx(6 / 8)
    assert measured["member_auc"] == pytest.approx((3 * 0.5 + 2 * 1.0) / 5)
    assert measured["member_auc_coverage"] == pytest.approx(5 / 6)
    assert measured["ndcg_at_10"] == pytest.approx((1 / np.log2(3) + 1) / 2)


def test_ties_count_half_and_share_their_places() -> None:
    members = np.array(["a"] * 4, dtype=object)
    labels = _array(1, 0, 0, 0)

    measured = ranking_metrics(labels, _array(0.5, 0.5, 0.5, 0.1), members)

    assert measured["member_auc"] == pytest.approx((2 * 0.5 + 1) / 3)
    assert measured["ndcg_at_10"] == pytest.approx((1 + 1 / np.log2(3) + 1 / 2) / 3)


def test_a_start_below_the_tenth_place_gains_nothing() -> None:
    labels = _array(*([0] * 10), 1)
    members = np.array(["a"] * 11, dtype=object)

    assert ranking_metrics(labels, np.arange(11.0)[::-1], members)["ndcg_at_10"] == 0


def test_without_a_member_of_both_labels_there_is_no_member_auc() -> None:
    measured = ranking_metrics(_array(1, 0), _array(0.9, 0.1), np.array(["a", "b"], dtype=object))

    assert "member_auc" not in measured
    assert measured["member_auc_coverage"] == 0


def test_without_members_only_the_auc_is_measured() -> None:
    assert ranking_metrics(_array(1, 0), _array(0.9, 0.1), None) == {"auc": 1.0}


def test_the_metrics_of_probabilities_by_hand() -> None:
    labels = _array(1, 0, 0, 0)
    scores = _array(0.8, 0.4, 0.4, 0.4)

    measured = probability_metrics(labels, scores)

    assert measured["log_loss"] == pytest.approx(-(np.log(0.8) + 3 * np.log(0.6)) / 4)
    assert measured["accuracy"] == 1
    assert measured["calibration"] == pytest.approx(2.0)
    assert measured["expected_calibration_error"] == pytest.approx((0.2 + 3 * 0.4) / 4)


def test_a_constant_prediction_of_the_rate_is_calibrated() -> None:
    measured = probability_metrics(_array(1, 0, 0, 0), _array(0.25, 0.25, 0.25, 0.25))

    assert measured["calibration"] == 1
    assert measured["expected_calibration_error"] == pytest.approx(0)


@st.composite
def _rows(draw: st.DrawFn) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Labels of both kinds, scores with ties, and a few members."""
    count = draw(st.integers(2, 60))
    numbers = draw(
        st.lists(st.tuples(st.booleans(), st.integers(0, 8), st.integers(0, 4)), min_size=count, max_size=count)
    )
    labels, scores, members = (np.array(values) for values in zip(*numbers, strict=True))
    assume(0 < labels.sum() < count)
    return labels.astype(np.float64), scores / 10 + 0.05, members


@settings(max_examples=40)
@given(_rows())
def test_metrics_of_an_order_do_not_change_with_a_rising_map(
    rows: tuple[Floats, Floats, NDArray[np.int64]],
) -> None:
    labels, scores, members = rows

    mapped = ranking_metrics(labels, np.exp(3 * scores) - 7, members)

    assert mapped == pytest.approx(ranking_metrics(labels, scores, members))


@settings(max_examples=40)
@given(_rows())
def test_reversed_scores_turn_the_auc_around(rows: tuple[Floats, Floats, NDArray[np.int64]]) -> None:
    labels, scores, members = rows
    forwards, backwards = (ranking_metrics(labels, s, members) for s in (scores, -scores))

    assert forwards["auc"] == pytest.approx(1 - backwards["auc"])
    assert forwards.get("member_auc", 0.5) == pytest.approx(1 - backwards.get("member_auc", 0.5))


@settings(max_examples=40)
@given(_rows())
def test_metrics_by_member_agree_with_scikit_learn(rows: tuple[Floats, Floats, NDArray[np.int64]]) -> None:
    labels, scores, members = rows
    of = [members == member for member in np.unique(members)]
    both = [m for m in of if 0 < labels[m].sum() < m.sum()]
    started = [m for m in of if labels[m].any()]

    measured = ranking_metrics(labels, scores, members)

    if both:
        auc = np.average([roc_auc_score(labels[m], scores[m]) for m in both], weights=[m.sum() for m in both])
        assert measured["member_auc"] == pytest.approx(auc)
    ndcg = [1.0 if m.sum() == 1 else ndcg_score([labels[m]], [scores[m]], k=10) for m in started]
    assert measured["ndcg_at_10"] == pytest.approx(np.mean(ndcg))


@settings(max_examples=40)
@given(_rows())
def test_the_order_of_the_rows_does_not_matter(rows: tuple[Floats, Floats, NDArray[np.int64]]) -> None:
    labels, scores, members = rows
    backwards = slice(None, None, -1)

    assert ranking_metrics(labels[backwards], scores[backwards], members[backwards]) == pytest.approx(
        ranking_metrics(labels, scores, members)
    )
    assert probability_metrics(labels[backwards], scores[backwards]) == pytest.approx(
        probability_metrics(labels, scores)
    )


@settings(max_examples=40)
@given(_rows())
def test_the_calibration_error_is_at_least_the_overall_surplus(
    rows: tuple[Floats, Floats, NDArray[np.int64]],
) -> None:
    labels, scores, _ = rows

    error = probability_metrics(labels, scores)["expected_calibration_error"]

    assert abs(scores.mean() - labels.mean()) - 1e-9 <= error <= 1
