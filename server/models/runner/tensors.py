"""Arrays to tensors and back."""

from collections import defaultdict
from collections.abc import Mapping
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

SMALL_BYTES = 64 * 1024
"""Arrays of at most so many are made tensors together, for which they are copied once more."""
_TOGETHER = frozenset(map(np.dtype, (np.object_, np.float32, np.float64, np.int32, np.int64, np.bool_)))
"""Those that TensorFlow can cut apart on any processor."""


def to_tensors(arrays: Mapping[str, NDArray[Any]]) -> dict[str, tf.Tensor]:
    """Returns arrays as tensors; texts as strings.

    Those that are alike and small are made together and cut apart again: each by itself takes 30 microseconds, and
    a model has a hundred.

    Raises:
        TypeError: One is no tensor; so does ValueError.
    """
    alike: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for name, array in arrays.items():
        may_join = array.nbytes <= SMALL_BYTES and array.dtype in _TOGETHER
        alike[array.dtype, array.shape, "" if may_join else name].append(name)
    tensors: dict[str, tf.Tensor] = {}
    for names in alike.values():
        if len(names) == 1:
            tensors[names[0]] = _tensor(arrays[names[0]])
        else:
            joined = _tensor(np.stack([arrays[name] for name in names]))
            tensors.update(zip(names, tf.unstack(joined), strict=True))
    return tensors


def _tensor(array: NDArray[Any]) -> tf.Tensor:
    return tf.constant(array, dtype=tf.string if array.dtype == object else None)


def as_stored(tensor: tf.Tensor, dtype: str) -> tf.Tensor:
    """Returns a tensor as the quantised one that it is stored for, if `dtype` is one."""
    if not dtype.startswith("q"):
        return tensor
    wanted = tf.as_dtype(dtype)
    if wanted in _STORED_AS and tensor.dtype == _STORED_AS[wanted]:
        return tf.bitcast(tensor, wanted)
    return tensor


def from_tensor(tensor: tf.Tensor) -> NDArray[Any]:
    """Returns a tensor as an array; texts as an array of bytes."""
    if tensor.dtype in _STORED_AS:
        tensor = tf.bitcast(tensor, _STORED_AS[tensor.dtype])
    return np.asarray(tensor.numpy(), dtype=object if tensor.dtype == tf.string else None)
