"""Saving a layer and loading it back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf


def reloaded(layer: Any, call: Callable[..., Any], directory: Path, *specs: Any) -> Any:
    """Returns what has `call`, a function of `layer`, as its own after a way through a SavedModel.

    Args:
        layer: What holds the weights.
        call: What to save of it.
        directory: Where to save.
        specs: The `tf.TensorSpec` of each argument of `call`.
    """
    root = tf.Module()
    root.layer = layer
    root.call = tf.function(call, input_signature=specs)
    tf.saved_model.save(root, str(directory))
    return tf.saved_model.load(str(directory))
