"""What follows a dense layer: normalisation over the batch if asked for, ReLU, dropout.

In training these are a dozen operations, each of which reads and writes the whole batch, and together they take
longer than the matrix products. Compiled they are one pass, and two more to normalise. The gradient, written by
hand, sees in the outputs what was passed on; the next layer's gradient needs them anyway. What is read and
written may be bfloat16, in between all is float32.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from training.model.compiled import compiled
from training.model.spec import ModelSpec

_GOLDEN = 0x9E3779B9
_BLOCKS = 4
"""Of rows, which are added up first in a sum; the fastest of 2, 4, 8 and 16."""
_MOMENTUM = 0.9
"""The share of the old moments in the new; with Keras' 0.99 a short training would keep the first."""


class Dropout(NamedTuple):
    """Which units are left out: where the product of a row's number and a unit's, modulo 2^32, is low."""

    rows: Any
    """Odd numbers drawn for the rows, ``[rows]`` uint32."""
    units: Any
    """Odd numbers drawn for the units, ``[units]`` uint32."""
    rate: float
    """The share that is left out."""


class Affine(NamedTuple):
    """What batch norm learns, ``[units]`` float32."""

    gamma: Any
    beta: Any


class Norm(NamedTuple):
    """How values were normalised, ``[units]`` float32."""

    mean: Any
    """Of each unit over the rows."""
    deviation: Any
    """The standard deviation, kept from 0 by an epsilon."""
    gamma: Any


class Activation(keras.layers.Layer):
    """Batch norm (Ioffe & Szegedy, ICML 2015) if asked for, ReLU, and dropout (Srivastava et al., JMLR 2014)."""

    def __init__(self, units: int, spec: ModelSpec) -> None:
        super().__init__(autocast=False)
        self.norm = keras.layers.BatchNormalization(momentum=_MOMENTUM) if spec.batch_norm else None
        if self.norm is not None:
            self.norm.build((None, units))
        self._rate = spec.dropout
        self._seeds = keras.random.SeedGenerator()

    def call(self, values: Any, training: bool = False) -> Any:
        """Returns ``[rows, units]`` for the same, of the same precision in training."""
        if not training:
            return tf.nn.relu(values if self.norm is None else self.norm(values))
        dropout = Dropout(*draw(tf.cast(self._seeds.next(), tf.uint32), *values.shape), self._rate)
        if self.norm is None:
            return _activated(values, dropout)
        affine = Affine(*(tf.convert_to_tensor(weight) for weight in (self.norm.gamma, self.norm.beta)))
        outputs, mean, variance = _normalised(values, affine, dropout, self.norm.epsilon)
        for average, value in ((self.norm.moving_mean, mean), (self.norm.moving_variance, variance)):
            average.assign(average + (value - average) * (1 - _MOMENTUM))
        return outputs


def _activated(values: Any, dropout: Dropout) -> Any:
    def activate(values: Any) -> Any:
        outputs = _rectify(values, dropout)
        return outputs, lambda upstream: _passed(upstream, outputs, dropout.rate)

    return tf.custom_gradient(activate)(values)


def _normalised(values: Any, affine: Affine, dropout: Dropout, epsilon: float) -> tuple[Any, Any, Any]:
    """Returns the outputs ``[rows, units]``, and mean and variance of the values over the rows ``[units]``."""

    def normalise(values: Any, gamma: Any, beta: Any) -> Any:
        outputs, mean, variance = _normalise(values, Affine(gamma, beta), dropout, epsilon)
        norm = Norm(mean, tf.sqrt(variance + epsilon), gamma)

        def gradient(upstream: Any, *_: Any) -> Any:
            return _gradients(upstream, values, outputs, norm, dropout.rate)

        return (outputs, mean, variance), gradient

    found: tuple[Any, Any, Any] = tf.custom_gradient(normalise)(values, *affine)
    return found


@compiled
def _rectify(values: Any, dropout: Dropout) -> Any:
    """Returns the values where they are above 0 and their unit is kept, scaled by the share that is."""
    is_passed = tf.logical_and(values > 0, is_kept(dropout))
    return tf.where(is_passed, _scaled(values, dropout.rate), tf.zeros([], values.dtype))


@compiled
def _passed(upstream: Any, outputs: Any, rate: float) -> Any:
    """Returns the gradient of `_rectify`."""
    return tf.where(outputs > 0, _scaled(upstream, rate), tf.zeros([], upstream.dtype))


def _scaled(values: Any, rate: float) -> Any:
    return tf.cast(tf.cast(values, tf.float32) / (1 - rate), values.dtype)


@compiled
def _normalise(values: Any, affine: Affine, dropout: Dropout, epsilon: float) -> tuple[Any, Any, Any]:
    """Returns what `_normalised` does."""
    row_count = values.shape[0]
    mean = _sum_rows(_float, values) / row_count
    variance = _sum_rows(lambda block: tf.square(_float(block) - mean), values) / row_count
    scale = affine.gamma / tf.sqrt(variance + epsilon)
    normed = (_float(values) - mean) * scale + affine.beta
    return tf.cast(_rectify(normed, dropout), values.dtype), mean, variance


@compiled
def _gradients(upstream: Any, values: Any, outputs: Any, norm: Norm, rate: float) -> tuple[Any, Any, Any]:
    """Returns the gradients of the values, of gamma and of beta (Ioffe & Szegedy, section 3)."""

    def passed(upstream: Any, outputs: Any) -> Any:
        return tf.where(_float(outputs) > 0, _float(upstream) / (1 - rate), 0.0)

    def centred(values: Any) -> Any:
        return _float(values) - norm.mean

    of_beta = _sum_rows(passed, upstream, outputs)
    products = _sum_rows(lambda up, out, block: passed(up, out) * centred(block), upstream, outputs, values)
    of_gamma = products / norm.deviation
    row_count = values.shape[0]
    scale = norm.gamma / norm.deviation
    tilt = of_gamma / (norm.deviation * row_count)
    of_values = scale * (passed(upstream, outputs) - of_beta / row_count - centred(values) * tilt)
    return tf.cast(of_values, values.dtype), of_gamma, of_beta


def _float(values: Any) -> Any:
    return tf.cast(values, tf.float32)


def _sum_rows(term: Callable[..., Any], *arrays: Any) -> Any:
    """Returns the sum over the rows of what a term makes of arrays ``[rows, units]``.

    The compiler writes what a reduction reads to memory, whole and in float32, but not what an addition does: so
    the rows are first added up by blocks.
    """
    block_count = math.gcd(arrays[0].shape[0], _BLOCKS)
    blocks = zip(*(tf.split(array, block_count) for array in arrays), strict=True)
    return tf.reduce_sum(tf.add_n([term(*block) for block in blocks]), axis=0)


@compiled
def draw(seed: Any, row_count: int, unit_count: int) -> tuple[Any, Any]:
    """Returns the numbers of `Dropout`, by MurmurHash3's finaliser of a seed ``[2]`` uint32.

    A function of its own: inlined where they are used, the compiler would draw a unit's number for each row anew.
    """
    start = _mix(_mix(seed[0]) + seed[1])
    numbers = tf.cast(tf.range(row_count + unit_count), tf.uint32)
    drawn = tf.bitwise.bitwise_or(_mix(numbers * _GOLDEN + start), tf.constant(1, tf.uint32))
    return drawn[:row_count], drawn[row_count:]


def is_kept(dropout: Dropout) -> Any:
    """Returns which units are kept, bool ``[rows, units]``.

    A product of two numbers is fused into the pass that asks, while a number of its own for each would be an
    array in memory.
    """
    bits = dropout.rows[:, None] * dropout.units
    return bits >= tf.constant(round(dropout.rate * 2**32), tf.uint32)


def _mix(bits: Any) -> Any:
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, tf.constant(shift, tf.uint32)))
        bits *= tf.constant(factor, tf.uint32)
    return bits
