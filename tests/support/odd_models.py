"""SavedModels as others make them: of every dtype, TensorFlow 1, Keras, with defaults. This imports TensorFlow."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tests.support.traced import traced

DTYPES = (
    "string",
    "int64",
    "bfloat16",
    "float16",
    "float64",
    "bool",
    "complex64",
    "uint8",
    "qint8",
    "quint8",
    "qint32",
)

FACTOR = tf.constant(7, tf.int64)
UNIT = tf.constant("kg")

v1 = tf.compat.v1
saved_model_v1 = v1.saved_model


class EveryDtype(tf.Module):
    """Gives back what it gets: a signature for each dtype, of any shape."""

    def signatures(self) -> Mapping[str, Any]:
        same = tf.function(lambda x: {"y": tf.identity(x)})
        return {dtype: same.get_concrete_function(x=tf.TensorSpec(None, dtype, name="x")) for dtype in DTYPES}


class Picky(tf.Module):
    """Has inputs of fixed dtypes and shapes, defaults, several outputs, and operations that fail."""

    @traced(tf.TensorSpec([None, 3], tf.float32), tf.TensorSpec([], tf.int64), tf.TensorSpec([], tf.string))
    def scale(self, rows: tf.Tensor, factor: tf.Tensor = FACTOR, unit: tf.Tensor = UNIT) -> dict[str, tf.Tensor]:
        scaled = rows * tf.cast(factor, tf.float32)
        return {"scaled": scaled, "total": tf.reduce_sum(scaled), "unit": unit}

    @traced(tf.TensorSpec([], tf.string, name="path"))
    def read(self, path: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"content": tf.io.read_file(path)}

    @traced(tf.TensorSpec([None], tf.float32, name="x"))
    def root(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        tf.debugging.assert_non_negative(x, message="x has to be at least 0")
        return {"y": tf.sqrt(x)}

    def signatures(self) -> Mapping[str, Any]:
        return {"serving_default": self.scale, "read": self.read, "root": self.root}


class Counting(tf.Module):
    """Counts the rows that it was asked about; refuses those below 0."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = tf.Variable(0, dtype=tf.int64)

    def count(self, x: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.debugging.assert_non_negative(x, message="x has to be at least 0")]):
            return self.rows.assign_add(tf.size(x, tf.int64))

    @traced(tf.TensorSpec([None], tf.float32, name="x"))
    def predict(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"rows": self.count(x), "x": x}

    @traced(tf.TensorSpec([None], tf.string, name="inputs"))
    def classify(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([], tf.float32)})
        self.count(parsed["x"])
        return {"scores": parsed["x"][:, None]}

    def signatures(self) -> Mapping[str, Any]:
        return {"serving_default": self.predict, "classify": self.classify}


def write(model: EveryDtype | Picky | Counting, folder: Path) -> Path:
    """Writes a model, and returns its folder."""
    tf.saved_model.save(model, str(folder), signatures=model.signatures())
    return folder


def write_v1(folder: Path, *tag_sets: list[str]) -> Path:
    """Writes a SavedModel as TensorFlow 1 does, with a graph for each set of tags, and returns its folder.

    The graph numbered `n` answers "predict" with ``weight * x + n``, where the weight is a variable that is 3. It
    looks words up in a table that is filled from a file, and classifies and regresses `tf.Example`s.
    """
    builder = saved_model_v1.builder.SavedModelBuilder(str(folder))
    words = folder.parent / "words.txt"
    words.write_text("run\nyoga\n")
    for number, tags in enumerate(tag_sets):
        with tf.Graph().as_default(), v1.Session() as session:
            signatures = _v1_signatures(float(number), str(words))
            session.run([v1.global_variables_initializer(), v1.tables_initializer()])
            arguments = {
                "signature_def_map": signatures,
                "assets_collection": v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
                "main_op": v1.tables_initializer(),
            }
            if number == 0:
                builder.add_meta_graph_and_variables(session, tags, **arguments)
            else:
                builder.add_meta_graph(tags, **arguments)
    builder.save()
    words.unlink()  # it was copied
    return folder


def write_simple_v1(folder: Path) -> Path:
    """Writes a SavedModel with `simple_save`, and returns its folder."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, None, name="x")
        weight = v1.get_variable("weight", initializer=3.0)
        session.run(v1.global_variables_initializer())
        saved_model_v1.simple_save(session, str(folder), {"x": x}, {"y": weight * x})
    return folder


def write_keras(folder: Path, *, exported: bool) -> Path:
    """Writes a Keras model that was fitted, exported or saved whole with its optimizer, and returns its folder.

    It gives ``0.5 * sum(x)`` for rows of three.
    """
    inputs = keras.Input((3,), name="x")
    model = keras.Model(inputs, keras.layers.Dense(1, name="y")(keras.layers.Dropout(0.5)(inputs)))
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.ones(4), verbose=0)
    model.set_weights([np.full((3, 1), 0.5), np.zeros(1)])
    if exported:
        model.export(str(folder), verbose=False)
    else:
        tf.saved_model.save(model, str(folder))
    return folder


def _v1_signatures(bias: float, words: str) -> Mapping[str, Any]:
    x = v1.placeholder(tf.float32, [None])
    y = v1.get_variable("weight", initializer=3.0) * x + bias
    word = v1.placeholder(tf.string, [None])
    initializer = tf.lookup.TextFileInitializer(
        words, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
    )
    index = tf.lookup.StaticHashTable(initializer, -1).lookup(word)
    examples = v1.placeholder(tf.string, [None])
    minutes = v1.parse_example(examples, {"minutes": v1.FixedLenFeature([], tf.float32)})["minutes"]
    define: Callable[..., Any] = saved_model_v1.signature_def_utils.predict_signature_def
    utils = saved_model_v1.signature_def_utils
    labels = tf.tile([["short", "long"]], [tf.size(minutes), 1])
    return {
        "predict": define({"the x/of:1": x}, {"y": y}),
        "look_up": define({"word": word}, {"index": index}),
        "classify": utils.classification_signature_def(examples, labels, tf.stack([1 - minutes, minutes], axis=1)),
        "regress": utils.regression_signature_def(examples, minutes / 60),
    }
