"""Compiling small functions of the training step."""

from collections.abc import Callable
from typing import Any, TypeVar

import tensorflow as tf

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Returns a function of tensors whose operations are fused by XLA, compiled once for each set of shapes."""
    fused: F = tf.function(function, jit_compile=True)
    return fused
