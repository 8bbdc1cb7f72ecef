"""Reading raw inputs from serialised `tf.Example`s, as TensorFlow Serving's Classify and Regress send them."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from contract.columns import INT64_MISSING, missing_marker
from contract.stubs import manifest_pb2 as pb
from training.model.inputs import tensor_dtype

_WHOLE = (pb.DATA_TYPE_INT32, pb.DATA_TYPE_INT64, pb.DATA_TYPE_BOOL)


def parse_examples(inputs: Sequence[pb.Input], serialised: Any) -> dict[str, Any]:
    """Returns the columns of serialised examples, a feature that an example leaves out being missing.

    Texts are in a `bytes_list`; whole numbers and truth values, however they are encoded, in an `int64_list`; real
    numbers in a `float_list`. A list is cut or filled to its length.

    Args:
        inputs: The inputs.
        serialised: ``[rows]`` string.
    """
    parsed = tf.io.parse_example(serialised, {spec.name: _feature(spec) for spec in inputs})
    return {spec.name: _column(spec, parsed[spec.name]) for spec in inputs}


def _example_dtype(spec: pb.Input) -> Any:
    return tf.int64 if spec.data_type in _WHOLE else tensor_dtype(spec)


def _feature(spec: pb.Input) -> Any:
    dtype = _example_dtype(spec)
    if spec.list_length:
        return tf.io.RaggedFeature(dtype)
    default = INT64_MISSING if dtype == tf.int64 else missing_marker(spec)
    return tf.io.FixedLenFeature([], dtype, default)


def _column(spec: pb.Input, parsed: Any) -> Any:
    if spec.list_length:
        return parsed.to_tensor(missing_marker(spec), shape=[None, spec.list_length])
    if parsed.dtype == tensor_dtype(spec):
        return parsed
    return tf.where(tf.equal(parsed, INT64_MISSING), float("nan"), tf.cast(parsed, tf.float32))
