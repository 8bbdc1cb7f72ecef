"""The limit of a training step: the matrix products and Adam of the same perceptron, and nothing else."""

import time
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from training.model.optimizers import Adam


class MlpStep:
    """Trains a perceptron without batch norm, dropout or biases on one batch that stays in memory.

    All steps of a round are in one graph. The gradient of the input, which embeddings need, is left out.
    """

    def __init__(self, width: int, sizes: Sequence[int], batch_size: int) -> None:
        self._batch = tf.random.normal([batch_size, width])
        self._labels = tf.cast(tf.random.uniform([batch_size]) < 0.5, tf.float32)
        pairs = zip((width, *sizes), (*sizes, 1), strict=True)
        self._kernels = [keras.Variable(tf.random.normal(pair, stddev=pair[0] ** -0.5)) for pair in pairs]
        self._adam = Adam(self._kernels, 1e-3)
        self._run = tf.function(self._steps)

    def seconds(self, steps: int) -> float:
        """Returns how long so many steps take."""
        start = time.perf_counter()
        self._run(tf.constant(steps)).numpy()
        return time.perf_counter() - start

    def _steps(self, count: Any) -> Any:
        total = tf.constant(0.0)
        for _ in tf.range(count):
            total += self._step()
        return total

    def _step(self) -> Any:
        with tf.GradientTape() as tape:
            values = self._batch
            for kernel in self._kernels[:-1]:
                values = tf.nn.relu(tf.matmul(values, kernel))
            logits = tf.matmul(values, self._kernels[-1])[:, 0]
            loss = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(self._labels, logits))
        self._adam.apply(tape.gradient(loss, self._kernels))
        return loss
