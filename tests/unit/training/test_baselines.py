import numpy as np
import pytest

from training.baselines import constant_rate, ranking_baselines
from training.table import Table


def _table(*classes: str) -> Table:
    return Table(columns={"class": np.array(classes, dtype=object)}, labels=np.zeros(len(classes), np.float32))


def test_ranking_baselines_by_hand() -> None:
    """Of 4 rows of class a 3 are starts, of 2 of class b one; the overall rate is 4 / 6."""
    classes = np.array(list("aaaabb"), dtype=object)
    labels = np.array([1, 1, 1, 0, 1, 0], np.float32)

    popularity, class_rate = ranking_baselines("class", classes, labels)

    assert popularity.score(_table("b", "a", "new")).tolist() == [1, 3, 0]
    expected = [(1 + 20 * 4 / 6) / 22, (3 + 20 * 4 / 6) / 24, 4 / 6]
    assert class_rate.score(_table("b", "a", "new")) == pytest.approx(expected)
    assert class_rate.is_probability
    assert not popularity.is_probability


def test_the_constant_rate_is_that_of_the_labels() -> None:
    subject = constant_rate(np.array([1, 0, 0, 0], np.float32))

    assert subject.score(_table("a", "b")).tolist() == [0.25, 0.25]
