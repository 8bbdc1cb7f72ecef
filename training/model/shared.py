"""Arrays that numpy fills and TensorFlow reads where they are; `tf.constant` would hold them three times."""

import math
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import DTypeLike, NDArray

_ALIGNMENT = 64
"""Of the first byte of what TensorFlow takes without a copy."""


def room(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Returns an array of a shape and dtype that is yet to be filled, and may be made a tensor."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)


def as_tensor(filled: NDArray[Any]) -> Any:
    """Returns an array that `room` made as a tensor, which sees what is written to the array later, too."""
    return tf.experimental.dlpack.from_dlpack(filled.__dlpack__())
