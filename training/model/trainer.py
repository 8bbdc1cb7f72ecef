"""Joint training of the wide and the deep part on the logistic loss."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.model.encoded import Encoded
from training.model.ftrl import linear_terms
from training.model.network import Network
from training.model.optimizers import Adam, Ftrl
from training.model.spec import ModelSpec

_ROWS_AT_ONCE = 16384


class Rows(NamedTuple):
    """Rows to train on or to score, encoded once before the first epoch."""

    member: Encoded
    classes: Encoded
    labels: Any
    """0 or 1, ``[rows]`` float32."""
    positions: Any = ()
    """Where on its page each row was shown, ``[rows]`` int32; empty if that is not known, or for scoring."""


class Trainer:
    """Takes the steps of a training: FTRL with L1 for the wide part, Adam for all else.

    The loss is summed over a batch, as in McMahan et al. 2013, so that FTRL's rate and L1 do not depend on the
    batch size; Adam is indifferent to its scale.
    """

    def __init__(self, network: Network, spec: ModelSpec) -> None:
        self._network = network
        self._spec = spec
        self._wide = network.wide_variables
        in_wide = {id(variable) for variable in self._wide}
        self._deep = [v for v in network.trainable_variables if id(v) not in in_wide]
        linears = [linear_terms(w.numpy(), spec.wide_learning_rate, spec.wide_l1) for w in self._wide]
        self._ftrl = Ftrl(self._wide, linears, spec.wide_learning_rate, spec.wide_l1)
        self._adam = Adam(self._deep, spec.deep_learning_rate)
        self._run_epoch = tf.function(self._epoch)
        self._score = tf.function(network.score_rows, reduce_retracing=True)
        self.state = [v.value for v in network.variables] + self._ftrl.slots + self._adam.slots
        """All that changes in an epoch: weights, moving averages, seeds of dropout, the optimizers' slots."""

    def restore(self, values: Sequence[NDArray[Any]]) -> None:
        """Sets the `state` to that of another trainer of the same network."""
        for variable, value in zip(self.state, values, strict=True):
            variable.assign(value)

    def run_epoch(self, rows: Rows, order: NDArray[np.int64]) -> float:
        """Takes one step for each full batch in the `order` of rows, and returns the mean loss of a row."""
        batch_size = min(self._spec.batch_size, len(order))
        steps = len(order) // batch_size
        batches = order[: steps * batch_size].reshape(steps, batch_size)
        return float(self._run_epoch(rows, tf.constant(batches, tf.int32))) / batches.size

    def score(self, rows: Rows) -> NDArray[np.float32]:
        """Returns the logits ``[rows]``."""
        starts = range(0, len(rows.labels), _ROWS_AT_ONCE)
        chunks = [_take(rows, tf.range(start, min(start + _ROWS_AT_ONCE, len(rows.labels)))) for start in starts]
        return np.concatenate([self._score(chunk.member, chunk.classes).numpy() for chunk in chunks])

    def _epoch(self, rows: Rows, batches: Any) -> Any:
        total = tf.constant(0.0)
        for step in tf.range(tf.shape(batches)[0]):
            total += self._step(_take(rows, batches[step]))
        return total

    def _step(self, batch: Rows) -> Any:
        with tf.GradientTape() as tape:
            logits = self._network.score_rows(batch.member, batch.classes, batch.positions, training=True)
            loss = tf.reduce_sum(self._network.head.losses(batch.labels, logits))
        wide, deep = tape.gradient(loss, (self._wide, self._deep))
        self._ftrl.apply(wide)
        self._adam.apply(deep)
        return loss


def _take(rows: Rows, chosen: Any) -> Any:
    return tf.nest.map_structure(lambda tensor: tf.gather(tensor, chosen), rows)
