"""Real SavedModels of the tiny model in `tests.support.linear_model`. Importing this imports TensorFlow."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from contract.columns import column_dtype
from contract.stubs.manifest_pb2 import Input
from tests.support.linear_model import CLASS_SIDE, MEMBER_SIDE

_CLASS_STATE = {
    "class_state": tf.TensorSpec([None, 1], tf.float32, name="class_state"),
    "class_wide": tf.TensorSpec([None], tf.float32, name="class_wide"),
    "class_crosses": tf.TensorSpec([None, 1], tf.int32, name="class_crosses"),
}
_QUESTION = {
    "candidates": tf.TensorSpec([None, None], tf.bool, name="candidates"),
    "count": tf.TensorSpec([], tf.int32, name="count"),
}


class LinearModel(tf.Module):
    """The model, with the signatures of a ranking model that the server calls."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = tf.Variable(weight, dtype=tf.float32)

    def score_rows(self, **rows: tf.Tensor) -> dict[str, tf.Tensor]:
        logits = self.weight * rows["liking"] * rows["minutes"] / 60 + _bonus(rows["surface"])
        return {"score": tf.sigmoid(logits)}

    def encode_classes(self, **classes: tf.Tensor) -> dict[str, tf.Tensor]:
        minutes = classes["minutes"]
        return {
            "class_state": minutes[:, None] / 60,
            "class_wide": tf.zeros_like(minutes),
            "class_crosses": tf.zeros_like(minutes[:, None], dtype=tf.int32),
        }

    def rank(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        logits = self.weight * inputs["liking"][:, None] * inputs["class_state"][:, 0] + inputs["class_wide"]
        logits += _bonus(inputs["surface"])[:, None]
        candidates = inputs["candidates"]
        best, positions = tf.math.top_k(tf.where(candidates, logits, -np.inf), inputs["count"])
        is_candidate = tf.gather(candidates, positions, batch_dims=1)
        return {
            "scores": tf.where(is_candidate, tf.sigmoid(best), -1.0),
            "positions": tf.where(is_candidate, positions, -1),
        }

    def signatures(self) -> dict[str, Any]:
        members, classes = _specs(MEMBER_SIDE), _specs(CLASS_SIDE)
        return {
            "serving_default": _traced(self.score_rows, {**members, **classes}),
            "encode_classes": _traced(self.encode_classes, classes),
            "rank": _traced(self.rank, {**members, **_CLASS_STATE, **_QUESTION}),
        }


def write_saved_model(version_dir: Path, weight: float, kind: type[LinearModel] = LinearModel) -> None:
    """Writes a SavedModel of the model.

    Args:
        version_dir: Its folder.
        weight: Its weight.
        kind: The model, or one that differs from it.
    """
    model = kind(weight)
    tf.saved_model.save(model, str(version_dir), signatures=model.signatures())


def _traced(function: Any, specs: dict[str, tf.TensorSpec]) -> Any:
    return tf.function(function).get_concrete_function(**specs)


def _specs(inputs: Iterable[Input]) -> dict[str, tf.TensorSpec]:
    return {spec.name: _spec(spec) for spec in inputs}


def _spec(spec: Input) -> tf.TensorSpec:
    shape = [None, spec.list_length] if spec.list_length else [None]
    dtype = column_dtype(spec)
    return tf.TensorSpec(shape, tf.string if dtype is object else tf.as_dtype(dtype), name=spec.name)


def _bonus(surface: tf.Tensor) -> tf.Tensor:
    return 0.5 * tf.cast(surface == "home", tf.float32)
