"""`tf.function` with types, of which TensorFlow has none. Importing this imports TensorFlow."""

from collections.abc import Callable
from typing import Any, TypeVar

import tensorflow as tf

F = TypeVar("F", bound=Callable[..., Any])


def traced(*specs: tf.TensorSpec) -> Callable[[F], F]:
    """Decorates a function of tensors of these specs."""
    decorate: Callable[[F], F] = tf.function(input_signature=specs)
    return decorate
