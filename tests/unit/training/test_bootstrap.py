"""Intervals of figures: what they are of, and how wide."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from training.bootstrap import auc, interval, log_loss, paired_difference, rmse

rows = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.integers(0, 3)), min_size=2, max_size=30
)


@given(rows)
def test_weighted_figures_are_those_of_rows_that_occur_as_often(drawn: list[tuple[bool, float, int]]) -> None:
    labels, scores = (np.array(column, dtype=np.float64) for column in list(zip(*drawn, strict=True))[:2])
    counts = np.array([count for *_, count in drawn])
    repeated, shown = np.repeat(labels, counts), np.repeat(scores, counts)

    if len(set(repeated)) == 2:
        assert auc(labels, scores)(counts) == pytest.approx(metrics.roc_auc_score(repeated, shown))
        assert log_loss(labels, scores)(counts) == pytest.approx(metrics.log_loss(repeated, shown))
    else:
        assert math.isnan(auc(labels, scores)(counts))
    if counts.sum():
        assert rmse(labels, scores)(counts) == pytest.approx(metrics.root_mean_squared_error(repeated, shown))


def test_the_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    """The root mean square of 0 and 1 over 2,000 rows: se = sqrt(p(1-p)/n) / (2 sqrt(p))."""
    labels = np.zeros(2000)
    scores = (np.arange(2000) < 500).astype(np.float64)

    found = interval(rmse, labels, scores, units=None)

    assert found.estimate == 0.5
    assert found.standard_error == pytest.approx(math.sqrt(0.25 * 0.75 / 2000), rel=0.15)
    assert found.high - found.low == pytest.approx(2 * 1.96 * found.standard_error, rel=0.15)


def test_rows_of_one_member_count_as_one() -> None:
    """A hundred members whose twenty rows are all alike: the interval is that of a hundred rows."""
    members = np.repeat([f"m{i}" for i in range(100)], 20)
    scores = np.repeat((np.arange(100) < 25).astype(np.float64), 20)
    labels = np.zeros(2000)

    by_member = interval(rmse, labels, scores, members.astype(object))
    by_row = interval(rmse, labels, scores, None)

    assert by_member.standard_error == pytest.approx(by_row.standard_error * math.sqrt(20), rel=0.2)


def test_a_difference_is_paired() -> None:
    """What both find hard cancels: of scores that differ by a constant factor only, nothing is unsure."""
    chance = np.random.default_rng(0)
    labels, scores = chance.random(500).round(), chance.random(500)

    found = paired_difference(auc, labels, (scores, scores / 2), None)

    assert (found.low, found.estimate, found.high) == (0, 0, 0)


def test_the_better_scores_are_found_to_be_and_the_same_seed_finds_the_same() -> None:
    chance = np.random.default_rng(0)
    labels = chance.random(2000).round()
    good, bad = labels + chance.normal(size=2000), labels + 3 * chance.normal(size=2000)

    found = paired_difference(auc, labels, (good, bad), None)

    assert 0 < found.low < found.estimate < found.high
    assert found == paired_difference(auc, labels, (good, bad), None)
    assert found != paired_difference(auc, labels, (good, bad), None, seed=1)


def test_rows_of_one_label_have_no_auc() -> None:
    found = interval(auc, np.ones(20), np.arange(20.0), None)

    assert all(math.isnan(value) for value in (found.low, found.estimate, found.high, found.standard_error))
