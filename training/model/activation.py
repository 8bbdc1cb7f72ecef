"""What follows a dense layer: normalisation over the batch if asked for, ReLU, dropout.

In training these are a dozen operations, each of which reads and writes the whole batch, and together they take
longer than the matrix products. Compiled they are one pass, and two more to normalise; the gradient, written by
hand, recomputes what it needs from the input. What is read and written may be bfloat16, in between all is float32.
"""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from training.model.compiled import compiled
from training.model.spec import ModelSpec

_GOLDEN = 0x9E3779B9
_MOMENTUM = 0.9
"""The share of the old moments in the new; with Keras' 0.99 a short training would keep the first."""


class Dropout(NamedTuple):
    """Which units are left out."""

    seed: Any
    """``[2]`` uint32."""
    rate: float
    """The share that is left out."""


class Affine(NamedTuple):
    """What batch norm learns, ``[units]`` float32."""

    gamma: Any
    beta: Any


class Moments(NamedTuple):
    """Of each unit over the rows, ``[units]`` float32."""

    mean: Any
    deviation: Any
    """The standard deviation, kept from 0 by an epsilon."""


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
        dropout = Dropout(tf.cast(self._seeds.next(), tf.uint32), self._rate)
        if self.norm is None:
            return _activated(values, dropout)
        affine = Affine(*(tf.convert_to_tensor(weight) for weight in (self.norm.gamma, self.norm.beta)))
        outputs, mean, variance = _normalised(values, affine, dropout, self.norm.epsilon)
        for average, value in ((self.norm.moving_mean, mean), (self.norm.moving_variance, variance)):
            average.assign(average + (value - average) * (1 - _MOMENTUM))
        return outputs


def _activated(values: Any, dropout: Dropout) -> Any:
    def activate(values: Any) -> Any:
        return _mask(values, values, dropout), lambda upstream: _mask(upstream, values, dropout)

    return tf.custom_gradient(activate)(values)


def _normalised(values: Any, affine: Affine, dropout: Dropout, epsilon: float) -> tuple[Any, Any, Any]:
    """Returns the outputs ``[rows, units]``, and mean and variance of the values over the rows ``[units]``."""

    def normalise(values: Any, gamma: Any, beta: Any) -> Any:
        mean, variance = _moments(values)
        moments = Moments(mean, tf.sqrt(variance + epsilon))
        outputs = _normalise(values, moments, Affine(gamma, beta), dropout)

        def gradient(upstream: Any, *_: Any) -> Any:
            return _gradients(upstream, values, moments, Affine(gamma, beta), dropout)

        return (outputs, mean, variance), gradient

    found: tuple[Any, Any, Any] = tf.custom_gradient(normalise)(values, *affine)
    return found


@compiled
def _mask(values: Any, inputs: Any, dropout: Dropout) -> Any:
    """Returns the values where the input is above 0 and its unit is kept, scaled by the share that is."""
    is_passed = tf.logical_and(inputs > 0, draw_kept(tf.shape(inputs), dropout))
    return tf.cast(tf.where(is_passed, tf.cast(values, tf.float32) / (1 - dropout.rate), 0.0), values.dtype)


@compiled
def _moments(values: Any) -> Any:
    values = tf.cast(values, tf.float32)
    mean = tf.reduce_mean(values, axis=0)
    return mean, tf.reduce_mean(tf.square(values - mean), axis=0)


@compiled
def _normalise(values: Any, moments: Moments, affine: Affine, dropout: Dropout) -> Any:
    normed = (tf.cast(values, tf.float32) - moments.mean) * (affine.gamma / moments.deviation) + affine.beta
    return tf.cast(_mask(normed, normed, dropout), values.dtype)


@compiled
def _gradients(upstream: Any, values: Any, moments: Moments, affine: Affine, dropout: Dropout) -> Any:
    """Returns the gradients of the values, of gamma and of beta (Ioffe & Szegedy, section 3)."""
    standard = (tf.cast(values, tf.float32) - moments.mean) / moments.deviation
    masked = _mask(tf.cast(upstream, tf.float32), standard * affine.gamma + affine.beta, dropout)
    of_beta = tf.reduce_sum(masked, axis=0)
    of_gamma = tf.reduce_sum(masked * standard, axis=0)
    row_count = tf.cast(tf.shape(values)[0], tf.float32)
    of_values = affine.gamma / moments.deviation * (masked - (of_beta + standard * of_gamma) / row_count)
    return tf.cast(of_values, values.dtype), of_gamma, of_beta


def draw_kept(shape: Any, dropout: Dropout) -> Any:
    """Returns which units are kept, bool in the shape ``[rows, units]``.

    Each unit's number goes through MurmurHash3's finaliser, which the compiler fuses into the pass that asks: it
    is cheaper to draw again for the gradient than to keep.
    """
    units = tf.cast(tf.reshape(tf.range(shape[0] * shape[1]), shape), tf.uint32)
    mixed = _mix(units * _GOLDEN + _mix(_mix(dropout.seed[0]) + dropout.seed[1]))
    return mixed >= tf.constant(round(dropout.rate * 2**32), tf.uint32)


def _mix(bits: Any) -> Any:
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, tf.constant(shift, tf.uint32)))
        bits *= tf.constant(factor, tf.uint32)
    return bits
