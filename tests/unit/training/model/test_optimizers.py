from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.model import optimizers
from training.model.optimizers import Adam, Ftrl

pytestmark = pytest.mark.slow

TABLE = np.array([[1, -1], [2, 0], [0, 3], [4, 4]], np.float32)
Step = tuple[list[list[float]], list[int]]
"""The gradient of each row looked up, and which row it is."""
STEPS: list[Step] = [
    ([[1, 0], [2, -1], [0.5, 0.5]], [1, 3, 1]),
    ([[-1, 2], [-1, 1], [3, 1]], [3, 3, 0]),
]


@pytest.fixture
def in_large_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimizers, "DENSE_WEIGHTS", 7)


def _adam(weight: Any) -> Adam:
    return Adam([weight], 0.1)


def _ftrl(weight: Any) -> Ftrl:
    return Ftrl([weight], [np.zeros(weight.shape)], 0.5, 1.0)


def _train(make: Callable[[Any], Any], start: Any = TABLE) -> Any:
    weight = keras.Variable(start)
    optimizer = make(weight)
    for values, rows in STEPS:
        optimizer.apply([tf.IndexedSlices(np.array(values, np.float32), np.array(rows, np.int32), weight.shape)])
    return weight.numpy()


def _summed(step: Step) -> Any:
    total = np.zeros(TABLE.shape)
    np.add.at(total, step[1], step[0])
    return total


def _adam_by_hand(*, is_moved: Callable[[Any], Any]) -> Any:
    weight, mean, square = TABLE.astype(float), np.zeros(TABLE.shape), np.zeros(TABLE.shape)
    for number, step in enumerate(STEPS, start=1):
        gradient, moved = _summed(step), is_moved(step)
        mean[moved] = 0.9 * mean[moved] + 0.1 * gradient[moved]
        square[moved] = 0.999 * square[moved] + 0.001 * gradient[moved] ** 2
        unbiased = mean / (1 - 0.9**number), np.sqrt(square / (1 - 0.999**number))
        weight[moved] -= 0.1 * (unbiased[0] / (unbiased[1] + 1e-7))[moved]
    return weight


def test_adam_sums_the_gradients_of_a_row_before_it_squares_them() -> None:
    expected = _adam_by_hand(is_moved=lambda _: np.arange(4))

    np.testing.assert_allclose(_train(_adam), expected, atol=1e-5)


@pytest.mark.usefixtures("in_large_tables")
def test_in_a_large_table_adam_leaves_rows_alone_that_nobody_looks_up() -> None:
    expected = _adam_by_hand(is_moved=lambda step: np.unique(step[1]))

    weight = _train(_adam)

    np.testing.assert_allclose(weight, expected, atol=1e-5)
    assert weight[2].tolist() == TABLE[2].tolist()


def test_ftrl_takes_the_step_of_the_paper() -> None:
    """One weight from 0: n = 0.1 + g², z = g - (√n - √0.1) / rate * 0, w = -(z - sign(z) l1) * rate / √n."""
    weight = keras.Variable([0.0, 0.0])
    Ftrl([weight], [[0.0, 0.0]], rate=0.5, l1=1.0).apply([tf.constant([3.0, 0.9])])

    np.testing.assert_allclose(weight.numpy(), [-(3 - 1) * 0.5 / np.sqrt(9.1), 0], atol=1e-6)


def test_ftrl_starts_from_its_linear_terms() -> None:
    """Without a gradient it holds the weight that they stand for: z = -4 gives (4 - 1) * 0.5 / √0.1."""
    weight = keras.Variable([7.0])
    Ftrl([weight], [[-4.0]], rate=0.5, l1=1.0).apply([tf.constant([0.0])])

    np.testing.assert_allclose(weight.numpy(), [3 * 0.5 / np.sqrt(0.1)], rtol=1e-6)


def test_ftrl_gives_the_same_weights_in_a_large_table(monkeypatch: pytest.MonkeyPatch) -> None:
    start = np.zeros(TABLE.shape, np.float32)
    as_a_whole = _train(_ftrl, start)
    monkeypatch.setattr(optimizers, "DENSE_WEIGHTS", 7)

    assert np.any(as_a_whole)
    assert _train(_ftrl, start).tolist() == as_a_whole.tolist()
