"""A model as TensorFlow Serving's users have them: ``y = x / 2 + bias``, for each of its methods.

Written as TensorFlow 1 does, whose signatures say which method they are for. Importing this imports TensorFlow.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

v1 = tf.compat.v1
utils = v1.saved_model.signature_def_utils


def write_half_plus(folder: Path, bias: float) -> Path:
    """Writes the model as a SavedModel without a manifest, and returns its folder. Its files are an hour old."""
    builder = v1.saved_model.builder.SavedModelBuilder(str(folder))
    with tf.Graph().as_default(), v1.Session() as session:
        signatures = _signatures(bias)
        session.run(v1.global_variables_initializer())
        builder.add_meta_graph_and_variables(session, ["serve"], signature_def_map=signatures)
    builder.save()
    age(folder)
    return folder


def age(folder: Path) -> None:
    """Makes all files of a folder an hour old."""
    then = time.time() - 3600
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (then, then))


def _signatures(bias: float) -> Mapping[str, Any]:
    half, plus = v1.get_variable("half", initializer=0.5), v1.get_variable("plus", initializer=bias)
    x = v1.placeholder(tf.float32, [None], name="x")
    examples = v1.placeholder(tf.string, [None], name="examples")
    parsed = v1.parse_example(examples, {"x": v1.FixedLenFeature([], tf.float32)})["x"]
    y = half * parsed + plus
    sign = tf.where(y > 0, tf.fill(tf.shape(y), "above"), tf.fill(tf.shape(y), "below"))
    return {
        "serving_default": utils.predict_signature_def({"x": x}, {"y": half * x + plus, "rows": tf.size(x)}),
        "double": utils.predict_signature_def({"x": x}, {"y": 2 * (half * x + plus)}),
        "classify": utils.classification_signature_def(examples, sign[:, None], y[:, None]),
        "regress": utils.regression_signature_def(examples, y[:, None]),
    }
