"""TensorProtos made by hand become arrays, or say what is wrong with them."""

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from server.domain.errors import FieldViolation, InvalidRequest
from server.rpc.tfserving.dtypes import BY_NUMBER, Dtype
from server.rpc.tfserving.stubs import DataType, TensorProto
from server.rpc.tfserving.tensors import (
    MAX_FILLED_BYTES,
    MAX_TEXTS,
    InvalidTensor,
    TensorDecoder,
    decode_tensors,
    encode,
)
from tests.support.tensors import DTYPES, arrays, bits

ONE_AND_HALF_IN_BFLOAT16 = 0x3FC0
ONE_AND_HALF_IN_FLOAT16 = 0x3E00


def tensor(dtype: str, *shape: int, **fields: Any) -> TensorProto:
    """Returns a tensor whose other fields are given by name."""
    message = TensorProto(dtype=DataType.Value(dtype), **fields)
    for size in shape:
        message.tensor_shape.dim.add(size=size)
    return message


def varint(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + varint(number >> 7)


def decode(message: TensorProto) -> NDArray[Any]:
    return TensorDecoder().decode(TensorProto.FromString(message.SerializeToString()))


def test_every_dtype_that_has_values_is_known() -> None:
    without = {"DT_INVALID", "DT_RESOURCE", "DT_VARIANT"}
    expected = {number for name, number in DataType.items() if name not in without and not name.endswith("_REF")}
    assert set(BY_NUMBER) == expected


@pytest.mark.parametrize(
    ("message", "dtype", "values"),
    [
        (tensor("DT_FLOAT", 2, float_val=[1.5, -2]), "float32", [1.5, -2]),
        (tensor("DT_DOUBLE", 2, double_val=[1.5, 1e300]), "float64", [1.5, 1e300]),
        (tensor("DT_HALF", 1, half_val=[ONE_AND_HALF_IN_FLOAT16]), "float16", [1.5]),
        (tensor("DT_BFLOAT16", 1, half_val=[ONE_AND_HALF_IN_BFLOAT16]), "bfloat16", [1.5]),
        (tensor("DT_INT8", 2, int_val=[-128, 127]), "int8", [-128, 127]),
        (tensor("DT_UINT16", 2, int_val=[0, 65535]), "uint16", [0, 65535]),
        (tensor("DT_QUINT8", 2, int_val=[0, 255]), "uint8", [0, 255]),
        (tensor("DT_INT4", 2, int_val=[-8, 7]), "int4", [-8, 7]),
        (tensor("DT_UINT2", 2, int_val=[0, 3]), "uint2", [0, 3]),
        (tensor("DT_INT64", 2, int64_val=[-(2**63), 5]), "int64", [-(2**63), 5]),
        (tensor("DT_UINT32", 1, uint32_val=[2**32 - 1]), "uint32", [2**32 - 1]),
        (tensor("DT_UINT64", 1, uint64_val=[2**64 - 1]), "uint64", [2**64 - 1]),
        (tensor("DT_BOOL", 2, bool_val=[True, False]), "bool", [True, False]),
        (tensor("DT_STRING", 2, string_val=[b"a\0", "é".encode()]), "object", [b"a\0", "é".encode()]),
        (tensor("DT_COMPLEX64", 2, scomplex_val=[1, 2, 3, 4]), "complex64", [1 + 2j, 3 + 4j]),
        (tensor("DT_COMPLEX128", 1, dcomplex_val=[1, 2]), "complex128", [1 + 2j]),
        (tensor("DT_FLOAT8_E5M2", 2, float8_val=b"\x3c\xbc"), "float8_e5m2", [1, -1]),
        (tensor("DT_FLOAT", 2, tensor_content=struct.pack("<2f", 1.5, -2)), "float32", [1.5, -2]),
        (tensor("DT_STRING", 3, tensor_content=b"\x01\x00\x02abc"), "object", [b"a", b"", b"bc"]),
        (tensor("DT_STRING", 1, tensor_content=b"\xac\x02" + b"x" * 300), "object", [b"x" * 300]),
        (
            tensor("DT_STRING", 3, tensor_content=b"\x81\x01\x80\x80\x00\x01" + b"x" * 130),
            "object",
            [b"x" * 129, b"", b"x"],
        ),
        (tensor("DT_FLOAT", 1, tensor_content=struct.pack("<f", 5), float_val=[1]), "float32", [5]),
    ],
)
def test_values_are_read_from_the_field_of_the_dtype_or_from_the_content(
    message: TensorProto, dtype: str, values: list[Any]
) -> None:
    array = decode(message)
    assert (array.dtype.name, array.tolist()) == (dtype, values)


@pytest.mark.parametrize(
    ("message", "values"),
    [
        (tensor("DT_FLOAT", float_val=[7]), 7),
        (tensor("DT_FLOAT", 2, 2, float_val=[1, 2, 3, 4]), [[1, 2], [3, 4]]),
        (tensor("DT_FLOAT", 0), []),
        (tensor("DT_STRING", 2, 0), [[], []]),
        (tensor("DT_FLOAT", 2, 2, float_val=[1, 2]), [[1, 2], [2, 2]]),
        (tensor("DT_FLOAT", 2), [0, 0]),
        (tensor("DT_COMPLEX64", 2), [0, 0]),
        (tensor("DT_STRING", 3, string_val=[b"a", b"b"]), [b"a", b"b", b"b"]),
        (tensor("DT_STRING", 2), [b"", b""]),
    ],
)
def test_values_take_the_shape_and_the_last_one_fills_it_up(message: TensorProto, values: Any) -> None:
    assert decode(message).tolist() == values


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (tensor("DT_INVALID", 1), "has dtype DT_INVALID, expected one that has values"),
        (tensor("DT_RESOURCE"), "has dtype DT_RESOURCE, expected one that has values"),
        (tensor("DT_FLOAT_REF", 1), "has dtype DT_FLOAT_REF, expected one that has values"),
        (TensorProto(dtype=77), "has dtype 77, expected one that has values"),
        (tensor("DT_FLOAT", -1, 2), "has a shape [-1, 2], expected one that is fully known"),
        (
            tensor("DT_FLOAT", *[1] * 65),
            "has 65 dimensions, expected at most 64",
        ),
        (
            tensor("DT_FLOAT", 0, 2**40),
            f"has shape [0, {2**40}], expected at most 2147483648 elements",
        ),
        (tensor("DT_FLOAT", 2, float_val=[1, 2, 3]), "has 3 values, expected at most 2 for shape [2]"),
        (
            tensor("DT_FLOAT", 2, tensor_content=b"12345"),
            "has 5 bytes of tensor_content, expected 8 for float32 [2]",
        ),
        (
            tensor("DT_BOOL", 3, tensor_content=b"\x00\x02\x01"),
            "has bytes other than 0 and 1 in tensor_content, expected bool",
        ),
        (
            tensor("DT_STRING", 2, tensor_content=b"\x01\x02ab"),
            "has 4 bytes of tensor_content, expected 5",
        ),
        (
            tensor("DT_STRING", 3, tensor_content=b"\x01\x80"),
            "has 2 bytes of tensor_content, expected the length of each text first",
        ),
        (
            tensor("DT_STRING", 2, tensor_content=b"\x80\x80\x80\x80\x80\x00\x00"),
            "has 7 bytes of tensor_content, expected the length of each text first",
        ),
        (
            tensor("DT_STRING", 0, tensor_content=b"\x00"),
            "has 1 bytes of tensor_content, expected 0",
        ),
        (tensor("DT_UINT8", 2, int_val=[1, 300]), "has 300 in int_val, expected values of uint8"),
        (tensor("DT_INT4", 1, int_val=[8]), "has 8 in int_val, expected values of int4"),
        (tensor("DT_HALF", 1, half_val=[-1]), "has -1 in half_val, expected values of float16"),
        (
            tensor("DT_COMPLEX64", 1, scomplex_val=[1, 2, 3]),
            "has 3 numbers in scomplex_val, expected two for each value",
        ),
    ],
)
def test_what_is_no_tensor_says_what_was_found_and_expected(message: TensorProto, found: str) -> None:
    with pytest.raises(InvalidTensor) as error:
        decode(message)
    assert str(error.value) == found


def test_a_shape_of_unknown_rank_is_no_tensor() -> None:
    message = TensorProto(dtype=DataType.Value("DT_FLOAT"))
    message.tensor_shape.unknown_rank = True
    with pytest.raises(InvalidTensor, match="of unknown rank"):
        decode(message)


@pytest.mark.parametrize(
    "message",
    [
        tensor("DT_INT8", MAX_FILLED_BYTES + 2, int_val=[1]),
        tensor("DT_DOUBLE", 1000, 1000, 100),
        tensor("DT_STRING", 100, string_val=[b"x" * MAX_FILLED_BYTES]),
    ],
)
def test_a_small_message_does_not_become_large(message: TensorProto) -> None:
    with pytest.raises(
        InvalidTensor, match=f"expected more: {MAX_FILLED_BYTES} bytes of a request are filled up at most"
    ):
        decode(message)


def test_neither_do_many_small_messages() -> None:
    share = MAX_FILLED_BYTES // 4
    tensors = {f"x{place}": tensor("DT_INT8", share) for place in range(5)}
    with pytest.raises(InvalidRequest) as error:
        decode_tensors("inputs", tensors)
    assert len(error.value.violations) == 1
    assert len(decode_tensors("inputs", {name: tensors[name] for name in list(tensors)[:4]})) == 4


TOO_MANY = MAX_TEXTS + 1


@pytest.mark.parametrize(
    "message",
    [
        tensor("DT_STRING", TOO_MANY, tensor_content=b"\0" * TOO_MANY),
        tensor("DT_STRING", TOO_MANY, string_val=[b""] * TOO_MANY),
        tensor("DT_STRING", 1, string_val=[b""] * TOO_MANY),
        tensor("DT_STRING", TOO_MANY, string_val=[b""]),
    ],
)
def test_texts_are_limited_in_number(message: TensorProto) -> None:
    with pytest.raises(InvalidTensor) as error:
        decode(message)
    assert str(error.value) == f"has {TOO_MANY} texts, expected fewer: a request has {MAX_TEXTS} at most"


def test_so_are_those_of_several_tensors() -> None:
    half = tensor("DT_STRING", MAX_TEXTS // 2, tensor_content=b"\0" * (MAX_TEXTS // 2))
    assert len(decode_tensors("inputs", {"x": half, "y": half})) == 2
    with pytest.raises(InvalidRequest, match="has 1 texts, expected fewer"):
        decode_tensors("inputs", {"x": half, "y": half, "z": tensor("DT_STRING", string_val=[b""])})


def test_every_invalid_tensor_of_a_request_is_named() -> None:
    tensors = {"good": tensor("DT_FLOAT"), "x": tensor("DT_VARIANT"), "y'z": tensor("DT_INT8", 1, int_val=[128])}
    with pytest.raises(InvalidRequest) as error:
        decode_tensors("inputs", tensors)
    assert sorted(error.value.violations, key=lambda violation: violation.field) == [
        FieldViolation('inputs["y\'z"]', "has 128 in int_val, expected values of int8"),
        FieldViolation("inputs['x']", "has dtype DT_VARIANT, expected one that has values"),
    ]


@pytest.mark.parametrize(
    ("array", "name", "expected"),
    [
        (np.array([[1.5], [2]], np.float32), "float32", tensor("DT_FLOAT", 2, 1, float_val=[1.5, 2])),
        (np.float64(2), "float64", tensor("DT_DOUBLE", double_val=[2])),
        (np.array([1.5], np.float16), "float16", tensor("DT_HALF", 1, half_val=[ONE_AND_HALF_IN_FLOAT16])),
        (np.array([-1], np.int8), "int8", tensor("DT_INT8", 1, int_val=[-1])),
        (np.array([-1], np.int8), "qint8", tensor("DT_QINT8", 1, int_val=[-1])),
        (np.array([2**64 - 1], np.uint64), "uint64", tensor("DT_UINT64", 1, uint64_val=[2**64 - 1])),
        (np.array([True, False], np.bool_), "bool", tensor("DT_BOOL", 2, bool_val=[True, False])),
        (np.array([b"a", b""], dtype=object), "string", tensor("DT_STRING", 2, string_val=[b"a", b""])),
        (np.array([1 + 2j], np.complex64), "complex64", tensor("DT_COMPLEX64", 1, scomplex_val=[1, 2])),
        (np.array([], np.float32), "float32", tensor("DT_FLOAT", 0)),
        (np.array([[1, 2], [3, 4]], np.float32).T, "float32", tensor("DT_FLOAT", 2, 2, float_val=[1, 3, 2, 4])),
    ],
)
def test_an_array_is_written_into_the_field_of_its_dtype(array: Any, name: str, expected: TensorProto) -> None:
    assert encode(np.asarray(array), name) == expected


@given(st.sampled_from(DTYPES).flatmap(lambda dtype: st.tuples(st.just(dtype), arrays(dtype))))
def test_what_is_written_is_read_back(drawn: tuple[Dtype, NDArray[Any]]) -> None:
    dtype, array = drawn
    assert bits(decode(encode(array, dtype.name))) == bits(array)


@given(st.lists(st.integers(0, 300).map(lambda size: b"x" * size)), st.binary(max_size=3))
def test_texts_lie_in_the_content_behind_their_lengths(texts: list[bytes], rest: bytes) -> None:
    lengths = b"".join(varint(len(text)) for text in texts)
    message = tensor("DT_STRING", len(texts), tensor_content=lengths + b"".join(texts) + rest)
    if rest:
        with pytest.raises(InvalidTensor, match="bytes of tensor_content, expected"):
            decode(message)
    else:
        assert decode(message).tolist() == texts
