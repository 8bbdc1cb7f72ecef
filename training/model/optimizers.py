"""The optimizers: FTRL with L1 for the wide part, Adam for all else.

Both apply TensorFlow's fused kernels, one pass over a weight and its slots. Of a table only some rows are looked
up in a step, so its gradient comes as rows and indices, summed here by row. A table of up to `DENSE_WEIGHTS` is
updated as a whole; of a larger one only the rows that were looked up, at a cost that does not grow with the table.
FTRL gives the same weights either way: without a gradient it moves nothing. Adam does not: in a large table the
moments and the weight of a row stand still while nobody looks it up (as in PyTorch's SparseAdam).
"""

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from training.model.compiled import compiled

DENSE_WEIGHTS = 2**22
"""The most weights of a table that is updated as a whole."""
FTRL_START = 0.1
"""What FTRL's accumulators start at."""
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7


class Ftrl:
    """FTRL-Proximal with L1 (McMahan et al., KDD 2013, algorithm 1; its beta is 0)."""

    def __init__(self, weights: Sequence[Any], linears: Sequence[Any], rate: float, l1: float) -> None:
        """Takes Keras variables, and what their linear terms start at, in the same shapes."""
        self._weights = list(weights)
        self._accumulators = [tf.Variable(tf.fill(weight.shape, FTRL_START)) for weight in weights]
        self._linears = [tf.Variable(linear, dtype=tf.float32) for linear in linears]
        self._numbers = {"lr": rate, "l1": l1, "l2": 0.0, "lr_power": -0.5}
        self.slots = [*self._accumulators, *self._linears]

    def apply(self, gradients: Sequence[Any]) -> None:
        """Takes a step, given the gradient of each weight."""
        for weight, accumulator, linear, gradient in zip(
            self._weights, self._accumulators, self._linears, gradients, strict=True
        ):
            where = {"var": weight.value.handle, "accum": accumulator.handle, "linear": linear.handle}
            summed = _sum_rows(gradient, weight)
            if isinstance(summed, tf.IndexedSlices):
                rows = {"grad": summed.values, "indices": summed.indices}
                tf.raw_ops.ResourceSparseApplyFtrl(**where, **rows, **self._numbers)
            else:
                tf.raw_ops.ResourceApplyFtrl(**where, grad=summed, **self._numbers)


class Adam:
    """Adam (Kingma & Ba, ICLR 2015), by rows in large tables."""

    def __init__(self, weights: Sequence[Any], rate: float) -> None:
        """Takes Keras variables."""
        self._weights = list(weights)
        self._rate = rate
        self._means = [tf.Variable(tf.zeros(weight.shape)) for weight in weights]
        self._squares = [tf.Variable(tf.zeros(weight.shape)) for weight in weights]
        self._step = tf.Variable(0.0)
        self.slots = [self._step, *self._means, *self._squares]

    def apply(self, gradients: Sequence[Any]) -> None:
        """Takes a step, given the gradient of each weight."""
        step = self._step.assign_add(1.0)
        powers = tf.pow(_BETA_1, step), tf.pow(_BETA_2, step)
        for weight, mean, square, gradient in zip(
            self._weights, self._means, self._squares, gradients, strict=True
        ):
            summed = _sum_rows(gradient, weight)
            apply = self._apply_rows if isinstance(summed, tf.IndexedSlices) else self._apply_all
            apply(weight.value, mean, square, summed, powers)

    def _apply_all(self, weight: Any, mean: Any, square: Any, gradient: Any, powers: tuple[Any, Any]) -> None:
        tf.raw_ops.ResourceApplyAdam(
            var=weight.handle,
            m=mean.handle,
            v=square.handle,
            beta1_power=powers[0],
            beta2_power=powers[1],
            lr=self._rate,
            beta1=_BETA_1,
            beta2=_BETA_2,
            epsilon=_EPSILON,
            grad=gradient,
        )

    def _apply_rows(self, weight: Any, mean: Any, square: Any, rows: Any, powers: tuple[Any, Any]) -> None:
        rate = self._rate * tf.sqrt(1 - powers[1]) / (1 - powers[0])
        old_mean, old_square = tf.gather(mean, rows.indices), tf.gather(square, rows.indices)
        new_mean = old_mean + (rows.values - old_mean) * (1 - _BETA_1)
        new_square = old_square + (tf.square(rows.values) - old_square) * (1 - _BETA_2)
        moved = tf.gather(weight, rows.indices) - rate * new_mean / (tf.sqrt(new_square) + _EPSILON)
        for variable, values in ((mean, new_mean), (square, new_square), (weight, moved)):
            variable.scatter_update(tf.IndexedSlices(values, rows.indices))  # scatter_sub takes ten times as long


def _sum_rows(gradient: Any, weight: Any) -> Any:
    """Returns the gradient of a weight: of a large table each row once, else in the weight's shape."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    if math.prod(weight.shape) <= DENSE_WEIGHTS:
        return _segment_sum(gradient.values, gradient.indices, weight.shape[0])
    rows, places = tf.unique(gradient.indices)
    sums = _sum_places(gradient.values, places)[: tf.size(rows)]
    return tf.IndexedSlices(sums, rows, gradient.dense_shape)


# Compiled, a sum of segments takes half the time; the compiler needs to know how many there are.
@compiled
def _segment_sum(values: Any, segments: Any, count: int) -> Any:
    return tf.math.unsorted_segment_sum(values, segments, count)


@compiled
def _sum_places(values: Any, places: Any) -> Any:
    return tf.math.unsorted_segment_sum(values, places, tf.shape(places)[0])
