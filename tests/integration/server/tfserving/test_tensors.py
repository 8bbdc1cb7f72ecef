"""TensorProtos mean to us what they mean to TensorFlow, in Python and in C++."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tensorflow.core.framework.tensor_pb2 import TensorProto

from server.rpc.tfserving.dtypes import Dtype
from server.rpc.tfserving.tensors import InvalidTensor, TensorDecoder, encode
from tests.support.tensors import DTYPES, arrays, bits

pytestmark = pytest.mark.slow

EVERY_DTYPE = pytest.mark.parametrize("dtype", DTYPES, ids=[dtype.name for dtype in DTYPES])
ONLY_IN_CONTENT = ("float8_e4m3fnuz", "float8_e4m3b11fnuz", "float8_e5m2fnuz")
"""What TensorFlow's Python writes and reads in `tensor_content` alone."""


def parsed_by_tensorflow(message: TensorProto) -> NDArray[Any]:
    """Returns what `tensorflow::Tensor::FromProto` makes of a message."""
    dtype = tf.as_dtype(message.dtype)
    tensor = tf.io.parse_tensor(message.SerializeToString(), dtype)
    if dtype.is_quantized:
        tensor = tf.bitcast(tensor, dtype.name[1:])
    return np.asarray(tensor.numpy(), dtype=object if dtype == tf.string else None)


def made_by_tensorflow(array: NDArray[Any], dtype: Dtype, shape: list[int] | None = None) -> TensorProto:
    return tf.make_tensor_proto(array, dtype=tf.as_dtype(dtype.number), shape=shape)


def as_stored(array: NDArray[Any], dtype: Dtype) -> NDArray[Any]:
    """Returns an array with whole numbers in place of TensorFlow's quantised ones, which NumPy has as records."""
    return array[dtype.name] if array.dtype.names else array


def test_every_dtype_has_tensorflow_s_name() -> None:
    assert {dtype.number: dtype.name for dtype in DTYPES} == {
        dtype.number: tf.as_dtype(dtype.number).name for dtype in DTYPES
    }


@EVERY_DTYPE
@settings(max_examples=30)
@given(data=st.data())
def test_what_tensorflow_writes_is_read(dtype: Dtype, data: st.DataObject) -> None:
    array = data.draw(arrays(dtype))
    if dtype.name in ONLY_IN_CONTENT and array.size < 2:
        return
    assert bits(TensorDecoder().decode(made_by_tensorflow(array, dtype))) == bits(array)


@EVERY_DTYPE
@settings(max_examples=30)
@given(data=st.data())
def test_what_is_written_is_read_by_tensorflow(dtype: Dtype, data: st.DataObject) -> None:
    array = data.draw(arrays(dtype))
    message = encode(array, dtype.name)
    assert not message.tensor_content
    assert bits(parsed_by_tensorflow(message)) == bits(array)
    if dtype.name not in ONLY_IN_CONTENT:
        assert bits(as_stored(tf.make_ndarray(message), dtype)) == bits(array)


@EVERY_DTYPE
@settings(max_examples=30)
@given(data=st.data())
def test_too_few_values_are_filled_up_as_tensorflow_does(dtype: Dtype, data: st.DataObject) -> None:
    message = encode(data.draw(arrays(dtype)).reshape(-1), dtype.name)
    message.tensor_shape.dim[0].size += data.draw(st.integers(0, 3))
    assert bits(TensorDecoder().decode(message)) == bits(parsed_by_tensorflow(message))


@EVERY_DTYPE
@settings(max_examples=30)
@given(data=st.data())
def test_content_is_read_as_tensorflow_does(dtype: Dtype, data: st.DataObject) -> None:
    message = encode(data.draw(arrays(dtype).filter(lambda array: array.size > 0)), dtype.name)
    array = parsed_by_tensorflow(message)
    content = TensorProto(dtype=message.dtype, tensor_shape=message.tensor_shape)
    if dtype.name == "string":
        texts = tf.io.parse_tensor(message.SerializeToString(), tf.string)
        content = TensorProto.FromString(tf.io.serialize_tensor(texts).numpy())
    else:
        content.tensor_content = array.tobytes()
    assert bits(TensorDecoder().decode(content)) == bits(parsed_by_tensorflow(content)) == bits(array)


@settings(max_examples=200)
@given(st.binary(max_size=12), st.integers(0, 3), st.sampled_from(DTYPES))
def test_content_that_tensorflow_refuses_is_refused(content: bytes, size: int, dtype: Dtype) -> None:
    message = TensorProto(dtype=dtype.number, tensor_content=content)
    message.tensor_shape.dim.add(size=size)
    try:
        found = TensorDecoder().decode(message)
    except InvalidTensor:
        if size:  # TensorFlow does not look at the values of an empty tensor
            with pytest.raises(tf.errors.InvalidArgumentError):
                parsed_by_tensorflow(message)
    else:
        assert found.shape == parsed_by_tensorflow(message).shape
