"""Arrays to tensors and back."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

_STORED_AS = {
    tf.qint8: tf.int8,
    tf.quint8: tf.uint8,
    tf.qint16: tf.int16,
    tf.quint16: tf.uint16,
    tf.qint32: tf.int32,
}
"""NumPy has no quantised types: outside TensorFlow they are the whole numbers that they are stored as."""


def to_tensor(array: NDArray[Any], dtype: str) -> tf.Tensor:
    """Returns an array as a tensor; `dtype` tells only whether it is a quantised one."""
    tensor = tf.constant(array, dtype=tf.string if array.dtype == object else None)
    wanted = tf.as_dtype(dtype)
    if wanted in _STORED_AS and tensor.dtype == _STORED_AS[wanted]:
        return tf.bitcast(tensor, wanted)
    return tensor


def from_tensor(tensor: tf.Tensor) -> NDArray[Any]:
    """Returns a tensor as an array; texts as an array of bytes."""
    if tensor.dtype in _STORED_AS:
        tensor = tf.bitcast(tensor, _STORED_AS[tensor.dtype])
    return np.asarray(tensor.numpy(), dtype=object if tensor.dtype == tf.string else None)
