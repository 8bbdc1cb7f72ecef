import math

import numpy as np
import pytest

from training import bootstrap
from training.report.intervals import auc, auc_difference

LABELS = np.array([1, 1, 0, 0], np.float32)


def test_the_error_is_that_of_delong() -> None:
    """The positives win all and half of their pairs, and half and all of the pairs of the negatives are won."""
    found = auc(LABELS, np.array([0.9, 0.4, 0.5, 0.1]), None)

    assert found.value == 3 / 4
    components = np.array([1 - 3 / 4, 1 / 2 - 3 / 4, 1 / 2 - 3 / 4, 1 - 3 / 4]) / 2
    assert found.error == pytest.approx(math.sqrt((components**2).sum() * 4 / 3))
    assert found.high - found.low == pytest.approx(2 * 1.959964 * found.error)


def test_ties_count_half_and_one_label_says_nothing() -> None:
    assert auc(LABELS, np.zeros(4), None).value == 1 / 2
    assert math.isnan(auc(np.ones(3), np.arange(3.0), None).value)


def test_rows_of_one_member_are_taken_together() -> None:
    """Doubling every row doubles what each member says, and adds nothing to what is known."""
    scores = np.array([0.9, 0.4, 0.5, 0.1])
    members = np.arange(4)

    once = auc(LABELS, scores, members)
    twice = auc(np.tile(LABELS, 2), np.tile(scores, 2), np.tile(members, 2))

    assert twice.error == pytest.approx(once.error)


def test_intervals_are_about_those_of_the_bootstrap() -> None:
    chance = np.random.default_rng(4)
    members = chance.integers(0, 150, 1500)
    ours = chance.normal(size=1500) + chance.normal(size=150)[members]
    theirs = ours + chance.normal(size=1500)
    labels = (chance.random(1500) < 1 / (1 + np.exp(-ours))).astype(np.float32)

    single = bootstrap.interval(bootstrap.auc, labels, ours, members)
    paired = bootstrap.paired_difference(bootstrap.auc, labels, (ours, theirs), members)

    assert auc(labels, ours, members).error == pytest.approx(single.standard_error, rel=0.15)
    difference = auc_difference(labels, ours, theirs, members)
    assert difference.value == pytest.approx(paired.estimate)
    assert difference.error == pytest.approx(paired.standard_error, rel=0.15)
